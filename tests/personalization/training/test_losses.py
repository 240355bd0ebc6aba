"""The losses against figures that TRL's own code gave, and against their definitions."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from bowerbird.personalization.training import losses

# From `KTOTrainer._compute_loss` of trl 1.16.0 (torch 2.13.0), given these log-probabilities of
# three tokens each; liked, disliked, disliked, liked.
TRL_VERSION = "1.16.0"
LIKED = [True, False, False, True]
TRL: list[dict[str, Any]] = [
    {
        "logprobs": [
            [-1.489, -2.305, -0.265],
            [-0.396, -0.922, -1.902],
            [-1.47, -2.689, -1.367],
            [-1.897, -1.047, -1.205],
        ],
        "reference": [
            [-0.067, -0.507, -0.882],
            [-1.556, -2.093, -2.4],
            [-0.483, -0.847, -2.045],
            [-2.746, -1.191, -2.622],
        ],
        "mismatched": [
            [-1.258, -1.659, -2.858],
            [-0.108, -0.556, -1.12],
            [-0.915, -2.796, -0.528],
            [-0.81, -0.452, -0.095],
        ],
        "mismatched_reference": [
            [-0.624, -2.789, -2.169],
            [-2.227, -1.579, -0.731],
            [-1.754, -0.099, -0.416],
            [-0.727, -2.446, -2.379],
        ],
        "beta": 0.1,
        "liked_weight": 1.0,
        "disliked_weight": 1.0,
        "z0": 1.19625,
        "loss": 0.505342,
    },
    {
        "logprobs": [
            [-2.273, -0.838, -1.209],
            [-2.204, -0.088, -2.4],
            [-1.191, -2.263, -1.709],
            [-1.316, -1.916, -1.574],
        ],
        "reference": [
            [-2.048, -0.915, -1.391],
            [-1.365, -1.717, -1.494],
            [-2.811, -1.967, -0.941],
            [-0.594, -1.249, -0.853],
        ],
        "mismatched": [
            [-0.019, -0.572, -1.394],
            [-1.315, -0.01, -1.43],
            [-0.919, -1.923, -1.49],
            [-0.01, -0.01, -0.01],
        ],
        "mismatched_reference": [
            [-2.817, -1.25, -2.142],
            [-0.803, -2.972, -0.865],
            [-2.625, -1.518, -0.71],
            [-2.271, -0.704, -1.941],
        ],
        "beta": 0.1,
        "liked_weight": 4.0,
        "disliked_weight": 0.75,
        "z0": 2.879,
        "loss": 1.355574,
    },
    {
        "logprobs": [
            [-1.844, -1.143, -1.911],
            [-1.423, -2.141, -1.857],
            [-1.328, -0.287, -1.842],
            [-0.172, -1.697, -1.6],
        ],
        "reference": [
            [-1.17, -2.727, -1.6],
            [-2.122, -2.135, -0.615],
            [-0.923, -2.943, -0.031],
            [-1.398, -1.381, -2.564],
        ],
        "mismatched": [
            [-2.357, -2.895, -2.428],
            [-1.66, -1.65, -1.771],
            [-1.137, -1.527, -2.853],
            [-3.487, -2.574, -1.812],
        ],
        "mismatched_reference": [
            [-2.159, -0.924, -1.168],
            [-0.678, -1.029, -0.11],
            [-2.14, -2.083, -1.798],
            [-2.236, -2.136, -1.566],
        ],
        "beta": 0.5,
        "liked_weight": 1.0,
        "disliked_weight": 1.33,
        "z0": 0.0,
        "loss": 0.504835,
    },
]


def summed(rows: list[list[float]]) -> torch.Tensor:
    return torch.tensor(rows).sum(-1)


@pytest.mark.parametrize("case", TRL, ids=["even", "weighted, z0 > 0", "z0 clamped"])
def test_kto_is_trls(case: dict[str, Any]) -> None:
    z0 = losses.reference_point(summed(case["mismatched"]), summed(case["mismatched_reference"]))
    weights = [case["liked_weight"] if liked else case["disliked_weight"] for liked in LIKED]
    loss = losses.kto(
        summed(case["logprobs"]),
        summed(case["reference"]),
        torch.tensor(LIKED),
        z0,
        torch.tensor(weights),
        beta=case["beta"],
    )
    assert float(z0) == pytest.approx(case["z0"], abs=1e-5)
    assert float(loss.mean()) == pytest.approx(case["loss"], abs=1e-5)


def test_z0_is_never_negative_and_has_no_gradient() -> None:
    now = torch.tensor([-5.0, -6.0], requires_grad=True)
    assert losses.reference_point(now, torch.zeros(2)).item() == 0
    assert losses.reference_point(now, torch.full((2,), -9.0)).item() == pytest.approx(3.5)
    assert not losses.reference_point(now, torch.full((2,), -9.0)).requires_grad
    assert losses.reference_point(torch.zeros(0), torch.zeros(0)).item() == 0


def test_liked_replies_are_pulled_up_and_disliked_ones_pushed_down() -> None:
    logprobs = torch.zeros(2, requires_grad=True)
    losses.kto(
        logprobs,
        torch.zeros(2),
        torch.tensor([True, False]),
        torch.zeros(()),
        torch.ones(2),
        beta=0.1,
    ).sum().backward()
    assert logprobs.grad is not None
    assert logprobs.grad[0] < 0 < logprobs.grad[1]


def test_anchor_kl_is_the_definition() -> None:
    p, q = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.9, 0.1]])
    expected = 0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1)
    assert losses.anchor_kl(p.log(), q.log()).item() == pytest.approx(expected)
    assert losses.anchor_kl(p.log(), p.log()).item() == 0
    assert losses.anchor_kl(p.log(), q.log(), cap=0.3).item() == pytest.approx(0.3)


# --- DPO, RLOO, NLL -----------------------------------------------------------------------------

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("trl.json").read_text("utf-8"))
"""What trl 1.16.0 (torch 2.13.0) gave for random log-probabilities of four tokens a reply.

