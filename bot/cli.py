"""The one console command, ``bowerbird``: its words, its exit codes, its way to stop.

Exit codes: 0 done, 1 failed, 2 used wrongly (also invalid settings), 130 and 143 interrupted by
Ctrl-C and SIGTERM (0 for `run` and `playground`, which are stopped so). A mistake of the user's
is one clear line on stderr. Reads the words and settings only; each command's own module is
imported once it is known to be needed, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import signal
import sys
import traceback
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from bowerbird.bot.settings import Settings

FAILED: Final = 1
MISUSED: Final = 2
INTERRUPTED: Final = 128 + signal.SIGINT
TERMINATED: Final = 128 + signal.SIGTERM

Command = Callable[["Settings", argparse.Namespace], int | Coroutine[Any, Any, int]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Also the console script's entry."""
    parser = _parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:  # argparse has said what is wrong, or printed the help
        return int(stop.code or 0)
    is_debug: bool = getattr(options, "is_debug", False)
    settings: Settings | None = None
    try:
        settings = _settings()
        _configure_logging(settings, is_debug=is_debug)
        command = _load(options.command)
        result = command(settings, options)
        return result if isinstance(result, int) else _run(result)
    except KeyboardInterrupt:
        return 0 if options.is_service else INTERRUPTED
    except asyncio.CancelledError:
        return 0 if options.is_service else TERMINATED
    except Exception as error:  # noqa: BLE001  (the last resort: it is reported)
        return _report(error, settings, is_debug=is_debug)


def _settings() -> Settings:
    from bowerbird.bot.settings import Settings

    return Settings()


def _configure_logging(settings: Settings, *, is_debug: bool) -> None:
    from bowerbird.bot.logs import configure_logging

    configure_logging(settings.log_format, secrets=settings.secrets, is_debug=is_debug)


def _load(target: str) -> Command:
    module, _, function = target.partition(":")
    command: Command = getattr(
        importlib.import_module(f"bowerbird.bot.commands.{module}"), function
    )
    return command


def _run(work: Coroutine[Any, Any, int]) -> int:
    """Like `asyncio.run`, which turns Ctrl-C into a cancellation; SIGTERM and SIGHUP the same.

    SIGHUP is what a closed terminal sends; one that is ignored already (`nohup`) stays so.
    """

    async def until_terminated() -> int:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101
        for name in ("SIGTERM", "SIGHUP"):
            sent = getattr(signal, name, None)
            if sent is None or signal.getsignal(sent) is signal.SIG_IGN:
                continue
            # Windows has no such handlers, and its console sends neither.
            with contextlib.suppress(NotImplementedError):
                asyncio.get_running_loop().add_signal_handler(sent, task.cancel)
        return await work

    return asyncio.run(until_terminated())


def _report(error: Exception, settings: Settings | None, *, is_debug: bool) -> int:
    from bowerbird.bot.failures import explain
    from bowerbird.bot.logs import Redactor

    redact = Redactor(settings.secrets if settings else ())
    failure = explain(error)
    if failure is not None:
        for line in failure.lines:
            print(redact(f"bowerbird: {line}"), file=sys.stderr)  # noqa: T201
        if is_debug:
            print(redact("".join(traceback.format_exception(error))), file=sys.stderr)  # noqa: T201
        return failure.exit_code
    text = redact("".join(traceback.format_exception(error)))
    where = "run it again with --debug to see where"
    if is_debug:
        print(text, file=sys.stderr)  # noqa: T201
        where = "see above"
    elif settings is not None and (path := _keep(text, settings.data_dir)):
        where = f"details are in {path}"
    line = " ".join(redact(f"{type(error).__name__}: {error}").split())
    print(f"bowerbird: something unexpected went wrong ({line}); {where}", file=sys.stderr)  # noqa: T201
    return FAILED


