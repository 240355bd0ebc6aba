"""After a 👎, once in a while: what should I have said?

Contract: asked only of the person who was answered, who agreed to teach us, about a reply of today;
of one 👎 in five, once a week at most, and never twice for a reply. The button below it opens the
form of the *Teach* menu, also after a restart. Knows when to ask; what is done with the answer is
the cog's.
"""

from __future__ import annotations

import hashlib
import logging
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self, cast

import discord

from bowerbird.bot import rendering
from bowerbird.bot.apologies import RefusalError, guarded
from bowerbird.bot.controls import NOT_YOURS, TEACH, lasting, owner_of
from bowerbird.personalization.feedback import FeedbackService
from bowerbird.storage.store import Store

if TYPE_CHECKING:
    from bowerbird.bot.cogs.teach import TeachCog

_log = logging.getLogger(__name__)

ONE_IN: Final = 5
EVERY: Final = timedelta(days=7)
RECENT: Final = timedelta(days=1)
"""Shorter than `EVERY`, so that no reply is asked about twice."""
QUESTION: Final = "What should I have said? If you like, show me."


async def ask_now_and_then(
    message: discord.Message | discord.PartialMessage,
    user_id: int,
    feedback: FeedbackService,
    store: Store,
) -> None:
    """Perhaps ask below ``message``, a reply that ``user_id`` has just voted down."""
    reply = await feedback.reply_of(message.id)
    if reply is None or reply.user_id != user_id or not is_drawn(reply.message_ids[0]):
        return
    if datetime.now(UTC) - reply.created_at > RECENT:
        return
    if not await store.claim_lesson(reply.scope_id, user_id, EVERY):
        return
    try:
        await message.channel.send(
            rendering.notice(QUESTION),
            view=lasting(LessonButton(user_id, message.id)),
            reference=message.to_reference(fail_if_not_exists=False),
            allowed_mentions=discord.AllowedMentions.none(),
        )
    except (discord.Forbidden, discord.NotFound) as error:
        _log.info("cannot ask what I should have said in %s: %s", message.channel.id, error)


def is_drawn(message_id: int) -> bool:
    """Whether this reply is one of those to ask about: always the same answer."""
    digest = hashlib.blake2b(str(message_id).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % ONE_IN == 0


class LessonButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"bowerbird:lesson:(?P<user>\d+):(?P<reply>\d+)",
):
    """Opens the form to teach a better reply than ``message_id``."""

    def __init__(self, user_id: int, message_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                emoji="✏️",
                label="Teach",
                style=discord.ButtonStyle.secondary,
                custom_id=f"bowerbird:lesson:{user_id}:{message_id}",
            )
        )
        self.user_id = user_id
        self.message_id = message_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls(int(match["user"]), int(match["reply"]))

    @guarded
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        if interaction.user.id != self.user_id:
            raise RefusalError(NOT_YOURS)
        question = interaction.message
        assert question is not None  # noqa: S101 - it was pressed on one
        reply = discord.PartialMessage(channel=cast("Any", question.channel), id=self.message_id)
        teach = cast("TeachCog", owner_of(interaction, TEACH))
        await teach.open(interaction, reply, question=question)
