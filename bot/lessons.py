"""After a 👎, once in a while: what should I have said?

Contract: asked only of the person who was answered, who agreed to teach us, about a reply of today;
of one 👎 in five, once a week at most, and never twice for a reply. The button below it opens the
form of the *Teach* menu, also after a restart. Knows when to ask; what is done with the answer is
the cog's.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import discord

from bowerbird.bot.catalogue import Language
from bowerbird.bot.controls import TEACH, LastingButton, ask_below, owner_of
from bowerbird.personalization.feedback import FeedbackService
from bowerbird.storage.store import Store

if TYPE_CHECKING:
    from bowerbird.bot.cogs.teach import TeachCog

ONE_IN: Final = 5
EVERY: Final = timedelta(days=7)
RECENT: Final = timedelta(days=1)
"""Shorter than `EVERY`, so that no reply is asked about twice."""


async def ask_now_and_then(
    message: discord.Message | discord.PartialMessage,
    user_id: int,
    feedback: FeedbackService,
    store: Store,
    language: Language,
) -> None:
    """Perhaps ask below ``message``, a reply that ``user_id`` has just voted down."""
    reply = await feedback.reply_of(message.id)
    if reply is None or reply.user_id != user_id or not is_drawn(reply.message_ids[0]):
        return
    if datetime.now(UTC) - reply.created_at > RECENT:
        return
    if not await store.claim_lesson(reply.scope_id, user_id, EVERY):
        return
    button = LessonButton(user_id, message.id, language("teach-button"))
    await ask_below(message, language("teach-ask"), button)


def is_drawn(message_id: int) -> bool:
    """Whether this reply is one of those to ask about: always the same answer."""
    digest = hashlib.blake2b(str(message_id).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % ONE_IN == 0


class LessonButton(
    LastingButton, template=r"bowerbird:lesson:(?P<user_id>\d+):(?P<message_id>\d+)"
):
    """Opens the form to teach a better reply than ``message_id``."""

    def __init__(self, user_id: int, message_id: int, label: str | None = None) -> None:
        held = {"user_id": user_id, "message_id": message_id}
        super().__init__(held, only_for=user_id, emoji="✏️", label=label)
        self.message_id = message_id

    async def press(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        reply = discord.PartialMessage(channel=cast("Any", message.channel), id=self.message_id)
        teach = cast("TeachCog", owner_of(interaction, TEACH))
        await teach.open(interaction, reply, question=message)
