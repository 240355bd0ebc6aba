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
import os
import queue
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from bowerbird.personalization.errors import (
    GenerationError,
    ModelError,
    PersonalizationError,
    QueueFullError,
)
from bowerbird.personalization.generation.backend import (
    GenerationBackend,
    GenerationChunk,
    GenerationRequest,
)
from bowerbird.personalization.generation.decoder import (
    Decoder,
    Output,
    Row,
    as_generation_error,
)
from bowerbird.personalization.generation.fair_queue import FairQueue
from bowerbird.personalization.generation.prefix_cache import PrefixCache
from bowerbird.personalization.generation.slots import AdapterCache
from bowerbird.personalization.generation.tickets import Cancel, Command, Stop, Submit, Ticket
from bowerbird.personalization.lora import AdapterWeights
from bowerbird.personalization.models import load_model, load_tokenizer
from bowerbird.personalization.types import AdapterRef

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

log = logging.getLogger(__name__)

_ADAPTERS_PER_ROW = 4  # ready in memory for each row of the batch
_EXPIRY_S = 60.0  # how often an idle thread looks for prefixes to forget
_NICENESS = 5  # of the compute thread, so that the event loop runs first


@dataclass(frozen=True, slots=True)
class EngineStats:
    """Since the start, except ``waiting`` and ``running``, which are now."""

    waiting: int
    running: int
    replies: int
    tokens: int
    adapter_hits: int
    adapter_misses: int
    prefix_hits: int
    prefix_misses: int
    prefix_hit_tokens: int
    prefix_bytes: int
    steps: int


