"""The names and descriptions of our commands in every language, for discord.py to send along.

Contract: only for a bot that is ours (`client`); a host's tree keeps the host's translator. A
command `my status` is the message `command-my-status` of the catalogue, what belongs to it are its
attributes. English is what stands in the code. Knows no commands.
"""

from __future__ import annotations

from discord import Locale, app_commands
from discord.app_commands import TranslationContextLocation as Location

from bowerbird.bot.catalogue import DEFAULT, Language, supported


class Translator(app_commands.Translator):
    """Asked by discord.py for every text of the tree and every locale of Discord's."""

    def __init__(self) -> None:
        self._languages: dict[str, Language] = {}

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        known = supported(locale.value)
        if known in {None, DEFAULT}:
            return None
        key = key_of(context, string.message)
        if known not in self._languages:
            self._languages[known] = Language(known)
        return self._languages[known](key)


def key_of(context: app_commands.TranslationContextTypes, message: str) -> str:
    """The catalogue's key of a text of the tree."""
    match context.location:
        case Location.command_name | Location.group_name:
            return _command(context.data.qualified_name)
        case Location.command_description | Location.group_description:
            return f"{_command(context.data.qualified_name)}.description"
        case Location.parameter_name:
            return f"{_command(context.data.command.qualified_name)}.{context.data.name}"
        case Location.parameter_description:
            name = context.data.name
            return f"{_command(context.data.command.qualified_name)}.{name}-description"
        case _:
            return f"choice-{message}"


def _command(qualified_name: str) -> str:
    return "command-" + qualified_name.lower().replace(" ", "-")
