"""The folder of adapters: where versions lie, how one is published, how a person's weights go.

Contract: a version's directory is complete or absent, immutable once there, and unknown to the
store no longer than a publish lasts. Publishing and deleting take turns; between processes a lock
file (``exclusive``) sees to that. Knows no torch: what a candidate is worth was decided before,
and whether it can be served the backend says.

Layout below ``root``: ``<scope>/<user>/v<version>/`` in PEFT's format, ``.candidates/<run>/``,
``.lock``. Ids are integers before they touch a path.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from bowerbird.personalization.durable import sync
from bowerbird.personalization.errors import AdapterError
from bowerbird.personalization.types import AdapterRef
from bowerbird.storage.records import AdapterState, AdapterVersion
from bowerbird.storage.store import Store

log = logging.getLogger(__name__)

ADAPTER_FILES: Final = ("adapter_config.json", "adapter_model.safetensors")
KEEP_VERSIONS: Final = 3
"""Accepted versions kept besides the active one, so that a person can go back."""

_LOCK_POLL_S: Final = 0.2

Check = Callable[[AdapterRef], Awaitable[None]]


class AdapterLibrary:
    """All published adapters below ``root``. ``base_model``: what they are served on now."""

    def __init__(self, root: Path, store: Store, base_model: str) -> None:
        self._root = root
        self._store = store
        self.base_model = base_model
        self._writing = asyncio.Lock()

    def path(self, scope_id: int, user_id: int, version: int) -> Path:
        """Where that version lies if it is there."""
        return self._person(scope_id, user_id) / f"v{int(version)}"

    def candidate_dir(self, run_id: int) -> Path:
        """Where the training of a run leaves its candidate, complete or absent."""
        return self._root / ".candidates" / str(int(run_id))

    async def active(self, scope_id: int, user_id: int) -> AdapterRef | None:
        """The version this person's replies are made with; ``None`` for base.

        A version trained on another base model fits this one in shape at best, so it waits.
        Its files are not looked at: the backend raises ``AdapterError`` if they are damaged.
        """
        person = await self._store.person(scope_id, user_id)
        if person.active_version is None or person.active_base_model != self.base_model:
            return None
        path = self.path(scope_id, user_id, person.active_version)
        return AdapterRef(scope_id, user_id, person.active_version, path)

    async def publish(
        self, candidate: Path, record: AdapterVersion, *, check: Check | None = None
    ) -> AdapterRef | None:
        """Make an accepted candidate the person's active version.

        The files move into place first, ``check`` may refuse them with ``AdapterError`` (they are
        removed and it is raised on), then the record and the pointer change in one transaction.
        ``None``, and no file left, if the person does not consent any more.
        """
        scope_id, user_id = record.scope_id, record.user_id
        target = self.path(scope_id, user_id, record.version)
        ref = AdapterRef(scope_id, user_id, record.version, target)
        async with self._writing:
            recorded = await self._store.adapters(scope_id, user_id)
            if any(other.version == record.version for other in recorded):
                raise AdapterError(f"version {record.version} exists already; take the next one")
            await asyncio.to_thread(_move_into_place, candidate, target)
            try:
                if check is not None:
                    await check(ref)
                is_recorded = await self._store.add_adapter(record, promote=True)
            except Exception:
                await asyncio.to_thread(_remove_version, target)
                raise  # a cancellation leaves the files: at the next sweep the store decides
            if not is_recorded:
                await asyncio.to_thread(_remove_version, target)
                return None
            await self._prune(scope_id, user_id)
            return ref

    async def reject(self, candidate: Path, record: AdapterVersion) -> bool:
        """Keep the verdict, throw the weights away. False if the person does not consent."""
        async with self._writing:
            await asyncio.to_thread(_remove, candidate)
            return await self._store.add_adapter(record, promote=False)

    async def discard(self, candidate: Path) -> None:
        """Throw a candidate away, whatever there is of it."""
        await asyncio.to_thread(_remove, candidate)

    async def delete(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Remove all weights of these (scope, user) pairs. Waits for a publish going on."""
        async with self._writing:
            for scope_id, user_id in pairs:
                await asyncio.to_thread(_remove, self._person(scope_id, user_id))

    async def kept(self, scope_id: int, user_id: int) -> list[AdapterVersion]:
        """Versions this person can be answered with, oldest first: accepted, made for this base
        model, their files here, and untouched by what was deleted or edited since."""
        recorded = await self._store.adapters(scope_id, user_id)
        on_disk = dict(await asyncio.to_thread(self._on_disk, scope_id, user_id))
        return [
            adapter
            for adapter in recorded
            if adapter.state is AdapterState.ACCEPTED
            and adapter.base_model == self.base_model
            and not adapter.is_stale
            and adapter.version in on_disk
        ]

    async def go_back(
        self, scope_id: int, user_id: int, version: int | None, *, check: Check | None = None
    ) -> AdapterRef | None:
        """Make a kept version active again, or the base model (``None``).

        ``check`` may refuse it. Weights that have seen a text deleted since are removed now: no
        next training is to come for their sake. Raises ``AdapterError``.
        """
        async with self._writing:
            ref = None
            if version is not None:
                kept = await self.kept(scope_id, user_id)
                if all(adapter.version != version for adapter in kept):
                    raise AdapterError(
                        f"version {version} is not kept; `/my history` shows those that are"
                    )
                path = self.path(scope_id, user_id, version)
                ref = AdapterRef(scope_id, user_id, version, path)
                if check is not None:
                    await check(ref)
            await self._store.activate(scope_id, user_id, version)
            await self._remove_stale(scope_id, user_id, but=version)
            return ref

    async def take_back(
        self, version: AdapterVersion, why: dict[str, Any], *, check: Check | None = None
    ) -> tuple[bool, AdapterRef | None]:
        """From an active version back to the one it replaced, or to base if that one is not kept,
        was taken back itself, or is refused by ``check``.

        Whether it was done (not if another version is active by now), and what answers from now
        on. ``why`` is stored with the version.
        """
        scope_id, user_id = version.scope_id, version.user_id
        async with self._writing:
            ref = None
            for adapter in await self.kept(scope_id, user_id):
                if adapter.version == version.replaced and adapter.rolled_back_at is None:
                    path = self.path(scope_id, user_id, adapter.version)
                    ref = AdapterRef(scope_id, user_id, adapter.version, path)
            if ref is not None and check is not None:
                try:
                    await check(ref)
                except AdapterError as error:
                    log.warning("%s cannot be gone back to: %s", ref.name, error)
                    ref = None
            to = ref.version if ref is not None else None
            is_done = await self._store.roll_back(
                scope_id, user_id, version.version, to=to, why=why
            )
            if is_done:
                await self._remove_stale(scope_id, user_id, but=to)
            return is_done, ref

    async def _remove_stale(self, scope_id: int, user_id: int, *, but: int | None) -> None:
        for adapter in await self._store.adapters(scope_id, user_id):
            if adapter.is_stale and adapter.version != but:
                await asyncio.to_thread(_remove, self.path(scope_id, user_id, adapter.version))

    async def files_of(self, user_id: int) -> dict[str, bytes]:
        """Every published file of a person, in every scope, by its path below the root."""
        async with self._writing:
            return await asyncio.to_thread(self._read_all, user_id)

    def _read_all(self, user_id: int) -> dict[str, bytes]:
        return {
            str(path.relative_to(self._root).as_posix()): path.read_bytes()
            for path in sorted(self._root.glob(f"*/{int(user_id)}/v*/*"))
            if path.name in ADAPTER_FILES and path.is_file()
        }

    async def keep_only(self, ref: AdapterRef) -> None:
        """Remove the person's other versions: a text they were trained on has been deleted."""
        async with self._writing:
            for version, path in await asyncio.to_thread(self._on_disk, ref.scope_id, ref.user_id):
                if version != ref.version:
                    await asyncio.to_thread(_remove, path)

    async def bytes_on_disk(self, scope_id: int | None = None) -> int:
        """What the published versions of one scope, or of all, take."""

        def measure() -> int:
            folder = self._root if scope_id is None else self._root / str(int(scope_id))
            total = 0
            for path in folder.rglob("*"):
                with suppress(FileNotFoundError):  # deleted while we look
                    total += path.stat().st_size if path.is_file() else 0
            return total

        return await asyncio.to_thread(measure)

    async def sweep(self) -> int:
        """Remove what a crash left: candidates, and folders no row knows. Returns how many.

        Does nothing while another process trains: what looks left over may be in its hands.
        """
        try:
            async with self.exclusive(timeout_s=0), self._writing:
                return await self._sweep()
        except AdapterError:
            return 0

    @asynccontextmanager
    async def exclusive(self, *, timeout_s: float | None = None) -> AsyncGenerator[None, None]:
        """Be the only process that trains and publishes here. A crash gives the lock back.

        Raises ``AdapterError`` if it is not to be had within ``timeout_s`` (``None``: wait on).
        """
        await asyncio.to_thread(self._root.mkdir, parents=True, exist_ok=True)
        lock = FileLock(self._root / ".lock", thread_local=False)
        loop = asyncio.get_running_loop()
        give_up_at = None if timeout_s is None else loop.time() + timeout_s
        while True:
            try:
                lock.acquire(blocking=False)
                break
            except Timeout:
                if give_up_at is not None and loop.time() >= give_up_at:
                    raise AdapterError(
                        "another Bowerbird process is training with this DATA_DIR; try again later"
                    ) from None
                await asyncio.sleep(_LOCK_POLL_S)
        try:
            yield
        finally:
            lock.release()

    def _person(self, scope_id: int, user_id: int) -> Path:
        return self._root / str(int(scope_id)) / str(int(user_id))

    def _on_disk(self, scope_id: int, user_id: int) -> list[tuple[int, Path]]:
        folder = self._person(scope_id, user_id)
        if not folder.is_dir():
            return []
        return sorted(
            (int(path.name[1:]), path)
            for path in folder.iterdir()
            if path.name.startswith("v") and path.name[1:].isdecimal()
        )

    async def _prune(self, scope_id: int, user_id: int) -> None:
        active = (await self._store.person(scope_id, user_id)).active_version
        on_disk = await asyncio.to_thread(self._on_disk, scope_id, user_id)
        older = [(version, path) for version, path in on_disk if version != active]
        for _, path in older[:-KEEP_VERSIONS]:
            await asyncio.to_thread(_remove, path)

    async def _sweep(self) -> int:
        left_over = await asyncio.to_thread(_children, self._root / ".candidates")
        known: set[Path] = set()
        for scope in await asyncio.to_thread(_children, self._root):
            for user in await asyncio.to_thread(_children, scope):
                if not (scope.name.isdecimal() and user.name.isdecimal()):
                    continue
                scope_id, user_id = int(scope.name), int(user.name)
                active = (await self._store.person(scope_id, user_id)).active_version
                known.update(
                    self.path(scope_id, user_id, adapter.version)
                    for adapter in await self._store.adapters(scope_id, user_id)
                    if adapter.state is AdapterState.ACCEPTED
                    and (adapter.version == active or not adapter.is_stale)
                )
                versions = await asyncio.to_thread(_children, user)
                left_over += [path for path in versions if path not in known]
        for path in left_over:
            log.info("removing %s, left over from an interrupted run", path)
            await asyncio.to_thread(_remove_version, path)
        return len(left_over)


def _children(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _move_into_place(candidate: Path, target: Path) -> None:
    """Rename, and make that survive a power cut. The files were synced when written."""
    missing = [name for name in ADAPTER_FILES if not (candidate / name).is_file()]
    if missing:
        raise AdapterError(
            f"the candidate in {candidate} is incomplete: {', '.join(missing)} missing"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove(target)  # a crash between rename and transaction left it; no row knows it
    candidate.rename(target)
    sync(target.parent)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()


def _remove_version(path: Path) -> None:
    """Remove a version, and the folders above it if empty: their names are people's ids."""
    _remove(path)
    for folder in (path.parent, path.parent.parent):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
