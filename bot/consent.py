"""The offer to learn from somebody: asked once, in public, answered by that person's button.

Contract: the ids are in the buttons, so they work after a restart and for good; only the person
asked may press. Knows how to ask and to answer; what a yes means is `FeedbackService`'s.
"""

from __future__ import annotations

from typing import Any

import discord

from bowerbird.bot import rendering
from bowerbird.bot.controls import LastingButton, ask_below, owner_of

OFFER = (
    "<@{user_id}>, may I learn from your reactions? I would keep the exchanges I have with you and "
    "your votes on them, to train a small model of your taste that nobody else's replies use. "
    "Nothing is kept until you say yes. `/my forget` deletes everything at any time."
)
SAID_YES = (
    "Thank you! From now on I keep our exchanges and your votes{kept}. "
    "`/my status` shows what I have learned, `/my forget` deletes everything."
)
SAID_NO = "All right: I keep nothing. `/my personalization` turns it on if you change your mind."
NOT_ASKED = "This question is for somebody else; yours comes with your own vote."


async def offer(
    message: discord.Message | discord.PartialMessage, scope_id: int, user_id: int
) -> None:
    """Ask below the reply that ``user_id`` voted on; the mention pings nobody."""
    answers = (ConsentButton(scope_id, user_id, answer) for answer in ("yes", "no"))
    await ask_below(message, OFFER.format(user_id=user_id), *answers)


class ConsentButton(
    LastingButton,
    template=r"bowerbird:consent:(?P<scope_id>\d+):(?P<user_id>\d+):(?P<answer>yes|no)",
):
    """Yes or No below the offer."""

    refusal = NOT_ASKED

    def __init__(self, scope_id: int, user_id: int, answer: str) -> None:
        self.scope_id = scope_id
        self.user_id = user_id
        self.is_yes = answer == "yes"
        super().__init__(
            {"scope_id": scope_id, "user_id": user_id, "answer": answer},
            only_for=user_id,
            label="Yes, learn from me" if self.is_yes else "No, thanks",
            style=discord.ButtonStyle.success if self.is_yes else discord.ButtonStyle.secondary,
        )

    async def press(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        feedback = owner_of(interaction).services.feedback
        await interaction.response.defer()
        if self.is_yes:
            kept = await feedback.opt_in(self.scope_id, self.user_id)
            already = {0: "", 1: ", this one included"}.get(kept, f", the last {kept} included")
            text = SAID_YES.format(kept=already)
        else:
            await feedback.opt_out(self.scope_id, self.user_id)
            text = SAID_NO
        await interaction.edit_original_response(content=rendering.notice(text), view=None)
