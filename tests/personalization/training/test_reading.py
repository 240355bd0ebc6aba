"""Rows read together come to what the model says to each alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.personalization.prompting import Encoded
from bowerbird.personalization.training import head, losses
from bowerbird.personalization.training.sampler import seeds_for
from bowerbird.personalization.training.shared_base import SharedBase
from bowerbird.personalization.training.trie import attention_mask, lay_out
from bowerbird.personalization.types import Sampling
from bowerbird.storage.records import Turn
from tests.personalization.training.samples import SYSTEM
from tests.tiny import ATTENTION

ROWS = st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=5)


@given(ROWS)
def test_a_trie_holds_every_row_and_each_beginning_once(rows: list[list[int]]) -> None:
    trie = lay_out(rows)
    beginnings = {tuple(row[: i + 1]) for row in rows for i in range(len(row))}
    assert len(trie) == len(beginnings)
    for row, path in zip(rows, trie.paths, strict=True):
        assert [trie.ids[place] for place in path] == row
        assert [trie.positions[place] for place in path] == list(range(len(row)))


@given(ROWS)
def test_a_token_sees_what_is_before_it_in_its_row_and_nothing_else(rows: list[list[int]]) -> None:
    trie = lay_out(rows)
    length = len(trie) + 2
    is_seen = attention_mask([trie], length, torch.zeros(1))[0, 0] == 0
    for path in trie.paths:
        for i, place in enumerate(path):
            assert is_seen[place].nonzero().flatten().tolist() == sorted(path[: i + 1])
    for place in (length - 2, length - 1):  # padding sees itself, or its softmax is no number
        assert is_seen[place].nonzero().flatten().tolist() == [place]


@pytest.fixture(scope="module")
def base(tiny_model_dir: Path) -> SharedBase:
    return SharedBase(str(tiny_model_dir), dtype="float32")


def asked(text: str) -> tuple[Turn, ...]:
    return (SYSTEM, Turn("user", text))


def own_logprobs(base: SharedBase, row: Encoded) -> torch.Tensor:
    """By the model's whole forward pass, without slots."""
    with torch.no_grad():
        logits = base.model(torch.tensor([row.ids[:-1]])).logits[0].log_softmax(-1)
    wanted = sum(row.loss_mask)
    return logits[-wanted:].gather(1, torch.tensor(row.ids[-wanted:])[:, None])[:, 0]


def test_many_peoples_rows_are_each_alone(base: SharedBase) -> None:
    people = [
        [
            base.row(asked("One?"), "Yes."),
            base.row(asked("One?"), "Yes, and more."),
            base.row(asked("Two?"), "No"),
        ],
        [base.row(asked("Something else entirely?"), "Perhaps. " * 5)],
    ]
    with base.adapters(count=2, rank=4, targets=ATTENTION) as slots:
        for slot in range(2):
            values = torch.randn(
                slots.values.shape[1], generator=torch.Generator().manual_seed(slot)
            )
            slots.load(slot, values * 0.1)
        with torch.no_grad():
            hidden = base.hidden(people, [1, None])
            together = base.reader.logprobs([row for own in people for row in own], hidden)
            alone = [base.token_logprobs(row, 1) for row in people[0]]
    plain = [own_logprobs(base, row) for own in people for row in own]
    for found, expected in zip(together, [*alone, plain[3]], strict=True):
        assert torch.allclose(found, expected, atol=1e-5)
    assert float((together[0] - plain[0]).abs().max()) > 0.05, "the slot counts"
    sums = base.logprobs_of([row for own in people for row in own])
    assert torch.allclose(sums, torch.stack([row.sum() for row in plain]), atol=1e-4)


def test_the_heads_values_and_gradients_are_autograds() -> None:
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(11, 6, generator=generator)
    hidden = torch.randn(600, 6, generator=generator).requires_grad_()
    again = hidden.detach().clone().requires_grad_()
    targets = torch.randint(0, 11, (600,), generator=generator)
    base = torch.randn(600, 6, generator=generator)
    reference = (base @ weight.T).log_softmax(-1)
    cap = 0.3  # more than some, less than others
    scale = torch.randn(600, generator=generator)
    logprobs = (hidden @ weight.T).log_softmax(-1)
    for ours, theirs in (
        (head.token_logprobs(again, weight, targets), logprobs[range(600), targets]),
        (head.kl_to(base, again, weight), losses.anchor_kl(logprobs, reference)),
        (head.kl_to(base, again, weight, cap=cap), losses.anchor_kl(logprobs, reference, cap=cap)),
    ):
        assert torch.allclose(ours, theirs, atol=1e-4)
        (slope,) = torch.autograd.grad((ours * scale).sum(), again)
        (expected,) = torch.autograd.grad((theirs * scale).sum(), hidden, retain_graph=True)
        assert torch.allclose(slope, expected, atol=1e-4)


def test_replies_are_drawn_through_the_slot_as_it_is_now(base: SharedBase) -> None:
    prompts = [base.prompt(asked(text)) for text in ("Hi", "What is a bower?")]
    sampling = Sampling(max_new_tokens=12)
    plain = base.replies(prompts, [None, None], seeds=seeds_for(4, 2), sampling=sampling)
    with base.adapters(count=2, rank=4, targets=ATTENTION) as slots:
        same = base.replies(prompts, [0, None], seeds=seeds_for(4, 2), sampling=sampling)
        slots.load(
            0, torch.randn(slots.values.shape[1], generator=torch.Generator().manual_seed(1))
        )
        mixed = base.replies(prompts, [0, None], seeds=seeds_for(4, 2), sampling=sampling)
    assert same == plain  # a slot that nothing was put into is the base
    assert mixed[0] != plain[0]
    assert mixed[1] == plain[1]
    assert base.replies(prompts, [None, None], seeds=seeds_for(4, 2), sampling=sampling) == plain
