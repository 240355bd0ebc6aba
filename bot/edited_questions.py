"""A question edited after its answer: another answer is offered, once, and never given unasked.

Contract: the offer is one line of small print with a button for the person who asked, which goes
when it is pressed and works after a restart. Knows what counts as another question; how it is
answered is the cog's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import discord

from bowerbird.bot.apologies import RefusalError
from bowerbird.bot.catalogue import Language
from bowerbird.bot.controls import CHAT, LastingButton, ask_below, owner_of

if TYPE_CHECKING:
    from bowerbird.bot.cogs.chat import ChatCog

_NO_WORD = re.compile(r"\W+")


def is_another(*said: str) -> bool:
    """Whether words differ, and not only their case or the punctuation; a lone text is another."""
    return len(said) < 2 or len({_words(text) for text in said}) > 1


def _words(text: str) -> str:
    return _NO_WORD.sub(" ", text.casefold()).strip() or text


async def offer(
    question: discord.Message | discord.PartialMessage, user_id: int, language: Language
) -> None:
    """Below the question."""
    button = AnswerAgainButton(user_id, question.id, language("again-button"))
    await ask_below(question, language("again-offer"), button)


class AnswerAgainButton(
    LastingButton, template=r"bowerbird:again:(?P<user_id>\d+):(?P<question_id>\d+)"
):
    """Answers the question as it reads now."""

    def __init__(self, user_id: int, question_id: int, label: str | None = None) -> None:
        held = {"user_id": user_id, "question_id": question_id}
        super().__init__(held, only_for=user_id, label=label)
        self.question_id = question_id

    async def press(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        chat = cast("ChatCog", owner_of(interaction, CHAT))
        await interaction.response.defer()
        if self.question_id in chat.asked_again:
            return  # pressed twice
        chat.asked_again.add(self.question_id)
        try:
            await self._ask_again(interaction, chat)
        finally:
            chat.asked_again.discard(self.question_id)

    async def _ask_again(self, interaction: discord.Interaction[Any], chat: ChatCog) -> None:
        channel = interaction.channel
        assert isinstance(channel, discord.abc.Messageable)  # noqa: S101 - the offer stands in it
        try:
            question = await channel.fetch_message(self.question_id)
        except (discord.NotFound, discord.Forbidden) as error:
            raise RefusalError("again-gone") from error
        if await chat.begin(question, by=interaction.user):
            await interaction.delete_original_response()
