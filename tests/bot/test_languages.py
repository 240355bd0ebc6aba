"""Who is spoken to in which language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bowerbird.bot.languages import Languages
from bowerbird.bot.servers import ServerBook
from bowerbird.storage.records import ServerSettings

SERVER, PERSON = 5, 10


class OneServer:
    """The store's half that `ServerBook` needs."""

    def __init__(self) -> None:
        self.settings = ServerSettings()

    async def server_settings(self, server_id: int) -> ServerSettings:
        return self.settings

    async def put_server_settings(self, server_id: int, settings: ServerSettings) -> None:
        self.settings = settings


@pytest.mark.parametrize(
    ("server", "own", "preferred", "expected"),
    [
        ("fr", "de", "ja", "fr"),
        (None, "de", "ja", "de"),
        (None, None, "ja", "ja"),
        (None, None, None, "en-US"),
        (None, "es-419", None, "es-ES"),
        (None, "zh-TW", None, "zh-CN"),
        (None, "pt-BR", "ja", "en-US"),  # they chose neither of ours: English, not Japanese
    ],
)
async def test_the_server_then_the_person_then_what_the_server_prefers(
    server: str | None, own: str | None, preferred: str | None, expected: str
) -> None:
    book = ServerBook(OneServer())  # type: ignore[arg-type]
    await book.change(SERVER, lambda old: replace(old, language=server))
    languages = Languages(book)
    if own is not None:
        languages.hear(PERSON, own)
    assert (await languages.of(SERVER, PERSON, preferred)).locale == expected


async def test_a_person_is_forgotten_and_so_is_who_was_heard_long_ago(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bowerbird.bot.languages._PEOPLE_KEPT", 2)
    languages = Languages(ServerBook(OneServer()))  # type: ignore[arg-type]
    for user_id, locale in ((1, "de"), (2, "fr"), (1, "de"), (3, "ja")):
        languages.hear(user_id, locale)

    async def heard(user_id: int) -> str:
        return (await languages.of(None, user_id)).locale

    assert [await heard(user_id) for user_id in (1, 2, 3)] == ["de", "en-US", "ja"]
    languages.forget(1)
    assert await heard(1) == "en-US"


async def test_everybody_is_not_one_person() -> None:
    languages = Languages(ServerBook(OneServer()))  # type: ignore[arg-type]
    languages.hear(PERSON, "de")
    assert (await languages.of(SERVER, preferred="fr")).locale == "fr"
