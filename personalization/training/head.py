"""What a frozen output head says of a few tokens, with gradients, without keeping its logits.

The head is never trained, so the gradient of a log-probability, or of a divergence, with respect to
the hidden state is known in closed form and is computed together with the value: logits of a chunk
of tokens are made, used and dropped. (As in cut cross-entropy, Wijmans et al. 2024, for a frozen
head.) Float32 but for the two matrix products. Knows hidden states and token ids.
"""

from __future__ import annotations

import math
from typing import Any, Final

import torch
from torch import Tensor

_CHUNK: Final = 256
"""Tokens whose logits exist at a time: 50 MB of float32 for 49,152 words."""


def token_logprobs(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """log π of ``targets`` ``[tokens]`` given ``hidden`` ``[tokens, width]`` → ``[tokens]``.

    ``weight``: the head's, ``[vocabulary, width]``; no gradient reaches it.
    """
    logprobs: Tensor = _TokenLogprobs.apply(hidden, weight, targets)  # type: ignore[no-untyped-call]
    return logprobs


def kl_to(reference: Tensor, hidden: Tensor, weight: Tensor, *, cap: float = math.inf) -> Tensor:
    """KL(π ‖ π_ref) at each token → ``[tokens]``, as ``losses.anchor_kl``.

    ``reference``: the base's hidden states ``[tokens, width]``.
    """
    kl: Tensor = _KlTo.apply(reference, hidden, weight, cap)  # type: ignore[no-untyped-call]
    return kl


class _TokenLogprobs(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        values, slopes = [], []
        for part, wanted in zip(
            torch.split(hidden, _CHUNK), torch.split(targets, _CHUNK), strict=True
        ):
            logprobs = (part @ weight.T).float().log_softmax(-1)  # [chunk, vocabulary]
            at = wanted.unsqueeze(1)
            values.append(logprobs.gather(1, at).squeeze(1))
            if ctx.needs_input_grad[0]:
                # d log π(y) / d logits = onehot(y) - π
                slope = logprobs.exp_().neg_()
                slope.scatter_add_(1, at, torch.ones_like(at, dtype=slope.dtype))
                slopes.append(slope.to(weight.dtype) @ weight)
        if slopes:
            ctx.save_for_backward(torch.cat(slopes))
        return torch.cat(values) if values else hidden.new_zeros(0, dtype=torch.float32)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (slopes,) = ctx.saved_tensors
        return (slopes * grads[0].unsqueeze(1)).to(slopes.dtype), None, None


class _KlTo(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, reference: Tensor, hidden: Tensor, weight: Tensor, cap: float) -> Tensor:
        logprobs = (hidden @ weight.T).float().log_softmax(-1)  # [tokens, vocabulary]
        probabilities = logprobs.exp()
        ratios = logprobs.sub_((reference @ weight.T).float().log_softmax(-1))
        kl = (probabilities * ratios).sum(-1)
        if ctx.needs_input_grad[1]:
            # d KL / d logits = π · (log π/π_ref - KL)
            slope = ratios.sub_(kl.unsqueeze(1)).mul_(probabilities)
            slope.mul_((kl < cap).unsqueeze(1))
            ctx.save_for_backward(slope.to(weight.dtype) @ weight)
        return kl.clamp(max=cap)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[None, Tensor, None, None]:
        (slopes,) = ctx.saved_tensors
        return None, (slopes * grads[0].unsqueeze(1)).to(slopes.dtype), None, None
