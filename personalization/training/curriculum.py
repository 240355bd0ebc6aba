"""What of a person's feedback their adapter is trained on.

Contract: pure; nothing held out is taught. Where a person has written what they would have wanted
to read, that is what is learned: a correction says *what*, a vote only *whether*, and votes taught
beside corrections cost twice the time and moved what nobody had asked for (docs/LOG.md). The votes
still choose: they make the scorer, which picks among candidates and judges at the gate; and the
replies they were given to say what must stay as it was, but for what was corrected. Without
corrections that can be read, or where the recipe does not learn them as such, votes and pairs are
what there is. Knows no tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bowerbird.personalization.training.executor import TrainExample, TrainPair, TrainRecipe
from bowerbird.personalization.training.rows import PersonData


def lesson(
    examples: Sequence[TrainExample],
    pairs: Sequence[TrainPair],
    recipe: TrainRecipe,
    fits: Callable[[TrainExample], bool] = lambda _: True,
) -> PersonData:
    """What of these is taught. ``fits``: whether a correction is short enough to be read."""
    taught = tuple(example for example in examples if not example.is_held_out)
    corrections = tuple(one for one in taught if one.kind == "correction" and fits(one))
    if corrections and recipe.objective == "preference" and recipe.teach_weight:
        said = tuple(example for example in taught if example.kind == "vote")
        return PersonData(corrections, said=said)
    return PersonData(taught, tuple(pair for pair in pairs if not pair.is_held_out))
