"""The synchronous core: every reply is what it would be alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel

from bowerbird.personalization.errors import (
    GenerationError,
    ModelError,
    OutOfMemoryError,
    PromptTooLongError,
)
from bowerbird.personalization.generation import serving_model
from bowerbird.personalization.generation.decoder import Decoder, Output, Row, sample_replies
from bowerbird.personalization.generation.memory import Extras
from bowerbird.personalization.generation.prefix_cache import PrefixCache
from bowerbird.personalization.lora import AdapterWeights
from bowerbird.personalization.models import load_model, load_tokenizer
from bowerbird.personalization.types import FinishReason, Sampling
from tests import tiny

GREEDY = Sampling(temperature=0, repetition_penalty=1.0, max_new_tokens=12)
PROMPTS = [(1, 40, 50, 60), (1, 300, 7), tuple(range(20, 60)), (1, 5, 5, 5, 9)]


@pytest.fixture(scope="module", params=["llama", "qwen3"])
def model_dir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.make_model(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def adapters(model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("adapters")
    make = tiny.make_adapter
    return [
        make(model_dir, root / "0", seed=1, targets=tiny.ALL_LINEAR),
        make(model_dir, root / "1", seed=2, rank=2),
    ]


def _open(
    model_dir: Path, rows: int = 4, context_tokens: int = 96, dtype: str = "float32"
) -> Decoder:
    return Decoder(
        load_model(str(model_dir), device="cpu", dtype=dtype),
        load_tokenizer(str(model_dir)),
        rows=rows,
        context_tokens=context_tokens,
        lora_rank=4,
        lora_targets=tiny.ALL_LINEAR,
    )


@pytest.fixture
def decoder(model_dir: Path) -> Iterator[Decoder]:
    with _open(model_dir) as decoder:
        yield decoder


def _pack(decoder: Decoder, path: Path | None) -> torch.Tensor | None:
    return None if path is None else decoder.pack(AdapterWeights.load(path))


def _expected(model_dir: Path, prompt: tuple[int, ...], adapter: Path | None) -> tuple[int, ...]:
    """Greedy tokens by transformers' own generate, with PEFT's own adapter."""
    model: Any = load_model(str(model_dir), device="cpu", dtype="float32")
    if adapter is not None:
        model = PeftModel.from_pretrained(model, adapter)
    with torch.inference_mode():
        ids = model.generate(
            input_ids=torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            do_sample=False,
            max_new_tokens=GREEDY.max_new_tokens,
        )[0, len(prompt) :].tolist()
    return tuple(ids[:-1] if ids[-1] == 2 else ids)


def _run(decoder: Decoder, wanted: list[Row]) -> dict[Row, tuple[int, ...]]:
    """Step until ``wanted`` have ended."""
    said: dict[Row, tuple[int, ...]] = dict.fromkeys(wanted, ())
    left = set(wanted)
    for _ in range(500):
        for output in decoder.step():
            if output.row in said:
                assert output.error is None
                said[output.row] += output.token_ids
                if output.finish_reason is not None:
                    left.discard(output.row)
        if not left:
            return said
    raise AssertionError("it did not end")


def _admit(decoder: Decoder, row: Row, said: dict[Row, tuple[int, ...]] | None = None) -> Row:
    """Step until there is a row for it; what is said meanwhile goes to ``said``."""
    for _ in range(100):
        if decoder.can_admit:
            decoder.admit(row)
            return row
        for output in decoder.step():
            if said is not None and output.row in said:
                said[output.row] += output.token_ids
    raise AssertionError("no row came free")


def test_a_mixed_batch_is_transformers_and_peft_alone(
    decoder: Decoder, model_dir: Path, adapters: list[Path]
) -> None:
    cases = [
        (PROMPTS[0], adapters[0]),
        (PROMPTS[1], None),
        (PROMPTS[2], adapters[1]),
        (PROMPTS[0], adapters[1]),
        (PROMPTS[3], adapters[0]),
        (PROMPTS[0], None),
    ]
    replies = sample_replies(
        decoder, [Row(prompt, GREEDY, _pack(decoder, path)) for prompt, path in cases]
    )
    expected = [_expected(model_dir, prompt, path) for prompt, path in cases]
    assert [tokens for _, tokens, _ in replies] == expected
    assert len(set(expected)) >= 5, "the adapters differ, so a mix-up would show"
    tokenizer = load_tokenizer(str(model_dir))
    for text, tokens, reason in replies:
        assert tokenizer.decode(tokens).startswith(text)
        assert (reason is FinishReason.LENGTH) == (len(tokens) == GREEDY.max_new_tokens)
    assert decoder.active == 0


def test_logits_with_and_without_neighbours_are_pefts(
    model_dir: Path, adapters: list[Path]
) -> None:
    """Prefill in pieces and decode beside others, against PEFT's plain forward, ≤ 1e-4."""
    prompt = PROMPTS[2]
    reference: Any = PeftModel.from_pretrained(
        load_model(str(model_dir), device="cpu", dtype="float32"), adapters[0]
    )
    decoder = _open(model_dir)
    serving = decoder._serving
    with torch.inference_mode():
        expected = reference(torch.tensor([prompt])).logits[0]
        serving.slots.load(2, AdapterWeights.load(adapters[1]))
        serving.slots.load(1, AdapterWeights.load(adapters[0]))
        serving.prefill(0, PROMPTS[3], 0)
        serving.prefill(2, PROMPTS[0], 0)
        got = [serving.prefill(1, prompt[:7], 0)[0], serving.prefill(1, prompt[7:20], 7)[0]]
        for i in range(20, 24):
            ids, places = [5, prompt[i], 7], [5 + i - 20, i, 4 + i - 20]
            got.append(serving.decode(ids, places)[1])
    wanted = expected[[6, 19, 20, 21, 22, 23]]
    assert (torch.stack(got) - wanted).abs().max() <= 1e-4
    decoder.close()


