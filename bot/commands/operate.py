"""Commands of the operator that need no Discord and no engine: model, training, data, database.

They may run while a bot is alive on the same data: the database and the folder of adapters take
turns by themselves, and a running bot looks the active version up for each reply. Knows neither
torch nor discord.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bowerbird.bot.app import alone, open_library, open_store
from bowerbird.bot.failures import CommandError, MisuseError
from bowerbird.bot.progress_bars import progress_bars, stderr
from bowerbird.bot.settings import Settings
from bowerbird.bot.training_bars import training_bars
from bowerbird.personalization.adapters import AdapterLibrary
from bowerbird.personalization.models import fetch_model
from bowerbird.storage.records import Consent, Run, RunState
from bowerbird.storage.store import Store


def fetch(settings: Settings, options: argparse.Namespace) -> int:
    """`bowerbird model fetch [NAME]`."""
    name = options.name or settings.base_model
    path = ensure_model(name, settings.models_dir)
    _say(f"{name} is ready in {path}")
    return 0


def ensure_model(name: str, models_dir: Path) -> Path:
    """Fetch a model if it is not there, with progress. Blocks."""
    with progress_bars() as bars:

        def report(stage: str, done: int, total: int) -> None:
            if stage == "download":
                bars(f"Downloading {name} (MB)", done // 10**6, total // 10**6)
            else:
                bars(f"Converting {name} (steps)", done, total)

        return fetch_model(name, models_dir, report)


async def retrain(settings: Settings, options: argparse.Namespace) -> int:
    """`bowerbird retrain`: what the night does, now, for everybody due or for one person."""
    async with open_library(settings) as library:
        with training_bars() as on_progress:
            if options.user is None:
                night = f"retrain-{time.time_ns() // 1_000_000}"
                runs = await library.nightly.run_night(night, on_progress, scope_id=options.scope)
            else:
                scopes = await _scopes_of(library.store, options.user, options.scope)
                runs = [
                    (await library.nightly.retrain(scope, options.user, on_progress))[0]
                    for scope in scopes
                ]
        if not runs:
            _say("Nobody is due: no consenting person has enough new feedback (MIN_FEEDBACK).")
            return 0
        await _print_verdicts(library.store, runs)
        return 1 if any(run.state is RunState.FAILED for run in runs) else 0


async def _scopes_of(store: Store, user_id: int, scope_id: int | None) -> list[int]:
    people = [person for person in await store.people(scope_id) if person.user_id == user_id]
    scopes = [person.scope_id for person in people if person.consent is Consent.ON]
    if not scopes:
        where = "" if scope_id is None else f" in scope {scope_id}"
        raise CommandError(f"{user_id} has not turned personalization on{where}")
    return scopes


async def _print_verdicts(store: Store, runs: list[Run]) -> None:
    table = Table("Scope", "Person", "Version", "Verdict", "Why", box=None, pad_edge=False)
    for run in runs:
        reasons = [run.detail] if run.detail else []
        for adapter in await store.adapters(run.scope_id, run.user_id):
            if run.version is not None and adapter.version == run.version:
                reasons = [str(reason) for reason in adapter.verdict.get("reasons", reasons)]
        version = "–" if run.version is None else str(run.version)
        who = (str(run.scope_id), str(run.user_id))
        table.add_row(*who, version, run.state.value, "\n".join(reasons))
    Console(highlight=False, markup=False).print(table)


async def export(settings: Settings, options: argparse.Namespace) -> int:
    """`bowerbird export`: everything known of a person as JSON, readable by the operator alone."""
    target: Path = options.out
    _check_target(target)
    async with open_store(settings) as store:
        known = await store.export(options.user)
    text = json.dumps(known, ensure_ascii=False, indent=2) + "\n"
    await asyncio.to_thread(_write, target, text)
    _say(f"Everything known of {options.user} is in {target}")
    return 0


async def forget(settings: Settings, options: argparse.Namespace) -> int:
    """`bowerbird forget`: rows and weights of a person, everywhere."""
    if not options.yes and not await asyncio.to_thread(_confirm, options.user):
        raise CommandError("nothing was erased")
    async with open_store(settings) as store:
        erased = await store.forget(options.user)
        await AdapterLibrary(settings.adapters_dir, store, settings.base_model).delete(
            erased.people
        )
    _say(
        f"Erased of {options.user}: {erased.replies} replies, {erased.feedback} feedback, "
        f"{erased.adapters} adapter versions, {erased.runs} training runs"
    )
    return 0


async def upgrade(settings: Settings, options: argparse.Namespace) -> int:
    """`bowerbird db upgrade`: what every start does, by itself."""
    async with open_store(settings):
        _say("The database is up to date")
    return 0


async def backup(settings: Settings, options: argparse.Namespace) -> int:
    """`bowerbird db backup FILE`: a consistent copy, also while a bot runs."""
    target: Path = options.file
    _check_target(target, is_new=True)
    async with open_store(settings) as store:
        await store.backup(target)
    _say(f"The database is copied to {target}")
    return 0


async def copy(settings: Settings, options: argparse.Namespace) -> int:
    """`bowerbird db copy URL`: everything into another, empty database, while no bot runs."""
    async with alone(settings.data_dir), open_store(settings) as store:
        count = await store.copy_to(options.url)
    _say(f"{count} rows are copied; set DATABASE_URL to use the other database from now on")
    return 0


def _confirm(user_id: int) -> bool:
    if not sys.stdin.isatty():
        raise MisuseError("add --yes to erase without being asked")
    question = f"Erase everything of {user_id}, in every server, for good? [y/N] "
    return stderr().input(question).strip().lower() in {"y", "yes"}


def _check_target(target: Path, *, is_new: bool = False) -> None:
    if target.is_dir():
        raise MisuseError(f"{target} is a directory; give the name of a file")
    if not target.absolute().parent.is_dir():
        raise MisuseError(f"there is no directory {target.absolute().parent}")
    if is_new and target.exists():
        raise MisuseError(f"{target} exists already; choose another name")


def _write(target: Path, text: str) -> None:
    """Complete or not at all, and for the operator's eyes only (`mkstemp` makes it 0600)."""
    descriptor, name = tempfile.mkstemp(dir=target.absolute().parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _say(text: str) -> None:
    Console(highlight=False, markup=False, soft_wrap=True).print(text)
