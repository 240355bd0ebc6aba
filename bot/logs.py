"""Log set-up for our own process: one handler on stderr, one line a record, secrets blanked out.

Called by the console commands only; a host that loads the plugin keeps its own set-up. Knows how
lines look, not what is logged.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, Literal, TextIO

# discord.py's DEBUG lines quote addresses that carry an interaction's or a webhook's own token.
_BOT_TOKEN: Final = re.compile(r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}")
_URL_TOKEN: Final = re.compile(r"((?:interactions|webhooks)/\d+/)[\w%.:-]{20,}")
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "color_message",
}


class Redactor:
    """Blanks out given secrets and whatever looks like a Discord token."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # The longest first: one secret may contain another.
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return _URL_TOKEN.sub(r"\1[secret]", _BOT_TOKEN.sub("[secret]", text))


class TextFormatter(logging.Formatter):
    """``12:00:00 WARNING bot.client: text``; a traceback follows, set off by ``|``."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        clock = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        name = record.name.removeprefix("bowerbird.")
        # A line break in what somebody wrote must not look like a record of its own.
        message = record.getMessage().replace("\r", "\\r").replace("\n", "\\n")
        line = f"{clock} {record.levelname} {name}: {message}"
        if record.exc_info:
            traceback = self.formatException(record.exc_info)
            line += "".join(f"\n    | {part}" for part in traceback.splitlines())
        return self._redact(line)


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time (UTC), level, logger, message, exception, and extras."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        entry |= {key: value for key, value in vars(record).items() if key not in _STANDARD}
        return self._redact(json.dumps(entry, ensure_ascii=False, default=str))


def configure_logging(
    log_format: Literal["text", "json"],
    *,
    secrets: Iterable[str] = (),
    is_debug: bool = False,
    stream: TextIO | None = None,
) -> None:
    """Replace the root logger's handlers by one that writes to ``stream`` (stderr).

    Ours and discord.py's loggers speak from INFO on (DEBUG if ``is_debug``), everybody else's
    from WARNING on. Warnings of the ``warnings`` module are logged too.
    """
    redact = Redactor(secrets)
    formatter = JsonFormatter(redact) if log_format == "json" else TextFormatter(redact)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    for name in ("bowerbird", "discord"):
        logging.getLogger(name).setLevel(logging.DEBUG if is_debug else logging.INFO)
    # Says only that voice is missing; nothing here speaks aloud.
    logging.getLogger("discord.client").addFilter(_is_not_about_voice)
    logging.captureWarnings(capture=True)


def _is_not_about_voice(record: logging.LogRecord) -> bool:
    return "voice will NOT be supported" not in record.getMessage()
