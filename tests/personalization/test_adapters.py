"""The folder of adapters, on a real database file."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from bowerbird.personalization.adapters import ADAPTER_FILES, KEEP_VERSIONS, AdapterLibrary
from bowerbird.personalization.errors import AdapterError
from bowerbird.personalization.types import AdapterRef
from bowerbird.storage.records import AdapterState, Consent
from bowerbird.storage.sql import SqlStore
from tests.storage.samples import (
    ALICE,
    BASE_MODEL,
    BOB,
    CAROL,
    SCOPE,
    START,
    a_reply,
    a_version,
    consent,
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = SqlStore(f"sqlite+aiosqlite:///{tmp_path / 'bowerbird.db'}")
    await opened.open()
    await consent(opened, ALICE, BOB)
    yield opened
    await opened.aclose()


@pytest.fixture
def library(tmp_path: Path, store: SqlStore) -> AdapterLibrary:
    return AdapterLibrary(tmp_path / "adapters", store, BASE_MODEL)


def write_candidate(library: AdapterLibrary, run_id: int = 1, content: str = "weights") -> Path:
    folder = library.candidate_dir(run_id)
    folder.mkdir(parents=True)
    for name in ADAPTER_FILES:
        (folder / name).write_text(content)
    return folder


def content(path: Path) -> str:
    return (path / ADAPTER_FILES[-1]).read_text()


def versions(library: AdapterLibrary, user: int = ALICE) -> list[str]:
    folder = library.path(SCOPE, user, 1).parent
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


async def test_publishing_moves_the_files_and_flips_the_pointer(
    library: AdapterLibrary, store: SqlStore
) -> None:
    assert await library.active(SCOPE, ALICE) is None
    candidate = write_candidate(library)
    ref = await library.publish(candidate, a_version(1))
    assert ref == AdapterRef(SCOPE, ALICE, 1, library.path(SCOPE, ALICE, 1))
    assert await library.active(SCOPE, ALICE) == ref
    assert await library.active(SCOPE, BOB) is None
    assert content(ref.path) == "weights"
    assert not candidate.exists()
    assert [a.version for a in await store.adapters(SCOPE, ALICE)] == [1]


async def test_without_consent_nothing_is_published_and_no_file_stays(
    library: AdapterLibrary, store: SqlStore, tmp_path: Path
) -> None:
    await store.set_consent(SCOPE, ALICE, Consent.OFF)
    assert await library.publish(write_candidate(library), a_version(1)) is None
    assert await library.active(SCOPE, ALICE) is None
    left = [path for path in (tmp_path / "adapters").rglob("*") if str(ALICE) in str(path)]
    assert left == []


async def test_what_the_check_refuses_is_not_published(
    library: AdapterLibrary, store: SqlStore
) -> None:
    async def refuse(ref: AdapterRef) -> None:
        assert content(ref.path) == "weights"
        raise AdapterError("it does not fit the base model")

    with pytest.raises(AdapterError, match="fit"):
        await library.publish(write_candidate(library), a_version(1), check=refuse)
    assert await library.active(SCOPE, ALICE) is None
    assert versions(library) == []


async def test_an_incomplete_candidate_is_not_published(library: AdapterLibrary) -> None:
    candidate = write_candidate(library)
    (candidate / "adapter_model.safetensors").unlink()
    with pytest.raises(AdapterError, match=r"adapter_model\.safetensors missing"):
        await library.publish(candidate, a_version(1))
    assert await library.active(SCOPE, ALICE) is None


async def test_files_of_a_publish_that_a_crash_cut_short_are_replaced(
    library: AdapterLibrary,
) -> None:
    left_over = library.path(SCOPE, ALICE, 1)
    left_over.mkdir(parents=True)
    (left_over / "adapter_model.safetensors").write_text("half")
    ref = await library.publish(write_candidate(library), a_version(1))
    assert ref is not None
    assert content(ref.path) == "weights"


async def test_a_rejected_version_keeps_its_verdict_and_loses_its_weights(
    library: AdapterLibrary, store: SqlStore
) -> None:
    candidate = write_candidate(library)
    assert await library.reject(candidate, a_version(1, state=AdapterState.REJECTED))
    assert not candidate.exists()
    assert await library.active(SCOPE, ALICE) is None
    (record,) = await store.adapters(SCOPE, ALICE)
    assert record.state is AdapterState.REJECTED


async def test_a_few_old_versions_and_always_the_active_one_are_kept(
    library: AdapterLibrary,
) -> None:
    for version in range(1, 8):
        await library.publish(write_candidate(library), a_version(version))
    assert versions(library) == [f"v{n}" for n in range(7 - KEEP_VERSIONS, 8)]


async def test_after_a_rollback_the_pointer_is_followed(
    library: AdapterLibrary, store: SqlStore
) -> None:
    for version in (1, 2):
        await library.publish(write_candidate(library), a_version(version))
    await store.activate(SCOPE, ALICE, 1)
    active = await library.active(SCOPE, ALICE)
    assert active is not None
    assert active.version == 1
    await library.keep_only(active)
    assert versions(library) == ["v1"]


async def test_deleting_removes_one_persons_weights_and_nobody_elses(
    library: AdapterLibrary, tmp_path: Path
) -> None:
    await library.publish(write_candidate(library), a_version(1))
    await library.publish(write_candidate(library), a_version(1, user=BOB))
    await library.delete([(SCOPE, ALICE)])
    assert not list((tmp_path / "adapters").rglob(f"*{ALICE}*"))
    assert versions(library, BOB) == ["v1"]


async def test_deleting_waits_for_a_publish_going_on(library: AdapterLibrary) -> None:
    is_checking, may_go_on = asyncio.Event(), asyncio.Event()

    async def check(ref: AdapterRef) -> None:
        is_checking.set()
        await may_go_on.wait()

    publishing = asyncio.create_task(
        library.publish(write_candidate(library), a_version(1), check=check)
    )
    await is_checking.wait()
    deleting = asyncio.create_task(library.delete([(SCOPE, ALICE)]))
    await asyncio.sleep(0)
    assert not deleting.done()
    may_go_on.set()
    await publishing
    await deleting
    assert versions(library) == []


async def test_sweeping_removes_what_no_row_knows(
    library: AdapterLibrary, store: SqlStore, tmp_path: Path
) -> None:
    await library.publish(write_candidate(library), a_version(1))
    unknown = [library.path(SCOPE, ALICE, 9), library.path(SCOPE, 555, 1)]
    for path in unknown:
        path.mkdir(parents=True)
    (tmp_path / "adapters" / "notes").mkdir()
    write_candidate(library, run_id=4)
    assert await library.sweep() == 3
    assert versions(library) == ["v1"]
    assert not any(path.exists() for path in unknown)
    assert not library.candidate_dir(4).exists()
    assert (tmp_path / "adapters" / "notes").is_dir()  # not ours
    assert await library.sweep() == 0


async def test_sweeping_leaves_alone_what_another_process_is_training(
    library: AdapterLibrary, tmp_path: Path
) -> None:
    write_candidate(library, run_id=4)
    with FileLock(tmp_path / "adapters" / ".lock"):
        assert await library.sweep() == 0
        with pytest.raises(AdapterError, match="another"):
            async with library.exclusive(timeout_s=0.1):
                pass
    assert library.candidate_dir(4).exists()


async def test_a_publish_that_is_cancelled_keeps_what_the_store_knows(
    library: AdapterLibrary,
) -> None:
    """Cancelled between files and record: the files stay until the sweep asks the store."""
    is_checking = asyncio.Event()

    async def check(ref: AdapterRef) -> None:
        is_checking.set()
        await asyncio.Event().wait()

    publishing = asyncio.create_task(
        library.publish(write_candidate(library), a_version(1), check=check)
    )
    await is_checking.wait()
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await publishing
    assert versions(library) == ["v1"]
    assert await library.sweep() == 1
    assert versions(library) == []


async def test_ids_are_integers_before_they_touch_a_path(library: AdapterLibrary) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        library.path(SCOPE, "../../etc", 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="invalid literal"):
        library.candidate_dir("..")  # type: ignore[arg-type]


async def test_a_version_number_is_never_published_twice(
    library: AdapterLibrary,
) -> None:
    await library.publish(write_candidate(library, content="first"), a_version(1))
    record = replace(a_version(1), trained_on=9)
    with pytest.raises(AdapterError, match="exists already"):
        await library.publish(write_candidate(library, 2, content="second"), record)
    active = await library.active(SCOPE, ALICE)
    assert active is not None
    assert content(active.path) == "first"


async def test_a_version_of_another_base_model_waits_until_that_is_back(
    library: AdapterLibrary, store: SqlStore, tmp_path: Path
) -> None:
    ref = await library.publish(write_candidate(library), a_version(1))
    elsewhere = AdapterLibrary(tmp_path / "adapters", store, "another-model")
    assert await elsewhere.active(SCOPE, ALICE) is None
    assert await library.active(SCOPE, ALICE) == ref


async def test_going_back_to_a_kept_version_and_to_base(
    library: AdapterLibrary, store: SqlStore
) -> None:
    for version in (1, 2):
        await library.publish(write_candidate(library, content=f"v{version}"), a_version(version))
    assert [adapter.version for adapter in await library.kept(SCOPE, ALICE)] == [1, 2]
    checked: list[AdapterRef] = []

    async def check(ref: AdapterRef) -> None:
        checked.append(ref)

    ref = await library.go_back(SCOPE, ALICE, 1, check=check)
    assert ref is not None
    assert checked == [ref]
    assert await library.active(SCOPE, ALICE) == ref
    assert await library.go_back(SCOPE, ALICE, None) is None
    assert await library.active(SCOPE, ALICE) is None
    assert versions(library) == ["v1", "v2"]
    await library.publish(write_candidate(library), a_version(3))
    assert [adapter.version for adapter in await library.kept(SCOPE, ALICE)] == [1, 2, 3]


async def test_nobody_goes_back_to_what_is_not_kept(
    library: AdapterLibrary, store: SqlStore
) -> None:
    await library.publish(write_candidate(library), a_version(1))
    await library.publish(write_candidate(library), a_version(2))
    await library.publish(write_candidate(library), replace(a_version(3), base_model="another"))
    rejected = replace(a_version(4), state=AdapterState.REJECTED)
    await library.reject(write_candidate(library), rejected)
    shutil.rmtree(library.path(SCOPE, ALICE, 1))
    for version in (1, 3, 4, 9):
        with pytest.raises(AdapterError, match=f"version {version} is not kept"):
            await library.go_back(SCOPE, ALICE, version)

    async def refuse(ref: AdapterRef) -> None:
        raise AdapterError("damaged")

    with pytest.raises(AdapterError, match="damaged"):
        await library.go_back(SCOPE, ALICE, 2, check=refuse)
    person = await store.person(SCOPE, ALICE)
    assert person.active_version == 3


async def test_going_back_leaves_no_weights_that_saw_a_deleted_text(
    library: AdapterLibrary, store: SqlStore
) -> None:
    await library.publish(write_candidate(library), replace(a_version(1), created_at=START))
    reply = replace(a_reply(11), created_at=START + timedelta(minutes=1))
    await store.add_reply(reply)
    later = START + timedelta(minutes=2)
    await library.publish(write_candidate(library), replace(a_version(2), created_at=later))
    await store.erase_messages([11])
    assert [adapter.version for adapter in await library.kept(SCOPE, ALICE)] == [1]
    await library.go_back(SCOPE, ALICE, 1)
    assert versions(library) == ["v1"]


async def test_a_sweep_takes_weights_that_saw_a_deleted_text_unless_they_are_in_use(
    library: AdapterLibrary, store: SqlStore
) -> None:
    for version in (1, 2):
        await library.publish(write_candidate(library), a_version(version))
    await store.add_reply(replace(a_reply(11), created_at=START - timedelta(days=1)))
    await store.erase_messages([11])
    assert await library.sweep() == 1
    assert versions(library) == ["v2"]


async def test_the_files_of_a_person_from_every_scope(library: AdapterLibrary) -> None:
    await library.publish(write_candidate(library, content="hers"), a_version(1))
    await library.publish(write_candidate(library), replace(a_version(1), user_id=BOB))
    files = await library.files_of(ALICE)
    assert files == {f"{SCOPE}/{ALICE}/v1/{name}": b"hers" for name in ADAPTER_FILES}
    assert await library.files_of(CAROL) == {}
