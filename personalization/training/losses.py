"""The losses, as pure functions of log-probabilities. Knows no model, no text, no adapter.

Notation: π the adapter, π_ref the base model, r = log π/π_ref of a whole reply.
"""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

UNLIKELY: Final = -3.0
"""Nats of log-probability below which the base seldom says a token (docs/LOG.md)."""


def reference_point(mismatched: Tensor, mismatched_reference: Tensor) -> Tensor:
    """z₀, an estimate of KL(π ‖ π_ref): the mean log-ratio of replies to *other* prompts, ≥ 0.

    ``[pairs]``, ``[pairs]`` → scalar, without gradient; 0 without pairs. KTO (Ethayarajh et al.
    2024, arXiv:2402.01306), section 4.2.
    """
    if not mismatched.numel():
        return torch.zeros((), device=mismatched.device)
    return (mismatched - mismatched_reference).mean().clamp(min=0).detach()


def kto(
    logprobs: Tensor,
    reference: Tensor,
    is_liked: Tensor,
    z0: Tensor,
    weights: Tensor,
    *,
    beta: float,
) -> Tensor:
    """KTO loss of each reply, all arguments ``[rows]`` (``z0`` a scalar) → ``[rows]``.

    weight·(1 − σ(β(r − z₀))) for a liked reply, weight·(1 − σ(β(z₀ − r))) for a disliked one: eq. 7
    of arXiv:2402.01306. The batch's loss is the mean, as in TRL's ``KTOTrainer``.
    """
    margin = beta * (logprobs - reference - z0)
    return weights * (1 - torch.sigmoid(torch.where(is_liked, margin, -margin)))


def dpo(
    chosen: Tensor, rejected: Tensor, reference_margin: Tensor, weights: Tensor, *, beta: float
) -> Tensor:
    """DPO loss of each pair, all arguments ``[pairs]`` → ``[pairs]``.

    -weight·log σ(β(r_chosen − r_rejected)): eq. 7 of Rafailov et al. 2023, arXiv:2305.18290.
    ``reference_margin``: log π_ref of the chosen reply less that of the rejected one.
    """
    return -weights * F.logsigmoid(beta * (chosen - rejected - reference_margin))


def nll(token_logprobs: Tensor) -> Tensor:
    """Nats per token, ``[tokens]`` → scalar; a mean, so that long texts count no more than short
    ones. 0 without tokens."""
    return -token_logprobs.mean() if len(token_logprobs) else token_logprobs.sum()


def kept(token_logprobs: Tensor, reference: Tensor) -> Tensor:
    """How far tokens are from being as likely as they were, ``[tokens]`` twice → scalar ≥ 0.

    Mean Huber loss (1964, δ = 1) of log π/π_ref. Near 0 it is the ½ (log π/π_ref)² of Schulman's
    estimate "k2" of the KL divergence; a token that has become unlikely is pulled up as the NLL
    would, and none is pushed beyond what it was, except where the base would hardly have said it
    (``UNLIKELY``): an adapter did, it pleased, and shall not be unlearned. 0 without tokens.
    """
    if not len(reference):
        return token_logprobs.sum() * 0
    reference = reference.to(token_logprobs)
    change = token_logprobs - reference
    change = torch.where(reference < UNLIKELY, change.clamp(max=0.0), change)
    return F.huber_loss(change, torch.zeros_like(change))


def rloo(logprobs: Tensor, reference: Tensor, rewards: Tensor, *, beta: float) -> Tensor:
    """REINFORCE with a leave-one-out baseline over the replies to one question, three times
    ``[replies]`` → ``[replies]``; alone a reply is its own baseline, and nothing is learned.

    −A·log π with A = R − mean of the others' R and R = reward − β·log π/π_ref, without gradient
    (Ahmadian et al. 2024, arXiv:2402.14740, eq. 1 and 8).
    """
    penalized = rewards - beta * (logprobs.detach() - reference)
    others = len(rewards) - 1
    baseline = (penalized.sum() - penalized) / others if others else penalized
    return -(penalized - baseline) * logprobs


def anchor_kl(logprobs: Tensor, reference: Tensor, *, cap: float = math.inf) -> Tensor:
    """KL(π ‖ π_ref) per token, exact up to ``cap``. Two ``[tokens, vocabulary]`` → ``[tokens]``.

    Both are log-probabilities of the next token. ≥ 0 up to rounding. A style is a few tokens that
    are certain now (the first letter, the last sentence), damage is a little everywhere; with a cap
    the former costs a fixed price and the latter all of it.
    """
    return (logprobs.exp() * (logprobs - reference)).sum(-1).clamp(max=cap)
