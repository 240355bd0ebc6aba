"""Rate limits: what the client is told, what it obeys, and faults injected on purpose."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator

import discord
import pytest

from bowerbird.playground import Limit, Playground, RateLimits
from bowerbird.playground.ratelimits import RateLimiter
from tests.playground import schema, trial_bot
from tests.playground.test_messages import text_channel
from tests.playground.trial_bot import TrialBot

SEND = "POST /channels/{channel_id}/messages"
EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"


@pytest.fixture
async def strict(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Playground]:
    """Discord's counts in a tenth of its time, so that the tests are quick."""
    limits = RateLimits(send=Limit(5, 0.5), edit=Limit(5, 0.5))
    async with Playground(rate_limits=limits) as playground:
        trial_bot.point_at(playground, monkeypatch)
        yield playground
        assert schema.violations(playground.requests) == []


async def test_the_client_obeys_the_headers(strict: Playground) -> None:
    async with trial_bot.running(strict) as bot:
        message = await text_channel(bot).send("0")
        for number in range(1, 12):
            await message.edit(content=str(number))
    edits = strict.requests_to(EDIT)
    assert [edit.status for edit in edits] == [200] * 11
    first, sixth, eleventh = (edits[number].at for number in (0, 5, 10))
    assert sixth - first >= 0.5
    assert eleventh - sixth >= 0.5


async def test_a_crowd_of_requests_is_told_to_wait(strict: Playground) -> None:
    async with trial_bot.running(strict) as bot:
        await asyncio.gather(*(text_channel(bot).send(str(number)) for number in range(8)))
    sends = strict.requests_to(SEND)
    assert sum(send.status == 200 for send in sends) == 8
    windows = itertools.groupby(sends, lambda send: round((send.at - sends[0].at) / 0.5))
    assert all(sum(send.status == 200 for send in window) <= 5 for _, window in windows)


async def test_channels_have_their_own_windows(strict: Playground) -> None:
    async with trial_bot.running(strict) as bot:
        for number in range(4):
            await text_channel(bot).send(str(number))
            await text_channel(bot, "garden").send(str(number))
    sends = strict.requests_to(SEND)
    assert sends[-1].at - sends[0].at < 0.5
    assert {send.status for send in sends} == {200}


async def test_a_global_limit_stops_everything_and_lets_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generous = RateLimits.generous()
    limits = RateLimits(send=generous.send, other=generous.other, everything=Limit(10, 0.5))
    async with Playground(rate_limits=limits) as playground:
        trial_bot.point_at(playground, monkeypatch)
        async with trial_bot.running(playground) as bot:
            await asyncio.gather(*(text_channel(bot).send(str(n)) for n in range(15)))
        refused = [send for send in playground.requests_to(SEND) if send.status == 429]
        assert refused
        assert all(send.answer["global"] and send.headers["Via"] for send in refused)
        assert len(playground.person("alice").messages("general")) == 15


async def test_injected_faults_are_survived(playground: Playground, bot: TrialBot) -> None:
    playground.fail_next(SEND, status=500)
    playground.fail_next(SEND, status=429, retry_after_s=0.1)
    playground.fail_next(SEND, status=None, delay_s=0.1)
    sent = await text_channel(bot).send("through")
    assert sent.content == "through"
    assert [record.status for record in playground.requests_to(SEND)] == [500, 429, 200]


async def test_a_lasting_fault_reaches_the_bot(playground: Playground, bot: TrialBot) -> None:
    playground.fail_next(SEND, status=503)
    with pytest.raises(discord.DiscordServerError):
        await text_channel(bot).send("x")


def test_windows_count_down_and_start_anew() -> None:
    limiter = RateLimiter(RateLimits(send=Limit(2, 60.0)))
    taken = [limiter.take("send", "bot", "channel") for _ in range(3)]
    assert [t.headers["X-RateLimit-Remaining"] for t in taken] == ["1", "0", "0"]
    assert [t.retry_after_s is None for t in taken] == [True, True, False]
    assert limiter.take("send", "bot", "elsewhere").retry_after_s is None
    assert taken[2].headers["X-RateLimit-Scope"] == "user"
    assert 59 < float(taken[2].headers["X-RateLimit-Reset-After"]) <= 60.01


def test_the_default_limits_are_discords() -> None:
    limits = RateLimits()
    assert (limits.send, limits.edit) == (Limit(5, 5.0), Limit(5, 5.0))
    assert limits.react == Limit(1, 0.25)
