"""From the gate's verdict to what a person's replies are made with.

Contract: the verdict is stored, pass or fail; a version is promoted only if the backend can serve
it; weights that have seen a text deleted since do not outlive the next verdict, whatever it is.
Knows neither runs nor how training is done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bowerbird.personalization.adapters import AdapterLibrary
from bowerbird.personalization.errors import AdapterError
from bowerbird.personalization.generation.backend import GenerationBackend
from bowerbird.personalization.training.dataset import count_replies
from bowerbird.personalization.training.executor import TrainJob, Verdict
from bowerbird.storage.records import AdapterState, AdapterVersion, RunState
from bowerbird.storage.store import Store


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ends: its state, the sentence people read, and what came of it."""

    state: RunState
    detail: str
    version: int | None = None
    verdict: Verdict | None = None


CANCELLED = Ending(RunState.CANCELLED, "cancelled")


class Publisher:
    """Carries verdicts out."""

    def __init__(self, store: Store, adapters: AdapterLibrary, backend: GenerationBackend) -> None:
        self._store = store
        self._adapters = adapters
        self._backend = backend

    async def carry_out(
        self, pair: tuple[int, int], job: TrainJob, verdict: Verdict, *, is_stale: bool
    ) -> Ending:
        """Promote or reject the job's candidate for this (scope, person).

        ``is_stale``: the incumbent was trained on a text that has been deleted or edited since.
        """
        record = AdapterVersion(
            scope_id=pair[0],
            user_id=pair[1],
            version=await self._store.next_version(*pair),
            state=AdapterState.ACCEPTED,
            base_model=self._adapters.base_model,
            trained_on=count_replies(job.examples),
            verdict=_as_json(verdict),
            created_at=datetime.now(UTC),
        )
        candidate = Path(job.candidate_dir)
        if verdict.is_accepted:
            ref = None
            try:
                ref = await self._adapters.publish(candidate, record, check=self._backend.preload)
                if ref is None:
                    return CANCELLED
                if is_stale:
                    await self._adapters.keep_only(ref)
                return _ending(RunState.PROMOTED, record, verdict)
            except AdapterError as error:
                reason = f"It cannot be used: {error}"
                verdict = replace(verdict, is_accepted=False, reasons=(reason,))
            finally:
                # What came to nothing may be in memory under a number that is given again, and
                # what has seen a deleted text must not stay there either.
                if ref is None or is_stale:
                    await self._backend.unload(*pair)
        record = replace(record, state=AdapterState.REJECTED, verdict=_as_json(verdict))
        if not await self._adapters.reject(candidate, record):
            return CANCELLED
        if is_stale:
            await self.back_to_base(pair)
        return _ending(RunState.REJECTED, record, verdict)

    async def back_to_base(self, pair: tuple[int, int]) -> None:
        """The base model answers this person again, and no weights of theirs are left."""
        await self._store.activate(*pair, None)
        await self._adapters.delete([pair])
        await self._backend.unload(*pair)


def _as_json(verdict: Verdict) -> dict[str, object]:
    return {"reasons": list(verdict.reasons), "measurements": verdict.measurements}


def _ending(state: RunState, record: AdapterVersion, verdict: Verdict) -> Ending:
    return Ending(state, " ".join(verdict.reasons), record.version, verdict)
