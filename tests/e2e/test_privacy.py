"""What is on the disk, byte for byte: nothing of those who said no, nothing or "forget me"."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bowerbird.playground import RateLimits
from tests.e2e.bot_process import BotProcess
from tests.e2e.conftest import REPLY_S, Scene, running_bot
from tests.e2e.scripted_model import SCRIPTS

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bot(
    scripted_model_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[BotProcess]:
    """A bot of this module's own: everything in its files is looked at."""
    home = tmp_path_factory.mktemp("home")
    async with running_bot(home, scripted_model_dir, RateLimits.generous()) as bot:
        yield bot


async def test_nothing_of_people_without_consent_is_written_anywhere(scene: Scene) -> None:
    alice, bob, carol, bot = scene.alice, scene.bob, scene.carol, scene.bot
    await scene.consents(alice)
    used = await bob.slash(scene.general, "my personalization", state="off")
    await used.answered(REPLY_S)
    # Bob refuses, carol has not answered; alice talks to both and to the bot.
    for person, word in ((bob, "bobolink"), (carol, "carolina")):
        for number in range(2):
            reply = await scene.ask(person, f"what about {word}{number} and feathers?")
            await person.react(reply, "👍" if number else "👎")
        again = await person.say(scene.general, f"and {word}9, feathers?", reply_to=reply)
        await scene.reply(again)
        asked = await person.slash(scene.garden, "ask", prompt=f"what of {word}7 and feathers?")
        await asked.answered(REPLY_S)
        await person.edit(again, f"and {word}8, feathers?")
    mixed = await alice.say(scene.general, "and albatross0, berries?", reply_to=reply)
    alices = await scene.reply(mixed)
    await alice.react(alices, "👍")
    await bot.rows_become(
        [(alice.id, "like")],
        "SELECT user_id, kind FROM feedback WHERE scope_id = ?",
        scene.guild.id,
    )

    def found(words: str) -> list[str]:
        return [path.name for path in bot.files_with(words)]

    def assert_nothing_is_written() -> None:
        assert found("albatross0")
        assert found(SCRIPTS["berries"])
        for words in ("bobolink", "carolina", SCRIPTS["feathers"]):
            assert found(words) == []
            assert words not in bot.said
        assert "albatross0" not in bot.said

    assert_nothing_is_written()
    await bot.kill()
    assert_nothing_is_written()
    await bot.start()


async def test_forgetting_leaves_no_byte_and_no_weight(scene: Scene) -> None:
    alice, bob, bot = scene.alice, scene.bob, scene.bot
    await scene.consents(alice, bob)
    for number in range(3):
        reply = await scene.ask(alice, f"what about condor{number} and shells?")
        await alice.react(reply, "👍")
    bobs = await scene.ask(bob, "what about bullfinch and berries?")
    await bob.react(bobs, "👍")
    used = await scene.owner.slash(scene.general, "retrain", user=alice.user)
    verdict = await used.answered()
    await alice.wait_until(lambda: "accepted" in verdict.content, 300, "the verdict")
    weights = bot.adapters / str(scene.guild.id) / str(alice.id)
    assert [path.name for path in weights.iterdir()] == ["v1"]
    assert bot.files_with("condor")

    asked = await alice.slash(scene.general, "my forget")
    question = await asked.answered()
    await alice.click(question, "bowerbird:confirm")
    await alice.wait_until(lambda: "Deleted:" in question.content, REPLY_S, "the receipt")
    assert "3 exchanges, 3 votes and corrections, 1 version" in question.content

    assert bot.files_with("condor") == []
    assert bot.files_with(SCRIPTS["shells"]) == []
    assert bot.files_with("bullfinch")
    assert not weights.exists()
    for table in ("replies", "feedback", "adapters", "runs"):
        count = f"SELECT count(*) FROM {table} WHERE user_id = ?"  # noqa: S608
        assert bot.rows(count, alice.id) == [(0,)], table
    assert bot.rows("SELECT consent FROM people WHERE user_id = ?", alice.id) == [("off",)]
    # Gone for good: she is answered by the base, and nothing new is kept.
    after = await scene.ask(alice, "what about condor5 and shells?")
    assert after.content == SCRIPTS["shells"]
    assert bot.files_with("condor") == []
    assert "condor" not in bot.said
    await bot.stop()  # folds the write-ahead data into the file
    for words in ("condor", "bobolink", "carolina", SCRIPTS["shells"], SCRIPTS["feathers"]):
        assert bot.files_with(words) == []
    assert [path.name for path in bot.files_with("bullfinch")] == ["bowerbird.db"]
