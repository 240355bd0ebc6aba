"""The whole evaluation with a tiny model, the real engine and the real training worker."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bowerbird.personalization.evaluation import judge, study, summary
from bowerbird.personalization.evaluation.judge import Judge
from bowerbird.personalization.evaluation.plan import QUICK, Subject
from bowerbird.personalization.training.executor import TrainRecipe
from bowerbird.personalization.training.subprocess_executor import SubprocessExecutor
from bowerbird.personalization.types import Sampling, Turn
from tests import tiny

PLAN = replace(
    QUICK, votes=6, pool_questions=8, questions=2, base_samples=4, others=2, max_new_tokens=8
)
RECIPE = TrainRecipe(rank=4, epochs=1, min_steps=0, max_epochs=1, batch_size=8, max_tokens=256)


@pytest.fixture(autouse=True)
def no_embedder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with and without the optional package."""
    monkeypatch.setattr(judge._Embedder, "find", classmethod(lambda cls: None))


@pytest.mark.timeout(400)  # the worker has the lowest priority, also on a busy test machine
async def test_everything_together(tiny_model_dir: Path, tmp_path: Path) -> None:
    subject = Subject(str(tiny_model_dir), "tiny", "Be kind.", Sampling(), RECIPE, candidates=2)
    told: list[tuple[str, int, int]] = []

    async def run() -> summary.Findings:
        executor = SubprocessExecutor()
        try:
            return await study.evaluate(
                PLAN, subject, tmp_path, lambda *progress: told.append(progress), [executor]
            )
        finally:
            await executor.aclose()

    found = await run()
    figures = summary.as_json(found, None)
    assert set(figures["arms"]) == set(study.ARMS)
    assert figures["arms"]["instruction"]["kl_per_token"] > 0
    assert all(done <= total for _, done, total in told)
    assert {"Training", "Arm both", "Controls"} <= {what for what, _, _ in told}
    trained = found.trained.values()
    assert all(one.reasons for one in trained)
    assert figures["people_per_hour"] is None
    assert len(figures["left_out"]) == 3
    again = summary.as_json(await run(), None)
    assert again | {"made_at": None} == figures | {"made_at": None}
    # Nothing that is judged by relevance is ever mixed with it.
    kept = await asyncio.to_thread(lambda: [path.name for path in tmp_path.iterdir()])
    assert kept == [study.WITHOUT_RELEVANCE]


def test_a_judge_tells_an_adapter_from_the_base(tiny_model_dir: Path, tmp_path: Path) -> None:
    adapter = tiny.make_adapter(tiny_model_dir, tmp_path / "adapter", seed=1)
    one = Judge(str(tiny_model_dir), system_prompt="Be kind.", rank=4)
    question, reply = "What is a bower?", "A bower is a small house of sticks."
    turns = (Turn("system", "Be kind."), Turn("user", question))
    assert one.kl_per_token(question, reply, turns, None) == pytest.approx(0, abs=1e-6)
    changed = one.kl_per_token(question, reply, turns, adapter)
    assert changed is not None
    assert changed > 0.01
    assert one.kl_per_token(question, " ", turns, adapter) is None
    assert abs(one.general_nll_change(adapter)) > 1e-4
    before, empty = one.looks([(question, reply), (question, "🙂")])
    assert one.looks([(question, reply)]) == [before]  # no adapter is left in place
    assert len(before.nll) > 8
    assert empty.nll == ()
    shouted = one.looks([(question, f"{reply.lower()} 🙂 have a lovely day!")])[0]
    assert shouted.nll == before.nll
