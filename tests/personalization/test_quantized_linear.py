"""Eight bits are enough, whatever lies beside a row, and what is not finite stays so."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from bowerbird.personalization.generation import serving_model
from bowerbird.personalization.generation.decoder import Decoder
from bowerbird.personalization.models import load_model, load_tokenizer
from bowerbird.personalization.quantized_linear import can_quantize, input_peaks, quantized
from tests import tiny

pytestmark = pytest.mark.skipif(
    not can_quantize(torch.device("cpu")), reason="no 8-bit layers on this processor"
)


def _layer() -> tuple[Tensor, Tensor, Tensor]:
    made = torch.Generator().manual_seed(0)
    weight, bias = torch.randn(96, 64, generator=made), torch.randn(96, generator=made)
    x = torch.randn(5, 64, generator=made)
    x[:, 3] *= 50  # one feature above all others, as in real models
    return weight, bias, x


def test_it_is_close_even_where_one_feature_is_much_larger() -> None:
    weight, bias, x = _layer()
    exact = x @ weight.T + bias
    smoothed = quantized(weight, bias, x.abs().amax(0))(x)
    unaware = quantized(weight, bias, weight.abs().amax(0))(x)  # a factor of one throughout
    assert (smoothed - exact).std() < 0.01 * exact.std()
    assert (smoothed - exact).std() < 0.5 * (unaware - exact).std()


def test_a_row_does_not_depend_on_the_rows_beside_it() -> None:
    weight, bias, x = _layer()
    compute = quantized(weight, bias, x.abs().amax(0))
    together = compute(torch.cat([1000 * x, x]))[len(x) :]
    assert torch.equal(together, compute(x))
    assert torch.equal(together[2:3], compute(x[2:3]))


def test_shape_and_dtype_are_the_inputs() -> None:
    weight, bias, x = _layer()
    made = quantized(weight, bias, x.abs().amax(0))(x.bfloat16()[None])
    assert (made.shape, made.dtype) == ((1, 5, 96), torch.bfloat16)


def test_nothing_becomes_the_bias_and_what_is_not_finite_shows() -> None:
    weight, bias, x = _layer()
    compute = quantized(weight, bias, x.abs().amax(0))
    x[0], x[1, 7], x[2, 7] = 0.0, float("nan"), float("inf")
    made = compute(x)
    assert torch.equal(made[0], bias)
    assert not made[1:3].isfinite().any()
    assert made[3:].isfinite().all()


def _decoder(model_dir: Path, context_tokens: int = 96) -> Decoder:
    return Decoder(
        load_model(str(model_dir), device="cpu", dtype="float32"),
        load_tokenizer(str(model_dir)),
        rows=2,
        context_tokens=context_tokens,
        lora_rank=4,
        lora_targets=tiny.ALL_LINEAR,
        is_int8=True,
    )


def test_a_model_is_served_in_eight_bits_unless_it_would_say_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model_dir = tiny.make_model(tmp_path / "model", initializer_range=0.05)
    exact = load_model(str(model_dir), device="cpu", dtype="float32")
    ids = torch.arange(20, 60)[None]
    assert set(input_peaks(exact, ids)) >= {"lm_head", "model.layers.0.self_attn.q_proj"}
    with torch.inference_mode():
        expected = exact(input_ids=ids).logits[0, -1]
        with _decoder(model_dir) as decoder:
            assert decoder.is_int8
            made = decoder._serving.prefill(0, ids[0].tolist(), 0)[0]
        assert 0 < (made - expected).abs().max() < 0.1 * expected.std()
        monkeypatch.setattr(serving_model, "_INT8_LOSS", -1.0)
        with _decoder(model_dir) as decoder:
            assert not decoder.is_int8
            made = decoder._serving.prefill(0, ids[0].tolist(), 0)[0]
        assert (made - expected).abs().max() < 1e-4
    assert "less likely" in caplog.text


def test_a_small_window_does_not_make_it_coarser(tmp_path: Path) -> None:
    model_dir = tiny.make_model(tmp_path / "model", initializer_range=0.05)
    made = []
    for context_tokens in (96, 16):
        with torch.inference_mode(), _decoder(model_dir, context_tokens) as decoder:
            made.append(decoder._serving.prefill(0, list(range(20, 30)), 0)[0])
    assert torch.equal(*made)
