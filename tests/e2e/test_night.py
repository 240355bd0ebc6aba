"""Learning, with the real worker: asked for, watched, refused, killed and resumed."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from bowerbird.playground import RateLimits
from bowerbird.playground.errors import DiscordError
from bowerbird.playground.interactions import Interaction
from bowerbird.playground.model import Message
from bowerbird.playground.people import Person
from bowerbird.storage.records import Consent, Feedback, FeedbackKind, NewReply, Turn
from bowerbird.storage.sql import SqlStore
from tests.e2e.bot_process import BotProcess, eventually
from tests.e2e.conftest import REPLY_S, Scene, running_bot
from tests.e2e.scripted_model import SCRIPTS

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
]

TRAIN_S = 300.0
RUNS = "SELECT state, attempts, version FROM runs WHERE user_id = ? ORDER BY run_id"
MANY = 60


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bot(
    scripted_model_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[BotProcess]:
    """A bot of this module's own: it is killed, and its nights train everybody."""
    home = tmp_path_factory.mktemp("home")
    async with running_bot(home, scripted_model_dir, RateLimits.generous()) as bot:
        yield bot


async def like_some(scene: Scene, person: Person, count: int = 3) -> None:
    """By hand: questions, replies, reactions."""
    votes = "SELECT count(*) FROM feedback WHERE user_id = ?"
    for number in range(count):
        reply = await scene.ask(person, f"what about berries, no. {number}?")
        await person.react(reply, "👍" if number % 2 == 0 else "👎")
    await scene.bot.rows_become([(count,)], votes, person.id)


async def remember_many(scene: Scene, person: Person) -> None:
    """Months of votes, put into the database beside the bot: a training of some length."""
    scope_id, user_id = scene.guild.id, person.id
    now = datetime.now(UTC)
    async with store_of(scene.bot) as store:
        await store.set_consent(scope_id, user_id, Consent.ON)
        for number in range(MANY):
            message_id = scene.playground.world.new_id()
            made_at = now - timedelta(hours=MANY - number)
            question = Turn("user", f"no. {number}?", None, user_id)
            await store.add_reply(
                NewReply(
                    scope_id=scope_id,
                    user_id=user_id,
                    channel_id=scene.general.id,
                    question_id=None,
                    message_ids=(message_id,),
                    turns=(Turn("system", "Be kind."), question),
                    text=f"{number} is {scope_id}.",
                    base_model="scripted",
                    adapter_version=None,
                    sampling={},
                    origin="slash",
                    created_at=made_at,
                )
            )
            kind = FeedbackKind.LIKE if number % 2 else FeedbackKind.DISLIKE
            await store.put_feedback(
                Feedback(scope_id, message_id, user_id, kind, "message", made_at)
            )


@asynccontextmanager
async def store_of(bot: BotProcess) -> AsyncIterator[SqlStore]:
    store = SqlStore(f"sqlite+aiosqlite:///{bot.database}")
    await store.open()
    try:
        yield store
    finally:
        await store.aclose()


async def retrain(scene: Scene, person: Person) -> tuple[Interaction, Message]:
    used = await scene.owner.slash(scene.general, "retrain", user=person.user)
    return used, await used.answered()


async def verdict_in(scene: Scene, message: Message) -> str:
    await scene.owner.wait_until(
        lambda: "accepted" in message.content or "did not pass" in message.content,
        TRAIN_S,
        "the verdict",
    )
    return message.content


async def is_training(scene: Scene, message: Message) -> psutil.Process:
    """Once steps are being made: the worker."""
    await scene.owner.wait_until(
        lambda: ": training ▰" in message.content, TRAIN_S, "steps of the training"
    )
    worker = scene.bot.worker()
    assert worker is not None
    return worker


def half_written(bot: BotProcess) -> list[str]:
    """Whatever lies below the adapters that is no complete version."""
    complete = {"adapter_config.json", "adapter_model.safetensors"}
    found = []
    for path in bot.adapters.rglob("*"):
        if path.is_file() and path.name != ".lock":
            is_version = path.parent.name.startswith("v") and ".candidates" not in path.parts
            if not is_version:
                found.append(str(path))
        elif path.name.startswith("v") and not complete <= {f.name for f in path.iterdir()}:
            found.append(str(path))
    return found


def concluded(scene: Scene, person: Person) -> list[tuple[int, int]]:
    """(attempts, version) of a person's runs, which ended with verdicts that were heeded."""
    bot = scene.bot
    runs = bot.rows(RUNS, person.id)
    versions = dict(bot.rows("SELECT version, state FROM adapters WHERE user_id = ?", person.id))
    heeded = {"promoted": "accepted", "rejected": "rejected"}
    for state, _, version in runs:
        assert heeded[state] == versions[version]
        folder = bot.adapters / str(scene.guild.id) / str(person.id) / f"v{version}"
        assert folder.exists() is (state == "promoted")
    assert half_written(bot) == []
    return [(attempts, version) for _, attempts, version in runs]


