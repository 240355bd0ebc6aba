"""The night: who is due, in which order, for how long; and trainings that somebody asks for.

Contract: a night trains each person once; a crash leaves runs that ``resume`` takes up again; whom
the night's time does not reach stays due, is recorded as postponed and comes first the next night.
Each night begins by taking back versions that pleased less than the ones before (``rollback``).
Knows no torch, no clock, no Discord: when it is night ``bot/schedule.py`` says, who may ask for a
training the commands do, how one is carried out ``training_runs`` does.
"""

from __future__ import annotations

import asyncio
import time

from bowerbird.personalization.adapters import AdapterLibrary
from bowerbird.personalization.departures import left_servers
from bowerbird.personalization.errors import (
    ConsentError,
    NothingToLearnError,
    TrainingDisabledError,
)
from bowerbird.personalization.generation.backend import GenerationBackend
from bowerbird.personalization.night_budget import NightBudget
from bowerbird.personalization.publishing import Publisher
from bowerbird.personalization.rollback import Rollback
from bowerbird.personalization.training.dataset import build_examples
from bowerbird.personalization.training.executor import TrainExecutor, TrainRecipe
from bowerbird.personalization.training_runs import OnProgress, Outcome, TrainingRuns
from bowerbird.storage.records import Consent, Run
from bowerbird.storage.store import Store


class Nightly:
    """Runs trainings and publishes what passes the gate.

    ``model_path``: what the trainer loads. ``backend`` is told of new and vanished versions.
    """

    def __init__(
        self,
        store: Store,
        executor: TrainExecutor,
        adapters: AdapterLibrary,
        backend: GenerationBackend,
        *,
        recipe: TrainRecipe,
        model_path: str,
        min_feedback: int,
        interactions_only: bool,
        is_enabled: bool,
        learns_from_sentiment: bool = True,
    ) -> None:
        self._store = store
        self._adapters = adapters
        self._min_feedback = min_feedback
        self._interactions_only = interactions_only
        self._is_enabled = is_enabled
        self._rollback = Rollback(store, adapters, backend)
        self._runs = TrainingRuns(
            store,
            executor,
            adapters,
            Publisher(store, adapters, backend),
            recipe=recipe,
            model_path=model_path,
            interactions_only=interactions_only,
            learns_from_sentiment=learns_from_sentiment,
        )

    @property
    def is_training(self) -> bool:
        """Whether somebody's adapter is being trained right now."""
        return self._runs.is_training

    async def run_night(
        self,
        night: str,
        on_progress: OnProgress | None = None,
        scope_id: int | None = None,
        *,
        budget: NightBudget | None = None,
    ) -> list[Run]:
        """Train everybody who is due, once per ``night``, whoever needs it most first.

        Trainings that are queued or running already are joined. Returns the runs as they ended;
        only with a ``budget`` can some be postponed. Raises ``TrainingDisabledError``,
        ``TrainingInterruptedError`` when everything closes, and ``StoreError`` if who is due cannot
        be read.
        """
        self._require_enabled()
        await self._adapters.sweep()
        await self._rollback.look_at_all(scope_id)
        left = await left_servers(self._store)
        due = await self._store.due_people(
            self._min_feedback, scope_id, interactions_only=self._interactions_only
        )
        runs = [  # asked after who is due: a training that begins in between is in one of both
            run for run in await self._store.unfinished_runs() if scope_id in {None, run.scope_id}
        ]
        under_way = {(run.scope_id, run.user_id) for run in runs}
        runs += [
            await self._store.add_run(night, person.scope_id, person.user_id)
            for person in due
            if person.scope_id not in left and (person.scope_id, person.user_id) not in under_way
        ]
        budget = budget or NightBudget()
        return [run for run, _ in await self._runs.carry_out(runs, on_progress, budget)]

    async def retrain(
        self, scope_id: int, user_id: int, on_progress: OnProgress | None = None
    ) -> Outcome:
        """Train one person now, or join the training of theirs that is queued or running.

        Raises ``TrainingDisabledError``, ``ConsentError``, ``NothingToLearnError``,
        ``TrainingInterruptedError``, ``StoreError``.
        """
        self._require_enabled()
        if (await self._store.person(scope_id, user_id)).consent is not Consent.ON:
            raise ConsentError("this person has not turned personalization on")
        if not build_examples(await self._runs.labelled(scope_id, user_id)):
            raise NothingToLearnError("there is no vote or correction of this person to learn from")
        if (joined := self._runs.joined(scope_id, user_id, on_progress)) is not None:
            return await asyncio.shield(joined)
        night = f"retrain-{time.time_ns() // 1_000_000}"
        run = await self._store.add_run(night, scope_id, user_id)
        (outcome,) = await self._runs.carry_out([run], on_progress, NightBudget())
        return outcome

    async def resume(
        self, on_progress: OnProgress | None = None, *, budget: NightBudget | None = None
    ) -> list[Run]:
        """Take up the runs a crash left. Does nothing while training is disabled."""
        if not self._is_enabled:
            return []
        await self._adapters.sweep()
        left = await self._store.unfinished_runs()
        budget = budget or NightBudget()
        return [run for run, _ in await self._runs.carry_out(left, on_progress, budget)]

    async def look_back(self, scope_id: int, user_id: int) -> None:
        """Take the person's active version back if it pleases less than the one before.

        Cheap: to be called after each vote. Raises ``StoreError``.
        """
        await self._rollback.look(scope_id, user_id)

    async def cancel(self, user_id: int, scope_id: int | None = None) -> None:
        """End a person's queued and running trainings; nothing of them is published afterwards.

        To be called before their rows or weights are removed.
        """
        await self._runs.cancel(user_id, scope_id)

    def _require_enabled(self) -> None:
        if not self._is_enabled:
            raise TrainingDisabledError(
                "training is off; read what TRAINING_ACKNOWLEDGED means in the README, "
                "then set it to true"
            )
