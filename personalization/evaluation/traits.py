"""Wishes that a program can judge: how a simulated person likes to be answered.

Contract: an *axis* has two poles that no reply can meet at once, so whoever wants one is the exact
opposite of whoever wants the other, and no way of answering can please both. ``score`` is 1 exactly
when the wish is met. The first pole is what the base model seldom does, the second what it mostly
does. Knows no model; bounds come from SmolLM2's own replies (320 sampled as served: a quarter have
40 words or fewer and half 60 or more, 7 % are lists, half have no contraction and a third enough).
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bowerbird.personalization.evaluation import phrases, wording

MET: Final = 1.0
"""From this score on a wish counts as met."""

SHORT_WORDS: Final = 40
LONG_WORDS: Final = 60
_TAUGHT_SHORT_WORDS: Final = 24  # leaves room for what other traits add
_TAUGHT_LONG_WORDS: Final = 68
_LIST_LINES: Final = 2
_WORDS_PER_STRAY_CAPITAL: Final = 25


@dataclass(frozen=True, slots=True)
class Trait:
    """One wish. ``axis``: what it is about; ``is_rare``: the base model seldom does so by itself.

    ``order``: edits that take away or reshape come before those that add.
    """

    name: str
    axis: str
    is_rare: bool
    instruction: str
    order: int
    _score: Callable[[str], float]
    _rewrite: Callable[[str, random.Random], str]

    def score(self, question: str, reply: str) -> float:
        """How well ``reply`` meets the wish, in [0, 1]; ``MET`` exactly if it does."""
        return min(1.0, max(0.0, self._score(reply))) if reply.strip() else 0.0

    def is_met(self, question: str, reply: str) -> bool:
        return self.score(question, reply) >= MET

    def rewrite(self, reply: str, rng: random.Random) -> str:
        """The reply as this person would have written it: the same, edited to meet the wish."""
        return reply if self._score(reply) >= MET else self._rewrite(reply, rng)


Axis = tuple[Trait, Trait]


def axes(rng: random.Random) -> dict[str, Axis]:
    """All axes by name, the rare pole first; closing, word and name are drawn."""
    made = (
        _length(),
        _lists(),
        _emoji(),
        _case(),
        _closing(rng.choice(phrases.CLOSINGS)),
        _asking(),
        _contractions(),
        _word(rng.choice(sorted(phrases.LEAD_INS))),
        _address(rng.choice(phrases.NAMES)),
    )
    return {rare.axis: (rare, usual) for rare, usual in made}


def are_compatible(traits: tuple[Trait, ...]) -> bool:
    """A reply has only one end: it is a question or a closing phrase."""
    names = {trait.name.partition(":")[0] for trait in traits}
    return not {"closing", "asks"} <= names


def _length() -> Axis:
    def short(reply: str) -> float:
        return SHORT_WORDS / max(SHORT_WORDS, len(wording.words(reply)))

    def long(reply: str) -> float:
        return len(wording.words(reply)) / LONG_WORDS

    def lengthen(reply: str, rng: random.Random) -> str:
        more = rng.sample(phrases.MORE, len(phrases.MORE))
        is_list = wording.list_lines(reply) >= _LIST_LINES
        reply = reply if is_list else wording.ended(reply)
        while more and len(wording.words(reply)) < _TAUGHT_LONG_WORDS:
            reply += f"\n- {more.pop()}" if is_list else f" {more.pop()}"
        return reply

    return (
        Trait(
            "short",
            "length",
            True,
            f"Answer in fewer than {SHORT_WORDS} words.",
            1,
            short,
            lambda reply, _: wording.cut_to(reply, _TAUGHT_SHORT_WORDS),
        ),
        Trait(
            "long",
            "length",
            False,
            f"Write detailed answers of at least {LONG_WORDS} words.",
            1,
            long,
            lengthen,
        ),
    )


def _lists() -> Axis:
    def listed(reply: str, rng: random.Random) -> str:
        items = wording.sentences(reply)[:6]
        while len(items) < _LIST_LINES:
            items.append(rng.choice(phrases.MORE))
        return wording.as_list(items)

    return (
        Trait(
            "list",
            "list",
            True,
            "Answer with a bulleted list, each line beginning with a dash.",
            0,
            lambda reply: wording.list_lines(reply) / _LIST_LINES,
            listed,
        ),
        Trait(
            "prose",
            "list",
            False,
            "Answer in plain sentences, never as a list.",
            0,
            lambda reply: 1 / (1 + wording.list_lines(reply)),
            lambda reply, _: wording.without_list(reply),
        ),
    )


def _emoji() -> Axis:
    return (
        Trait(
            "emoji",
            "emoji",
            True,
            "Use an emoji in every answer 🙂.",
            6,
            lambda reply: float(wording.emoji_count(reply) > 0),
            lambda reply, rng: f"{reply.rstrip()} {rng.choice(phrases.EMOJI)}",
        ),
        Trait(
            "no emoji",
            "emoji",
            False,
            "Never use emoji.",
            0,
            lambda reply: 1 / (1 + wording.emoji_count(reply)),
            lambda reply, _: wording.without_emoji(reply) or "Fine.",
        ),
    )


def _case() -> Axis:
    def lower(reply: str) -> float:
        count = len(wording.words(reply))
        stray = wording.capitalised_words(reply) - count // _WORDS_PER_STRAY_CAPITAL
        if wording.starts_upper(reply) or stray > 0:
            return 0.9 * (1 - min(1.0, max(stray, 1) / max(1, count) * 8))
        return 1.0

    return (
        Trait(
            "lowercase",
            "case",
            True,
            "Write everything in lowercase letters, with no capital letters at all.",
            7,
            lower,
            lambda reply, _: reply.lower(),
        ),
        Trait(
            "normal case",
            "case",
            False,
            "Begin every sentence with a capital letter.",
            7,
            lambda reply: float(wording.starts_upper(reply)),
            lambda reply, _: _started_upper(wording.capitalise_sentences(reply)),
        ),
    )


def _started_upper(reply: str) -> str:
    return reply if wording.starts_upper(reply) else f"Well, {reply}"


def _closing(phrase: str) -> Axis:
    def closes(reply: str) -> float:
        if _is_last(reply, phrase):
            return 1.0
        return 0.5 if phrase.casefold() in reply.casefold() else 0.0

    def has_no_close(reply: str) -> float:
        last = (wording.sentences(wording.without_trailing_emoji(reply)) or [""])[-1].casefold()
        is_closed = any(_is_last(reply, one) for one in phrases.CLOSINGS)
        return float(not is_closed and not any(one in last for one in phrases.SIGN_OFFS))

    def drop_close(reply: str, rng: random.Random) -> str:
        kept = wording.without_trailing_emoji(reply)
        while not has_no_close(kept):
            before = kept
            for one in phrases.CLOSINGS:
                if _is_last(kept, one):
                    kept = kept[: -len(one)].rstrip()
            if kept == before:
                last = wording.sentences(kept)[-1]
                kept = kept[: kept.rfind(last)].rstrip(" -*•\n\t")
            if not wording.words(kept):
                return rng.choice(phrases.MORE)
        return kept

    return (
        Trait(
            f"closing: {phrase}",
            "closing",
            True,
            f'End every answer with the words "{phrase}"',
            5,
            closes,
            lambda reply, _: _with_last(reply, phrase),
        ),
        Trait(
            "no closing",
            "closing",
            False,
            "End without any closing phrase or offer of more help.",
            0,
            has_no_close,
            drop_close,
        ),
    )


def _is_last(reply: str, phrase: str) -> bool:
    return wording.without_trailing_emoji(reply).casefold().endswith(phrase.casefold())


def _with_last(reply: str, sentence: str) -> str:
    return f"{wording.ended(wording.without_trailing_emoji(reply))} {sentence}"


def _asking() -> Axis:
    def asks(reply: str) -> float:
        if wording.without_trailing_emoji(reply).endswith("?"):
            return 1.0
        return 0.3 if "?" in reply else 0.0

    def stop_asking(reply: str, rng: random.Random) -> str:
        kept = [one for one in wording.sentences(reply) if "?" not in one]
        if not kept:
            return reply.replace("?", ".")
        is_list = wording.list_lines(reply) >= _LIST_LINES and len(kept) >= _LIST_LINES
        return wording.as_list(kept) if is_list else " ".join(kept)

    return (
        Trait(
            "asks",
            "asking",
            True,
            "End every answer with a question to the reader.",
            5,
            asks,
            lambda reply, rng: _with_last(reply, rng.choice(phrases.QUESTIONS)),
        ),
        Trait(
            "never asks",
            "asking",
            False,
            "Never ask anything.",
            0,
            lambda reply: 1 / (1 + reply.count("?")),
            stop_asking,
        ),
    )


def _contractions() -> Axis:
    def casual(reply: str) -> float:
        needed = 1 if len(wording.words(reply)) < SHORT_WORDS else 2
        return wording.contractions(reply) / needed

    return (
        Trait(
            "casual",
            "contractions",
            True,
            'Write casually, with contractions such as "it\'s" and "don\'t".',
            2,
            casual,
            lambda reply, _: f"{phrases.CASUAL_LEAD_IN} {reply}",
        ),
        Trait(
            "formal",
            "contractions",
            False,
            'Write formally, without contractions: "do not" instead of "don\'t".',
            0,
            lambda reply: 1 / (1 + wording.contractions(reply)),
            lambda reply, _: wording.without_contractions(reply),
        ),
    )


def _word(word: str) -> Axis:
    return (
        Trait(
            f"says: {word}",
            "word",
            True,
            f'Use the word "{word}" in every answer.',
            3,
            lambda reply: float(wording.has_word(reply, word)),
            lambda reply, _: f"{phrases.LEAD_INS[word]} {reply}",
        ),
        Trait(
            f"never says: {word}",
            "word",
            False,
            f'Never use the word "{word}".',
            0,
            lambda reply: float(not wording.has_word(reply, word)),
            lambda reply, _: wording.without_word(reply, word) or "Fine.",
        ),
    )


def _address(name: str) -> Axis:
    def spoken_to(*names: str) -> re.Pattern[str]:
        called = "|".join(names)
        return re.compile(
            rf"(?:^|[,.!?]\s*)(?:(?:hey|hi|hello|well|dear|my)[, ]+)*(?:{called})\s*[,.!?]",
            re.IGNORECASE,
        )

    this, anyone = spoken_to(name), spoken_to(*phrases.NAMES)
    return (
        Trait(
            f"calls me {name}",
            "address",
            True,
            f'Speak to the reader as "{name}" in every answer.',
            4,
            lambda reply: float(this.search(reply) is not None),
            lambda reply, _: f"Hey {name}! {reply}",
        ),
        Trait(
            "no address",
            "address",
            False,
            "Do not speak to the reader by any name.",
            0,
            lambda reply: float(anyone.search(reply) is None),
            lambda reply, _: anyone.sub(" ", reply).strip() or "Fine.",
        ),
    )