async def test_retrain_status_and_reset(scene: Scene) -> None:
    alice, bot = scene.alice, scene.bot
    await scene.consents(alice)
    await like_some(scene, alice)
    _, message = await retrain(scene, alice)
    deadlines = scene.playground.world.deadlines
    lives_s, deadlines.interaction_token_s = deadlines.interaction_token_s, 0.0
    verdict = await verdict_in(scene, message)  # longer than the command's token lived
    deadlines.interaction_token_s = lives_s
    assert verdict.startswith(f"{alice.mention}: version 1 was accepted and is in use.")
    assert "as much sense as before" in verdict
    assert message.pings == []
    progress = [version.content for version in message.versions[:-1]]
    assert any("▱" in text for text in progress), "no progress was shown"
    assert bot.rows(RUNS, alice.id) == [("promoted", 1, 1)]
    ((reasons,),) = bot.rows("SELECT verdict FROM adapters WHERE user_id = ?", alice.id)
    assert json.loads(reasons)["measurements"]["is_finite"] is True
    version = bot.adapters / str(scene.guild.id) / str(alice.id) / "v1"
    assert {"adapter_config.json", "adapter_model.safetensors"} <= {
        path.name for path in version.iterdir()
    }
    assert half_written(bot) == []
    used = await alice.slash(scene.general, "my status")
    status = (await used.answered()).content
    assert "answered by **version 1** of your own model" in status
    assert "Version 1 was accepted" in status
    await looks_at_what_is_learnt(scene, alice)

    reply = await scene.ask(alice, "what about shells?")
    which = "SELECT adapter_version FROM replies JOIN reply_messages USING (reply_id)"
    which += " WHERE message_id = ?"
    assert bot.rows(which, reply.id) == [(1,)]

    used = await scene.owner.slash(scene.general, "reset", user=alice.user, keep_feedback=True)
    question = await used.answered()
    await scene.owner.click(question, "bowerbird:confirm")
    await scene.owner.wait_until(
        lambda: "back to the base model" in question.content, REPLY_S, "the reset"
    )
    assert not version.exists()
    after = await scene.ask(alice, "what about feathers?")
    assert bot.rows(which, after.id) == [(None,)]
    votes = "SELECT count(*) FROM feedback WHERE user_id = ?"
    assert bot.rows(votes, alice.id) == [(3,)]


async def looks_at_what_is_learnt(scene: Scene, person: Person) -> None:
    """All of `/my` that changes nothing, and back and forth between versions; others ask too."""

    async def used(name: str, **options: Any) -> Message:
        return await (await person.slash(scene.general, f"my {name}", **options)).answered(REPLY_S)

    others, compared, shown, listed = await asyncio.gather(
        scene.ask(scene.bob, "what about feathers?"),
        used("compare", prompt="what about berries?"),
        used("privacy"),
        used("history"),
    )
    assert others.content == SCRIPTS["feathers"]
    assert compared.is_ephemeral
    base = f"**The base model**\n{SCRIPTS['berries']}"
    assert compared.content.startswith("> what about berries?\n\n**Version 1**\n")
    assert base in compared.content
    assert "Neither reply is kept" in compared.content
    assert "you said **yes**" in shown.content
    assert "Version 1 (**in use**) was accepted" in listed.content
    assert "The base model (liked 2 of 3)" in listed.content

    answer = await used("export")
    assert "Sent to you by direct message: bowerbird.zip." in answer.content
    (parcel,) = [m for m in person.messages(await person.dm(scene.playground.bot)) if m.attachments]
    with zipfile.ZipFile(io.BytesIO(parcel.attachments[0].content)) as archive:
        known = json.loads(archive.read("bowerbird.json"))
        version = f"adapters/{scene.guild.id}/{person.id}/v1/adapter_model.safetensors"
        assert len(archive.read(version)) > 1000
    assert len(known["feedback"]) == 3
    assert {row["user_id"] for row in known["replies"]} == {person.id}

    active = "SELECT active_version FROM people WHERE user_id = ?"
    for version_no, name in ((0, "the base model"), (1, "version 1")):
        answer = await used("rollback", version=version_no)
        assert f"answered by **{name}** again" in answer.content
        assert scene.bot.rows(active, person.id) == [(version_no or None,)]


