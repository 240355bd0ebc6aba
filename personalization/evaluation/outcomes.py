"""From looked-at replies to figures: for one person, then for all people with intervals.

Contract: pure. A reply is worth something to a person only if it is coherent, whichever arm gave
it. Replies to one question are averaged first, so that every question counts the same.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from bowerbird.personalization.evaluation.arms import Answer, Answers
from bowerbird.personalization.evaluation.coherence import Bounds
from bowerbird.personalization.evaluation.metrics import (
    Interval,
    Worth,
    distinct_ngrams,
    interval,
    recovery,
    win_rate,
)
from bowerbird.personalization.evaluation.people import Person
from bowerbird.personalization.evaluation.wording import words


@dataclass(frozen=True, slots=True)
class Outcome:
    """One arm for one person. ``surface_satisfaction`` takes incoherent replies for good ones: what
    a measure that is blind to coherence would say. ``nll``: the base's, nats per token.
    """

    satisfaction: float
    surface_satisfaction: float
    win_rate: float
    coherent_share: float
    empty_share: float
    cut_off_share: float
    distinct_2: float
    words: float
    nll: float | None
    relevance: float | None
    kl_per_token: float | None


@dataclass(frozen=True, slots=True)
class Case:
    """A person with the base's answers and what bounds coherence."""

    person: Person
    base: Answers
    bounds: Bounds

    def worth(self, answer: Answer) -> Worth:
        if not self.bounds.admit(answer.look):
            return 0.0, 0.0
        return self._wishes(answer)

    def outcome(self, answers: Answers) -> Outcome:
        """Of one arm's answers. Raises ``ValueError`` if there are none."""
        every = [answer for replies in answers.values() for answer in replies]
        if not every:
            raise ValueError("an arm without answers")

        def mean(of: Callable[[Answer], float]) -> float:
            return fmean(fmean(map(of, replies)) for replies in answers.values())

        def mean_known(values: Sequence[float | None]) -> float | None:
            known = [value for value in values if value is not None]
            return fmean(known) if known else None

        return Outcome(
            satisfaction=mean(lambda answer: self.worth(answer)[0]),
            surface_satisfaction=mean(lambda answer: self._wishes(answer)[0]),
            win_rate=fmean(
                win_rate(
                    [self.worth(answer) for answer in replies],
                    [self.worth(answer) for answer in self.base[question]],
                )
                for question, replies in answers.items()
            ),
            coherent_share=mean(lambda answer: float(self.bounds.admit(answer.look))),
            empty_share=mean(lambda answer: float(not answer.said.text.strip())),
            cut_off_share=mean(lambda answer: float(answer.said.is_cut_off)),
            distinct_2=distinct_ngrams([replies[0].said.text for replies in answers.values()]),
            words=mean(lambda answer: float(len(words(answer.said.text)))),
            nll=mean_known([fmean(one.look.nll) if one.look.nll else None for one in every]),
            relevance=mean_known([one.look.relevance for one in every]),
            kl_per_token=mean_known([one.kl for one in every]),
        )

    def best_of_base(self) -> float:
        """Satisfaction if the best of the base's samples were known: a ceiling for choosing."""
        return fmean(max(map(self.worth, replies))[0] for replies in self.base.values())

    def satisfaction_with(self, stranger: Person) -> float:
        """With the base's replies, edited to all that ``stranger`` wishes: what this person would
        think of that one's adapter if it had learned everything and cost no coherence."""
        rng = random.Random(f"{self.person.person_id} {stranger.person_id}")  # noqa: S311

        def edited(answer: Answer) -> float:
            said = answer.said
            if not self.bounds.admit(answer.look):
                return 0.0
            reply = stranger.correction(said.question, said.text, rng)
            return self.person.satisfaction(said.question, reply)

        return fmean(fmean(map(edited, replies)) for replies in self.base.values())

    def _wishes(self, answer: Answer) -> Worth:
        said = answer.said
        return (
            self.person.satisfaction(said.question, said.text),
            self.person.score(said.question, said.text),
        )


def summed_up(outcomes: Mapping[int, Outcome]) -> dict[str, Any]:
    """An arm over all people, as it stands in the report."""

    def of(name: str) -> list[float]:
        values = (getattr(outcome, name) for outcome in outcomes.values())
        return [value for value in values if value is not None]

    told: dict[str, Any] = {
        name: rounded(interval(of(name))) for name in ("satisfaction", "win_rate")
    }
    told["surface_satisfaction"] = rounded(interval(of("surface_satisfaction")))
    told["coherence"] = rounded(interval(of("coherent_share")))
    for name in ("empty_share", "cut_off_share", "distinct_2", "words", "nll", "relevance"):
        told[name] = mean_or_none(of(name))
    told["coherent_share"] = told["coherence"][0]
    told["kl_per_token"] = mean_or_none(of("kl_per_token"))
    return told


def recovered(
    arm: Mapping[int, Outcome], base: Mapping[int, Outcome], ceiling: Mapping[int, float]
) -> list[float] | None:
    """Share of the way from the base to a ceiling, by person; ``None`` if there is no way to go."""
    people = list(arm)
    found = recovery(
        [arm[one].satisfaction for one in people],
        [base[one].satisfaction for one in people],
        [ceiling[one] for one in people],
    )
    return None if found is None else rounded(found)


def rounded(found: Interval) -> list[float]:
    return [round(value, 4) for value in found]


def mean_or_none(values: Sequence[float]) -> float | None:
    return round(fmean(values), 4) if values else None
