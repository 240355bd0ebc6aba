"""Discord's languages, as people choose them in their client.

Source: https://discord.com/developers/docs/reference#locales
"""

from __future__ import annotations

from typing import Final

DEFAULT: Final = "en-US"
LOCALES: Final = (
    "id", "da", "de", "en-US", "en-GB", "es-ES", "es-419", "fr", "hr", "it", "lt", "hu", "nl", "no",
    "pl", "pt-BR", "ro", "fi", "sv-SE", "vi", "tr", "cs", "el", "bg", "ru", "uk", "hi", "th",
    "zh-CN", "ja", "zh-TW", "ko",
)  # fmt: skip


def nearest(wanted: str) -> str:
    """Discord's locale for what a browser calls its language: `de-AT` is `de`."""
    language = wanted.split("-")[0]
    same = (one for one in LOCALES if one.split("-")[0] == language)
    return wanted if wanted in LOCALES else next(same, DEFAULT)
