"""What the person liked before, closest to the question: exchanges that go before it in the prompt.

Contract: pure; only what the caller gives is ever returned, so what was deleted is gone with the
next reply. Liked replies and corrections alone, never a reply that was disliked, nothing that the
conversation holds already, and nothing made for this very question (↻ asks for something else).
Closeness is the cosine of TF-IDF vectors over words (Salton and Buckley 1988), which needs no
model; of equally close exchanges the newest count. They never cost the conversation a turn. Knows
no store and no model.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from bowerbird.personalization import prompting
from bowerbird.personalization.prompting import Encoded
from bowerbird.personalization.reply_features import words
from bowerbird.personalization.types import AdapterRef, FinishReason
from bowerbird.storage.records import LabelledReply, Turn

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MAX_EXCHANGES: Final = 3
PROMPT_SHARE: Final = 0.25
"""Of the prompt's tokens, at most so much is what was liked before."""
_TURN_TOKENS: Final = 8  # what a chat template puts around a turn, about
CORRECTION_BONUS: Final = 0.1
"""Added to the cosine of a correction: it is what the person wrote, not what they put up with."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and the answer this person wanted to it; ``reply_id`` is where it is stored.

    ``message_ids``: whose texts they are.
    """

    reply_id: int
    message_ids: tuple[int, ...]
    question: str
    answer: str
    is_correction: bool

    @property
    def turns(self) -> tuple[Turn, Turn]:
        return Turn("user", self.question), Turn("assistant", self.answer)


def unlearned(
    labelled: Sequence[LabelledReply], adapter: AdapterRef | None, question: str
) -> Sequence[LabelledReply]:
    """What ``adapter`` does not know: labels of replies that it made itself, and what was taught to
    this very ``question``, which an adapter learns the manner of and need not know by heart.

    All of them without an adapter. With one, what it has learned already would only be copied
    (docs/LOG.md).
    """
    if adapter is None:
        return labelled
    asked = _asked(question)
    return [
        one
        for one in labelled
        if one.reply.adapter_version == adapter.version
        or (one.correction and one.reply.turns and _asked(one.reply.turns[-1].text) == asked)
    ]


def _asked(question: str) -> str:
    """The same however it is written: without capitals, spaces and how it ends."""
    return " ".join(question.casefold().split()).rstrip(" .!?…。！？")


def encode_with_liked(
    tokenizer: PreTrainedTokenizerBase,
    turns: Sequence[Turn],
    labelled: Sequence[LabelledReply],
    *,
    max_tokens: int,
    max_exchanges: int = MAX_EXCHANGES,
) -> tuple[Encoded, tuple[Exchange, ...]]:
    """``prompting.encode``, with what was liked before between system turn and conversation.

    Also the exchanges that were put there. The turns of the result are the conversation's own.
    Raises as ``prompting.encode``.
    """
    plain = prompting.encode(tokenizer, turns, max_tokens=max_tokens)
    room = min(int(PROMPT_SHARE * max_tokens), max_tokens - len(plain.ids))

    def count_tokens(text: str) -> int:
        return len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])

    exchanges = retrieve(
        plain.turns, labelled, count_tokens, max_tokens=room, max_exchanges=max_exchanges
    )
    if not exchanges:
        return plain, ()
    first = next(i for i, turn in enumerate(plain.turns) if turn.role != "system")
    liked = tuple(turn for exchange in exchanges for turn in exchange.turns)
    whole = (*plain.turns[:first], *liked, *plain.turns[first:])
    encoded = prompting.encode(tokenizer, whole, max_tokens=max_tokens)
    if encoded.turns != whole:  # a template may write more than was counted
        return plain, ()
    return replace(encoded, turns=plain.turns), exchanges


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
        for item in labelled
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
        cost = sum(_TURN_TOKENS + count_tokens(turn.text) for turn in exchange.turns)
        if cost <= max_tokens:
            chosen.append(exchange)
            max_tokens -= cost
    return tuple(reversed(chosen))


def _wanted(item: LabelledReply) -> list[Exchange]:
    """The answer that the person wanted, if there is one."""
    reply = item.reply
    if not reply.turns or reply.turns[-1].role != "user":
        return []
    asked, correction = reply.turns[-1], (item.correction or "").strip()
    question = asked.text.strip()
    is_whole = reply.sampling.get("finish_reason") != FinishReason.STOPPED
    answer = correction or (reply.text.strip() if item.is_liked and is_whole else "")
    if not answer:
        return []
    theirs = () if asked.message_id is None else (asked.message_id,)
    message_ids = (*theirs, *reply.message_ids)
    return [Exchange(reply.reply_id, message_ids, question, answer, bool(correction))]


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
