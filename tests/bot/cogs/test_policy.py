"""What the operator promises of what is kept and trained on, from question to training."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bowerbird.playground import Playground
from bowerbird.playground.people import Person
from tests.bot import house as houses
from tests.bot.house import House


async def retrained(house: House, person: Person) -> str:
    owner = house.person("owner")
    message = await (await owner.slash("general", "retrain", user=person.id)).answered()
    words = ("to learn from", "is in use")
    await owner.wait_until(lambda: any(word in message.content for word in words), 60)
    return message.content


def a_month_goes_by_for_the_first(file: Path) -> None:
    database = sqlite3.connect(file)
    database.execute(
        "UPDATE replies SET created_at = strftime('%Y-%m-%d %H:%M:%f', created_at, '-31 days')"
        " WHERE reply_id = (SELECT min(reply_id) FROM replies)"
    )
    database.commit()
    database.close()


async def voted(house: House, person: Person, count: int) -> None:
    async def are_kept() -> bool:
        return len(await house.labels(person)) == count

    await house.until(are_kept)


async def test_only_what_was_given_to_commands_is_trained_on_where_that_is_promised(
    playground: Playground, tmp_path: Path
) -> None:
    async with houses.running(playground, tmp_path, train_on="interactions") as house:
        alice = house.person("alice")
        await house.opt_in(alice)
        await alice.react(await house.ask(alice, "said in a channel"), "👍")
        await voted(house, alice, 1)
        assert "no vote or correction" in await retrained(house, alice)
        used = await alice.slash("general", "ask", prompt="said to a command")
        answer = await used.answered()
        await alice.wait_until(lambda: len(answer.reactions) == 3)
        await alice.react(answer, "👍")
        await voted(house, alice, 2)
        assert "version 1 was accepted" in await retrained(house, alice)
        (job,) = house.executor.jobs
        assert "said to a command" in str(job.examples)
        assert "said in a channel" not in str(job.examples)


async def test_the_retention_clock_runs_at_every_start(
    playground: Playground, tmp_path: Path
) -> None:
    async with houses.running(playground, tmp_path, retention_days=30) as house:
        alice = house.person("alice")
        await house.opt_in(alice)
        for text in ("long ago", "lately"):
            await alice.react(await house.ask(alice, text), "👍")
        await voted(house, alice, 2)
    a_month_goes_by_for_the_first(tmp_path / "bowerbird.db")
    async with houses.running(playground, tmp_path, retention_days=30) as house:
        await voted(house, alice, 1)
        status = await (await alice.slash("general", "my status")).answered()
        assert "1 exchange: 👍 1, 👎 0" in status.content