class TorchEngine(GenerationBackend):
    """Up to ``max_batch`` replies in each forward pass, ``max_waiting`` more in the queue.

    ``max_context``: tokens of prompt and reply together, at most; less if the model holds less.
    ``threads``: of the compute thread; by default all cores but one. ``prefix_bytes``: for what
    finished replies leave behind to go on with.
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
        prefix_bytes: int = 256 * 2**20,
    ) -> None:
        self._model_path = model_path
        self._device = device
        self._dtype = dtype
        self._max_batch = max_batch
        self._max_context = max_context
        self._max_waiting = max_waiting
        self._lora = (lora_rank, tuple(lora_targets))
        self._threads = threads or max(1, _cores() - 1)
        self._inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._open: dict[Ticket, None] = {}
        self._adapters: AdapterCache[Tensor] = AdapterCache(
            self._load_adapter, capacity=_ADAPTERS_PER_ROW * max_batch
        )
        self._prefixes = PrefixCache(prefix_bytes)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._decoder: Decoder | None = None
        self._tokenizer: PreTrainedTokenizerBase | None = None
        self._is_closing = False
        # Written by the thread alone, read anywhere.
        self._queue: FairQueue[tuple[int, int], Ticket] = FairQueue()
        self._running: dict[Row, Ticket] = {}
        self._replies = self._tokens = self._steps = 0

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
            replies=self._replies,
            tokens=self._tokens,
            adapter_hits=self._adapters.hits,
            adapter_misses=self._adapters.misses,
            prefix_hits=self._prefixes.hits,
            prefix_misses=self._prefixes.misses,
            prefix_hit_tokens=self._prefixes.hit_tokens,
            prefix_bytes=self._prefixes.bytes,
            steps=self._steps,
        )

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk, None]:
        """See ``GenerationBackend``. Each chunk is all that was new when it was asked for."""
        self._ready_decoder().check(request.prompt_ids, request.sampling)
        self._check_room(request.owner)
        now = time.monotonic()
        deadline = None if request.deadline_s is None else now + request.deadline_s
        row = Row(request.prompt_ids, request.sampling, stop=request.stop)
        row.prefix = self._prefixes.lease(request.owner, request.adapter)
        ticket = Ticket(request, row, now, deadline)
        self._open[ticket] = None
        is_submitted = is_over = False
        try:
            async with contextlib.AsyncExitStack() as held:
                if request.adapter is not None:
                    hold = self._adapters.hold(request.adapter)
                    ticket.row.adapter = await held.enter_async_context(hold)
                self._ready_decoder()  # it may have been closed meanwhile
                is_submitted = True
                self._inbox.put(Submit(ticket))
                while not is_over:
                    await ticket.arrived.wait()
                    ticket.arrived.clear()
                    outputs, ticket.outputs = ticket.outputs, []
                    is_over = outputs[-1].finish_reason is not None or bool(outputs[-1].error)
                    if outputs[-1].error is not None:
                        raise outputs[-1].error
                    yield GenerationChunk(
                        "".join(output.text for output in outputs),
                        tuple(token for output in outputs for token in output.token_ids),
                        outputs[-1].finish_reason,
                    )
        finally:
            del self._open[ticket]
            if is_submitted and not is_over:
                self._inbox.put(Cancel(ticket))

    def place(self, request: GenerationRequest) -> int | None:
        # In order of arrival. The thread moves tickets on meanwhile, hence one look at each.
        waiting = [ticket for ticket in self._open if ticket.row not in self._running]
        for place, ticket in enumerate(waiting, 1):
            if ticket.request is request and not ticket.outputs:
                return place
        return None

    async def preload(self, adapter: AdapterRef) -> None:
        self._ready_decoder()
        async with self._adapters.hold(adapter):
            pass

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

    def _abandon(self) -> None:
        """Tell everybody who still waits. On the event loop, so that nobody can slip through."""
        for ticket in self._open:
            if not (ticket.outputs and ticket.outputs[-1].finish_reason is not None):
                error = GenerationError("generation has been shut down")
                ticket.outputs.append(Output(ticket.row, error=error))
                ticket.arrived.set()

    def _ready_decoder(self) -> Decoder:
        if self._is_closing:
            raise GenerationError("generation has been shut down")
        if self._decoder is None:
            raise GenerationError("generation is not ready yet; try again in a moment")
        return self._decoder

    def _check_room(self, owner: tuple[int, int]) -> None:
        if len(self._open) >= self._max_batch + self._max_waiting:
            raise QueueFullError("many people are asking just now; try again in a moment")
        share = max(2, (self._max_batch + self._max_waiting) // 4)
        if sum(ticket.owner == owner for ticket in self._open) >= share:
            raise QueueFullError("you have several questions waiting; let me answer those first")

    def _load_adapter(self, adapter: AdapterRef) -> Tensor:
        """On the loader's thread: from disk to a slot's layout."""
        return self._ready_decoder().pack(AdapterWeights.load(adapter.path))

    # What follows runs on the engine's thread.

    def _run(self, ready: asyncio.Future[None]) -> None:
        try:
            decoder = self._build()
        except BaseException as error:  # noqa: BLE001  (whatever it is, start() raises it)
            self._tell(_resolve, ready, as_model_error(error))
            return
        self._decoder = decoder
        self._tell(_resolve, ready, None)
        try:
            while self._obey(decoder):
                self._expire()
                self._prefixes.expire()
                self._admit(decoder)
                if decoder.active:
                    self._steps += 1
                    self._send(decoder.step())
        except Exception:
            log.exception("the engine's thread has died")
        finally:
            self._is_closing = True
            self._decoder = None
            self._tell(self._abandon)
            decoder.close()

    def _build(self) -> Decoder:
        torch.set_num_threads(self._threads)
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # a thread of its own there; elsewhere the process
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        self._tokenizer = load_tokenizer(self._model_path)
        model = load_model(self._model_path, device=self._device, dtype=self._dtype)
        rank, targets = self._lora
        decoder = Decoder(
            model,
            self._tokenizer,
            rows=self._max_batch,
            context_tokens=self._max_context,
            lora_rank=rank,
            lora_targets=targets,
        )
        log.info(
            "serving %s on %s in %s: %d rows of %d tokens, LoRA rank %d, %d threads",
            self._model_path,
            model.device,
            str(model.dtype).removeprefix("torch."),
            self._max_batch,
            decoder.context_tokens,
            rank,
            self._threads,
        )
        return decoder

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
        error = "it took too long to get to your question; try again in a moment"
        self._send([Output(t.row, error=QueueFullError(error)) for t in late], late)

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
        for output in outputs:
            self._tokens += len(output.token_ids)
            if output.finish_reason is not None or output.error is not None:
                self._running.pop(output.row, None)
                self._replies += output.finish_reason is not None
        if outputs:
            self._tell(_deliver, list(zip(tickets, outputs, strict=True)))

    def _tell(self, call: Callable[..., object], *args: object) -> None:
        assert self._loop is not None  # noqa: S101  (set before the thread starts)
        try:
            self._loop.call_soon_threadsafe(call, *args)
        except RuntimeError:  # the loop was closed over our heads: nobody is listening any more
            self._inbox.put(Stop())


def _cores() -> int:
    """Those this process may use, which in a container are fewer than there are."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS or Windows
    return len(affinity(0)) if affinity else os.cpu_count() or 2


def _deliver(news: list[tuple[Ticket, Output]]) -> None:
    for ticket, output in news:
        ticket.outputs.append(output)
        ticket.arrived.set()


def _resolve(ready: asyncio.Future[None], error: PersonalizationError | None) -> None:
    if ready.done():
        return
    if error is None:
        ready.set_result(None)
    else:
        ready.set_exception(error)


def as_model_error(error: BaseException) -> PersonalizationError:
    """What ``start`` raises for an exception while loading."""
    if isinstance(error, PersonalizationError):
        return error
    made = ModelError(f"the model could not be loaded: {error or type(error).__name__}")
    made.__cause__ = error
    return made
