"""Buttons below our replies: their ids hold all they need, so they work after a restart, for good.

Contract: a button knows who may press it and which cog to ask; what a press means is the cog's.
`ask_below` is how every question of ours is asked: in small print, with buttons, pinging nobody.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, cast

import discord

from bowerbird.bot import rendering
from bowerbird.bot.acts import Pressed
from bowerbird.bot.apologies import LISTENER, UNSENT, RefusalError, guarded
from bowerbird.bot.catalogue import Language
from bowerbird.bot.emoji import REGENERATE

if TYPE_CHECKING:
    from bowerbird.bot.cogs.base import BowerbirdCog
    from bowerbird.bot.cogs.feedback import FeedbackCog

_log = logging.getLogger(__name__)
_GROUP: Final = re.compile(r"\(\?P<(\w+)>[^)]*\)")

FEEDBACK, CHAT, TEACH = LISTENER, "Bowerbird chat", "Bowerbird teach"
"""Names of the cogs that a pressed button asks."""


def waiting(user_id: int, language: Language) -> discord.ui.View:
    """Below the notice that stands in the place of a reply."""
    return lasting(StopButton("stop", user_id, language("answer-stop")))


def growing(user_id: int, language: Language) -> discord.ui.View:
    """Below a reply to this person that goes on."""
    stop = StopButton("stop", user_id, language("answer-stop"))
    return lasting(stop, StopButton("restart", user_id))


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
        raise RefusalError("error-restarting")
    return owner


async def ask_below(
    message: discord.Message | discord.PartialMessage, question: str, *answers: LastingButton
) -> bool:
    """Ask in reply to ``message``. False where that cannot be: nobody is asked."""
    try:
        await message.channel.send(
            rendering.notice(question),
            view=lasting(*answers),
            reference=message.to_reference(fail_if_not_exists=False),
            allowed_mentions=discord.AllowedMentions.none(),
        )
    except UNSENT as error:
        _log.info("cannot ask anything below %s: %s", message.id, error)
        return False
    return True


class LastingButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"(?!)"):
    """A button that is made again from its id whenever somebody presses it.

    The groups of a subclass's ``template`` are named like the arguments of its ``__init__``, so
    that the id is made from the same template that it is read by. Its ``label`` is for people to
    read, so it is not in the id, and missing from a button that is made again.
    """

    refusal: ClassVar[str] = "error-not-yours"

    def __init__(
        self,
        held: Mapping[str, str | int],
        *,
        only_for: int | None,
        label: str | None = None,
        emoji: str | None = None,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    ) -> None:
        """``held``: what the id holds. ``only_for``: who may press; ``None`` is everybody."""
        custom_id = _GROUP.sub(r"{\1}", self.template.pattern).format(**held)
        super().__init__(
            discord.ui.Button(label=label, emoji=emoji, style=style, custom_id=custom_id)
        )
        self._only_for = only_for

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        held = match.groupdict().items()
        make = cast("Callable[..., Self]", cls)
        return make(**{name: int(one) if one.isdecimal() else one for name, one in held})

    @guarded
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        if self._only_for not in {None, interaction.user.id}:
            raise RefusalError(self.refusal)
        assert interaction.message is not None  # noqa: S101 - it was pressed on one
        await self.press(interaction, interaction.message)

    async def press(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """Somebody who may has pressed it, below ``message``."""
        raise NotImplementedError


class StopButton(LastingButton, template=r"bowerbird:(?P<act>stop|restart):(?P<user_id>\d+)"):
    """*Stop* ends the reply where it is (a ⏹ reaction does too); 🔄 begins it anew."""

    def __init__(self, act: str, user_id: int, label: str | None = None) -> None:
        self.is_again = act == "restart"
        self.user_id = user_id
        super().__init__(
            {"act": act, "user_id": user_id},
            only_for=user_id,
            label=label,
            emoji=REGENERATE if self.is_again else None,
        )

    async def press(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        owner = cast("FeedbackCog", owner_of(interaction))
        if self.is_again:
            await owner.require_anew(Pressed.of(interaction, message))
        is_running = owner.answerer.stop(message.id, self.user_id, is_again=self.is_again)
        if is_running or await owner.services.feedback.reply_of(message.id):
            await interaction.response.defer()
        else:  # a crash or a restart has stopped it before
            await interaction.response.edit_message(view=None)
