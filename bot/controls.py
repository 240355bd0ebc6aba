"""Buttons below our replies: their ids hold all they need, so they work after a restart, for good.

Contract: a button knows who may press it and which cog to ask; what a press means is the cog's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self, cast

import discord

from bowerbird.bot.apologies import RefusalError, guarded
from bowerbird.bot.emoji import REGENERATE

if TYPE_CHECKING:
    from bowerbird.bot.cogs.base import BowerbirdCog

FEEDBACK, CHAT, TEACH = "Bowerbird feedback", "Bowerbird chat", "Bowerbird teach"
"""Names of the cogs that a pressed button asks."""

NOT_YOURS = "Only the person I am answering can do that."
RESTARTING = "I am just being restarted; please press again in a minute."


def waiting(user_id: int) -> discord.ui.View:
    """Below the notice that stands in the place of a reply."""
    return lasting(StopButton(user_id, is_again=False))


def growing(user_id: int) -> discord.ui.View:
    """Below a reply to this person that goes on."""
    return lasting(StopButton(user_id, is_again=False), StopButton(user_id, is_again=True))


def lasting(*items: discord.ui.Item[Any]) -> discord.ui.View:
    """Buttons that find us by their ids, so that nobody needs to listen to the view."""
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    view.stop()
    return view


def owner_of(interaction: discord.Interaction[Any], name: str = FEEDBACK) -> BowerbirdCog:
    """Raises ``RefusalError`` while the cogs are being loaded."""
    owner = cast("BowerbirdCog | None", interaction.client.get_cog(name))
    if owner is None:
        raise RefusalError(RESTARTING)
    return owner


class StopButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"bowerbird:(?P<act>stop|restart):(?P<user>\d+)",
):
    """*Stop* ends the reply where it is (a ⏹ reaction does too); 🔄 begins it anew."""

    def __init__(self, user_id: int, *, is_again: bool) -> None:
        super().__init__(
            discord.ui.Button(
                emoji=REGENERATE if is_again else None,
                label=None if is_again else "Stop",
                style=discord.ButtonStyle.secondary,
                custom_id=f"bowerbird:{'restart' if is_again else 'stop'}:{user_id}",
            )
        )
        self.user_id = user_id
        self.is_again = is_again

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls(int(match["user"]), is_again=match["act"] == "restart")

    @guarded
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        if interaction.user.id != self.user_id:
            raise RefusalError(NOT_YOURS)
        assert interaction.message is not None  # noqa: S101 - it was pressed on one
        owner, message_id = owner_of(interaction), interaction.message.id
        is_running = owner.answerer.stop(message_id, self.user_id, is_again=self.is_again)
        if is_running or await owner.services.feedback.reply_of(message_id):
            await interaction.response.defer()
        else:  # a crash or a restart has stopped it before
            await interaction.response.edit_message(view=None)
