"""The base model, loaded once in a worker, with slots for the adapters of those in training.

Contract: what the model says is asked for with a slot, or ``None`` for exactly the base, whatever
the slots hold. What the base itself says to neutral questions is computed once for a system prompt.
Knows neither jobs nor verdicts, nor how adapters learn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from bowerbird.personalization.adapter_weights import AdapterWeights
from bowerbird.personalization.lora import LoraSlots
from bowerbird.personalization.models import load_model, load_tokenizer
from bowerbird.personalization.prompting import Encoded, encode, end_of_turn_id
from bowerbird.personalization.training.neutral import (
    ANCHOR_QUESTIONS,
    ANCHOR_TEXTS,
    GATE_QUESTIONS,
    GENERAL_TEXT,
)
from bowerbird.personalization.training.reading import MAX_PLACES, Reader
from bowerbird.personalization.training.sampler import SampledReply, Sampler, seeds_for
from bowerbird.personalization.types import Sampling
from bowerbird.storage.records import Turn

SAMPLING: Final = Sampling(max_new_tokens=80)
"""How neutral replies and the gate's samples are drawn: as replies are served, but shorter."""

GATE_SEED: Final = 1
_MAX_NEUTRAL: Final = 64  # system prompts whose neutral ground is kept
_ANCHOR_SEED: Final = 0
ANCHOR_TOKENS: Final = 48
"""Of a reply that holds an adapter to the base only the beginning is read."""
_MAX_PROMPT_TOKENS: Final = 512


@dataclass(frozen=True, slots=True)
class Anchor:
    """A row with the base's states that predict its learned tokens, ``[tokens, width]``."""

    row: Encoded
    states: Tensor


@dataclass(frozen=True, slots=True)
class Neutral:
    """Neutral ground for one system prompt, all of it the base model's own.

    ``said`` and ``texts``: replies and plain texts to be held to the base by while training, and
    ``unseen`` replies to see afterwards how far an adapter went, which answer ``gate_prompts``.
    """

    said: tuple[Anchor, ...]
    texts: tuple[Anchor, ...]
    unseen: tuple[Anchor, ...]
    gate_prompts: tuple[Encoded, ...]
    gate_replies: tuple[tuple[int, ...], ...]


def _ignore(done: int) -> None:
    """The default ``on_row``."""


