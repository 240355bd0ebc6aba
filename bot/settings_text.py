"""A server's settings in words, and what admins write made into settings.

Contract: pure. `lines` says what holds, in a language; `numbers` and `emoji_lists` take what
somebody typed, and raise ``RefusalError`` with a sentence that says what to type instead.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from typing import Final

from bowerbird.bot import rendering
from bowerbird.bot.apologies import RefusalError
from bowerbird.bot.catalogue import LOCALES, Language
from bowerbird.bot.emoji import VoteEmoji, is_stop, normalised
from bowerbird.storage.records import FeedbackKind, ServerSettings

MAX_PAUSE_S: Final = 3600
MAX_DAILY: Final = 10_000
MAX_TOKENS: Final = 100_000_000
MAX_EMOJI: Final = 10
NAMED: Final = 15
"""How many channels or roles are listed by name."""

_KEYCAP: Final = "\u20e3"
_USUAL: Final = VoteEmoji(("👍",), ("👎",))


def lines(language: Language, settings: ServerSettings, votes: VoteEmoji) -> list[str]:
    """What holds on this server. ``votes``: the emoji in use there."""
    yes, no = votes.offered[:2]
    return [
        language("settings-channels", where=_where(language, settings)),
        _who(language, settings),
        language("settings-limits", pause=settings.cooldown_s, daily=settings.daily_replies),
        language(
            "settings-limits-all", pause=settings.server_cooldown_s, tokens=settings.daily_tokens
        ),
        language("settings-votes", style=settings.votes, yes=yes, no=no),
        _spoken(language, settings),
        _announced(language, settings),
    ]


def _where(language: Language, settings: ServerSettings) -> str:
    allowed = _named(language, settings.allowed_channels, "#")
    blocked = _named(language, settings.blocked_channels, "#")
    if allowed:
        key = "settings-only-in-but" if blocked else "settings-only-in"
        return language(key, allowed=allowed, blocked=blocked)
    key = "settings-everywhere-but" if blocked else "settings-everywhere"
    return language(key, blocked=blocked)


def _who(language: Language, settings: ServerSettings) -> str:
    if not settings.allowed_roles:
        return language("settings-everybody")
    return language("settings-roles", roles=_named(language, settings.allowed_roles, "@&"))


def _spoken(language: Language, settings: ServerSettings) -> str:
    name = LOCALES.get(settings.language or "")
    return language("settings-language", name=name) if name else language("settings-own-language")


def _announced(language: Language, settings: ServerSettings) -> str:
    channel_id = settings.announcement_channel_id
    if channel_id is None:
        return language("settings-not-announced")
    return language("settings-announced", channel=f"<#{channel_id}>")


def numbers(pause: str, daily: str, server_pause: str, tokens: str) -> dict[str, int]:
    """What `ServerSettings` calls them, 0 for no limit."""
    return {
        "cooldown_s": _number(pause, MAX_PAUSE_S, "settings-wrong-pause"),
        "daily_replies": _number(daily, MAX_DAILY, "settings-wrong-daily"),
        "server_cooldown_s": _number(server_pause, MAX_PAUSE_S, "settings-wrong-pause-all"),
        "daily_tokens": _number(tokens, MAX_TOKENS, "settings-wrong-tokens"),
    }


def emoji_lists(
    positive: str, negative: str, own: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Emoji for yes and for no, as Discord writes them; empty for the operator's.

    ``own``: the server's own emoji as Discord writes them, which are the only ones of that kind
    that we can use; people may write just their names (``:name:``).
    """
    likes, dislikes = _emoji(positive, own), _emoji(negative, own)
    both = {normalised(one) for one in likes} & {normalised(one) for one in dislikes}
    if both:
        raise RefusalError("settings-same-emoji")
    if bool(likes) != bool(dislikes):
        raise RefusalError("settings-both-emoji")
    return likes, dislikes


def _number(text: str, most: int, refusal: str) -> int:
    """``refusal``: the key of what to say of anything else."""
    text = text.strip() or "0"
    if not (text.isdecimal() and len(text) <= len(str(most)) and int(text) <= most):
        raise RefusalError(refusal, most=str(most), given=rendering.one_line(text, 30))
    return int(text)


def _emoji(text: str, own: Collection[str]) -> tuple[str, ...]:
    named = {f":{emoji.split(':')[1]}:": emoji for emoji in own}
    words = text.replace(",", " ").split()
    given = tuple(dict.fromkeys(named.get(word, word) for word in words))
    own_ids = {normalised(emoji) for emoji in own}
    if len(given) > MAX_EMOJI:
        raise RefusalError("settings-many-emoji", most=MAX_EMOJI)
    for one in given:
        plain = normalised(one)
        if plain.isdecimal() and one.startswith("<"):
            if plain not in own_ids:
                raise RefusalError("settings-foreign-emoji", emoji=one)
        elif not _is_drawn(one):
            raise RefusalError("settings-no-emoji", given=one[:30])
        elif is_stop(one) or _USUAL.kind_of(one) is FeedbackKind.REGENERATE:
            raise RefusalError("settings-taken-emoji", emoji=one)
    return given


def _is_drawn(text: str) -> bool:
    """Whether this looks like one emoji of Unicode: a picture, and no letters."""
    if len(text) > 16 or any(character.isalpha() for character in text):
        return False
    return _KEYCAP in text or any(unicodedata.category(character) == "So" for character in text)


def _named(language: Language, ids: Collection[int], kind: str) -> str:
    ordered = sorted(ids)
    names = language.joined(f"<{kind}{one}>" for one in ordered[:NAMED])
    if len(ordered) <= NAMED:
        return names
    return language("settings-and-more", names=names, count=len(ordered) - NAMED)