def _keep(text: str, data_dir: Path) -> Path | None:
    """Append a traceback to the crash log; ``None`` if that is impossible too."""
    path = data_dir / "crashes.log"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"--- {datetime.now(UTC).isoformat(timespec='seconds')}\n{text}\n")
    except OSError:
        return None
    return path


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--debug",
        dest="is_debug",
        action="store_true",
        default=argparse.SUPPRESS,
        help="more log lines, and tracebacks",
    )
    parser = argparse.ArgumentParser(
        prog="bowerbird",
        description="A Discord bot that learns each person's taste.",
        epilog="Settings come from the environment and .env; .env.example lists them all.",
        parents=[common],
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and stop")
    groups = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(
        group: Any, name: str, target: str, summary: str, *, is_service: bool = False
    ) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = group.add_parser(
            name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", parents=[common]
        )
        added.set_defaults(command=target, is_service=is_service)
        return added

    run = add(groups, "run", "run:run", "connect to Discord and answer", is_service=True)
    run.add_argument(
        "--until-stdin-ends",
        action="store_true",
        help="stop when standard input ends, as it does when the process behind it dies",
    )

    playground = add(
        groups,
        "playground",
        "playground:playground",
        "try the bot in the browser, without Discord or a token",
        is_service=True,
    )
    playground.add_argument("--host", default="127.0.0.1", help="address of the page (%(default)s)")
    playground.add_argument(
        "--port", type=_port, default=8808, help="port of the page (%(default)s)"
    )
    playground.add_argument(
        "--no-browser", action="store_true", help="only print the address of the page"
    )

    sync = add(groups, "sync", "run:sync", "tell Discord about the slash commands")
    sync.add_argument(
        "--guild", type=_snowflake, metavar="ID", help="only this server, where it shows at once"
    )

    retrain = add(groups, "retrain", "operate:retrain", "do now what the night does")
    retrain.add_argument("--scope", type=_scope, metavar="ID", help="only this server (0: DMs)")
    retrain.add_argument(
        "--user", type=_snowflake, metavar="ID", help="only this person, due or not"
    )

    evaluate = add(
        groups, "evaluate", "evaluate:evaluate", "measure whether learning works, on made-up people"
    )
    evaluate.add_argument(
        "--quick", action="store_true", help="a few people and questions: about ten minutes"
    )
    evaluate.add_argument(
        "--people",
        type=int,
        metavar="N",
        help="so many of them, an even number",
    )
    evaluate.add_argument("--questions", type=int, metavar="N", help="so many to judge them by")
    evaluate.add_argument(
        "--curve",
        type=_count,
        nargs="+",
        metavar="VOTES",
        help="the points of the curve over votes",
    )
    evaluate.add_argument("--curve-people", type=_count, metavar="N", help="so many in the curve")
    evaluate.add_argument("--nights", type=_count, metavar="N", help="so many in a row")
    evaluate.add_argument("--night-people", type=_count, metavar="N", help="so many in the nights")
    evaluate.add_argument(
        "--flip-night", type=_count, metavar="N", help="from this night on they want the opposite"
    )
    evaluate.add_argument(
        "--without",
        nargs="+",
        choices=("controls", "curve", "nights"),
        default=(),
        help="leave out parts that take much time",
    )
    evaluate.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        default=Path("build"),
        help="where figures and report go, and what was finished is found again (%(default)s)",
    )

    model = groups.add_parser(
        "model", help="the base model", description="The base model.", parents=[common]
    ).add_subparsers(title="commands", metavar="COMMAND", required=True)
    fetch = add(model, "fetch", "operate:fetch", "download a base model and make it ready")
    fetch.add_argument("name", nargs="?", metavar="NAME", help="default: BASE_MODEL")

    add(groups, "doctor", "doctor:doctor", "check the set-up and say what to do")

    export = add(groups, "export", "operate:export", "write everything known of a person")
    export.add_argument("--user", type=_snowflake, metavar="ID", required=True)
    export.add_argument("--out", type=Path, metavar="FILE", required=True, help="a JSON file")

    forget = add(groups, "forget", "operate:forget", "erase everything of a person")
    forget.add_argument("--user", type=_snowflake, metavar="ID", required=True)
    forget.add_argument("--yes", action="store_true", help="do not ask")

    database = groups.add_parser(
        "db", help="the database", description="The database.", parents=[common]
    ).add_subparsers(title="commands", metavar="COMMAND", required=True)
    add(database, "upgrade", "operate:upgrade", "bring the database up to date")
    backup = add(database, "backup", "operate:backup", "copy the database, also while in use")
    backup.add_argument("file", type=Path, metavar="FILE")
    copy = add(database, "copy", "operate:copy", "copy everything into another, empty database")
    copy.add_argument("url", metavar="URL", help="as DATABASE_URL, such as postgresql+asyncpg://…")
    return parser


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"bowerbird {version('bowerbird')}")  # noqa: T201
        parser.exit()


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number from 1")
    return int(text)


def _snowflake(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 2**63):
        raise argparse.ArgumentTypeError(f"{text!r} is not a Discord id (a number)")
    return int(text)


def _scope(text: str) -> int:
    return 0 if text == "0" else _snowflake(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (0 to 65535)")
    return int(text)
