"""``TorchEngine``: the in-process generation backend. One thread computes, the event loop streams.

The way of a token: ``generate`` leaves a ticket in the inbox; the thread lets it wait its turn
(``fair_queue``), gives it a row (``decoder``), and after each step hands all new text over to the
event loop in one call. Whatever a request raises reaches its own caller; the thread goes on.
Knows no Discord and no database.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from bowerbird.personalization.errors import GenerationError, QueueFullError
from bowerbird.personalization.flat_adapter import read_flat, write_flat
from bowerbird.personalization.generation import machine_trial
from bowerbird.personalization.generation.backend import (
    GenerationBackend,
    GenerationChunk,
    GenerationRequest,
)
from bowerbird.personalization.generation.compute_thread import Pace, one_thread, settle
from bowerbird.personalization.generation.decoder import (
    Decoder,
    Output,
    Row,
    as_generation_error,
    as_model_error,
)
from bowerbird.personalization.generation.fair_queue import FairQueue
from bowerbird.personalization.generation.memory import Extras, check_weights
from bowerbird.personalization.generation.prefix_cache import PrefixCache
from bowerbird.personalization.generation.slots import AdapterCache
from bowerbird.personalization.generation.stats import EngineStats, Histogram
from bowerbird.personalization.generation.tickets import (
    Cancel,
    Command,
    Stop,
    Submit,
    Ticket,
    abandon,
    as_chunk,
    deliver,
    resolve,
)
from bowerbird.personalization.lora import AdapterWeights
from bowerbird.personalization.models import load_model, load_tokenizer
from bowerbird.personalization.types import AdapterRef

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

log = logging.getLogger(__name__)

_SPARE_ADAPTERS = 4  # kept ready for each row of the batch, beyond those in use
_TOO_LATE = "it took too long to get to your question; try again in a moment"
_EXPIRY_S = 60.0  # how often an idle thread looks for prefixes to forget


class TorchEngine(GenerationBackend):
    """Up to ``max_batch`` replies in each forward pass, ``max_waiting`` more in the queue.

    ``max_context``: tokens of prompt and reply together, at most; less if the model holds less.
    ``threads``: of the compute thread; ``None`` is all cores but one. ``trial_file``: where
    ``machine_trial`` keeps its times. ``memory_mb``: MiB for everything but the model's weights
    (``memory`` divides them); ``None`` is what is free.
    """

    def __init__(
        self,
        model_path: str,
        *,
        lora_rank: int,
        lora_targets: Sequence[str],
        device: str = "auto",
        dtype: str = "auto",
        max_batch: int = 8,
        max_context: int = 2048,
        max_waiting: int = 64,
        threads: int | None = None,
        memory_mb: int | None = None,
        trial_file: Path | None = None,
        has_prefix_cache: bool = True,
    ) -> None:
        self._model_path = model_path
        self._device = device
        self._dtype = dtype
        self._max_batch = max_batch
        self._max_context = max_context
        self._max_waiting = max_waiting
        self._lora = (lora_rank, tuple(lora_targets))
        self._threads = threads
        self._trial_file = trial_file
        self._inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._open: dict[Ticket, None] = {}
        self._extras = Extras(
            waiting=max_waiting,
            adapters=_SPARE_ADAPTERS * max_batch,
            prefixes=max_batch if has_prefix_cache else 0,
            limit_bytes=None if memory_mb is None else memory_mb * 2**20,
        )
        self._adapters: AdapterCache[Tensor] = AdapterCache(self._load_adapter, capacity=max_batch)
        self._prefixes = PrefixCache(0)  # until the memory is divided
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._decoder: Decoder | None = None
        self._tokenizer: PreTrainedTokenizerBase | None = None
        self._is_closing = False
        # Written by the thread alone, read anywhere.
        self._queue: FairQueue[tuple[int, int], Ticket] = FairQueue()
        self._running: dict[Row, Ticket] = {}
        self._replies = self._tokens = self._steps = self._row_steps = self._refused = 0
        self._longest_step_s = 0.0
        self._first_token_s = Histogram()

    async def start(self) -> None:
        """Load the model on the engine's own thread. Raises ``ModelError``."""
        if self._thread is not None:
            raise RuntimeError("the engine was started before")
        self._loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(
            target=self._run, args=(ready,), name="bowerbird-engine", daemon=True
        )
        self._thread.start()
        try:
            await asyncio.shield(ready)
        except BaseException:
            await self.aclose()
            raise

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        if self._tokenizer is None:
            raise RuntimeError("the engine has not been started")
        return self._tokenizer

    @property
    def context_tokens(self) -> int:
        """Tokens of prompt and reply together."""
        return self._ready_decoder().context_tokens

    @property
    def stats(self) -> EngineStats:
        running = len(self._running)
        return EngineStats(
            waiting=max(0, len(self._open) - running),
            running=running,
            rows=self._max_batch,
            replies=self._replies,
            refused=self._refused,
            tokens=self._tokens,
            steps=self._steps,
            row_steps=self._row_steps,
            longest_step_s=self._longest_step_s,
            adapters=len(self._adapters),
            adapter_hits=self._adapters.hits,
            adapter_misses=self._adapters.misses,
            prefix_hits=self._prefixes.hits,
            prefix_misses=self._prefixes.misses,
            prefix_hit_tokens=self._prefixes.hit_tokens,
            prefix_bytes=self._prefixes.bytes,
            first_token_s=self._first_token_s,
        )

    @property
    def free_rows(self) -> int:
        return max(0, self._max_batch - len(self._open))

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk, None]:
        """See ``GenerationBackend``. Each chunk is all that was new when it was asked for."""
        self._ready_decoder().check(request.prompt_ids, request.sampling)
        self._check_room(request.owner)
        now = time.monotonic()
        deadline = None if request.deadline_s is None else now + request.deadline_s
        row = Row(request.prompt_ids, request.sampling, stop=request.stop, judged=request.judged)
        row.prefix = self._prefixes.lease(request.owner, request.adapter)
        ticket = Ticket(request, row, now, deadline)
        self._open[ticket] = None
        is_submitted = is_over = False
        try:
            async with contextlib.AsyncExitStack() as held:
                if request.adapter is not None:
                    hold = self._adapters.hold(request.adapter)
                    try:
                        async with asyncio.timeout(request.deadline_s):
                            ticket.row.adapter = await held.enter_async_context(hold)
                    except TimeoutError as error:
                        raise self._refusal(_TOO_LATE) from error
                self._ready_decoder()  # it may have been closed meanwhile
                is_submitted = True
                self._inbox.put(Submit(ticket))
                while not is_over:
                    await ticket.arrived.wait()
                    ticket.arrived.clear()
                    outputs, ticket.outputs = ticket.outputs, []
                    is_over = outputs[-1].finish_reason is not None or bool(outputs[-1].error)
                    yield as_chunk(outputs)
        finally:
            del self._open[ticket]
            if is_submitted and not is_over:
                self._inbox.put(Cancel(ticket))

    def place(self, request: GenerationRequest) -> int | None:
        # In order of arrival. The thread moves tickets on meanwhile, hence one look at each.
        waiting = [t for t in self._open if t.row not in self._running and not t.has_spoken]
        for place, ticket in enumerate(waiting, 1):
            if ticket.request is request and not ticket.outputs:
                return place
        return None

    async def preload(self, adapter: AdapterRef) -> None:
        """Have it ready, and keep it as one tensor beside its files, for the next cold start."""
        decoder = self._ready_decoder()
        async with self._adapters.hold(adapter) as ready:
            layout = decoder.adapter_fingerprint
            write = one_thread()(write_flat)
            await asyncio.to_thread(write, adapter.path, ready, layout=layout)

    async def unload(self, scope_id: int, user_id: int) -> None:
        self._adapters.drop(scope_id, user_id)
        self._prefixes.drop(scope_id, user_id)

    async def aclose(self) -> None:
        self._is_closing = True
        self._inbox.put(Stop())
        self._adapters.close()
        self._prefixes.clear()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
            torch.cuda.empty_cache()  # which torch would keep; nothing without a GPU

    def _ready_decoder(self) -> Decoder:
        if self._is_closing:
            raise GenerationError("generation has been shut down")
        if self._decoder is None:
            raise GenerationError("generation is not ready yet; try again in a moment")
        return self._decoder

    def _check_room(self, owner: tuple[int, int]) -> None:
        if len(self._open) >= self._max_batch + self._max_waiting:
            raise self._refusal("many people are asking just now; try again in a moment")
        share = max(2, (self._max_batch + self._max_waiting) // 4)
        if sum(ticket.owner == owner for ticket in self._open) >= share:
            raise self._refusal("you have several questions waiting; let me answer those first")

    def _refusal(self, why: str) -> QueueFullError:
        self._refused += 1
        return QueueFullError(why)

    @one_thread()
    def _load_adapter(self, adapter: AdapterRef) -> Tensor:
        """On the loader's thread: from disk to a slot's layout."""
        decoder = self._ready_decoder()
        flat = read_flat(adapter.path, layout=decoder.adapter_fingerprint)
        return decoder.pack(AdapterWeights.load(adapter.path)) if flat is None else flat

    # What follows runs on the engine's thread.

    def _run(self, ready: asyncio.Future[None]) -> None:
        try:
            decoder, pace = self._build()
        except BaseException as error:  # noqa: BLE001  (whatever it is, start() raises it)
            self._tell(resolve, ready, as_model_error(error))
            return
        self._decoder = decoder
        self._tell(resolve, ready, None)
        try:
            while self._obey(decoder):
                self._expire()
                self._prefixes.expire()
                self._admit(decoder)
                if decoder.active:
                    self._row_steps += decoder.active
                    started_at = time.perf_counter()
                    pace.begin()
                    outputs = decoder.step()
                    pace.end()
                    took_s = time.perf_counter() - started_at
                    self._longest_step_s = max(self._longest_step_s, took_s)
                    self._steps += 1
                    self._send(outputs)
        except Exception:
            log.exception("the engine's thread has died")
        finally:
            self._is_closing = True
            self._decoder = None
            self._tell(abandon, self._open)
            decoder.close()

    def _build(self) -> tuple[Decoder, Pace]:
        self._tokenizer = load_tokenizer(self._model_path)
        check_weights(Path(self._model_path))
        trial = machine_trial.settle(self._dtype, self._device, self._threads, self._trial_file)
        pace = settle(trial.threads)
        model = load_model(self._model_path, device=self._device, dtype=trial.name)
        rank, targets = self._lora
        decoder = Decoder(
            model,
            self._tokenizer,
            rows=self._max_batch,
            context_tokens=self._max_context,
            lora_rank=rank,
            lora_targets=targets,
            extras=self._extras,
            is_int8=trial.is_int8,
        )
        plan, self._max_batch = decoder.plan, decoder.rows
        self._adapters.capacity = plan.adapters
        self._prefixes.capacity_bytes = plan.prefix_bytes
        log.info(
            "serving %s on %s in %s (%s): %d rows of %d tokens, LoRA rank %d, %d threads, "
            "%d MiB at most (%d for prefixes), weights %s",
            self._model_path,
            model.device,
            "int8" if decoder.is_int8 else trial.name,
            trial.reason,
            self._max_batch,
            decoder.context_tokens,
            rank,
            trial.threads,
            plan.total_bytes >> 20,
            plan.prefix_bytes >> 20,
            "packed" if plan.is_packed else "as they are",
        )
        return decoder, pace

    def _obey(self, decoder: Decoder) -> bool:
        """Take all commands, waiting for one if there is nothing else to do."""
        is_idle = not (decoder.active or self._queue)
        timeout_s = _EXPIRY_S if len(self._prefixes) else None
        while True:
            try:
                command = self._inbox.get(is_idle, timeout_s)
            except queue.Empty:
                return True
            is_idle = False
            match command:
                case Submit(ticket):
                    self._queue.add(ticket.owner, ticket)
                case Cancel(ticket):
                    if not self._queue.remove(ticket.owner, ticket):
                        decoder.cancel(ticket.row)
                        self._running.pop(ticket.row, None)
                case Stop():
                    return False

    def _expire(self) -> None:
        now = time.monotonic()
        late = [t for t in self._queue if t.deadline is not None and t.deadline < now]
        for ticket in late:
            self._queue.remove(ticket.owner, ticket)
        self._send([Output(t.row, error=self._refusal(_TOO_LATE)) for t in late], late)

    def _admit(self, decoder: Decoder) -> None:
        while self._queue and decoder.can_admit:
            busy = Counter(ticket.owner for ticket in self._running.values())
            ticket = self._queue.pop(busy)
            try:
                decoder.admit(ticket.row)
            except Exception as error:  # noqa: BLE001  (this one's; the others go on)
                reason = as_generation_error(error)
                self._send([Output(ticket.row, error=reason)], [ticket])
            else:
                self._running[ticket.row] = ticket

    def _send(self, outputs: list[Output], tickets: list[Ticket] | None = None) -> None:
        if tickets is None:
            tickets = [self._running[output.row] for output in outputs]
        for ticket, output in zip(tickets, outputs, strict=True):
            self._tokens += len(output.token_ids)
            if output.token_ids and not ticket.has_spoken:
                ticket.has_spoken = True
                self._first_token_s.add(time.monotonic() - ticket.asked_at)
            if output.finish_reason is not None or output.error is not None:
                self._running.pop(output.row, None)
                self._replies += output.finish_reason is not None and output.logprob is None
        if outputs:
            self._tell(deliver, list(zip(tickets, outputs, strict=True)))

    def _tell(self, call: Callable[..., object], *args: object) -> None:
        assert self._loop is not None  # noqa: S101  (set before the thread starts)
        try:
            self._loop.call_soon_threadsafe(call, *args)
        except RuntimeError:  # the loop was closed over our heads: nobody is listening any more
            self._inbox.put(Stop())
