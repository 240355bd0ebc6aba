from __future__ import annotations

import pytest

from bowerbird.bot import settings_text
from bowerbird.bot.apologies import RefusalError
from bowerbird.bot.catalogue import Language
from bowerbird.bot.emoji import VoteEmoji
from bowerbird.storage.records import ServerSettings

USUAL = VoteEmoji(("👍", "🔥"), ("👎",))
OWN = 1_200_000_000_000_000_123


def test_the_defaults_in_words() -> None:
    assert settings_text.lines(Language(), ServerSettings(), USUAL) == [
        "**Channels**: everywhere I can read; threads follow their channel",
        "**Who may ask**: everybody",
        "**Limits for each person**: no pause, no daily limit",
        "**Limits for all together**: no pause, no daily limit",
        "**Votes**: as reactions, 👍 and 👎",
        "**Language**: each person's own",
        "**Announcements**: none",
    ]


def test_everything_set_in_words() -> None:
    settings = ServerSettings(
        allowed_channels=frozenset(range(1, 21)),
        blocked_channels=frozenset({31}),
        allowed_roles=frozenset({41, 42}),
        cooldown_s=30,
        daily_replies=50,
        server_cooldown_s=2,
        daily_tokens=90_000,
        votes="buttons",
        announcement_channel_id=51,
    )
    text = "\n".join(settings_text.lines(Language(), settings, USUAL))
    assert "only in <#1>, <#2>" in text
    assert "<#15> and 5 more, not in <#31>" in text
    assert "people with <@&41>, <@&42>" in text
    assert "30 s between two questions, 50 replies a day" in text
    assert "2 s between two questions of anybody, 90,000 tokens a day" in text
    assert "as buttons" in text
    assert "in <#51>" in text


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (("30", "50", "2", "90000"), (30, 50, 2, 90_000)),
        (("", " ", "", ""), (0, 0, 0, 0)),
        ((" 0 ", "10000", "3600", "100000000"), (0, 10_000, 3600, 100_000_000)),
    ],
)
def test_numbers(typed: tuple[str, str, str, str], expected: tuple[int, ...]) -> None:
    found = ServerSettings(**settings_text.numbers(*typed))
    given = (found.cooldown_s, found.daily_replies, found.server_cooldown_s, found.daily_tokens)
    assert given == expected


@pytest.mark.parametrize("pause", ["-1", "3601", "1.5", "soon", "9" * 5000, "²"])
def test_wrong_numbers_say_which_are_right(pause: str) -> None:
    for typed in ((pause, "0", "0", "0"), ("0", "0", pause, "0")):
        with pytest.raises(RefusalError, match=r"from 0 \(none\) to 3600"):
            settings_text.numbers(*typed)


def test_emoji() -> None:
    own = f"<:yes:{OWN}>"
    likes, dislikes = settings_text.emoji_lists(f"❤️ {own}, 1️⃣ ❤️", "👎🏽 🇩🇪", [own])
    assert likes == ("❤️", own, "1️⃣")
    assert dislikes == ("👎🏽", "🇩🇪")
    assert settings_text.emoji_lists(" :yes:", "👎", [own]) == ((own,), ("👎",))
    assert settings_text.emoji_lists(" ", "", []) == ((), ())


@pytest.mark.parametrize(
    ("likes", "dislikes", "why"),
    [
        ("yes", "👎", "“yes” is not an emoji"),
        ("👍yes", "👎", "is not an emoji"),
        (str(OWN), "👎", "is not an emoji"),
        (":yes:", "👎", "“:yes:” is not an emoji"),
        (f"<:yes:{OWN}>", "👎", "not an emoji of this server"),
        ("👍", "👍🏽", "cannot mean yes and no"),
        ("👍", "", "Fill in both fields"),
        ("🔁", "👎", "has a meaning already"),
        ("👍", "⏹️", "has a meaning already"),
        (" ".join("😀😁😂🤣😃😄😅😆😉😊😋"), "👎", "At most 10"),
    ],
)
def test_wrong_emoji_say_why(likes: str, dislikes: str, why: str) -> None:
    with pytest.raises(RefusalError, match=why):
        settings_text.emoji_lists(likes, dislikes, [])
