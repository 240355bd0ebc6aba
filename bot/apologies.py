"""When something goes wrong: the person reads one sentence, the log has the rest.

Contract: `sentence_for` is the one place that turns an exception into words for a person, in their
language. What was foreseen explains itself; anything else gets a short id, under which the log has
the traceback. Other layers know no languages: their errors are recognised by their English.
`guarded` puts buttons and modals under the same roof as commands, which discord.py does not.
"""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import aiohttp
import discord
from discord import app_commands

from bowerbird.bot import rendering
from bowerbird.bot.catalogue import DEFAULT, Language, Sentence, english, supported
from bowerbird.personalization.errors import ModelError, PersonalizationError
from bowerbird.storage.store import StoreError

if TYPE_CHECKING:
    from bowerbird.bot.languages import Languages

_log = logging.getLogger(__name__)

LISTENER = "Bowerbird feedback"
"""The cog that is always there, and knows the services."""

UNSENT: Final = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What comes of saying something where Discord does not let us, or cannot be reached."""

P = ParamSpec("P")


class RefusalError(Exception):
    """We will not do that, and ``sentence`` says why."""

    def __init__(self, why: str | Sentence, /, **values: str | float) -> None:
        """``why``: a key of the catalogue with its variables, or both together."""
        self.sentence = Sentence(why, **values) if isinstance(why, str) else why
        super().__init__(self.sentence)

    def __str__(self) -> str:
        return english().say(self.sentence)


def sentence_for(error: BaseException, where: str, language: Language) -> str:
    """What the person reads about ``error``, which happened while doing ``where``."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, app_commands.MissingPermissions):
        return language("error-manage-server")
    if isinstance(error, app_commands.NoPrivateMessage):
        return language("error-only-server")
    if isinstance(error, RefusalError):
        return language.say(error.sentence)
    if isinstance(error, PersonalizationError) and not isinstance(error, ModelError):
        _log.info("%s: %s", where, error)
        return _as_sentence(language.translated(str(error), "known-"))
    error_id = secrets.token_hex(3)
    _log.error("[%s] %s", error_id, where, exc_info=error)
    key = "error-memory" if isinstance(error, StoreError) else "error-unforeseen"
    return language(key, id=error_id)


async def language_of(interaction: discord.Interaction[Any]) -> Language:
    """What we speak to whoever uses a command, presses a button or sends a modal."""
    locale = interaction.locale.value
    cog: Any = interaction.client.get_cog(LISTENER)
    if cog is None:  # we are being loaded
        return Language(supported(locale) or DEFAULT)
    languages: Languages = cog.services.languages
    languages.hear(interaction.user.id, locale)
    guild = interaction.guild
    preferred = None if guild is None else guild.preferred_locale.value
    return await languages.of(interaction.guild_id, interaction.user.id, preferred)


async def answer(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tell the person who used a command, pressed a button or sent a modal."""
    command = interaction.command.qualified_name if interaction.command else "a component"
    try:
        language = await language_of(interaction)
    except StoreError:  # which is what `error` will be, too
        language = english()
    sentence = sentence_for(error, f"{command} of {interaction.user.id}", language)
    await say(interaction, rendering.notice(sentence))


async def say(interaction: discord.Interaction[Any], text: str) -> None:
    """An ephemeral answer, whether or not there was one already."""
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except UNSENT as error:
        _log.warning("an interaction of %s can no longer be answered: %s", interaction.user, error)


def guarded(
    callback: Callable[P, Coroutine[Any, Any, None]],
) -> Callable[P, Coroutine[Any, Any, None]]:
    """For callbacks of items and modals: the interaction is the last positional argument."""

    @functools.wraps(callback)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await callback(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - this is the handler
            interaction = args[-1]
            assert isinstance(interaction, discord.Interaction)  # noqa: S101
            await answer(interaction, error)

    return wrapper


def _as_sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?", "。", "！", "？")) else text + "."
