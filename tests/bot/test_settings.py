"""Settings: defaults, `.env.example`, and refusals that name the variable."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from bowerbird.bot.settings import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
ASSIGNMENT = re.compile(r"^#?([A-Z_]+)=(.*)$")


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_example_lists_every_setting_with_a_line_of_meaning() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    names = []
    for before, line in itertools.pairwise(lines):
        if match := ASSIGNMENT.match(line):
            names.append(match[1])
            assert re.match(r"# \S.*[.,:;)]?", before), f"{match[1]} has no meaning above it"
    assert sorted(names) == sorted(name.upper() for name in Settings.model_fields)


def test_example_shows_the_defaults(tmp_path: Path) -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    env = tmp_path / "all.env"
    env.write_text(
        "\n".join(line.removeprefix("#") for line in lines if ASSIGNMENT.match(line)),
        encoding="utf-8",
    )
    assert Settings(_env_file=env) == Settings()
    # Not vacuous: a changed default in the example is seen.
    env.write_text("MAX_BATCH=9", encoding="utf-8")
    assert Settings(_env_file=env) != Settings()


def test_environment_wins_over_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("MAX_BATCH=3\nMAX_NEW_TOKENS=7\n", encoding="utf-8")
    monkeypatch.setenv("MAX_BATCH", "5")
    assert (Settings().max_batch, Settings().max_new_tokens) == (5, 7)


def test_folders_follow_data_dir_unless_told() -> None:
    settings = Settings(data_dir=Path("elsewhere"))
    assert settings.models_dir == Path("elsewhere/models")
    assert settings.adapters_dir == Path("elsewhere/adapters")
    assert settings.store_url.endswith("/elsewhere/bowerbird.db")
    shared = Settings(data_dir=Path("elsewhere"), models_dir=Path("shared"))
    assert shared.models_dir == Path("shared")


def test_lists_are_split_on_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORA_TARGETS", " q_proj, v_proj ,")
    assert Settings().lora_targets == ("q_proj", "v_proj")


def test_memory_and_threads_are_numbers_or_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().generation_memory_mb == Settings().compute_threads == "auto"
    monkeypatch.setenv("GENERATION_MEMORY_MB", "1024")
    monkeypatch.setenv("COMPUTE_THREADS", "3")
    assert (Settings().generation_memory_mb, Settings().compute_threads) == (1024, 3)


def test_secrets_do_not_show() -> None:
    settings = Settings(discord_token="s3cret-token", database_url="postgresql://u:pw@h/db")
    assert "s3cret-token" not in repr(settings)
    assert "pw" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("MAX_BATCH", "0", "greater than or equal to 1"),
        ("GENERATION_MEMORY_MB", "plenty", "'auto'"),
        ("GENERATION_MEMORY_MB", "10", "greater than or equal to 64"),
        ("COMPUTE_THREADS", "many", "'auto'"),
        ("COMPUTE_THREADS", "0", "greater than or equal to 1"),
        ("NIGHTLY_AT", "25:00", "hour"),
        ("TIMEZONE", "Mars/Olympus", "unknown time zone"),
        ("TRAINING_ACKNOWLEDGED", "perhaps", "boolean"),
        ("TRAIN_ON", "everything", "'all' or 'interactions'"),
        ("LORA_TARGETS", ",", "at least one"),
        ("METRICS_PORT", "70000", "65535"),
        ("DISCORD_API_URL", "http://127.0.0.1:1", "DISCORD_GATEWAY_URL"),
        ("NEGATIVE_EMOJI", "👍", "POSITIVE_EMOJI"),
    ],
)
def test_refusals_say_why(
    name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=re.escape(says)):
        Settings()
