"""Who is at what, and how long it will take yet."""

from __future__ import annotations

from bowerbird.bot.training_watch import Step, TrainingWatch
from bowerbird.personalization.training.executor import TrainProgress


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def step(stage: str, done: int = 0, total: int = 1) -> TrainProgress:
    return TrainProgress("7", stage, done, total)


def test_a_stage_takes_as_long_as_its_steps_did() -> None:
    clock = Clock()
    watch = TrainingWatch(clock)
    watch.note(5, 10, step("queued"))
    assert (watch.waiting, watch.steps) == (1, [])
    watch.note(5, 10, step("training", 2, 12))
    clock.now += 1
    watch.note(5, 10, step("training", 4, 12))
    assert watch.steps == [Step(5, 10, "training", 4, 12, None)]  # seen too little of it
    clock.now += 3
    watch.note(5, 10, step("training", 4, 12))
    assert watch.steps[0].left_s == 16  # two steps in four seconds, eight to go
    watch.note(5, 10, step("gate", 0, 5))
    assert watch.steps == [Step(5, 10, "gate", 0, 5, None)]
    watch.note(5, 10, step("training", 0, 12))  # the worker died and another began again
    assert watch.steps == [Step(5, 10, "training", 0, 12, None)]


def test_a_night_takes_as_long_as_its_people_did() -> None:
    clock = Clock()
    watch = TrainingWatch(clock)
    for user in range(4):
        watch.note(5, user, step("queued"))
    clock.now += 500  # waiting for somebody else's training is no pace
    watch.note(5, 0, step("loading"))
    assert watch.left_s is None
    clock.now += 60
    watch.note(5, 0, step("over", 1))
    assert (watch.people, watch.over, watch.waiting, watch.left_s) == (4, 1, 3, 180)
    for user in (1, 2, 3):
        watch.note(5, user, step("over", 1))
    assert watch.left_s == 0