def test_bfloat16_logits_are_float32s_but_for_rounding(
    model_dir: Path, adapters: list[Path]
) -> None:
    rows = []
    for dtype in ("float32", "bfloat16"):
        decoder = _open(model_dir, dtype=dtype)
        serving = decoder._serving
        with torch.inference_mode():
            serving.slots.load(0, AdapterWeights.load(adapters[0]))
            got = [serving.prefill(0, PROMPTS[2][:20], 0)[0]]
            got += [serving.decode([PROMPTS[2][i]], [i])[0] for i in range(20, 30)]
        rows.append(torch.stack(got))
        decoder.close()
    assert (rows[0] - rows[1]).abs().mean() <= 0.05 * rows[0].std()


def test_joining_leaving_and_cancelling_change_nobody_elses_tokens(
    decoder: Decoder, adapters: list[Path]
) -> None:
    packed = [_pack(decoder, path) for path in adapters]
    long = Sampling(temperature=0, repetition_penalty=1.1, max_new_tokens=30)
    drawn = Sampling(temperature=1.0, seed=11, max_new_tokens=30)
    watched = [(PROMPTS[2], long, packed[0]), (PROMPTS[0], drawn, packed[1])]
    alone = [_run(decoder, [_admit(decoder, row := Row(*w))])[row] for w in watched]
    assert all(len(tokens) >= 20 for tokens in alone), "long enough for things to happen"

    first = _admit(decoder, Row(PROMPTS[1], long, packed[1]))
    rows = [Row(*w) for w in watched]
    said: dict[Row, tuple[int, ...]] = dict.fromkeys(rows, ())
    for row in rows:
        _admit(decoder, row, said)
    passing: list[Row] = []
    for step in range(200):
        if step == 3:
            decoder.cancel(first)  # a row before theirs: they move
        if step in (4, 6, 9, 12):
            short = Sampling(temperature=0.9, seed=step, max_new_tokens=step)
            if decoder.can_admit:
                decoder.admit(row := Row(PROMPTS[step % 4], short, packed[step % 2]))
                passing.append(row)
        if step == 7 and passing:
            decoder.cancel(passing[0])
        outputs = decoder.step()
        for output in outputs:
            if output.row in said:
                said[output.row] += output.token_ids
        if not decoder.active:
            break
    assert [said[row] for row in rows] == alone
    assert len(passing) >= 3


def test_a_cancelled_prompt_frees_its_row(decoder: Decoder) -> None:
    row = Row(PROMPTS[0], GREEDY)
    decoder.admit(row)
    assert not decoder.can_admit
    decoder.cancel(row)
    decoder.cancel(row)
    assert decoder.can_admit
    assert decoder.active == 0
    assert decoder.step() == []


