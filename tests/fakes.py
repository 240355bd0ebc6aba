"""A backend, a tokenizer and an executor that need no model, for tests of everything around them.

They keep the contracts of the real ones: `FakeBackend` streams whole characters and ends with a
reason, honours cancellation and damaged adapters; `FakeTokenizer` is what `prompting.encode` needs;
`FakeExecutor` leaves one result for each job.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

from bowerbird.personalization.errors import (
    AdapterError,
    GenerationError,
    PromptTooLongError,
)
from bowerbird.personalization.generation.backend import GenerationChunk, GenerationRequest
from bowerbird.personalization.generation.stop_strings import StopStrings
from bowerbird.personalization.training.executor import (
    TrainJob,
    TrainProgress,
    TrainResult,
    Verdict,
)
from bowerbird.personalization.types import AdapterRef, FinishReason


class FakeTokenizer:
    """One token a character; the template is one ``<role>text`` a line."""

    all_special_ids: Sequence[int] = (0,)
    eos_token_id = 0

    def get_added_vocab(self) -> dict[str, int]:
        return {"<end>": 0}

    def apply_chat_template(
        self, messages: list[dict[str, str]], *, add_generation_prompt: bool, **_: object
    ) -> str:
        written = "".join(f"<{m['role']}>{m['content']}\n" for m in messages)
        return written + ("<assistant>" if add_generation_prompt else "")

    def __call__(self, text: str, **_: object) -> dict[str, list[int]]:
        return {"input_ids": [ord(character) for character in text]}

    @staticmethod
    def decode(ids: Sequence[int]) -> str:
        return "".join(map(chr, ids))


Script = str | BaseException


class FakeBackend:
    """Says what ``script`` holds next, else echoes the last turn; one word a chunk.

    ``gate``: while cleared, streams wait before their second word; ``door``: before their first,
    in the queue. ``requests`` and ``cancelled`` tell what happened. Keeps the backends' contract
    (``test_backend_contract``), but has rows for everybody and no personality: ``manner`` adds one.
    ``likely``: log-probability per token of what is judged.
    """

    def __init__(self) -> None:
        self.script: deque[Script] = deque()
        self.answer: Callable[[str], str] = lambda question: f"You said: {question}"
        self.manner: Callable[[GenerationRequest], str] = lambda _: ""
        self.likely: Callable[[str], float] = lambda _: -1.0
        self.damaged: set[str] = set()
        self.context_tokens = 1_000_000
        self.free_rows = 1000
        self.is_closed = False
        self.requests: list[GenerationRequest] = []
        self.prompts: list[str] = []
        self.cancelled = 0
        self.unloaded: list[tuple[int, int]] = []
        self.preloaded: list[AdapterRef] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.door = asyncio.Event()
        self.door.set()
        self.queue: list[GenerationRequest] = []

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[GenerationChunk, None]:
        if request.judged:
            said = FakeTokenizer.decode(request.prompt_ids[-request.judged :])
            yield GenerationChunk("", (), FinishReason.STOP, self.likely(said) * request.judged)
            return
        self.requests.append(request)
        prompt = FakeTokenizer.decode(request.prompt_ids)
        self.prompts.append(prompt)
        if len(request.prompt_ids) + request.sampling.max_new_tokens > self.context_tokens:
            raise PromptTooLongError("that is more than I can hold; please make it shorter")
        if request.adapter is not None:
            self._check(request.adapter)
        self._check_open()
        self.queue.append(request)
        try:
            await self.door.wait()
        finally:
            self.queue = [other for other in self.queue if other is not request]
        question = prompt.rpartition("<user>")[2].partition("\n<assistant>")[0]
        said = self.script.popleft() if self.script else self.answer(question)
        if isinstance(said, BaseException):
            raise said
        stops = StopStrings(request.stop)
        try:
            words = (said + self.manner(request)).split(" ")
            for number, word in enumerate(words):
                if number == 1:
                    await self.gate.wait()
                await asyncio.sleep(0)
                self._check_open()
                text = word if number == 0 else f" {word}"
                yield GenerationChunk(stops.push(text), tuple(map(ord, text)))
                if stops.is_met:
                    break
            yield GenerationChunk(stops.rest(), (0,), FinishReason.STOP)
        except (GeneratorExit, asyncio.CancelledError):
            self.cancelled += 1
            raise

    def place(self, request: GenerationRequest) -> int | None:
        waiting = (place for place, other in enumerate(self.queue, 1) if other is request)
        return next(waiting, None)

    async def preload(self, adapter: AdapterRef) -> None:
        self._check(adapter)
        self.preloaded.append(adapter)

    async def unload(self, scope_id: int, user_id: int) -> None:
        self.unloaded.append((scope_id, user_id))

    async def aclose(self) -> None:
        self.is_closed = True
        self.gate.set()
        self.door.set()

    def _check(self, adapter: AdapterRef) -> None:
        if adapter.name in self.damaged:
            raise AdapterError(f"{adapter.name} is damaged; retrain it")

    def _check_open(self) -> None:
        if self.is_closed:
            raise GenerationError("generation has been shut down")


class FakeExecutor:
    """Trains nobody: leaves an empty adapter and the given verdict. ``gate`` holds it up."""

    def __init__(self) -> None:
        self.verdict = Verdict(True, ("liked replies became more likely",), {"auc": 0.8})
        self.error: str | None = None
        self.jobs: list[TrainJob] = []
        self.cancelled: set[str] = set()
        self.gate = asyncio.Event()
        self.gate.set()

    async def run(
        self, jobs: Sequence[TrainJob]
    ) -> AsyncGenerator[TrainProgress | TrainResult, None]:
        self.jobs.extend(jobs)
        for job in jobs:
            yield TrainProgress(job.job_id, "training", 3, 12)
            await self.gate.wait()
            if job.job_id in self.cancelled:
                yield TrainResult(job.job_id, None, "cancelled", 0.0)
                continue
            if self.error is None:
                _write_adapter(Path(job.candidate_dir), job.base_model)
            yield TrainResult(
                job.job_id, None if self.error else self.verdict, self.error, seconds=0.1
            )

    async def cancel(self, job_id: str) -> None:
        self.cancelled.add(job_id)
        self.gate.set()

    async def aclose(self) -> None:
        self.gate.set()


def _write_adapter(folder: Path, base_model: str) -> None:
    """An empty adapter in PEFT's format: enough for whoever only moves files."""
    folder.mkdir(parents=True, exist_ok=True)
    header = b"{}"
    safetensors = len(header).to_bytes(8, "little") + header
    (folder / "adapter_model.safetensors").write_bytes(safetensors)
    config = {"base_model_name_or_path": base_model, "peft_type": "LORA", "r": 8}
    (folder / "adapter_config.json").write_text(json.dumps(config))
