"""Examples and jobs to test training with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from bowerbird.personalization.training.executor import TrainExample, TrainJob, TrainRecipe
from bowerbird.storage.records import LabelledReply, Reply, Turn
from tests.storage.samples import START, a_reply

SYSTEM = Turn("system", "Be kind.")


def an_example(
    number: int = 0, *, is_liked: bool = True, reply: str | None = None, **changes: Any
) -> TrainExample:
    turns = (SYSTEM, Turn("user", f"What is {number}?"))
    text = f"It is number {number}." if reply is None else reply
    return replace(TrainExample(turns, text, is_liked), **changes)


def some_examples(amount: int = 4) -> tuple[TrainExample, ...]:
    return tuple(an_example(number, is_liked=number % 2 == 0) for number in range(amount))


def a_job(model: Path, candidate: Path, job_id: str = "1", **changes: Any) -> TrainJob:
    job = TrainJob(
        job_id, str(model), str(candidate), some_examples(), TrainRecipe(epochs=1, min_steps=0)
    )
    return replace(job, **changes)


def labelled(
    reply_id: int = 1,
    *,
    is_liked: bool | None = True,
    correction: str | None = None,
    text: str = "A place to dance.",
    said: str = "What is a bower?",
    was_regenerated: bool = False,
) -> LabelledReply:
    new = a_reply(reply_id * 10, said=said, text=text)
    values = {name: getattr(new, name) for name in new.__dataclass_fields__}
    return LabelledReply(
        reply=Reply(**values, reply_id=reply_id),
        is_liked=is_liked,
        correction=correction,
        correction_origin="modal" if correction else None,
        was_regenerated=was_regenerated,
        replaces=None,
        labelled_at=START,
    )
