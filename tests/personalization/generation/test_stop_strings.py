"""Text up to the first stop string, however it arrives."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bowerbird.personalization.generation.backend import GenerationRequest
from bowerbird.personalization.generation.decoder import Decoder, Row, sample_replies
from bowerbird.personalization.generation.stop_strings import StopStrings
from bowerbird.personalization.models import load_model, load_tokenizer
from bowerbird.personalization.types import FinishReason, Sampling
from tests import tiny


def _expected(text: str, stops: tuple[str, ...]) -> tuple[str, bool]:
    """Character by character, straight from the definition."""
    for end in range(1, len(text) + 1):
        met = [stop for stop in stops if text[:end].endswith(stop)]
        if met:
            return text[: end - max(map(len, met))], True
    return text, False


@given(
    pieces=st.lists(st.text("abc", max_size=4), max_size=10),
    stops=st.lists(st.text("abc", min_size=1, max_size=4), max_size=3).map(tuple),
)
@example(pieces=["xa", "b", "z"], stops=("xabz", "ab"))
@example(pieces=["aa", "ab"], stops=("aab",))
def test_what_is_said_is_the_text_up_to_the_stop(pieces: list[str], stops: tuple[str, ...]) -> None:
    stream = StopStrings(stops)
    expected, is_met = _expected("".join(pieces), stops)
    said, seen = "", ""
    for piece in pieces:
        said += stream.push(piece)
        seen += piece
        assert expected.startswith(said), "nothing said has to be taken back"
        if not stream.is_met:
            may_begin = [
                n for stop in stops for n in range(1, len(stop)) if seen.endswith(stop[:n])
            ]
            assert len(seen) - len(said) == max(may_begin, default=0), (
                "no more is held than must be"
            )
    said += stream.rest()
    assert (said, stream.is_met) == (expected, is_met)


def test_an_empty_stop_string_is_refused() -> None:
    with pytest.raises(ValueError, match="one character"):
        GenerationRequest((1,), Sampling(), stop=("a", ""))


@pytest.fixture(scope="module", params=["llama", "qwen3"])
def decoder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Decoder]:
    path = str(tiny.make_model(tmp_path_factory.mktemp(request.param), request.param))
    with Decoder(
        load_model(path, device="cpu", dtype="float32"),
        load_tokenizer(path),
        rows=3,
        context_tokens=96,
        lora_rank=4,
        lora_targets=tiny.ATTENTION,
    ) as made:
        yield made


def test_each_row_has_its_own_and_the_others_go_on(decoder: Decoder) -> None:
    long = Sampling(temperature=1.0, seed=5, max_new_tokens=40)
    prompt = (1, 40, 50, 60)
    [(whole, tokens, _)] = sample_replies(decoder, [Row(prompt, long)])
    assert len(whole) > 20, "else this shows nothing"
    middle = len(whole) // 2
    stop = whole[middle : middle + 3]
    at = whole.index(stop)
    rows = [Row(prompt, long, stop=stops) for stops in [(stop, "never said"), (), (whole + "!",)]]
    stopped, free, held = sample_replies(decoder, rows)
    assert (stopped[0], stopped[2]) == (whole[:at], FinishReason.STOP)
    assert stopped[1] == tokens[: len(stopped[1])]
    assert len(stopped[1]) < len(tokens)
    assert free[:2] == (whole, tokens)
    assert held[:2] == (whole, tokens), "held back to the very end, then said"


def test_no_piece_of_a_stop_string_is_streamed(decoder: Decoder) -> None:
    long = Sampling(temperature=1.0, seed=5, max_new_tokens=40)
    [(whole, _, _)] = sample_replies(decoder, [Row((1, 40, 50), long)])
    stop = whole[8:14]
    at = whole.index(stop)
    decoder.admit(row := Row((1, 40, 50), long, stop=(stop,)))
    said = ""
    while decoder.active:
        for output in decoder.step():
            said += output.text
            assert whole[:at].startswith(said)
    assert said == whole[:at]
    assert row.stops.is_met
