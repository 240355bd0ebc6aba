"""Replies of the base model to every question, made once: they do not depend on the person.

Contract: the first votes, the base arm, the choice among candidates without an adapter and the best
of several base replies all read this one pool. A question's replies are one cell of the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bowerbird.personalization.evaluation.asking import Ask, Asker, OnReply, Said
from bowerbird.personalization.evaluation.ledger import Ledger

_QUESTIONS_AT_ONCE: Final = 8
_SEEDS_A_QUESTION: Final = 1_000


class Pool:
    """``seed`` tells the pools of two parts apart, whose questions differ anyway."""

    def __init__(self, asker: Asker, ledger: Ledger, *, seed: int) -> None:
        self._asker = asker
        self._ledger = ledger
        self._seed = seed

    async def replies(
        self, questions: Sequence[str], samples: int, on_reply: OnReply
    ) -> tuple[tuple[Said, ...], ...]:
        """``samples`` replies to each question, in order; what the ledger has is not made again."""
        missing = [
            question for question in questions if _cell(question, samples) not in self._ledger
        ]
        total = len(questions) * samples
        for start in range(0, len(missing), _QUESTIONS_AT_ONCE):
            batch = missing[start : start + _QUESTIONS_AT_ONCE]
            before = total - (len(missing) - start) * samples
            made = await self._asker.ask(
                [
                    Ask(question, self._first_seed(questions.index(question)) + sample)
                    for question in batch
                    for sample in range(samples)
                ],
                lambda done, _, before=before: on_reply(before + done, total),  # type: ignore[misc]
            )
            for number, question in enumerate(batch):
                own = made[number * samples : (number + 1) * samples]
                self._ledger.put(_cell(question, samples), [said.as_dict() for said in own])
        return tuple(
            tuple(Said(**known) for known in self._ledger[_cell(question, samples)])
            for question in questions
        )

    def _first_seed(self, index: int) -> int:
        return (self._seed * 7919 + index) * _SEEDS_A_QUESTION


def _cell(question: str, samples: int) -> str:
    return f"{samples} replies to {question}"
