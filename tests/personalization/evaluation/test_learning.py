"""Trainings are shared out among the executors, and one's failure leaves none of them running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from bowerbird.personalization.errors import TrainingError
from bowerbird.personalization.evaluation.asking import Said
from bowerbird.personalization.evaluation.learning import Lesson, School
from bowerbird.personalization.evaluation.ledger import Ledger
from bowerbird.personalization.evaluation.opinions import Opinion, labelled_replies
from bowerbird.personalization.training.executor import TrainJob, TrainProgress, TrainResult
from tests.fakes import FakeExecutor
from tests.personalization.evaluation.town import SUBJECT


class BrokenExecutor(FakeExecutor):
    async def run(
        self, jobs: Sequence[TrainJob]
    ) -> AsyncGenerator[TrainProgress | TrainResult, None]:
        yield TrainProgress(jobs[0].job_id, "loading", 0, 2)
        raise TrainingError("no worker")


def lessons(people: int) -> list[Lesson]:
    opinion = Opinion(Said("Why?", "Because.", 2, is_cut_off=False), True, None)
    return [
        Lesson(
            f"main-{n}",
            n,
            labelled_replies(n, [opinion], system_prompt="", base_model=SUBJECT.base_model),
        )
        for n in range(people)
    ]


def school(folder: Path, *executors: FakeExecutor) -> School:
    return School(executors, SUBJECT, folder / "adapters", Ledger(folder / "cells.jsonl"))


async def test_every_executor_trains_its_share(tmp_path: Path) -> None:
    first, second, idle = (FakeExecutor() for _ in range(3))
    told: list[tuple[int, int]] = []
    trained = await school(tmp_path, first, second).train(
        lessons(3), lambda done, total: told.append((done, total))
    )
    assert [job.job_id for job in first.jobs] == ["main-0", "main-2"]
    assert [job.job_id for job in second.jobs] == ["main-1"]
    assert all(trained[one.name].is_accepted for one in lessons(3))
    assert told[-1] == (300, 300)
    assert all(before <= after for before, after in pairwise(told))

    await school(tmp_path, first, second, idle).train(lessons(4))  # three are known
    assert [len(one.jobs) for one in (first, second, idle)] == [3, 1, 0]


async def test_where_one_fails_none_goes_on(tmp_path: Path) -> None:
    waiting = FakeExecutor()
    waiting.gate.clear()
    with pytest.raises(TrainingError, match="no worker"):
        async with asyncio.timeout(5):
            await school(tmp_path, waiting, BrokenExecutor()).train(lessons(2))
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_training_that_failed_is_told_and_tried_again(tmp_path: Path) -> None:
    fine, broken = FakeExecutor(), FakeExecutor()
    broken.error = "there was not enough memory to train"
    with pytest.raises(TrainingError, match=r"1 of 2 .* main-1 with: there was not enough memory"):
        await school(tmp_path, fine, broken).train(lessons(2))

    trained = await school(tmp_path, fine).train(lessons(2))
    assert [job.job_id for job in fine.jobs] == ["main-0", "main-1"]
    assert all(one.is_accepted for one in trained.values())


async def test_where_there_is_nothing_to_learn_from_the_base_answers(tmp_path: Path) -> None:
    executor = FakeExecutor()
    nothing = Lesson("main-1", 1, ())
    trained = (await school(tmp_path, executor).train([nothing]))["main-1"]
    assert executor.jobs == []
    assert trained.adapter is None
    assert trained.reasons == ("there was nothing to learn from",)
