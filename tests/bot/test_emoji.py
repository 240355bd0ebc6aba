from __future__ import annotations

import pytest

from bowerbird.bot.emoji import REGENERATE, VoteEmoji
from bowerbird.storage.records import FeedbackKind

EMOJI = VoteEmoji(("👍", "❤️", "<:nice:123456789012345678>"), ("👎", "234567890123456789"))


@pytest.mark.parametrize(
    ("emoji", "kind"),
    [
        ("👍", FeedbackKind.LIKE),
        ("👍🏿", FeedbackKind.LIKE),
        ("❤", FeedbackKind.LIKE),
        ("❤️", FeedbackKind.LIKE),
        ("<:renamed:123456789012345678>", FeedbackKind.LIKE),
        ("<a:meh:234567890123456789>", FeedbackKind.DISLIKE),
        ("👎🏻", FeedbackKind.DISLIKE),
        ("🔄", FeedbackKind.REGENERATE),
        ("♻", FeedbackKind.REGENERATE),
        ("🎉", None),
        ("<:nice:999999999999999999>", None),
    ],
)
def test_what_an_emoji_means(emoji: str, kind: FeedbackKind | None) -> None:
    assert EMOJI.kind_of(emoji) is kind


def test_the_first_of_each_is_put_under_replies() -> None:
    assert EMOJI.offered == ("👍", "👎", REGENERATE)
