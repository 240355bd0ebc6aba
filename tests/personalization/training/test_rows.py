"""Which rows and weights a person's labels become."""

from __future__ import annotations

from pathlib import Path

import pytest

from bowerbird.personalization.models import load_tokenizer
from bowerbird.personalization.prompting import Encoded
from bowerbird.personalization.training.executor import TrainRecipe
from bowerbird.personalization.training.rows import ExampleUnit, PersonData, RowWriter
from tests.personalization.training.samples import an_example

RECIPE = TrainRecipe(kto_weight=0, teach_weight=1, z0_every=0, unchanged_weight=0.25)


@pytest.fixture(scope="module")
def writer(tiny_model_dir: Path) -> RowWriter:
    return RowWriter(load_tokenizer(str(tiny_model_dir)), RECIPE)


def weighed(writer: RowWriter, correction: str, corrects: str | None) -> list[tuple[str, float]]:
    """Each learned token with its weight."""
    example = an_example(reply=correction, kind="correction", corrects=corrects)
    (unit,) = writer.units(PersonData((example,)), Encoded((), (), ()))
    assert isinstance(unit, ExampleUnit)
    (row,) = unit.rows
    tokens = [writer.tokenizer.decode([token]) for token in row.ids[-sum(row.loss_mask) :]]
    return list(zip(tokens, unit.token_weights.tolist(), strict=True))


def test_what_a_correction_left_as_it_was_counts_little(writer: RowWriter) -> None:
    found = weighed(writer, "It is number one, friend", "It is number one")
    kept = [token for token, weight in found if weight == 0.25]
    changed = [token for token, weight in found if weight == 1.0]
    assert "".join(kept).startswith("It is number one")
    assert "friend" in "".join(changed)


def test_shortening_teaches_to_end_there(writer: RowWriter) -> None:
    found = weighed(writer, "It is one", "It is one and much more was said")
    assert [weight for _, weight in found[:-1]] == [0.25] * (len(found) - 1)
    assert found[-1][1] == 1.0


def test_what_is_longer_than_the_window_does_not_fit(writer: RowWriter) -> None:
    assert writer.fits(an_example())
    assert not writer.fits(an_example(reply="much too long " * RECIPE.max_tokens))


def test_a_text_that_corrects_nothing_counts_everywhere(writer: RowWriter) -> None:
    assert {weight for _, weight in weighed(writer, "It is one", None)} == {1.0}


def test_a_text_that_has_nothing_of_what_it_corrects_counts_everywhere(writer: RowWriter) -> None:
    found = weighed(writer, "zzz", "QQQ")
    assert {weight for _, weight in found[:-1]} == {1.0}
