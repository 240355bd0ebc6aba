"""What every test may ask for: tiny models made here, and the real one where it is marked."""

from __future__ import annotations

import os
from pathlib import Path

# Before torch is imported: test machines are shared, and spinning threads starve each other.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest

from tests import tiny

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
