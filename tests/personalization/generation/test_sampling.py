"""Choosing tokens: the distribution is right, and nobody's choice depends on a neighbour."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from transformers import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from bowerbird.personalization.generation.sampling import RowSampler, choose
from bowerbird.personalization.types import Sampling

CPU = torch.device("cpu")
LOGITS = torch.tensor([2.0, -1.0, 0.5, 1.0, 3.0, -2.0, 0.0, 1.5])


def _sampler(said: tuple[int, ...] = (), **settings: Any) -> RowSampler:
    base: dict[str, Any] = {"repetition_penalty": 1.0, "top_k": 0, "top_p": 1.0, "temperature": 1.0}
    sampler = RowSampler(Sampling(**base | settings), CPU)
    for token in said:
        sampler.add(token)
    return sampler


def _transformers_probabilities(sampling: Sampling, said: tuple[int, ...]) -> torch.Tensor:
    steps: list[Any] = [RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty)]
    steps.append(TemperatureLogitsWarper(sampling.temperature))
    if sampling.top_k:
        steps.append(TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1:
        steps.append(TopPLogitsWarper(sampling.top_p))
    scores = LogitsProcessorList(steps)(torch.tensor([said]), LOGITS[None].clone())
    return scores.softmax(-1)[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"temperature": 0.5},
        {"top_k": 3},
        {"top_p": 0.8},
        {"top_p": 0.01},
        {"top_k": 5, "top_p": 0.7, "temperature": 1.3, "repetition_penalty": 1.4},
    ],
)
def test_the_distribution_is_transformers(settings: dict[str, Any]) -> None:
    said = (4, 1, 4)
    sampler = _sampler(said, seed=7, **settings)
    draws = 4000
    counts = Counter(choose(LOGITS[None].clone(), [sampler])[0] for _ in range(draws))
    expected = _transformers_probabilities(sampler.sampling, said)
    for token, probability in enumerate(expected.tolist()):
        if probability == 0:
            assert counts[token] == 0
        else:
            assert abs(counts[token] / draws - probability) < 0.035


def test_greedy_is_the_best_token_after_the_penalty() -> None:
    assert choose(LOGITS[None].clone(), [_sampler(temperature=0)]) == [4]
    penalized = _sampler((4,), temperature=0, repetition_penalty=2.0)
    assert choose(LOGITS[None].clone(), [penalized]) == [0]
    penalized.add(0)
    assert choose(LOGITS[None].clone(), [penalized]) == [4]  # 3 / 2 = 1.5 before token 7's 1.5


def test_a_choice_does_not_depend_on_the_neighbours() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(30, 8, generator=generator)
    settings: list[dict[str, Any]] = [
        {"seed": 5, "top_k": 4},
        {"temperature": 0},
        {"top_p": 0.6, "seed": 9},
        {"top_k": 2, "seed": 1, "repetition_penalty": 1.3},
    ]
    together = [_sampler((1, 2), **s) for s in settings]
    alone = [_sampler((1, 2), **s) for s in settings]
    for step in logits:
        mixed = choose(step.repeat(4, 1), together)
        assert mixed == [choose(step[None].clone(), [sampler])[0] for sampler in alone]


def test_one_seed_is_one_reply_and_another_is_another() -> None:
    logits = torch.zeros(1, 50)
    runs = [
        tuple(choose(logits.clone(), [sampler])[0] for _ in range(20))
        for sampler in (_sampler(seed=3), _sampler(seed=3), _sampler(seed=4))
    ]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_numbers_that_overflowed_choose_nothing(temperature: float) -> None:
    logits = LOGITS.repeat(3, 1)
    logits[1, 2] = float("nan")
    logits[2, 3] = float("inf")
    rows = [_sampler(temperature=temperature) for _ in range(3)]
    chosen = choose(logits, rows)
    assert chosen[0] is not None
    assert chosen[1:] == [None, None]
