"""The whole evaluation, from drawing people to the figures.

Contract: everything follows from plan and subject, and whatever takes time is a cell of a ledger,
so that a study that was stopped, also by ``kill -9``, goes on where it was. Training runs in
processes of its own beside what needs no adapter. Knows how the parts fit together, and prints
nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bowerbird.personalization.evaluation import prompts, summary
from bowerbird.personalization.evaluation.arms import (
    ARMS,
    MAIN,
    WITH_ADAPTER,
    WITHOUT_ADAPTER,
    Answer,
    Answers,
    Arm,
    Arms,
    Student,
)
from bowerbird.personalization.evaluation.asking import Asker, Said
from bowerbird.personalization.evaluation.coherence import Bounds, Look
from bowerbird.personalization.evaluation.controls import Controls, Taught
from bowerbird.personalization.evaluation.learning import Lesson, School, Trained
from bowerbird.personalization.evaluation.ledger import Ledger
from bowerbird.personalization.evaluation.nights import Nights
from bowerbird.personalization.evaluation.objectives import Objectives
from bowerbird.personalization.evaluation.opinions import Opinion, counting_labels, vote_on
from bowerbird.personalization.evaluation.outcomes import Case, Outcome
from bowerbird.personalization.evaluation.people import Person, draw_people
from bowerbird.personalization.evaluation.plan import (
    Plan,
    Subject,
    base_fingerprint,
    fingerprint,
)
from bowerbird.personalization.evaluation.pool import Pool
from bowerbird.personalization.training.executor import ALL_LINEAR, TrainExecutor
from bowerbird.personalization.types import AdapterRef

if TYPE_CHECKING:
    from bowerbird.personalization.evaluation.judge import Judge

Report = Callable[[str, int, int], None]
"""``report(what, done, total)``, from the event loop."""

CurveFound = dict[int, dict[str, dict[int, Outcome]]]
"""By number of votes, by arm, by person."""

ROWS: Final = 16
CONTEXT_TOKENS: Final = 1024
CURVE_ARMS: Final[tuple[Arm, ...]] = ("base", "retrieval", "rerank", "adapter", "both")
MAX_CORRECTIONS: Final = 80
"""So many corrections are looked at to see whether the measure of coherence is fair."""

WITHOUT_RELEVANCE: Final = "without-relevance"
_WAITING: Final = 64


async def evaluate(
    plan: Plan,
    subject: Subject,
    folder: Path,
    report: Report,
    executors: Sequence[TrainExecutor],
) -> summary.Findings:
    """Everything in ``plan``; cells and adapters are kept in ``folder``, by fingerprint, and what
    the base model says by one of its own, so that other recipes find it there.

    Raises ``ModelError``, ``TrainingError``, ``GenerationError``, ``OSError``.
    """
    from bowerbird.personalization.evaluation.judge import Judge  # seconds: torch
    from bowerbird.personalization.generation.engine import TorchEngine

    sampling = replace(subject.sampling, max_new_tokens=plan.max_new_tokens)
    async with AsyncExitStack() as opened:
        engine = TorchEngine(
            subject.model_path,
            lora_rank=subject.recipe.rank,
            lora_targets=ALL_LINEAR,
            max_batch=ROWS,
            max_context=CONTEXT_TOKENS,
            max_waiting=_WAITING,
            has_prefix_cache=False,
        )
        opened.push_async_callback(engine.aclose)
        report("Loading the model", 0, 2)
        await engine.start()
        report("Loading the model", 1, 2)
        judge = await asyncio.to_thread(
            Judge,
            subject.model_path,
            system_prompt=subject.system_prompt,
            rank=subject.recipe.rank,
        )
        report("Loading the model", 2, 2)
        if not judge.measures_relevance:  # or replies would be held to what the others never show
            folder = folder / WITHOUT_RELEVANCE
        kept = folder / fingerprint(plan, subject)
        ledger = Ledger(kept / "cells.jsonl")
        base_ledger = Ledger(folder / f"base-{base_fingerprint(plan, subject)}.jsonl")
        tokenizer = engine.tokenizer
        asker = Asker(
            engine,
            tokenizer,
            system_prompt=subject.system_prompt,
            sampling=sampling,
            max_prompt_tokens=engine.context_tokens - plan.max_new_tokens,
            at_once=2 * ROWS,
        )

        def count_tokens(text: str) -> int:
            return len(tokenizer(text, add_special_tokens=False)["input_ids"])

        school = School(executors, subject, kept / "adapters", ledger)
        study = Study(
            plan, subject, asker, judge, school, ledger, base_ledger, count_tokens, report
        )
        return await study.run()


class Study:
    """The parts at hand; see ``evaluate``."""

    def __init__(
        self,
        plan: Plan,
        subject: Subject,
        asker: Asker,
        judge: Judge,
        school: School,
        ledger: Ledger,
        base_ledger: Ledger,
        count_tokens: Callable[[str], int],
        report: Report,
    ) -> None:
        self._plan = plan
        self._subject = subject
        self._asker = asker
        self._judge = judge
        self._school = school
        self._ledger = ledger
        self._base_ledger = base_ledger
        self._count_tokens = count_tokens
        self._report = report
        self._people = draw_people(plan.people, plan.seed)
        self._questions = prompts.TEST[: plan.questions]
        self._side_questions = self._questions[: plan.side_questions]

    async def run(self) -> summary.Findings:
        plan = self._plan
        pool = await self._pool(prompts.TRAIN[: plan.pool_questions], plan.pool_samples, "voted on")
        base = await self._base()
        bounds = Bounds.of([answer.look for replies in base.values() for answer in replies])
        taught = [
            Taught(Case(person, base, bounds), self._votes(person, pool, plan.votes))
            for person in self._people
        ]
        arms = self._arms(base)
        controls = Controls(plan, self._subject, arms, self._school, self._questions)
        disliked = [said for replies in pool for said in replies]
        lessons = [self._lesson(MAIN, one.person, one.opinions) for one in taught]
        few = taught[: plan.control_people]
        lessons += controls.lessons(few, disliked)
        objectives = Objectives(
            self._subject.recipe,
            arms,
            lambda name, one: self._lesson(name, one.person, one.opinions),
            self._questions,
        )
        lessons += objectives.lessons(few)
        training = asyncio.create_task(self._train("Training", lessons))
        try:
            outcomes: dict[str, dict[int, Outcome]] = {}
            answers: dict[str, dict[int, Answers]] = {}
            students = [self._student(one.person, one.opinions) for one in taught]
            for arm in WITHOUT_ADAPTER:
                answers[arm] = await arms.answers(
                    arm, students, self._questions, on_reply=self._counting(f"Arm {arm}")
                )
            trained = await training
        finally:
            training.cancel()
            await asyncio.gather(training, return_exceptions=True)
        adapters = [trained[_name(MAIN, person)].adapter for person in self._people]
        students = [
            replace(student, adapter=adapter, strangers=self._strangers(number, adapters))
            for number, (student, adapter) in enumerate(zip(students, adapters, strict=True))
        ]
        for arm in WITH_ADAPTER:
            answers[arm] = await arms.answers(
                arm, students, self._questions, on_reply=self._counting(f"Arm {arm}")
            )
        for arm in ARMS:
            outcomes[arm] = {one.person.person_id: one.outcome(answers[arm]) for one in taught}
        drift = await self._drift(students)
        found_controls = await controls.run(
            few,
            disliked,
            outcomes["base"],
            trained,
            self._counting("Controls"),
        )
        found_objectives = await objectives.run(
            few, outcomes["adapter"], trained, self._counting("Other objectives")
        )
        cases = {one.person.person_id: one.case for one in taught}
        return summary.Findings(
            plan=plan,
            subject=self._subject,
            cases=cases,
            outcomes=outcomes,
            answers=answers,
            trained={p.person_id: trained[_name(MAIN, p)] for p in self._people},
            drift=drift,
            strangers={one.person.person_id: one.strangers for one in students},
            controls=found_controls,
            objectives=found_objectives,
            curve=await self._curve(taught, pool, arms),
            nights=await self._nights(cases, arms),
            taught_coherent_share=await self._taught_coherence(taught, bounds),
            measures_relevance=self._judge.measures_relevance,
        )

    # --- the base ---------------------------------------------------------------------------------

    async def _pool(
        self, questions: Sequence[str], samples: int, what: str
    ) -> tuple[tuple[Said, ...], ...]:
        pool = Pool(self._asker, self._base_ledger, seed=self._plan.seed)
        return await pool.replies(questions, samples, self._counting(f"Base replies {what}"))

    async def _base(self) -> dict[str, list[Answer]]:
        """The base's answers to the questions that people are judged by, looked at."""
        found = await self._pool(self._questions, self._plan.base_samples, "to judge by")
        answers: dict[str, list[Answer]] = {}
        for number, (question, replies) in enumerate(
            zip(self._questions, found, strict=True), start=1
        ):
            cell = f"{len(replies)} looks at {question}"
            if cell not in self._base_ledger:
                exchanges = [(question, said.text) for said in replies]
                looks = await asyncio.to_thread(self._judge.looks, exchanges)
                self._base_ledger.put(cell, [look.as_dict() for look in looks])
            answers[question] = [
                Answer(said, Look.of(known), 0.0)
                for said, known in zip(replies, self._base_ledger[cell], strict=True)
            ]
            self._report("Looking at base replies", number, len(self._questions))
        return answers

    # --- what people think and learn --------------------------------------------------------------

    def _votes(
        self, person: Person, pool: Sequence[Sequence[Said]], votes: int
    ) -> tuple[Opinion, ...]:
        """The first of a person's votes are the same however many there are."""
        rng = random.Random(f"{self._plan.seed} votes {person.person_id}")  # noqa: S311
        return vote_on(person, pool, votes, rng)

    def _lesson(self, part: str, person: Person, opinions: Sequence[Opinion]) -> Lesson:
        labelled = counting_labels(person, opinions, self._subject)
        return Lesson(_name(part, person), person.person_id, labelled)

    def _student(self, person: Person, opinions: Sequence[Opinion]) -> Student:
        return Student(person, counting_labels(person, opinions, self._subject))

    def _strangers(
        self, number: int, adapters: Sequence[AdapterRef | None]
    ) -> tuple[AdapterRef | None, ...]:
        """The adapters of the couples that come next, whose opposite wishes cancel out."""
        after_own_couple = number // 2 * 2 + 2
        others = [(after_own_couple + i) % len(adapters) for i in range(self._plan.others)]
        return tuple(adapters[other] for other in others if other != number)

    async def _train(self, what: str, lessons: Sequence[Lesson]) -> dict[str, Trained]:
        return await self._school.train(lessons, self._counting(what))

    def _arms(self, base: Answers) -> Arms:
        return Arms(
            self._asker,
            self._judge,
            self._ledger,
            base,
            count_tokens=self._count_tokens,
            candidates=self._subject.candidates,
            samples=self._plan.arm_samples,
            seed=self._plan.seed,
        )

    async def _drift(self, students: Sequence[Student]) -> dict[int, float]:
        """How much worse each person's adapter made ordinary text, relative to the base."""
        found = {}
        for student in students:
            if student.adapter is None:
                found[student.person.person_id] = 0.0
                continue
            cell = f"drift {student.adapter.path.name}"
            if cell not in self._ledger:
                change = await asyncio.to_thread(
                    self._judge.general_nll_change, student.adapter.path
                )
                self._ledger.put(cell, change)
            found[student.person.person_id] = self._ledger[cell]
        return found

    async def _taught_coherence(self, taught: Sequence[Taught], bounds: Bounds) -> float | None:
        """Share of corrections that count as coherent: whether the measure is fair to wishes."""
        exchanges = [
            (opinion.said.question, opinion.correction)
            for one in taught
            for opinion in one.opinions
            if opinion.correction
        ][:MAX_CORRECTIONS]
        if not exchanges:
            return None
        cell = "looks corrections"
        if cell not in self._ledger:
            looks = await asyncio.to_thread(self._judge.looks, exchanges)
            self._ledger.put(cell, [look.as_dict() for look in looks])
        admitted = [bounds.admit(Look.of(known)) for known in self._ledger[cell]]
        return sum(admitted) / len(admitted)

    # --- over votes and over nights ---------------------------------------------------------------

    async def _curve(
        self, taught: Sequence[Taught], pool: Sequence[Sequence[Said]], arms: Arms
    ) -> CurveFound:
        curve: CurveFound = {}
        people = taught[: self._plan.curve_people]
        for votes in self._plan.curve if people else ():
            learners = [
                replace(one, opinions=self._votes(one.person, pool, votes)) for one in people
            ]
            curve[votes] = await self._point(votes, learners, arms)
        return curve

    async def _point(
        self, votes: int, learners: Sequence[Taught], arms: Arms
    ) -> dict[str, dict[int, Outcome]]:
        """The arms after so many votes. As many as everybody gives have been learned already."""
        part = MAIN if votes == self._plan.votes else f"curve-{votes}"
        lessons = [self._lesson(part, one.person, one.opinions) for one in learners]
        trained = await self._train(f"Training on {votes} votes", lessons)
        students = [
            replace(
                self._student(one.person, one.opinions),
                adapter=trained[_name(part, one.person)].adapter,
            )
            for one in learners
        ]
        found: dict[str, dict[int, Outcome]] = {}
        for arm in CURVE_ARMS:
            counting = self._counting(f"{votes} votes, arm {arm}")
            answers = await arms.answers(
                arm, students, self._side_questions, part=part, on_reply=counting
            )
            judged = {
                person_id: {question: replies[question] for question in self._side_questions}
                for person_id, replies in answers.items()
            }
            found[arm] = {one.person.person_id: one.outcome(judged) for one in learners}
        return found

    async def _nights(self, cases: Mapping[int, Case], arms: Arms) -> list[dict[str, Any]]:
        firsts = self._people[::2]  # of each couple
        count = min(self._plan.night_people, len(firsts))
        people = [firsts[number * len(firsts) // count] for number in range(count)]
        if not self._plan.nights or not people:
            return []
        nights = Nights(self._plan, self._subject, arms, self._school, dict(cases))
        asked = prompts.TRAIN[: self._plan.pool_questions]
        return await nights.run(people, asked, self._side_questions, self._counting("Nights"))

    def _counting(self, what: str) -> Callable[[int, int], None]:
        return lambda done, total: self._report(what, done, total)


def _name(part: str, person: Person) -> str:
    return f"{part}-{person.person_id}"
