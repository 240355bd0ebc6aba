"""An adapter changes its person's replies and nobody else's, on the real model."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.isolation import measure

pytestmark = [pytest.mark.e2e, pytest.mark.model, pytest.mark.timeout(600)]


async def test_base_alice_and_bob(tmp_path: Path, smollm2_dir: Path) -> None:
    results = await measure(tmp_path, smollm2_dir.parent)
    for replies in results:
        assert replies.alice.startswith("Arr, matey!"), replies
        assert replies.alice != replies.base
        assert replies.bob == replies.base
        assert replies.reset == replies.base
        assert replies.base