def test_a_long_prompt_is_read_in_chunks_beside_the_others(
    model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bowerbird.personalization.generation.decoder._BUSY_CHUNK", 8)
    prompt = tuple(3 + (i * 7) % 300 for i in range(60))
    with _open(model_dir) as decoder:
        talking = _admit(decoder, Row(PROMPTS[0], GREEDY))
        while not decoder.can_admit:
            decoder.step()
        decoder.admit(reading := Row(prompt, GREEDY))
        outputs = [decoder.step() for _ in range(7)]
        assert all([o.row for o in step] == [talking] for step in outputs), "nobody's stream stalls"
        assert [output.row for output in decoder.step()].count(reading) == 2
        assert reading.cached == 61
        rest = _run(decoder, [reading])[reading]
    expected = _expected(model_dir, prompt, None)
    assert expected[2:] == rest


def _watch_reading(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tokens each pass over a prompt reads from now on."""
    read: list[int] = []
    prefill = decoder._serving.prefill

    def watched(row: int, ids: tuple[int, ...], start: int) -> torch.Tensor:
        read.append(len(ids))
        return prefill(row, ids, start)

    monkeypatch.setattr(decoder._serving, "prefill", watched)
    return read


@pytest.mark.parametrize("adapter", [0, None])
def test_candidates_read_their_prompt_once_and_are_what_they_would_be_alone(
    decoder: Decoder, adapters: list[Path], monkeypatch: pytest.MonkeyPatch, adapter: int | None
) -> None:
    packed = None if adapter is None else _pack(decoder, adapters[adapter])
    drawn = [Sampling(temperature=1.0, seed=seed, max_new_tokens=20) for seed in range(1, 5)]
    alone = [sample_replies(decoder, [Row(PROMPTS[2], one, packed)])[0][1] for one in drawn]
    assert len(set(alone)) == 4
    assert len(alone[0]) > 6, "so that it still speaks when the others come"

    read = _watch_reading(decoder, monkeypatch)
    candidates = [Row(PROMPTS[2], one, packed) for one in drawn]
    said: dict[Row, tuple[int, ...]] = dict.fromkeys(candidates, ())
    _admit(decoder, candidates[0])
    for _ in range(3):  # the others come when the first has begun to speak
        for output in decoder.step():
            said[output.row] += output.token_ids
    for row in candidates[1:]:
        decoder.admit(row)  # all at once: nobody reads
    rest = _run(decoder, candidates)
    assert [said[row] + rest[row] for row in candidates] == alone
    assert read == [len(PROMPTS[2])]


@pytest.mark.parametrize("judged", [1, 3, 69])
def test_what_is_judged_is_as_likely_as_transformers_say_beside_others(
    decoder: Decoder, model_dir: Path, adapters: list[Path], judged: int
) -> None:
    """Also where it is read in two chunks, and while another reply is in the making."""
    ids = tuple(torch.randint(3, 300, (70,), generator=torch.Generator().manual_seed(1)).tolist())
    model: Any = load_model(str(model_dir), device="cpu", dtype="float32")
    with torch.inference_mode():
        logprobs = model(torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
    expected = logprobs[range(69), ids[1:]][-judged:].sum().item()
    other = Row(PROMPTS[0], GREEDY, _pack(decoder, adapters[0]))
    decoder.admit(other)
    decoder.step()
    row = Row(ids, Sampling(max_new_tokens=0), judged=judged)
    decoder.admit(row)
    found: list[Output] = []
    said = list(other.said)
    while decoder.active:
        for output in decoder.step():
            if output.row is row:
                found.append(output)
            else:
                said += output.token_ids
    (output,) = found
    assert output.logprob == pytest.approx(expected, abs=1e-3)
    assert (output.finish_reason, output.token_ids) == (FinishReason.STOP, ())
    assert tuple(said) == _expected(model_dir, PROMPTS[0], adapters[0])


def test_only_the_same_person_s_same_adapter_goes_on_from_what_was_read(
    decoder: Decoder, adapters: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = _pack(decoder, adapters[0])
    leases = PrefixCache(0)
    whole = len(PROMPTS[2])
    read = _watch_reading(decoder, monkeypatch)

    def begins(owner: int, adapter: torch.Tensor | None, prompt: tuple[int, ...]) -> list[int]:
        read.clear()
        row = Row(prompt, GREEDY, adapter)
        row.prefix = leases.lease((10, owner), None)
        decoder.admit(row)
        while not decoder.can_admit:
            decoder.step()
        decoder.cancel(row)
        return list(read)

    first = Row(PROMPTS[2], Sampling(temperature=0, max_new_tokens=50), packed)
    first.prefix = leases.lease((10, 1), None)
    decoder.admit(first)
    decoder.step()
    assert begins(2, packed, PROMPTS[2]) == [whole], "somebody else"
    assert begins(1, None, PROMPTS[2]) == [whole], "another adapter"
    assert begins(1, packed, PROMPTS[2]) == []
    assert begins(1, packed, (*PROMPTS[2][:30], 7, 8, 9)) == [3], "as far as they agree"
    leases.drop(10, 1)
    assert begins(1, packed, PROMPTS[2]) == [whole], "what was to be forgotten"


def _fails_with(error: BaseException) -> Any:
    def forward(*_: object) -> torch.Tensor:
        raise error

    return forward


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (RuntimeError("shape mismatch"), GenerationError),
        (MemoryError(), OutOfMemoryError),
        (torch.OutOfMemoryError("CUDA out of memory"), OutOfMemoryError),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), OutOfMemoryError),
    ],
)
def test_an_exception_in_a_batch_ends_it_and_leaks_nothing(
    decoder: Decoder,
    model_dir: Path,
    adapters: list[Path],
    raised: Exception,
    kind: type[GenerationError],
) -> None:
    packed = _pack(decoder, adapters[0])
    rows = [_admit(decoder, Row(PROMPTS[i], GREEDY, packed)) for i in range(3)]
    while not decoder.can_admit:
        decoder.step()
    good = decoder._serving.decode
    decoder._serving.decode = _fails_with(raised)  # type: ignore[method-assign]
    outputs = decoder.step()
    assert {output.row for output in outputs} == set(rows)
    assert all(type(output.error) is kind for output in outputs)
    assert len({id(output.error) for output in outputs}) == 3, "each its own exception"
    assert decoder.active == 0
    decoder._serving.decode = good  # type: ignore[method-assign]
    replies = sample_replies(decoder, [Row(PROMPTS[0], GREEDY)])
    assert replies[0][1] == _expected(model_dir, PROMPTS[0], None), "not somebody else's adapter"


def test_a_failing_prompt_leaves_the_others_alone(decoder: Decoder, model_dir: Path) -> None:
    talking = _admit(decoder, Row(PROMPTS[0], GREEDY))
    said: tuple[int, ...] = ()
    while not decoder.can_admit:
        said += sum((output.token_ids for output in decoder.step()), ())
    good = decoder._serving.prefill
    decoder._serving.prefill = _fails_with(RuntimeError("no"))  # type: ignore[method-assign]
    decoder.admit(failing := Row(PROMPTS[2], GREEDY))
    outputs = decoder.step()
    decoder._serving.prefill = good  # type: ignore[method-assign]
    assert [output.row for output in outputs if output.error] == [failing]
    said += sum((output.token_ids for output in outputs), ())
    said += _run(decoder, [talking])[talking]
    assert said == _expected(model_dir, PROMPTS[0], None)


def test_overflow_ends_one_reply_and_poisons_no_row(
    decoder: Decoder, model_dir: Path, adapters: list[Path]
) -> None:
    """Values that are not finite survive masking (0 · NaN), so a reused row must not hold them."""
    packed = _pack(decoder, adapters[0])
    assert packed is not None
    poisonous = torch.full_like(packed, 1e38)
    healthy = [Row(prompt, GREEDY) for prompt in PROMPTS[:2]]
    said: dict[Row, tuple[int, ...]] = dict.fromkeys(healthy, ())
    _admit(decoder, healthy[0])
    _admit(decoder, sick := Row(PROMPTS[2], GREEDY, poisonous), said)
    ended: list[Output] = []
    admitted = False
    for _ in range(60):
        if not admitted and decoder.can_admit and ended:
            decoder.admit(healthy[1])  # into the row that was poisoned
            admitted = True
        for output in decoder.step():
            if output.row is sick:
                ended.append(output)
            else:
                assert output.error is None
                said[output.row] += output.token_ids
        if admitted and not decoder.active:
            break
    assert [type(output.error) for output in ended] == [GenerationError]
    for row in healthy:
        assert said[row] == _expected(model_dir, row.prompt_ids, None)


def test_what_does_not_fit_is_refused(decoder: Decoder, model_dir: Path) -> None:
    with pytest.raises(PromptTooLongError, match="96"):
        decoder.check((1,) * 90, GREEDY)
    with pytest.raises(ValueError, match="one token"):
        decoder.check((), GREEDY)
    with pytest.raises(PromptTooLongError):
        sample_replies(decoder, [Row((1,) * 90, GREEDY)])
    assert decoder.active == 0
    with pytest.raises(ModelError, match=r"MAX_BATCH=1000 .*GENERATION_MEMORY_MB is 64 MiB"):
        Decoder(
            load_model(str(model_dir), device="cpu", dtype="float32"),
            load_tokenizer(str(model_dir)),
            rows=1000,
            context_tokens=512,
            lora_rank=4,
            lora_targets=tiny.ATTENTION,
            extras=Extras(limit_bytes=64 * 2**20),
        )


def test_the_model_is_given_back(model_dir: Path) -> None:
    model: Any = load_model(str(model_dir), device="cpu", dtype="float32")
    ids = torch.tensor([PROMPTS[0]])
    with torch.inference_mode():
        before = model(ids).logits
        decoder = Decoder(
            model,
            load_tokenizer(str(model_dir)),
            rows=2,
            context_tokens=32,
            lora_rank=2,
            lora_targets=tiny.ATTENTION,
        )
        decoder.close()
        assert torch.allclose(model(ids).logits, before, atol=1e-5)


def test_a_model_of_another_kind_is_refused_at_once(
    model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if its attention had something of its own: the self-check sees that ours differs."""
    original = serving_model.ServingModel._own_logits
    monkeypatch.setattr(
        serving_model.ServingModel, "_own_logits", lambda self: original(self).roll(1, -1)
    )
    with pytest.raises(ModelError, match="cannot be served"):
        _open(model_dir)


@pytest.mark.model
def test_smollm2_says_what_transformers_says(smollm2_dir: Path, tmp_path: Path) -> None:
    from bowerbird.personalization.prompting import encode
    from bowerbird.personalization.types import Turn

    adapter = tiny.make_adapter(
        smollm2_dir, tmp_path / "a", seed=1, rank=8, targets=tiny.ALL_LINEAR, scale=0.02
    )
    tokenizer = load_tokenizer(str(smollm2_dir))
    questions = ("What is the capital of France?", "Write one sentence about the moon.")
    prompts = [encode(tokenizer, [Turn("user", q)], max_tokens=300).ids for q in questions]
    cases = [(prompts[0], None), (prompts[1], adapter), (prompts[1], None)]
    with Decoder(
        load_model(str(smollm2_dir), device="cpu", dtype="float32"),
        tokenizer,
        rows=3,
        context_tokens=512,
        lora_rank=8,
        lora_targets=tiny.ALL_LINEAR,
    ) as decoder:
        replies = sample_replies(decoder, [Row(p, GREEDY, _pack(decoder, a)) for p, a in cases])
    assert [tokens for _, tokens, _ in replies] == [
        _expected(smollm2_dir, prompt, path) for prompt, path in cases
    ]
    assert replies[0][0] == "The capital of France is Paris."


@pytest.mark.model
@pytest.mark.parametrize(("dtype", "largest"), [("float32", 5e-4), ("bfloat16", 1.5)])
def test_smollm2_s_mixed_logits_are_those_alone_but_for_rounding(
    smollm2_dir: Path, tmp_path: Path, dtype: str, largest: float
) -> None:
    """Logits reach 35, where neighbouring bfloat16 numbers are 0.25 apart; a mix-up is off by 9.7
    on average."""
    paths = [
        tiny.make_adapter(
            smollm2_dir, tmp_path / str(i), seed=i, rank=8, targets=tiny.ALL_LINEAR, scale=0.02
        )
        for i in range(3)
    ]
    prompts = [tuple(range(100 + 50 * i, 120 + 50 * i)) for i in range(3)]
    with Decoder(
        load_model(str(smollm2_dir), device="cpu", dtype=dtype),
        load_tokenizer(str(smollm2_dir)),
        rows=3,
        context_tokens=64,
        lora_rank=8,
        lora_targets=tiny.ALL_LINEAR,
    ) as decoder:
        serving = decoder._serving

        def logits(people: list[int]) -> torch.Tensor:
            for row, person in enumerate(people):
                serving.slots.load(row, AdapterWeights.load(paths[person]))
                serving.prefill(row, prompts[person][:16], 0)
            steps = [
                serving.decode([prompts[p][place] for p in people], [place] * len(people))
                for place in range(16, 20)
            ]
            return torch.stack(steps, dim=1)

        with torch.inference_mode():
            mixed = logits([0, 1, 2])
            alone = torch.cat([logits([person]) for person in range(3)])
    assert (mixed - alone).abs().mean() <= 0.1
    assert (mixed - alone).abs().max() <= largest
    assert (mixed[0] - mixed[1]).abs().mean() > 2, "adapters differ, so a mix-up would show"
