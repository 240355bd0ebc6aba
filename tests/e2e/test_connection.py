"""Bad lines: dropped sockets, lost sessions, a Discord that fails or slows down."""

from __future__ import annotations

import asyncio

import pytest

from tests.e2e.bot_process import eventually
from tests.e2e.conftest import REPLY_S, Scene
from tests.e2e.scripted_model import SCRIPTS

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
]

EDIT = "PATCH /channels/{channel_id}/messages/{message_id}"
SEND = "POST /channels/{channel_id}/messages"
REACT = "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji}/@me"
VOTES = "SELECT kind FROM feedback WHERE message_id = ?"
BACK_S = 60.0


async def test_what_happened_in_the_gap_is_delivered_once(scene: Scene) -> None:
    gateway = scene.playground.gateway
    await scene.consents(scene.alice)
    known = await scene.ask(scene.alice, "what about shells?")
    resumed, identified = gateway.resume_count, gateway.identify_count
    await scene.playground.drop_bot()
    # Nobody listens now.
    question = await scene.alice.say(scene.general, f"{scene.me} what about berries?")
    await scene.alice.react(known, "👍")
    assert gateway.live(scene.playground.bot) == []
    assert (await scene.reply(question, BACK_S)).content == SCRIPTS["berries"]
    assert (gateway.resume_count, gateway.identify_count) == (resumed + 1, identified)
    await scene.bot.rows_become([("like",)], VOTES, known.id)
    after = await scene.ask(scene.alice, "what about feathers?")
    assert after.content == SCRIPTS["feathers"]
    assert len(scene.replies_to(question)) == 1


async def test_a_reply_survives_the_loss_of_the_socket(scene: Scene) -> None:
    question = await scene.alice.say(scene.general, f"{scene.me} tell me a story")
    begun = await scene.alice.wait_for_reply(question, REPLY_S)
    assert begun.content != SCRIPTS["story"], "the reply was complete already"
    await scene.playground.drop_bot()
    assert (await scene.reply(question)).content == SCRIPTS["story"]
    await scene.playground.bot_ready(BACK_S)


async def test_after_an_invalid_session_it_identifies_anew(scene: Scene) -> None:
    gateway = scene.playground.gateway
    identified = gateway.identify_count
    await scene.playground.invalidate_session()
    await scene.alice.wait_until(lambda: gateway.identify_count > identified, BACK_S)
    await scene.playground.bot_ready(BACK_S)
    assert (await scene.ask(scene.alice, "what about berries?")).content == SCRIPTS["berries"]
    commands = scene.playground.world.commands
    assert len({command.name for command in commands.values()}) == len(commands)


async def test_discord_asks_to_reconnect(scene: Scene) -> None:
    gateway = scene.playground.gateway
    resumed = gateway.resume_count
    await gateway.ask_to_reconnect(scene.playground.bot)
    await scene.alice.wait_until(lambda: gateway.resume_count > resumed, BACK_S)
    assert (await scene.ask(scene.alice, "what about berries?")).content == SCRIPTS["berries"]


@pytest.mark.parametrize(("status", "times"), [(500, 1), (429, 2)])
async def test_edits_fail_while_it_streams(scene: Scene, status: int, times: int) -> None:
    scene.refused(status)
    question = await scene.alice.say(scene.general, f"{scene.me} tell me a story")
    begun = await scene.alice.wait_for_reply(question, REPLY_S)
    scene.playground.fail_next(EDIT, times, status=status)
    reply = await scene.reply(question)
    assert reply is begun
    assert reply.content == SCRIPTS["story"]
    failed = [r for r in scene.playground.requests_to(EDIT) if r.status == status]
    assert len(failed) == times
    assert len(scene.replies_to(question)) == 1


@pytest.mark.parametrize("route", [SEND, REACT])
async def test_sending_and_reacting_fail_for_a_moment(scene: Scene, route: str) -> None:
    scene.refused(500)
    scene.playground.fail_next(route, 1)
    reply = await scene.ask(scene.alice, "what about berries?")
    assert reply.content == SCRIPTS["berries"]
    assert len([r for r in scene.playground.requests_to(route) if r.status == 500]) == 1


async def test_a_slow_channel_does_not_hold_up_the_others(scene: Scene) -> None:
    scene.playground.fail_next(SEND, 1, status=None, delay_s=3.0)
    slow = await scene.alice.say(scene.general, f"{scene.me} what about berries?")
    (fault,) = [fault for fault in scene.playground.rest.faults if fault.times]
    await eventually(lambda: fault.times == 0, REPLY_S, "the slow request")
    quick = await scene.bob.say(scene.garden, f"{scene.me} what about feathers?")
    await scene.reply(quick)
    assert scene.replies_to(slow) == []
    assert (await scene.reply(slow)).content == SCRIPTS["berries"]


async def test_a_reply_that_is_deleted_while_it_is_written(scene: Scene) -> None:
    scene.refused(404)  # at most one edit may be on its way
    question = await scene.alice.say(scene.general, f"{scene.me} tell me a story")
    begun = await scene.alice.wait_for_reply(question, REPLY_S)
    await scene.owner.delete(begun)
    assert (await scene.ask(scene.alice, "what about shells?")).content == SCRIPTS["shells"]
    assert scene.replies_to(question) == []


async def test_many_questions_in_one_channel_stay_within_the_rate_limits(scene: Scene) -> None:
    people = (scene.alice, scene.bob, scene.carol)
    words = ("story", "berries", "shells")
    asked = [
        await person.say(scene.general, f"{scene.me} what about {word}?")
        for person, word in zip(people, words, strict=True)
        for _ in range(2)
    ]
    replies = await asyncio.gather(*(scene.reply(question, 90) for question in asked))
    assert [reply.content for reply in replies] == [SCRIPTS[word] for word in words for _ in (0, 1)]
    # `scene` fails if one request was refused with 429.
