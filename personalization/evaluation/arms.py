"""The ways of answering that are compared, each with what it may use of a person.

``base``: nothing. ``instruction``: the wishes told in the prompt, which no bot would know (the
oracle). ``retrieval``: what they liked before in the prompt. ``rerank``: the best of several base
replies by their scorer. ``adapter``: their adapter. ``both``: all three, which is what ships.
``other``: strangers' adapters, which must change nothing.

Contract: where there is no adapter, since the gate rejected it, the base answers, as it would when
serving. Each (arm, person) is one cell of the ledger. Retrieval, scorer and candidates are the very
functions that serve.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from bowerbird.personalization.candidates import best_of, candidate_seed
from bowerbird.personalization.evaluation.asking import Ask, Asker, OnReply, Said
from bowerbird.personalization.evaluation.coherence import Look
from bowerbird.personalization.evaluation.ledger import Ledger
from bowerbird.personalization.evaluation.people import Person
from bowerbird.personalization.retrieval import PROMPT_SHARE, retrieve, unlearned
from bowerbird.personalization.scorer import Scorer
from bowerbird.personalization.taste import learn_scorer
from bowerbird.personalization.types import AdapterRef, Turn
from bowerbird.storage.records import LabelledReply

if TYPE_CHECKING:
    from bowerbird.personalization.evaluation.judge import Judge

Arm = Literal["base", "instruction", "retrieval", "rerank", "adapter", "both", "other"]
ARMS: Final[tuple[Arm, ...]] = get_args(Arm)
WITHOUT_ADAPTER: Final[tuple[Arm, ...]] = ("base", "instruction", "retrieval", "rerank")
WITH_ADAPTER: Final[tuple[Arm, ...]] = ("adapter", "both", "other")

MAIN: Final = "main"
"""The part in which everybody votes as much as the plan says."""

RETRIEVED_TOKENS: Final = int(PROMPT_SHARE * (2048 - 256))
"""What retrieval may use where the bot has its default window."""

KL_REPLIES: Final = 6
"""So many replies of each arm and person are compared with the base token by token."""

_PEOPLE_AT_ONCE: Final = 4

Answers = Mapping[str, Sequence["Answer"]]
"""By question."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, looked at. ``kl``: of the arm to the base, where it was measured."""

    said: Said
    look: Look
    kl: float | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"said": self.said.as_dict(), "look": self.look.as_dict(), "kl": self.kl}

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> Answer:
        return cls(Said(**known["said"]), Look.of(known["look"]), known["kl"])


@dataclass(frozen=True, slots=True)
class Student:
    """A person with what the bot has learned of them. ``strangers``: other people's adapters."""

    person: Person
    labelled: tuple[LabelledReply, ...]
    adapter: AdapterRef | None = None
    strangers: tuple[AdapterRef | None, ...] = ()


@dataclass(frozen=True, slots=True)
class _Choice:
    """Candidates for one reply; ``scorer`` picks, the first if there is none."""

    student: Student
    asks: tuple[Ask, ...]
    scorer: Scorer | None

    async def best_of(self, candidates: Sequence[Said], asker: Asker) -> int:
        if self.scorer is None:
            return 0
        question = candidates[0].question
        return await best_of(
            [one.text for one in candidates],
            partial(self.scorer.score, question),
            partial(asker.fluency, question),
        )


