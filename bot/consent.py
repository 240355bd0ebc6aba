"""The offer to learn from somebody: asked once, in public, answered by that person's button.

Contract: the ids are in the buttons, so they work after a restart and for good; only the person
asked may press. Knows how to ask and to answer; what a yes means is `FeedbackService`'s.
"""

from __future__ import annotations

import logging
import re
from typing import Any, Self

import discord

from bowerbird.bot import rendering
from bowerbird.bot.apologies import RefusalError, guarded
from bowerbird.bot.controls import lasting, owner_of

_log = logging.getLogger(__name__)

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


async def offer(
    message: discord.Message | discord.PartialMessage, scope_id: int, user_id: int
) -> None:
    """Ask below the reply that ``user_id`` voted on; the mention pings nobody."""
    view = lasting(*(ConsentButton(scope_id, user_id, is_yes=is_yes) for is_yes in (True, False)))
    try:
        await message.channel.send(
            rendering.notice(OFFER.format(user_id=user_id)),
            view=view,
            reference=message.to_reference(fail_if_not_exists=False),
            allowed_mentions=discord.AllowedMentions.none(),
        )
    except (discord.Forbidden, discord.NotFound) as error:
        _log.info("no offer of consent in channel %s: %s", message.channel.id, error)


class ConsentButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"bowerbird:consent:(?P<scope>\d+):(?P<user>\d+):(?P<answer>yes|no)",
):
    """Yes or No below the offer."""

    def __init__(self, scope_id: int, user_id: int, *, is_yes: bool) -> None:
        style = discord.ButtonStyle.success if is_yes else discord.ButtonStyle.secondary
        answer = "yes" if is_yes else "no"
        super().__init__(
            discord.ui.Button(
                label="Yes, learn from me" if is_yes else "No, thanks",
                style=style,
                custom_id=f"bowerbird:consent:{scope_id}:{user_id}:{answer}",
            )
        )
        self.scope_id = scope_id
        self.user_id = user_id
        self.is_yes = is_yes

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls(int(match["scope"]), int(match["user"]), is_yes=match["answer"] == "yes")

    @guarded
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        if interaction.user.id != self.user_id:
            raise RefusalError(
                "This question is for somebody else; yours comes with your own vote."
            )
        owner = owner_of(interaction)
        await interaction.response.defer()
        feedback = owner.services.feedback
        if self.is_yes:
            kept = await feedback.opt_in(self.scope_id, self.user_id)
            already = {0: "", 1: ", this one included"}.get(kept, f", the last {kept} included")
            text = SAID_YES.format(kept=already)
        else:
            await feedback.opt_out(self.scope_id, self.user_id)
            text = SAID_NO
        await interaction.edit_original_response(content=rendering.notice(text), view=None)
