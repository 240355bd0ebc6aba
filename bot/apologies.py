"""When something goes wrong: the person reads one sentence, the log has the rest.

Contract: `sentence_for` is the one place that turns an exception into words for a person. What was
foreseen explains itself; anything else gets a short id, under which the log has the traceback.
`guarded` puts buttons and modals under the same roof as commands, which discord.py does not.
"""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

import discord
from discord import app_commands

from bowerbird.bot import rendering
from bowerbird.personalization.errors import ModelError, PersonalizationError
from bowerbird.storage.store import StoreError

_log = logging.getLogger(__name__)

P = ParamSpec("P")


class RefusalError(Exception):
    """We will not do that. ``str(error)`` is the sentence the person reads."""


def sentence_for(error: BaseException, where: str) -> str:
    """What the person reads about ``error``, which happened while doing ``where``."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, app_commands.MissingPermissions):
        return "Only people with the Manage Server permission can do that."
    if isinstance(error, app_commands.NoPrivateMessage):
        return "That works only inside a server."
    if isinstance(error, RefusalError):
        return str(error)
    if isinstance(error, PersonalizationError) and not isinstance(error, ModelError):
        _log.info("%s: %s", where, error)
        return _as_sentence(str(error))
    error_id = secrets.token_hex(3)
    _log.error("[%s] %s", error_id, where, exc_info=error)
    if isinstance(error, StoreError):
        return f"My memory does not work right now; please try again later. (error {error_id})"
    return f"Something went wrong on my side; please try again. (error {error_id})"


async def answer(interaction: discord.Interaction[Any], error: BaseException) -> None:
    """Tell the person who used a command, pressed a button or sent a modal."""
    command = interaction.command.qualified_name if interaction.command else "a component"
    text = rendering.notice(sentence_for(error, f"{command} of {interaction.user.id}"))
    await say(interaction, text)


async def say(interaction: discord.Interaction[Any], text: str) -> None:
    """An ephemeral answer, whether or not there was one already."""
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except discord.HTTPException as error:
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
    return text if text.endswith((".", "!", "?")) else text + "."
