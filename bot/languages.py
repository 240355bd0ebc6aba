"""Which language each person is spoken to in.

Contract: what a server's admins set decides; else the person's own Discord language, which Discord
tells with each interaction and which is remembered (in memory, for so many people) for messages and
reactions, which come without; else the server's preferred one; else English. Knows no Discord but
the names of its locales.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from bowerbird.bot.catalogue import DEFAULT, Language, supported
from bowerbird.bot.servers import ServerBook

_PEOPLE_KEPT: Final = 10_000


class Languages:
    """Every language, and who hears which."""

    def __init__(self, servers: ServerBook) -> None:
        self._servers = servers
        self._command_ids: dict[str, int] = {}
        self._languages: dict[str, Language] = {}
        self._heard: OrderedDict[int, str] = OrderedDict()

    def name_commands(self, ids: Mapping[str, int]) -> None:
        """Discord's ids of our commands, so that texts can mention them."""
        self._command_ids.update(ids)

    def hear(self, user_id: int, locale: str) -> None:
        """This person's Discord is in this language."""
        self._heard[user_id] = locale
        self._heard.move_to_end(user_id)
        if len(self._heard) > _PEOPLE_KEPT:
            self._heard.popitem(last=False)

    def forget(self, user_id: int) -> None:
        self._heard.pop(user_id, None)

    async def of(
        self, server_id: int | None, user_id: int | None = None, preferred: str | None = None
    ) -> Language:
        """The language for this person there, or for everybody there (``None``).

        ``preferred``: the server's preferred locale, as Discord knows it.
        """
        settings = await self._servers.of(server_id)
        own = None if user_id is None else self._heard.get(user_id)
        for locale in (settings.language, own, preferred):
            if locale is not None:
                return self.speaking(supported(locale) or DEFAULT)
        return self.speaking(DEFAULT)

    def speaking(self, locale: str) -> Language:
        """The language of one of the catalogue's locales, with our commands as mentions."""
        if (found := self._languages.get(locale)) is None:
            found = self._languages[locale] = Language(locale, self._command_ids)
        return found
