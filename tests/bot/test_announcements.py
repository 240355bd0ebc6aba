"""The night's summary reaches the channel it is meant for, and says nobody's name."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bowerbird.bot import announcements
from bowerbird.bot.catalogue import Language
from bowerbird.bot.cogs.base import BowerbirdCog
from bowerbird.bot.schedule import LAST_NIGHT
from bowerbird.personalization.night_summary import NightSummary, summarize
from bowerbird.playground import Playground, RateLimits
from bowerbird.playground.permissions import Permission
from bowerbird.storage.records import Run, RunState
from tests.bot import house as houses
from tests.bot.cogs.test_admin import with_feedback
from tests.bot.house import House

AT = datetime(2026, 11, 21, tzinfo=UTC)


def a_night(*states: RunState, rolled_back: int = 0) -> NightSummary:
    runs = [Run(1, "2026-11-21", 5, 10, state, 1, 3, "it said “blue”", AT, AT) for state in states]
    return summarize("2026-11-21", runs, rolled_back)


def test_a_night_in_numbers() -> None:
    text = announcements.summary(
        Language(),
        a_night(
            RunState.PROMOTED,
            RunState.PROMOTED,
            RunState.REJECTED,
            RunState.FAILED,
            RunState.CANCELLED,
            RunState.POSTPONED,
            rolled_back=1,
        ),
    )
    assert text is not None
    assert "from 4 people" in text
    assert "2 new models passed the checks" in text
    assert "1 new model did not pass" in text
    assert "1 training failed" in text
    assert "1 person was not reached in time" in text
    assert "1 model was taken back" in text
    assert "<@" not in text
    assert "blue" not in text


def test_a_night_of_nobody_is_not_worth_a_word() -> None:
    assert announcements.summary(Language(), a_night()) is None
    assert announcements.summary(Language(), a_night(RunState.CANCELLED)) is None
    taken_back = announcements.summary(Language(), a_night(rolled_back=1))
    assert taken_back is not None
    assert taken_back.startswith("Last night (2026-11-21):\n- 1 model was taken back")


async def spend_a_night(house: House) -> BowerbirdCog:
    cog = house.client.get_cog("Bowerbird nights")
    assert isinstance(cog, BowerbirdCog)
    await house.store.set_meta(LAST_NIGHT, "2020-01-01")
    await cog.schedule.catch_up()
    return cog


async def announce_in(house: House, channel_id: int) -> None:
    await house.services.servers.change(
        house.scope_id, lambda old: replace(old, announcement_channel_id=channel_id)
    )


async def test_the_night_is_announced_once_where_it_was_asked_for(tmp_path: Path) -> None:
    async with (
        Playground(rate_limits=RateLimits.generous()) as playground,
        houses.running(playground, tmp_path) as house,
    ):
        alice, bob = house.person("alice"), house.person("bob")
        world = playground.world
        news = world.create_channel(world.guilds[house.scope_id], "news")
        await with_feedback(house, alice)
        await with_feedback(house, bob)
        await announce_in(house, news.id)
        cog = await spend_a_night(house)
        (message,) = world.messages_in(news)
        assert "from 2 people" in message.content
        assert "2 new models passed the checks" in message.content
        assert message.pings == []
        await cog.schedule.catch_up()
        assert len(world.messages_in(news)) == 1
        elsewhere = world.messages_in(alice.channel("general"))
        assert not any("Last night" in message.content for message in elsewhere)


@pytest.mark.provokes(403)
async def test_a_channel_that_is_gone_or_closed_costs_a_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        Playground(rate_limits=RateLimits.generous()) as playground,
        houses.running(playground, tmp_path) as house,
    ):
        announcer = announcements.Announcer(house.client, house.services)
        world = playground.world
        news = world.create_channel(world.guilds[house.scope_id], "news")
        await house.client.wait_until_ready()
        playground.deny(news, Permission.SEND_MESSAGES, playground.bot)
        with caplog.at_level(logging.WARNING):
            for channel_id in (news.id, 123):
                await announce_in(house, channel_id)
                await announcer.announce({house.scope_id: a_night(RunState.REJECTED)})
        assert "could not be announced: 403" in caplog.text
        assert "the channel for announcements is gone" in caplog.text
