"""How people vote on a server: with which emoji, and as reactions or as buttons.

Contract: a server's settings, where they say nothing the operator's. Emoji of a server that we
cannot use (any more) are understood, but not offered. The buttons hold what they need in their
ids, so they work for good; what a press means is the cog's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import discord

from bowerbird.bot.catalogue import Language
from bowerbird.bot.controls import FEEDBACK, LastingButton, lasting, owner_of
from bowerbird.bot.emoji import VoteEmoji, normalised
from bowerbird.bot.servers import ServerBook
from bowerbird.personalization.feedback import VOTES
from bowerbird.storage.records import FeedbackKind

if TYPE_CHECKING:
    from bowerbird.bot.cogs.feedback import FeedbackCog

TEACH = "✏️"
_KIND = "like|dislike|regenerate|correction"
_OURS = re.compile("bowerbird:(?:vote|stop|restart):")


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one server votes with."""

    emoji: VoteEmoji
    has_buttons: bool

    def view(
        self, asker_id: int, language: Language, chosen: FeedbackKind | None = None
    ) -> discord.ui.View:
        """Buttons below a finished reply; the asker's own vote stands out."""
        faces = zip(FeedbackKind, (*self.emoji.offered, TEACH), strict=True)
        labels = {FeedbackKind.CORRECTION: language("teach-button")}
        return lasting(
            *(
                VoteButton(kind, asker_id, face, labels.get(kind), is_chosen=kind is chosen)
                for kind, face in faces
            )
        )

    def is_below(self, message: discord.Message) -> bool:
        """Whether people are asked to vote on this: not all that another's bot says is a reply."""
        offered = {self.emoji.kind_of(str(one.emoji)) for one in message.reactions if one.me}
        rows = (row for row in message.components if isinstance(row, discord.ActionRow))
        ids = (getattr(item, "custom_id", None) or "" for row in rows for item in row.children)
        return offered >= {*VOTES, FeedbackKind.REGENERATE} or any(map(_OURS.match, ids))


class Ballots:
    """Every server's `Ballot`. ``find_emoji``: a server's emoji by its id, if we can use it."""

    def __init__(
        self,
        servers: ServerBook,
        positive: Iterable[str],
        negative: Iterable[str],
        find_emoji: Callable[[int], object | None],
    ) -> None:
        self._servers = servers
        self._usual = tuple(positive), tuple(negative)
        self._find_emoji = find_emoji

    async def of(self, server_id: int | None) -> Ballot:
        """The server's; the operator's, as reactions, in a DM (``None``)."""
        settings = await self._servers.of(server_id)
        positive, negative = self._usual
        emoji = VoteEmoji(
            self._usable_first(settings.positive_emoji or positive, "👍"),
            self._usable_first(settings.negative_emoji or negative, "👎"),
        )
        return Ballot(emoji, settings.votes == "buttons")

    def _usable_first(self, emoji: tuple[str, ...], fallback: str) -> tuple[str, ...]:
        for one in emoji:
            plain = normalised(one)
            found = self._find_emoji(int(plain)) if plain.isdecimal() else one
            if found is not None:
                return (str(found), *emoji)
        return (fallback, *emoji)


class VoteButton(LastingButton, template=rf"bowerbird:vote:(?P<kind>{_KIND}):(?P<asker_id>\d+)"):
    """👍 👎 🔄 ✏️ below a reply to ``asker_id``; anybody may vote."""

    def __init__(
        self,
        kind: str,
        asker_id: int,
        face: str = TEACH,
        label: str | None = None,
        *,
        is_chosen: bool = False,
    ) -> None:
        self.kind = FeedbackKind(kind)
        self.asker_id = asker_id
        super().__init__(
            {"kind": self.kind.value, "asker_id": asker_id},
            only_for=None,
            emoji=face,
            label=label,
            style=discord.ButtonStyle.primary if is_chosen else discord.ButtonStyle.secondary,
        )

    async def press(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        owner = cast("FeedbackCog", owner_of(interaction, FEEDBACK))
        await owner.press(interaction, message, self.kind, self.asker_id)
