"""A question edited after its answer: another answer is offered, once, and never given unasked.

Contract: the offer is one line of small print with a button for the person who asked, which goes
when it is pressed and works after a restart. Knows what counts as another question; how it is
answered is the cog's.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Self, cast

import discord

from bowerbird.bot import rendering
from bowerbird.bot.apologies import RefusalError, guarded
from bowerbird.bot.controls import CHAT, NOT_YOURS, lasting, owner_of

if TYPE_CHECKING:
    from bowerbird.bot.cogs.chat import ChatCog

_log = logging.getLogger(__name__)

OFFER = "You have changed your question since I answered it."
GONE = "I cannot find your question any more; please ask it again."
_NO_WORD = re.compile(r"\W+")


def is_another(*said: str) -> bool:
    """Whether words differ, and not only their case or the punctuation; a lone text is another."""
    return len(said) < 2 or len({_words(text) for text in said}) > 1


def _words(text: str) -> str:
    return _NO_WORD.sub(" ", text.casefold()).strip() or text


async def offer(question: discord.Message | discord.PartialMessage, user_id: int) -> None:
    """Below the question; pings nobody."""
    try:
        await question.channel.send(
            rendering.notice(OFFER),
            view=lasting(AnswerAgainButton(user_id, question.id)),
            reference=question.to_reference(fail_if_not_exists=False),
            allowed_mentions=discord.AllowedMentions.none(),
        )
    except (discord.Forbidden, discord.NotFound) as error:
        _log.info("no offer to answer %s again: %s", question.id, error)


class AnswerAgainButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"bowerbird:again:(?P<user>\d+):(?P<question>\d+)",
):
    """Answers the question as it reads now."""

    def __init__(self, user_id: int, question_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="Answer it again",
                style=discord.ButtonStyle.secondary,
                custom_id=f"bowerbird:again:{user_id}:{question_id}",
            )
        )
        self.user_id = user_id
        self.question_id = question_id

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls(int(match["user"]), int(match["question"]))

    @guarded
    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        if interaction.user.id != self.user_id:
            raise RefusalError(NOT_YOURS)
        chat = cast("ChatCog", owner_of(interaction, CHAT))
        await interaction.response.defer()
        channel = interaction.channel
        assert isinstance(channel, discord.abc.Messageable)  # noqa: S101 - the offer stands in it
        try:
            question = await channel.fetch_message(self.question_id)
        except (discord.NotFound, discord.Forbidden) as error:
            raise RefusalError(GONE) from error
        if await chat.begin(question, by=interaction.user):
            await interaction.delete_original_response()
