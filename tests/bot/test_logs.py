"""Log set-up: one line a record, and no secret in any of them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator

import pytest

from bowerbird.bot.logs import Redactor, configure_logging

TOKEN = "playground-token"
LOOKS_LIKE_A_TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.abcdefghijklmnopqrstuvwxyz0123456789AB"


@pytest.fixture
def written() -> Iterator[Callable[..., list[str]]]:
    """Configures logging and returns how to read the lines written so far."""
    root, streams = logging.getLogger(), []
    before = root.handlers[:], root.level
    for handler in before[0]:
        root.removeHandler(handler)

    def start(log_format: str = "text", **options: object) -> Callable[[], list[str]]:
        streams.append(io.StringIO())
        configure_logging(log_format, stream=streams[-1], **options)
        return lambda: streams[-1].getvalue().splitlines()

    yield start
    root.handlers[:], root.level = before
    logging.captureWarnings(capture=False)
    for name in ("bowerbird", "discord", "discord.client"):
        logging.getLogger(name).setLevel(logging.NOTSET)
        logging.getLogger(name).filters.clear()


def test_a_record_is_one_line_whatever_it_says(written) -> None:
    lines = written()
    logging.getLogger("bowerbird.bot.x").info("hello\n12:00:00 INFO root: forged")
    assert len(lines()) == 1
    assert lines()[0].endswith(r"INFO bot.x: hello\n12:00:00 INFO root: forged")


def test_a_traceback_cannot_be_taken_for_records(written) -> None:
    lines = written()
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        logging.getLogger("bowerbird").exception("failed")
    assert lines()[0].endswith("ERROR bowerbird: failed")
    assert lines()[-1] == "    | second"
    assert all(line.startswith("    | ") for line in lines()[1:])


def test_json_has_one_object_a_line_with_extras(written) -> None:
    lines = written("json")
    try:
        raise KeyError("gone")
    except KeyError:
        logging.getLogger("discord").error("a\nb %s", 7, exc_info=True, extra={"scope": 3})
    (line,) = lines()
    entry = json.loads(line)
    assert entry["level"] == "error"
    assert entry["logger"] == "discord"
    assert entry["message"] == "a\nb 7"
    assert entry["scope"] == 3
    assert "KeyError: 'gone'" in entry["exception"]
    assert entry["time"].endswith("+00:00")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_secrets_never_reach_a_line(written, log_format: str) -> None:
    lines = written(log_format, secrets=[TOKEN, ""], is_debug=True)
    logger = logging.getLogger("discord.http")
    logger.debug("Authorization: Bot %s", TOKEN)
    logger.debug("token %s", LOOKS_LIKE_A_TOKEN)
    logger.debug("POST /webhooks/123/%s returned 200", "a" * 60)
    try:
        raise RuntimeError(f"rejected {TOKEN}")
    except RuntimeError:
        logger.exception("oh")
    text = "\n".join(lines())
    assert TOKEN not in text
    assert LOOKS_LIKE_A_TOKEN not in text
    assert "a" * 60 not in text
    assert text.count("[secret]") == 4


def test_levels_and_whose_they_are(written) -> None:
    lines = written()
    for name in ("bowerbird.bot", "discord.gateway", "sqlalchemy.engine", "httpx"):
        logging.getLogger(name).debug("quiet")
        logging.getLogger(name).info("spoken")
    assert [line.split()[2] for line in lines()] == ["bot:", "discord.gateway:"]


def test_configuring_twice_writes_once(written) -> None:
    written()
    lines = written()
    logging.getLogger("bowerbird").info("once")
    assert len(lines()) == 1


def test_redactor_leaves_other_text_alone() -> None:
    text = "version 1.2.3 of webhooks/12/short"
    assert Redactor([])(text) == text