class Arms:
    """``base``: answers of the base model to every question, several each."""

    def __init__(
        self,
        asker: Asker,
        judge: Judge,
        ledger: Ledger,
        base: Answers,
        *,
        count_tokens: Callable[[str], int],
        candidates: int,
        samples: int,
        seed: int,
    ) -> None:
        self._asker = asker
        self._judge = judge
        self._ledger = ledger
        self._base = base
        self._count_tokens = count_tokens
        self._candidates = candidates
        self._samples = samples
        self._seed = seed

    async def answers(
        self,
        arm: Arm,
        students: Sequence[Student],
        questions: Sequence[str],
        *,
        part: str = MAIN,
        on_reply: OnReply = lambda done, total: None,
    ) -> dict[int, Answers]:
        """By person id. ``part`` tells apart what the same people do in several places."""
        if arm == "base":
            own = {question: self._base[question] for question in questions}
            return {one.person.person_id: own for one in students}
        missing = [one for one in students if _cell(part, arm, one) not in self._ledger]
        choices = {
            one.person.person_id: await asyncio.to_thread(self._choices, arm, one, questions)
            for one in missing
        }
        total = sum(len(choice.asks) for of_one in choices.values() for choice in of_one)
        before = 0
        for start in range(0, len(missing), _PEOPLE_AT_ONCE):
            batch = missing[start : start + _PEOPLE_AT_ONCE]
            given = {
                one.person.person_id: await self._from_base(arm, one, questions) for one in batch
            }
            theirs = [choice for person_id in given for choice in choices[person_id]]
            answered = await self._carry_out(
                theirs,
                lambda done, _, before=before: on_reply(before + done, total),  # type: ignore[misc]
            )
            before += sum(len(choice.asks) for choice in theirs)
            for choice, answer in answered:
                given[choice.student.person.person_id].append(answer)
            for one in batch:
                cell = _cell(part, arm, one)
                self._ledger.put(cell, [a.as_dict() for a in given[one.person.person_id]])
        return {
            one.person.person_id: by_question(map(Answer.of, self._ledger[_cell(part, arm, one)]))
            for one in students
        }

    async def _from_base(
        self, arm: Arm, student: Student, questions: Sequence[str]
    ) -> list[Answer]:
        """What needs no generation, since the base has answered already."""
        times = 0
        if arm == "adapter" and student.adapter is None:
            times = 1
        if arm == "other":
            times = sum(adapter is None for adapter in student.strangers)
        if arm == "rerank":
            scorer = learn_scorer(student.labelled)
            chosen = []
            for question in questions:
                replies = self._base[question]
                for start in range(0, len(replies) - self._candidates + 1, self._candidates):
                    group = replies[start : start + self._candidates]
                    choice = _Choice(student, (), scorer)
                    said = [answer.said for answer in group]
                    chosen.append(group[await choice.best_of(said, self._asker)])
            return chosen
        return [
            answer for question in questions if times for answer in self._base[question]
        ] * times

    def _choices(self, arm: Arm, student: Student, questions: Sequence[str]) -> list[_Choice]:
        if arm == "both":
            scorer, count = learn_scorer(student.labelled), self._candidates
        else:
            scorer, count = None, 1
        made = []
        for index, question in enumerate(questions):
            for number, (adapter, instruction, before) in enumerate(
                self._ways(arm, student, question)
            ):
                first = self._seed + (student.person.person_id * 1009 + index) * 31 + number
                asks = tuple(
                    Ask(question, candidate_seed(first, k), adapter, instruction, before)
                    for k in range(count)
                )
                made.append(_Choice(student, asks, scorer))
        return made

    def _ways(
        self, arm: Arm, student: Student, question: str
    ) -> list[tuple[AdapterRef | None, str, tuple[Turn, ...]]]:
        """(adapter, instruction, turns before) of each reply that must be generated."""
        if arm == "instruction":
            return [(None, student.person.instruction, ())] * self._samples
        if arm in {"retrieval", "both"}:
            adapter = student.adapter if arm == "both" else None
            exchanges = retrieve(
                self._asker.turns(Ask(question, 0)),
                unlearned(student.labelled, adapter, question),
                self._count_tokens,
                max_tokens=RETRIEVED_TOKENS,
            )
            before = tuple(turn for exchange in exchanges for turn in exchange.turns)
            return [(adapter, "", before)] * self._samples
        if arm == "adapter" and student.adapter is not None:
            return [(student.adapter, "", ())] * self._samples
        if arm == "other":
            return [(adapter, "", ()) for adapter in student.strangers if adapter is not None]
        return []

    async def _carry_out(
        self, choices: Sequence[_Choice], on_reply: OnReply
    ) -> list[tuple[_Choice, Answer]]:
        said = await self._asker.ask([ask for one in choices for ask in one.asks], on_reply)
        picked: list[tuple[_Choice, Ask, Said]] = []
        at = 0
        for choice in choices:
            candidates = said[at : at + len(choice.asks)]
            at += len(choice.asks)
            best = await choice.best_of(candidates, self._asker)
            picked.append((choice, choice.asks[best], candidates[best]))
        return await asyncio.to_thread(self._judged, picked)

    def _judged(self, picked: Sequence[tuple[_Choice, Ask, Said]]) -> list[tuple[_Choice, Answer]]:
        looks = self._judge.looks([(said.question, said.text) for _, _, said in picked])
        compared: dict[int, int] = {}
        judged = []
        for (choice, ask, said), look in zip(picked, looks, strict=True):
            person_id = choice.student.person.person_id
            kl = None
            if compared.setdefault(person_id, 0) < KL_REPLIES:
                compared[person_id] += 1
                folder: Path | None = ask.adapter.path if ask.adapter else None
                kl = self._judge.kl_per_token(
                    said.question, said.text, self._asker.turns(ask), folder
                )
            judged.append((choice, Answer(said, look, kl)))
        return judged


def by_question(answers: Any) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = {}
    for answer in answers:
        found.setdefault(answer.said.question, []).append(answer)
    return found


def _cell(part: str, arm: Arm, student: Student) -> str:
    return f"{part} {arm} {student.person.person_id}"
