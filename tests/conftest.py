"""What every test may ask for: tiny models made here, and the real one where it is marked.

Whatever a bot asks of a playground in any test must be what Discord allows: known routes, bodies
and answers as its schema has them, and nothing refused but what the test says that it provokes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# Before torch is imported: test machines are shared, and spinning threads starve each other.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest

from bowerbird.playground import Playground
from bowerbird.playground.rest import Record
from tests import tiny
from tests.playground import schema

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def tiny_model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of 3 layers and 384 tokens, with tokenizer and chat template."""
    return tiny.make_model(tmp_path_factory.mktemp("tiny-llama"))


@pytest.fixture(scope="session")
def smollm2_dir() -> Path:
    """The real default model (tests marked ``model``); fetched by ``make test`` beforehand."""
    from bowerbird.personalization.models import DEFAULT_MODEL, fetch_model

    return fetch_model(DEFAULT_MODEL, ROOT / "data" / "models")


@pytest.fixture(autouse=True)
def every_playground(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Looks at all that was asked of the playgrounds which this test started."""
    started: list[Playground] = []
    start = Playground.start

    async def noted(playground: Playground) -> None:
        started.append(playground)
        await start(playground)

    monkeypatch.setattr(Playground, "start", noted)
    yield
    marks = request.node.iter_markers("provokes")
    provoked = {status for mark in marks for status in mark.args}
    # What is refused is the very subject there, or held to account there (`scene.refused`).
    folder = request.node.path.relative_to(ROOT / "tests").as_posix()
    is_about_refusals = folder.startswith(("playground/", "bot/commands/", "e2e/", "red/"))
    for playground in started:
        assert playground.unknown_requests == []
        assert schema.violations(playground.requests) == []
        if not is_about_refusals:
            assert refused(playground.requests, provoked) == []


def refused(records: list[Record], provoked: set[int]) -> list[str]:
    """What was refused of its own accord, but for these statuses."""
    return [
        f"{record.method} {record.path} → {record.status} {record.answer}"
        for record in records
        if record.status >= 400 and not record.is_injected and record.status not in provoked
    ]