class SharedBase:
    """The base model of a worker and the adapters of one group of people on it."""

    def __init__(self, model_path: str, *, device: str = "auto", dtype: str = "auto") -> None:
        self.tokenizer = load_tokenizer(model_path)
        self.model = load_model(model_path, device=device, dtype=dtype)
        self.end_id = end_of_turn_id(self.tokenizer)
        self._sampler = Sampler(self.model, self.tokenizer)  # before anything changes the model
        self.reader = Reader(self.model)
        self._slots: LoraSlots | None = None
        self._neutral: dict[str, Neutral] = {}
        self._general_nll: float | None = None

    # --- adapters -----------------------------------------------------------------------------

    @contextmanager
    def adapters(self, *, count: int, rank: int, targets: Sequence[str]) -> Iterator[LoraSlots]:
        """``count`` slots that can learn, for the time of the context."""
        if self._slots is not None:
            raise RuntimeError("one group at a time")
        self._slots = LoraSlots.attach(
            self.model, targets=targets, slots=count, rank=rank, trainable=True
        )
        try:
            yield self._slots
        finally:
            self._slots.detach()
            self._slots = None

    def load(self, slot: int, folder: Path) -> None:
        """Put a published adapter into a slot. Raises ``AdapterError``."""
        self.required_slots().load(slot, AdapterWeights.load(folder))

    def is_finite(self, slot: int) -> bool:
        """Whether everything in a slot is a number."""
        return bool(self.required_slots().values[slot].isfinite().all())

    def required_slots(self) -> LoraSlots:
        """Those of the context. Raises ``RuntimeError`` outside."""
        if self._slots is None:
            raise RuntimeError("there are no slots outside `adapters`")
        return self._slots

    # --- what the model says ------------------------------------------------------------------

    def hidden(
        self, rows: Sequence[Sequence[Encoded]], route: Sequence[int | None]
    ) -> list[Tensor]:
        """``Reader.hidden``, with gradients to the slots unless they are off."""
        return self.reader.hidden(rows, route, self._slots)

    def token_logprobs(self, row: Encoded, slot: int | None = None) -> Tensor:
        """log π of each of the reply's tokens, ``[reply tokens]``."""
        return self.reader.logprobs([row], self.hidden([[row]], [slot]))[0]

    def logprob_sums(
        self, rows: Sequence[Sequence[Encoded]], route: Sequence[int | None]
    ) -> list[Tensor]:
        """log π of each row's reply, ``[rows]`` a person; one pass."""
        flat = [row for own in rows for row in own]
        sums = [part.sum() for part in self.reader.logprobs(flat, self.hidden(rows, route))]
        return list(torch.split(torch.stack(sums), [len(own) for own in rows]))

    def logprobs_of(self, rows: Sequence[Encoded], slot: int | None = None) -> Tensor:
        """log π of the replies in any number of rows, ``[rows]``, without gradients."""
        found = [tokens.sum() for tokens in self.all_token_logprobs(rows, slot)]
        return torch.stack(found) if found else torch.zeros(0, device=self.model.device)

    def all_token_logprobs(
        self,
        rows: Sequence[Encoded],
        slot: int | None = None,
        *,
        on_row: Callable[[int], None] = _ignore,
    ) -> list[Tensor]:
        """``logprobs_of`` before anything is summed: ``[reply tokens]`` of each row."""
        with torch.no_grad():
            return self.reader.logprobs(rows, self.states_of(rows, slot, on_row=on_row))

    def states_of(
        self,
        rows: Sequence[Encoded],
        slot: int | None = None,
        *,
        on_row: Callable[[int], None] = _ignore,
    ) -> list[Tensor]:
        """``hidden`` of any number of rows, without gradients: ``[reply tokens, width]`` of each.

        ``on_row`` is told how many are done; what it raises ends it.
        """
        found = [torch.zeros(0)] * len(rows)
        # Side by side in order of their tokens, rows share as much of a pass as they can.
        order = sorted(range(len(rows)), key=lambda i: rows[i].ids)
        done = 0
        with torch.no_grad():
            for some in _passes(order, [len(row.ids) for row in rows]):
                on_row(done)
                done += len(some)
                parts = self.hidden([[rows[i] for i in some]], [slot])
                for i, part in zip(some, parts, strict=True):
                    found[i] = part
        return found

    def general_nll(self, slot: int | None = None) -> float:
        """Nats per token on ordinary text."""
        if slot is None and self._general_nll is not None:
            return self._general_nll
        with torch.no_grad():
            found = -float(self.token_logprobs(self._text_row(GENERAL_TEXT), slot).mean())
        if slot is None:
            self._general_nll = found
        return found

    def sample(
        self,
        prompts: Sequence[Encoded],
        route: Sequence[int | None],
        *,
        seeds: Sequence[int],
        sampling: Sampling = SAMPLING,
    ) -> list[tuple[int, ...]]:
        """``replies`` as token ids; the end-of-turn token is kept if reached."""
        return [
            (*reply.ids, self.end_id) if reply.is_complete else reply.ids
            for reply in self.replies(prompts, route, seeds=seeds, sampling=sampling)
        ]

    def replies(
        self,
        prompts: Sequence[Encoded],
        route: Sequence[int | None],
        *,
        seeds: Sequence[int],
        sampling: Sampling = SAMPLING,
    ) -> list[SampledReply]:
        """A fresh reply to each prompt through the slot beside it, many of them in one batch.

        A reply depends on its prompt, slot and seed (in float32). ``seeds_for`` makes seeds.
        """
        return self._sampler.sample(prompts, route, self._slots, seeds=seeds, sampling=sampling)

    def neutral(self, turns: Sequence[Turn]) -> Neutral:
        """What the plain base says under the system prompt of ``turns``, computed once for it."""
        system = tuple(turn for turn in turns if turn.role == "system")
        key = "\n".join(turn.text for turn in system)
        if key not in self._neutral:
            if len(self._neutral) >= _MAX_NEUTRAL:
                self._neutral.pop(next(iter(self._neutral)))
            self._neutral[key] = self._make_neutral(system)
        return self._neutral[key]

    def anchors(
        self, rows: Sequence[Encoded], *, on_row: Callable[[int], None] = _ignore
    ) -> tuple[Anchor, ...]:
        """``rows`` with what the base makes of them; a few tens of kilobytes each."""
        return tuple(map(Anchor, rows, self.states_of(rows, on_row=on_row)))

    def prompt(self, turns: Sequence[Turn]) -> Encoded:
        return encode(self.tokenizer, turns, max_tokens=_MAX_PROMPT_TOKENS)

    def row(self, turns: Sequence[Turn], reply: str) -> Encoded:
        """A reply with its end, to score."""
        return encode(self.tokenizer, turns, reply, max_tokens=2 * _MAX_PROMPT_TOKENS)

    def _make_neutral(self, system: tuple[Turn, ...]) -> Neutral:
        def ask(questions: Sequence[str]) -> tuple[Encoded, ...]:
            return tuple(self.prompt((*system, Turn("user", question))) for question in questions)

        anchor_prompts, gate_prompts = ask(ANCHOR_QUESTIONS), ask(GATE_QUESTIONS)
        replies = self._own(anchor_prompts, _ANCHOR_SEED)
        said = [
            with_reply(prompt, reply[:ANCHOR_TOKENS] or (self.end_id,))
            for prompt, reply in zip(anchor_prompts, replies, strict=True)
        ]
        gate_replies = tuple(self._own(gate_prompts, GATE_SEED))
        unseen = [
            with_reply(prompt, reply or (self.end_id,))
            for prompt, reply in zip(gate_prompts, gate_replies, strict=True)
        ]
        return Neutral(
            self.anchors(said),
            self.anchors([self._text_row(text) for text in ANCHOR_TEXTS]),
            self.anchors(unseen),
            gate_prompts,
            gate_replies,
        )

    def _own(self, prompts: Sequence[Encoded], seed: int) -> list[tuple[int, ...]]:
        """What the base itself says."""
        return self.sample(prompts, [None] * len(prompts), seeds=seeds_for(seed, len(prompts)))

    def _text_row(self, text: str) -> Encoded:
        """Plain text, all but its first token to be predicted."""
        ids = tuple(self.tokenizer(text, add_special_tokens=False)["input_ids"])
        return with_reply(Encoded(ids[:1], (False,), ()), ids[1:])


def _passes(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """``order`` in parts of at most a pass's places, one row at least."""
    some: list[int] = []
    for i in order:
        if some and sum(lengths[j] for j in some) + lengths[i] > MAX_PLACES:
            yield some
            some = []
        some.append(i)
    if some:
        yield some


def with_reply(prompt: Encoded, reply: Sequence[int]) -> Encoded:
    """A prompt and sampled token ids as one row to score."""
    mask = (False,) * len(prompt.ids) + (True,) * len(reply)
    return Encoded((*prompt.ids, *reply), mask, prompt.turns)