``dpo``: ``DPOTrainer._compute_loss`` (``loss_types=["sigmoid"]``, precomputed reference) with a
model whose ``log_probs`` are ``logprobs``, three chosen rows, then three rejected ones. ``rloo``:
the lines of ``RLOOTrainer`` from "Include the KL penalty in the reward" to ``advantages``, one
question with four replies, then its ``_compute_loss`` with ``old_logps`` its own. ``slope``:
the gradient of the loss with respect to each reply's log-probability.
"""


@pytest.mark.parametrize("case", RECORDED["dpo"], ids=lambda case: f"beta {case['beta']}")
def test_dpo_is_trls(case: dict[str, Any]) -> None:
    logprobs = summed(case["logprobs"]).requires_grad_()
    reference = summed(case["reference"])
    margin = reference[:3] - reference[3:]
    pairs = losses.dpo(logprobs[:3], logprobs[3:], margin, torch.ones(3), beta=case["beta"])
    pairs.mean().backward()
    assert float(pairs.mean().detach()) == pytest.approx(case["loss"], abs=1e-5)
    assert logprobs.grad is not None
    assert logprobs.grad.tolist() == pytest.approx(case["slope"], abs=1e-5)


@pytest.mark.parametrize("case", RECORDED["rloo"], ids=lambda case: f"beta {case['beta']}")
def test_rloo_is_trls(case: dict[str, Any]) -> None:
    """On its own samples TRL's ratio is 1, so the values differ, but the gradients are the same."""
    logprobs = summed(case["logprobs"]).requires_grad_()
    rewards = torch.tensor(case["rewards"])
    loss = losses.rloo(logprobs, summed(case["reference"]), rewards, beta=case["beta"])
    advantages = (-loss / logprobs).detach()
    assert advantages.tolist() == pytest.approx(case["advantages"], abs=1e-5)
    loss.mean().backward()
    assert logprobs.grad is not None
    assert logprobs.grad.tolist() == pytest.approx(case["slope"], abs=1e-5)


def test_a_reply_alone_has_nothing_to_be_compared_with() -> None:
    loss = losses.rloo(torch.tensor([-3.0]), torch.tensor([-2.0]), torch.tensor([1.0]), beta=0.1)
    assert loss.tolist() == [0.0]


def test_nll_is_per_token() -> None:
    """As the mean of cross-entropy over a reply, which is what TRL's ``SFTTrainer`` minimizes for
    one row."""
    logits, targets = torch.randn(5, 7), torch.tensor([1, 0, 6, 2, 2])
    logprobs = logits.log_softmax(-1)[range(5), targets]
    found = losses.nll(logprobs)
    assert float(found) == pytest.approx(float(torch.nn.functional.cross_entropy(logits, targets)))


def test_kept_tokens_are_drawn_to_what_they_were_from_either_side() -> None:
    reference = torch.tensor([-1.0, -1.0, -1.0])
    now = torch.tensor([-1.0, -0.5, -9.0], requires_grad=True)
    loss = losses.kept(now, reference)
    assert loss.item() == pytest.approx((0 + 0.5 * 0.5**2 + 8 - 0.5) / 3)
    (slope,) = torch.autograd.grad(loss, now)
    assert slope.tolist() == pytest.approx([0, 0.5 / 3, -1 / 3]), "as steep as the NLL at most"


def test_what_only_an_adapter_said_and_was_kept_may_become_likelier_and_not_less_likely() -> None:
    reference = torch.tensor([losses.UNLIKELY - 1, losses.UNLIKELY - 1])
    now = torch.tensor([-0.5, -9.0], requires_grad=True)
    (slope,) = torch.autograd.grad(losses.kept(now, reference), now)
    assert slope.tolist() == pytest.approx([0, -1 / 2])


def test_no_tokens_no_loss() -> None:
    nothing = torch.zeros(0, requires_grad=True)
    assert losses.nll(nothing).item() == losses.kept(nothing, torch.zeros(0)).item() == 0
