"""Which rows and weights a person's labels become."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bowerbird.personalization.models import load_tokenizer
from bowerbird.personalization.prompting import Encoded
from bowerbird.personalization.training.executor import TrainRecipe
from bowerbird.personalization.training.rows import CorrectionUnit, PersonData, RowWriter
from tests.personalization.training.samples import an_example

RECIPE = TrainRecipe(kto_weight=0, teach_weight=1, z0_every=0, keep_weight=1.0)


@pytest.fixture(scope="module")
def writer(tiny_model_dir: Path) -> RowWriter:
    return RowWriter(load_tokenizer(str(tiny_model_dir)), RECIPE)


def taught(writer: RowWriter, correction: str, corrects: str | None) -> list[tuple[str, bool]]:
    """Each learned token, and whether it is taught."""
    example = an_example(reply=correction, kind="correction", corrects=corrects)
    (unit,) = writer.units(PersonData((example,)), Encoded((), (), ()))
    assert isinstance(unit, CorrectionUnit)
    (row,) = unit.rows
    tokens = [writer.tokenizer.decode([token]) for token in row.ids[-sum(row.loss_mask) :]]
    return list(zip(tokens, unit.is_changed.tolist(), strict=True))


def test_what_a_correction_left_as_it_was_is_not_taught(writer: RowWriter) -> None:
    found = taught(writer, "It is number one, friend", "It is number one")
    kept = [token for token, is_taught in found if not is_taught]
    changed = [token for token, is_taught in found if is_taught]
    assert "".join(kept).startswith("It is number one")
    assert "friend" in "".join(changed)


def test_shortening_teaches_to_end_there(writer: RowWriter) -> None:
    found = taught(writer, "It is one", "It is one and much more was said")
    assert [is_taught for _, is_taught in found] == [False] * (len(found) - 1) + [True]


def test_taking_something_out_teaches_what_comes_next(writer: RowWriter) -> None:
    found = taught(writer, "one three", "one two three")
    first = next(i for i, (_, is_taught) in enumerate(found) if is_taught)
    assert found[first + 1 :] == [
        *((token, False) for token, _ in found[first + 1 : -1]),
        found[-1],
    ]


def test_what_was_kept_is_held_to_what_it_was_in_the_original(writer: RowWriter) -> None:
    example = an_example(reply="Well, it is one", kind="correction", corrects="it is one")
    (unit,) = writer.units(PersonData((example,)), Encoded((), (), ()))
    assert isinstance(unit, CorrectionUnit)
    (original,) = unit.compared
    said = original.ids[-sum(original.loss_mask) :]
    learned = unit.rows[0].ids[-sum(unit.rows[0].loss_mask) :]
    kept = [
        token for token, is_taught in zip(learned, unit.is_changed, strict=True) if not is_taught
    ]
    assert [said[place] for place in unit.kept_from] == kept
    unit.refer([torch.arange(len(said)) * -0.1])
    now = torch.zeros(len(learned))
    now[~unit.is_changed] = unit.kept_from * -0.1
    assert unit.loss([now], torch.zeros(())) == 0, "as likely as it was, and the rest certain"
    now[~unit.is_changed] += 1.0
    assert unit.loss([now], torch.zeros(())) == pytest.approx(0.5), "surer is no better"


def test_what_is_longer_than_the_window_does_not_fit(writer: RowWriter) -> None:
    assert writer.fits(an_example())
    assert not writer.fits(an_example(reply="much too long " * RECIPE.max_tokens))


def test_a_text_that_corrects_nothing_is_all_taught(writer: RowWriter) -> None:
    assert {is_taught for _, is_taught in taught(writer, "It is one", None)} == {True}


def test_a_text_that_has_nothing_of_what_it_corrects_is_all_taught(writer: RowWriter) -> None:
    assert {is_taught for _, is_taught in taught(writer, "zzz", "QQQ")} == {True}


def test_what_was_said_is_read_to_a_bound_newest_first(writer: RowWriter) -> None:
    said = (an_example(1, reply="word " * 50), an_example(2, reply="Yes."))
    newest, oldest = writer.said(PersonData(said=said), count=9, max_tokens=7)
    assert writer.said(PersonData(said=said), count=1, max_tokens=7) == [newest]
    assert sum(oldest.loss_mask) == 7
    assert writer.tokenizer.decode(newest.ids[-sum(newest.loss_mask) :]) == "Yes."
