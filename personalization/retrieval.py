"""What the person liked before, closest to the question: exchanges that go before it in the prompt.

Contract: pure; only what the caller gives is ever returned, so what was deleted is gone with the
next reply. Liked replies and corrections alone, never a reply that was disliked, nothing that the
conversation holds already, and nothing made for this very question (↻ asks for something else).
Closeness is the cosine of TF-IDF vectors over words (Salton and Buckley 1988), which needs no
model; of equally close exchanges the newest count. Knows no store and no tokenizer.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bowerbird.personalization.reply_features import words
from bowerbird.personalization.types import FinishReason
from bowerbird.storage.records import LabelledReply, Turn

MAX_EXCHANGES: Final = 3
PROMPT_SHARE: Final = 0.25
"""Of the prompt's tokens, at most so much is what was liked before."""
MAX_LABELLED: Final = 256
"""The newest so many are looked at: tastes change, and a reply must begin at once."""
CORRECTION_BONUS: Final = 0.1
"""Added to the cosine of a correction: it is what the person wrote, not what they put up with."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and the answer this person wanted to it; ``reply_id`` is where it is stored."""

    reply_id: int
    question: str
    answer: str
    is_correction: bool

    @property
    def turns(self) -> tuple[Turn, Turn]:
        return Turn("user", self.question), Turn("assistant", self.answer)


def retrieve(
    conversation: Sequence[Turn],
    labelled: Sequence[LabelledReply],
    count_tokens: Callable[[str], int],
    *,
    max_tokens: int,
    max_exchanges: int = MAX_EXCHANGES,
) -> tuple[Exchange, ...]:
    """The exchanges to put before ``conversation``, the closest one last, next to the question.

    ``labelled`` is one person's, oldest first. ``max_tokens`` bounds questions and answers
    together; what is too long for what is left of it makes way for the next.
    """
    question = conversation[-1].text
    candidates = [
        exchange
        for item in labelled[-MAX_LABELLED:]
        if not _is_present(item, conversation)
        for exchange in _wanted(item)
    ]
    if not candidates:
        return ()
    closeness = _closeness(question, [exchange.question for exchange in candidates])
    ranked = sorted(
        range(len(candidates)),
        key=lambda i: (closeness[i] + CORRECTION_BONUS * candidates[i].is_correction, i),
        reverse=True,
    )
    chosen: list[Exchange] = []
    for index in ranked:
        exchange = candidates[index]
        if len(chosen) == max_exchanges:
            break
        if any(exchange.question == other.question for other in chosen):
            continue  # a second answer to it says little more
        cost = count_tokens(exchange.question) + count_tokens(exchange.answer)
        if cost <= max_tokens:
            chosen.append(exchange)
            max_tokens -= cost
    return tuple(reversed(chosen))


def _wanted(item: LabelledReply) -> list[Exchange]:
    """The answer that the person wanted, if there is one."""
    reply = item.reply
    if not reply.turns or reply.turns[-1].role != "user":
        return []
    question, correction = reply.turns[-1].text.strip(), (item.correction or "").strip()
    is_whole = reply.sampling.get("finish_reason") != FinishReason.STOPPED
    answer = correction or (reply.text.strip() if item.is_liked and is_whole else "")
    return [Exchange(reply.reply_id, question, answer, bool(correction))] if answer else []


def _is_present(item: LabelledReply, conversation: Sequence[Turn]) -> bool:
    """Whether it answers the question of now, or is in the conversation already.

    A slash command's question has no message; there the text tells, and a correction still counts.
    """
    here = {turn.message_id for turn in conversation} - {None}
    reply, question = item.reply, conversation[-1]
    if reply.question_id in here or not here.isdisjoint(reply.message_ids):
        return True
    if question.message_id is not None or item.correction:
        return False
    return bool(reply.turns) and reply.turns[-1].text.strip() == question.text.strip()


def _closeness(question: str, others: Sequence[str]) -> list[float]:
    """Cosine of TF-IDF vectors, in [0, 1]; the words' rarity is that among ``others``."""
    counts = [Counter(words(other)) for other in others]
    used_by = Counter(word for count in counts for word in count)

    def vector(count: Counter[str]) -> dict[str, float]:
        return {
            word: (1 + math.log(n)) * math.log((len(others) + 1) / (used_by[word] + 0.5))
            for word, n in count.items()
        }

    asked = vector(Counter(words(question)))

    def cosine(other: dict[str, float]) -> float:
        dot = sum(weight * other.get(word, 0.0) for word, weight in asked.items())
        norm = math.hypot(*asked.values()) * math.hypot(*other.values())
        return dot / norm if norm else 0.0

    return [cosine(vector(count)) for count in counts]