async def test_only_people_who_manage_the_server_may(scene: Scene) -> None:
    alice = scene.alice
    await scene.consents(alice)
    with pytest.raises((LookupError, DiscordError)):
        await alice.slash(scene.general, "retrain", user=alice.user)
    # The permission of the command is only a default: here the server's owner gave it to all.
    for command in scene.playground.world.commands.values():
        if command.name in {"retrain", "reset"}:
            command.body["default_member_permissions"] = None
    for name in ("retrain", "reset"):
        used = await alice.slash(scene.general, name, user=alice.user)
        answer = await used.answered()
        assert answer.is_ephemeral
        assert "Manage Server" in answer.content
    assert scene.bot.rows(RUNS, alice.id) == []


async def test_nothing_to_learn_from_is_said(scene: Scene) -> None:
    _, message = await retrain(scene, scene.bob)
    await scene.owner.wait_until(
        lambda: "has not turned personalization on" in message.content, REPLY_S
    )
    await scene.consents(scene.bob)
    _, message = await retrain(scene, scene.bob)
    await scene.owner.wait_until(lambda: "no vote or correction" in message.content, REPLY_S)
    used = await scene.owner.slash(scene.general, "retrain")
    nobody = await used.answered()
    await scene.owner.wait_until(lambda: "Nobody is due" in nobody.content, REPLY_S)


async def test_two_at_once_and_everybody_who_is_due(scene: Scene) -> None:
    alice, bob = scene.alice, scene.bob
    await scene.consents(alice, bob)
    await like_some(scene, alice)
    await like_some(scene, bob)
    used = await scene.owner.slash(scene.garden, "retrain")
    everybody = await used.answered()
    first, second = await asyncio.gather(retrain(scene, alice), retrain(scene, alice))
    for _, message in (first, second):
        assert "version 1 was accepted" in await verdict_in(scene, message)
    everything = await verdict_in(scene, everybody)
    for person in (alice, bob):
        assert f"{person.mention}: version 1 was accepted" in everything
        states = [state for state, _, _ in scene.bot.rows(RUNS, person.id)]
        assert states.count("promoted") == 1, states
    assert half_written(scene.bot) == []


async def test_forgetting_stops_a_training(scene: Scene) -> None:
    alice, bot = scene.alice, scene.bot
    await remember_many(scene, alice)
    _, message = await retrain(scene, alice)
    await is_training(scene, message)
    asked = await alice.slash(scene.general, "my forget")
    question = await asked.answered()
    await alice.click(question, "bowerbird:confirm")
    await alice.wait_until(lambda: "Deleted:" in question.content, REPLY_S, "the receipt")
    assert bot.rows(RUNS, alice.id) == []
    await scene.owner.wait_until(
        lambda: "was cancelled" in message.content, TRAIN_S, "the end of the training"
    )
    assert bot.rows("SELECT * FROM adapters WHERE user_id = ?", alice.id) == []
    assert not (bot.adapters / str(scene.guild.id) / str(alice.id)).exists()
    assert half_written(bot) == []
    assert bot.files_with(f" is {scene.guild.id}.") == []


async def test_worker_killed_bot_killed_and_a_night_slept_through(scene: Scene) -> None:
    alice, bob, bot = scene.alice, scene.bob, scene.bot
    await scene.consents(bob)
    await like_some(scene, bob)
    await remember_many(scene, alice)

    # Another worker takes the place of one that dies; people are answered meanwhile.
    _, message = await retrain(scene, alice)
    worker = await is_training(scene, message)
    worker.kill()
    await bot.line_with("the training worker ended unexpectedly (signal 9)", TRAIN_S)
    assert (await scene.ask(scene.carol, "what about shells?")).content == SCRIPTS["shells"]
    another = await eventually(bot.worker, TRAIN_S, "another worker")
    assert another.pid != worker.pid

    # The whole bot dies while that one is at it.
    await scene.owner.wait_until(
        lambda: ": loading" in message.content, TRAIN_S, "the training to begin again"
    )
    await is_training(scene, message)
    await bot.kill()
    await eventually(lambda: not another.is_running(), 10, "the worker to die with its parent")
    assert bot.rows(RUNS, alice.id) == [("running", 1, None)]
    assert half_written(bot) == []

    # The machine was off for some nights: both are made up for, once.
    async with store_of(bot) as store:
        await store.set_meta("last_night", "2026-01-01")
    await bot.start()
    await bot.line_with("Took up 1 training(s)", TRAIN_S)
    assert concluded(scene, alice) == [(2, 1)]
    used = await alice.slash(scene.general, "my status")
    assert "Version 1 was" in (await used.answered()).content
    await bot.line_with("is through:", TRAIN_S)
    assert concluded(scene, bob) == [(1, 1)]
    ((night,),) = bot.rows("SELECT night FROM runs WHERE user_id = ?", bob.id)
    assert bot.rows("SELECT value FROM meta WHERE key = 'last_night'") == [(night,)]
    assert (await scene.ask(alice, "what about shells?")).content == SCRIPTS["shells"]
