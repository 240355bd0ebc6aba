"""The offer to learn from somebody: asked once, in public, answered by that person's button.

Contract: the ids are in the buttons, so they work after a restart and for good; only the person
asked may press. Knows how to ask and to answer; what a yes means is `FeedbackService`'s.
"""

from __future__ import annotations

from typing import Any

import discord

from bowerbird.bot import rendering
from bowerbird.bot.apologies import language_of
from bowerbird.bot.catalogue import Language
from bowerbird.bot.controls import LastingButton, ask_below, owner_of
from bowerbird.personalization.feedback import FeedbackService


async def offer(
    feedback: FeedbackService,
    message: discord.Message | discord.PartialMessage,
    scope_id: int,
    user_id: int,
    language: Language,
) -> None:
    """Ask below the reply that ``user_id`` voted on; the mention pings nobody.

    The caller has claimed the offer; where it cannot be posted, it is to be claimed again.
    """
    yes = ConsentButton(scope_id, user_id, "yes", language("consent-yes"))
    no = ConsentButton(scope_id, user_id, "no", language("consent-no"))
    question = language("consent-offer", who=f"<@{user_id}>")
    if not await ask_below(message, question, yes, no):
        await feedback.withdraw_offer(scope_id, user_id)


class ConsentButton(
    LastingButton,
    template=r"bowerbird:consent:(?P<scope_id>\d+):(?P<user_id>\d+):(?P<answer>yes|no)",
):
    """Yes or No below the offer."""

    refusal = "consent-not-asked"

    def __init__(self, scope_id: int, user_id: int, answer: str, label: str | None = None) -> None:
        self.scope_id = scope_id
        self.user_id = user_id
        self.is_yes = answer == "yes"
        super().__init__(
            {"scope_id": scope_id, "user_id": user_id, "answer": answer},
            only_for=user_id,
            label=label,
            style=discord.ButtonStyle.success if self.is_yes else discord.ButtonStyle.secondary,
        )

    async def press(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        feedback = owner_of(interaction).services.feedback
        await interaction.response.defer()
        language = await language_of(interaction)
        if self.is_yes:
            kept = await feedback.opt_in(self.scope_id, self.user_id)
            text = language("consent-said-yes", kept=kept)
        else:
            await feedback.opt_out(self.scope_id, self.user_id)
            text = language("consent-said-no")
        await interaction.edit_original_response(content=rendering.notice(text), view=None)
