"""What somebody did to a message of ours, be it by reaction or by button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Self

import discord


class Act(Protocol):
    """Somebody did something to a message of ours: reacted to it, or pressed a button below it."""

    @property
    def message_id(self) -> int: ...

    @property
    def channel_id(self) -> int: ...

    @property
    def guild_id(self) -> int | None: ...

    @property
    def user_id(self) -> int: ...

    @property
    def member(self) -> discord.Member | None: ...


@dataclass(frozen=True, slots=True)
class Pressed:
    """The `Act` of pressing a button."""

    message_id: int
    channel_id: int
    guild_id: int | None
    user_id: int
    member: discord.Member | None

    @classmethod
    def of(cls, interaction: discord.Interaction[Any], message: discord.Message) -> Self:
        user = interaction.user
        member = user if isinstance(user, discord.Member) else None
        return cls(message.id, message.channel.id, interaction.guild_id, user.id, member)
