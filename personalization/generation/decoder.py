"""The synchronous core: rows of a batch that come and go, one ``step`` at a time.

Contract: each reply is what it would be alone (same model, adapter and seed), whatever joins,
leaves or fails beside it; exactly so in float32, while in bfloat16 the processor rounds differently
for different numbers of rows, so that near ties may fall the other way. A step is one chunk of at
most one prompt, then one token for every row that has no more than one to read (continuous
batching, Yu et al. 2022; chunked prefill, Agrawal et al. 2024). Rows that decode are always the
first ones, so batch row, cache row and adapter slot are the same number, and every pass works on
slices, not on gathered copies. Knows no threads, queues or people; used by ``engine`` and by the
training gate.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from bowerbird.personalization.errors import (
    GenerationError,
    ModelError,
    OutOfMemoryError,
    PersonalizationError,
    PromptTooLongError,
)
from bowerbird.personalization.generation.memory import Extras
from bowerbird.personalization.generation.prefix_cache import PrefixLease, common_length
from bowerbird.personalization.generation.sampling import RowSampler, choose
from bowerbird.personalization.generation.serving_model import ServingModel
from bowerbird.personalization.generation.stop_strings import StopStrings
from bowerbird.personalization.generation.text_stream import TextStream
from bowerbird.personalization.lora import AdapterWeights
from bowerbird.personalization.types import FinishReason, Sampling

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

log = logging.getLogger(__name__)

_QUIET_CHUNK = 256  # prompt tokens a step while nobody else is waiting for their next word
_BUSY_CHUNK = 64  # and while somebody is: about as long as a step of eight rows


@dataclass(slots=True, eq=False)
class Row:
    """One reply in the making. ``adapter`` is packed by ``Decoder.pack``; ``None`` is the base.

    ``prefix``: where to find what was read before, and to keep what was read; ``None`` is nowhere.
    ``stop``: strings that end it, and are not part of its text. ``judged``: see
    ``GenerationRequest``.
    """

    prompt_ids: tuple[int, ...]
    sampling: Sampling
    adapter: Tensor | None = None
    prefix: PrefixLease | None = None
    stop: tuple[str, ...] = ()
    judged: int = 0
    logprob: float = field(default=0.0, init=False)
    said: list[int] = field(default_factory=list, init=False)
    cached: int = field(default=0, init=False)  # tokens of prompt and reply that have been read
    sampler: RowSampler = field(init=False)
    text: TextStream = field(init=False)
    stops: StopStrings = field(init=False)

    @property
    def latest(self) -> int:
        """The last token of prompt and reply, which the next decoding pass reads."""
        return self.said[-1] if self.said else self.prompt_ids[-1]

    def may_follow(self, other: Row) -> bool:
        """Whether it may go on from what the other has read: one adapter, and one person."""
        if self.adapter is not other.adapter:
            return False
        if self.prefix is None or other.prefix is None:
            return self.prefix is other.prefix
        return self.prefix.is_shared_with(other.prefix)


@dataclass(frozen=True, slots=True)
class Output:
    """What a step did for one reply. After a ``finish_reason`` or an ``error`` its row is free."""

    row: Row
    text: str = ""
    token_ids: tuple[int, ...] = ()
    finish_reason: FinishReason | None = None
    error: GenerationError | None = None
    logprob: float | None = None


class Decoder:
    """Up to ``rows`` replies at once, of up to ``context_tokens`` each, prompt included; fewer and
    shorter ones where memory is short (``plan`` says what there is). ``is_int8``: compute linear
    layers in 8 bits, unless that changes what the model says (``quantized_linear``).

    Takes ``model`` over (its linear layers and attention) until ``close``. Not thread-safe.
    Raises ``ModelError`` if the model is of a kind it cannot serve, or does not fit into memory.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        rows: int,
        context_tokens: int,
        lora_rank: int,
        lora_targets: Sequence[str],
        extras: Extras | None = None,
        is_int8: bool = False,
    ) -> None:
        self._tokenizer = tokenizer
        self._serving = ServingModel(
            model,
            tokenizer,
            rows=rows,
            context_tokens=context_tokens,
            lora_rank=lora_rank,
            lora_targets=lora_targets,
            extras=extras or Extras(),
            is_int8=is_int8,
        )
        self.is_int8 = self._serving.is_int8
        self.plan = self._serving.plan
        self.rows = self.plan.rows
        self.context_tokens = self._serving.context_tokens
        self._decoding: list[Row] = []  # row i of the batch, the cache and the slots
        self._prefilling: Row | None = None  # in row len(self._decoding)

    def __enter__(self) -> Decoder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def active(self) -> int:
        return len(self._decoding) + (self._prefilling is not None)

    @property
    def can_admit(self) -> bool:
        """One prompt at a time is read; further ones wait in the queue, not in a row."""
        return self._prefilling is None and len(self._decoding) < self.rows

    def pack(self, weights: AdapterWeights) -> Tensor:
        """An adapter as ``Row`` takes it. Safe from any thread. Raises ``AdapterError``."""
        return self._serving.slots.pack(weights)

    @property
    def adapter_fingerprint(self) -> str:
        """Of the layout that ``pack`` gives."""
        return self._serving.slots.fingerprint

    def check(self, prompt_ids: Sequence[int], sampling: Sampling) -> None:
        """Raises ``PromptTooLongError`` unless prompt and reply fit into the context."""
        if not prompt_ids:
            raise ValueError("a prompt has one token at least")
        if len(prompt_ids) + sampling.max_new_tokens > self.context_tokens:
            raise PromptTooLongError(
                f"{len(prompt_ids)} tokens of prompt and {sampling.max_new_tokens} of reply are "
                f"more than the {self.context_tokens} this model can hold; please make it shorter"
            )

    def admit(self, row: Row) -> None:
        """Give a reply the next row. Only when ``can_admit``.

        What another reply of the same person has read of the same prompt is copied, not read again:
        candidates for one reply share the reading of their prompt.
        """
        if not self.can_admit:
            raise RuntimeError("no row is free")
        self.check(row.prompt_ids, row.sampling)
        index = len(self._decoding)
        row.sampler = RowSampler(row.sampling, self._serving.device)
        row.text = TextStream(self._tokenizer)
        row.stops = StopStrings(row.stop)
        if row.adapter is None:
            self._serving.slots.clear(index)
        else:
            self._serving.slots.load(index, row.adapter)
        self._recall(row, index)
        if row.cached == len(row.prompt_ids) - 1 and not row.judged:
            self._decoding.append(row)  # one token left to read, like all who decode
        else:
            self._prefilling = row

    def cancel(self, row: Row) -> None:
        """Free a reply's row at once; nothing if it has none."""
        if row is self._prefilling:
            self._prefilling = None
        elif row in self._decoding:
            self._remove(row)

    def step(self) -> list[Output]:
        """Advance everything. Errors of a pass end the replies in it, and only those."""
        outputs = []
        if self._prefilling is not None:
            outputs += self._guarded([self._prefilling], self._prefill)
        if self._decoding:
            outputs += self._guarded(list(self._decoding), self._decode)
        return outputs

    def close(self) -> None:
        """Drop everything and give the model back as it was."""
        self._decoding.clear()
        self._prefilling = None
        self._serving.close()

    def _guarded(self, affected: list[Row], work: Callable[[], list[Output]]) -> list[Output]:
        try:
            with torch.inference_mode():
                return work()
        except Exception as error:
            log.exception("a forward pass failed; %d replies end with it", len(affected))
            for row in affected:  # all, before any moves: none may take bad values along
                self._wipe(row)
            for row in affected:
                self.cancel(row)
            return [Output(row, error=as_generation_error(error)) for row in affected]

    def _prefill(self) -> list[Output]:
        row = self._prefilling
        assert row is not None  # noqa: S101  (step looked)
        chunk = _BUSY_CHUNK if self._decoding else _QUIET_CHUNK
        span = row.prompt_ids[row.cached : row.cached + chunk]
        index = len(self._decoding)
        if row.judged:
            return self._judge(row, span)
        logits = self._serving.prefill(index, span, row.cached)
        row.cached += len(span)
        if row.cached < len(row.prompt_ids):
            return []
        self._prefilling = None
        self._decoding.append(row)
        return self._say([row], logits)

    def _judge(self, row: Row, span: Sequence[int]) -> list[Output]:
        """Read on in what is to be judged; nothing is said."""
        start = row.cached
        row.cached += len(span)
        following = row.prompt_ids[start + 1 : row.cached + 1]
        unjudged = max(0, len(row.prompt_ids) - row.judged - 1 - start)
        logits = self._serving.read(len(self._decoding), span, start)  # [tokens, vocabulary]
        if unjudged < len(following):
            targets = torch.tensor(following[unjudged:], device=logits.device)
            judged = logits[unjudged : len(following)]
            row.logprob -= float(F.cross_entropy(judged, targets, reduction="sum"))
        if row.cached < len(row.prompt_ids) - 1:
            return []
        self._prefilling = None
        return [Output(row, finish_reason=FinishReason.STOP, logprob=row.logprob)]

    def _decode(self) -> list[Output]:
        rows = list(self._decoding)
        logits = self._serving.decode([s.latest for s in rows], [s.cached for s in rows])
        for row in rows:
            row.cached += 1
        return self._say(rows, logits)

    def _say(self, rows: list[Row], logits: Tensor) -> list[Output]:
        """Choose the next token of each of ``rows`` from ``logits`` ``[rows, vocabulary]``."""
        outputs = []
        for row, token in zip(rows, choose(logits, [s.sampler for s in rows]), strict=True):
            if token is None:
                error = GenerationError("the model's numbers overflowed; retrain or reset it")
                outputs.append(Output(row, error=error))
                self._wipe(row)
            elif token in self._serving.end_ids:
                outputs.append(Output(row, row.stops.rest(), finish_reason=FinishReason.STOP))
            else:
                row.said.append(token)
                row.sampler.add(token)
                text = row.stops.push(row.text.push(token))
                reason = None
                if row.stops.is_met:
                    reason = FinishReason.STOP
                elif len(row.said) >= row.sampling.max_new_tokens:
                    reason = FinishReason.LENGTH
                    text += row.stops.rest()
                outputs.append(Output(row, text, (token,), reason))
        for output in outputs:
            if output.finish_reason is not None:
                self._keep(output.row)
            if output.finish_reason is not None or output.error is not None:
                self._remove(output.row)
        return outputs

    def _recall(self, row: Row, index: int) -> None:
        # The last token gives the logits, as does each before one that is judged.
        wanted = row.prompt_ids[: -1 - row.judged]
        source = 0
        for i, other in enumerate(self._decoding):
            if row.may_follow(other):
                length = min(common_length(other.prompt_ids, wanted), other.cached)
                if length > row.cached:
                    row.cached, source = length, i
        known = None
        if row.prefix is not None and row.cached < len(wanted):
            known = row.prefix.find(wanted)
        if known is not None and known[0] > row.cached:
            row.cached, values = known
            self._serving.recall(index, values, row.cached)
        else:
            self._serving.cache.move(source, index, row.cached)

    def _keep(self, row: Row) -> None:
        if row.prefix is not None:
            index = self._decoding.index(row)
            ids = (*row.prompt_ids, *row.said)[: row.cached]
            size = row.cached * self._serving.token_bytes
            row.prefix.keep(ids, size, lambda: self._serving.remember(index, row.cached))

    def _remove(self, row: Row) -> None:
        """Take a decoding row out and close the gap with the last ones."""
        gap = self._decoding.index(row)
        last = self._decoding.pop()
        if last is not row:
            self._serving.move(len(self._decoding), gap, last.cached)
            self._decoding[gap] = last
        if self._prefilling is not None:
            self._serving.move(
                len(self._decoding) + 1, len(self._decoding), self._prefilling.cached
            )

    def _wipe(self, row: Row) -> None:
        if row is self._prefilling:
            self._serving.cache.wipe(len(self._decoding))
        else:
            self._serving.cache.wipe(self._decoding.index(row))


