"""A server's settings in words, and what admins write made into settings.

Contract: pure. `lines` says what holds; `numbers` and `emoji_lists` take what somebody typed, and
raise ``RefusalError`` with a sentence that says what to type instead.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from bowerbird.bot.apologies import RefusalError
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


def lines(settings: ServerSettings, votes: VoteEmoji) -> list[str]:
    """What holds on this server. ``votes``: the emoji in use there."""
    allowed, blocked = settings.allowed_channels, settings.blocked_channels
    where = f"only in {_named(allowed, '#')}" if allowed else "everywhere I can read"
    if blocked:
        where += f", not in {_named(blocked, '#')}"
    roles = settings.allowed_roles
    who = f"people with {_named(roles, '@&')}" if roles else "everybody"
    pause = f"{settings.cooldown_s} s between two questions" if settings.cooldown_s else "no pause"
    daily = (
        f"{settings.daily_replies} replies a day" if settings.daily_replies else "no daily limit"
    )
    rate = (
        f"{settings.server_cooldown_s} s between two questions of anybody"
        if settings.server_cooldown_s
        else "no pause"
    )
    tokens = f"{settings.daily_tokens} tokens a day" if settings.daily_tokens else "no daily limit"
    announced = settings.announcement_channel_id
    return [
        f"**Channels**: {where}; threads follow their channel",
        f"**Who may ask**: {who}",
        f"**Limits for each person**: {pause}, {daily}",
        f"**Limits for all together**: {rate}, {tokens}",
        f"**Votes**: as {settings.votes}, {' and '.join(votes.offered[:2])}",
        f"**Announcements**: {f'the night’s summary in <#{announced}>' if announced else 'none'}",
    ]


def numbers(pause: str, daily: str, server_pause: str, tokens: str) -> dict[str, int]:
    """What `ServerSettings` calls them, 0 for no limit."""
    return {
        "cooldown_s": _number(pause, MAX_PAUSE_S, "The pause is a number of seconds"),
        "daily_replies": _number(daily, MAX_DAILY, "The daily limit is a number of replies"),
        "server_cooldown_s": _number(
            server_pause, MAX_PAUSE_S, "The pause of all together is a number of seconds"
        ),
        "daily_tokens": _number(
            tokens, MAX_TOKENS, "The daily limit of all together is a number of tokens"
        ),
    }


def emoji_lists(
    positive: str, negative: str, own_ids: Collection[int]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Emoji for yes and for no, as Discord writes them; empty for the operator's.

    ``own_ids``: the server's own emoji, which are the only ones of that kind we can use.
    """
    likes, dislikes = _emoji(positive, own_ids), _emoji(negative, own_ids)
    both = {normalised(one) for one in likes} & {normalised(one) for one in dislikes}
    if both:
        raise RefusalError("The same emoji cannot mean yes and no; nothing was changed.")
    if bool(likes) != bool(dislikes):
        raise RefusalError(
            "Fill in both fields, or leave both empty for the usual emoji; nothing was changed."
        )
    return likes, dislikes


def _number(text: str, most: int, what: str) -> int:
    text = text.strip() or "0"
    if not (text.isdecimal() and len(text) <= len(str(most)) and int(text) <= most):
        raise RefusalError(f"{what} from 0 (none) to {most}, not “{text}”; nothing was changed.")
    return int(text)


def _emoji(text: str, own_ids: Collection[int]) -> tuple[str, ...]:
    given = tuple(dict.fromkeys(text.replace(",", " ").split()))
    if len(given) > MAX_EMOJI:
        raise RefusalError(f"At most {MAX_EMOJI} emoji each, please; nothing was changed.")
    for one in given:
        plain = normalised(one)
        if plain.isdecimal() and one.startswith("<"):
            if int(plain) not in own_ids:
                raise RefusalError(f"{one} is not an emoji of this server; nothing was changed.")
        elif not _is_drawn(one):
            raise RefusalError(f"“{one[:30]}” is not an emoji; nothing was changed.")
        elif is_stop(one) or _USUAL.kind_of(one) is FeedbackKind.REGENERATE:
            raise RefusalError(f"{one} has a meaning already; nothing was changed.")
    return given


def _is_drawn(text: str) -> bool:
    """Whether this looks like one emoji of Unicode: a picture, and no letters."""
    if len(text) > 16 or any(character.isalpha() for character in text):
        return False
    return _KEYCAP in text or any(unicodedata.category(character) == "So" for character in text)


def _named(ids: Iterable[int], kind: str) -> str:
    ordered: Sequence[int] = sorted(ids)
    named = ", ".join(f"<{kind}{one}>" for one in ordered[:NAMED])
    return named + (f" and {len(ordered) - NAMED} more" if len(ordered) > NAMED else "")