def sample_replies(
    decoder: Decoder, requests: Sequence[Row]
) -> list[tuple[str, tuple[int, ...], FinishReason]]:
    """Make all replies, many at a time: text, token ids, why each ended; in the requests' order.

    Blocks. Raises what a reply failed with (``GenerationError``, ``PromptTooLongError``).
    """
    waiting = list(reversed(requests))
    texts: dict[Row, list[str]] = {row: [] for row in requests}
    tokens: dict[Row, list[int]] = {row: [] for row in requests}
    ended: dict[Row, FinishReason] = {}
    try:
        while waiting or decoder.active:
            if waiting and decoder.can_admit:
                decoder.admit(waiting.pop())
            for output in decoder.step():
                if output.error is not None:
                    raise output.error
                texts[output.row].append(output.text)
                tokens[output.row].extend(output.token_ids)
                if output.finish_reason is not None:
                    ended[output.row] = output.finish_reason
    finally:
        for row in requests:
            decoder.cancel(row)
    return [("".join(texts[row]), tuple(tokens[row]), ended[row]) for row in requests]


def as_generation_error(error: BaseException) -> GenerationError:
    """What a person is told about an exception of a forward pass."""
    is_memory = isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "allocate memory" in str(error)
    )
    if is_memory:
        made: GenerationError = OutOfMemoryError("there was not enough memory for this reply")
    else:
        made = GenerationError(f"the reply could not be generated ({type(error).__name__})")
    made.__cause__ = error
    return made


def as_model_error(error: BaseException) -> PersonalizationError:
    """What ``start`` raises for an exception while loading."""
    if isinstance(error, PersonalizationError):
        return error
    made = ModelError(f"the model could not be loaded: {error or type(error).__name__}")
    made.__cause__ = error
    return made
