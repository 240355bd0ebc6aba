"""What people think of replies, from their click to the database file, restarts included."""

from __future__ import annotations

import asyncio

import pytest

from bowerbird.playground.model import Message
from bowerbird.playground.people import Person
from tests.e2e.conftest import REPLY_S, Scene, custom_ids, is_finished, parts_of
from tests.e2e.scripted_model import SCRIPTS

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
]

VOTES = "SELECT user_id, kind FROM feedback WHERE message_id = ? ORDER BY user_id, kind"
TEXTS = "SELECT text FROM replies WHERE user_id = ? ORDER BY reply_id"


async def answer_offer(person: Person, offer: Message, answer: str) -> None:
    (button,) = [name for name in custom_ids(offer) if name.endswith(f":{answer}")]
    await person.click(offer, button)
    await person.wait_until(lambda: not offer.components, REPLY_S, "the offer to be settled")


async def test_the_first_vote_brings_one_offer_and_yes_keeps_what_waited(scene: Scene) -> None:
    alice, bob = scene.alice, scene.bob
    first = await scene.ask(alice, "what about berries?")
    second = await scene.ask(alice, "what about shells?")
    await alice.react(first, "👍")
    (offer,) = await alice.wait_until(lambda: scene.offers_to(alice), REPLY_S, "the offer")
    assert offer.reference_id == first.id
    assert offer.pings == []
    await alice.react(second, "👎")
    assert scene.bot.rows(TEXTS, alice.id) == []
    assert scene.bot.rows(VOTES, first.id) == []

    refusal = await bob.click(offer, custom_ids(offer)[0])
    await refusal.answered()
    assert scene.bot.rows("SELECT 1 FROM people WHERE user_id = ?", bob.id) == []

    await answer_offer(alice, offer, "yes")
    assert "the last 2 included" in offer.content
    assert scene.bot.rows(TEXTS, alice.id) == [(SCRIPTS["berries"],), (SCRIPTS["shells"],)]
    assert scene.bot.rows(VOTES, first.id) == [(alice.id, "like")]
    await scene.bot.rows_become([(alice.id, "dislike")], VOTES, second.id)
    assert scene.offers_to(alice) == []  # settled, and no other was made


async def test_a_no_keeps_nothing_and_is_not_asked_again(scene: Scene) -> None:
    alice = scene.alice
    first = await scene.ask(alice, "what about berries?")
    await alice.react(first, "👍")
    (offer,) = await alice.wait_until(lambda: scene.offers_to(alice), REPLY_S, "the offer")
    await answer_offer(alice, offer, "no")
    second = await scene.ask(alice, "what about shells?")
    await alice.react(second, "👍")
    await scene.consents(scene.bob)  # handled after alice's reaction
    assert scene.offers_to(alice) == []
    assert scene.bot.rows(TEXTS, alice.id) == []
    assert scene.bot.rows("SELECT kind FROM feedback WHERE user_id = ?", alice.id) == []


async def test_a_vote_on_a_reply_that_is_still_being_written(scene: Scene) -> None:
    await scene.consents(scene.alice)
    for person, wanted in ((scene.alice, [(scene.alice.id, "like")]), (scene.bob, [])):
        question = await person.say(scene.general, f"{scene.me} tell me a story")
        reply = await person.wait_for_reply(question, REPLY_S)
        await person.react(reply, "👍")
        assert reply.content != SCRIPTS["story"], "the reply was complete already"
        assert await scene.reply(question) is reply
        assert reply.content == SCRIPTS["story"]
        await scene.bot.rows_become(wanted, VOTES, reply.id)
    assert scene.bot.rows(TEXTS, scene.alice.id) == [(SCRIPTS["story"],)]
    # Bob has not been asked before: his early vote counts as his first.
    bob = scene.bob
    (offer,) = await bob.wait_until(lambda: scene.offers_to(bob), REPLY_S, "the offer")
    await answer_offer(bob, offer, "yes")
    assert scene.bot.rows(VOTES, reply.id) == [(bob.id, "like")]


async def test_votes_change_their_mind(scene: Scene) -> None:
    alice, bot = scene.alice, scene.bot
    await scene.consents(alice)
    reply = await scene.ask(alice, "what about berries?")
    for emoji, kind in (("👍🏽", "like"), ("❤️", "like"), ("🔥", "like"), ("👎🏿", "dislike")):
        await alice.react(reply, emoji)
        await bot.rows_become([(alice.id, kind)], VOTES, reply.id)
        await alice.unreact(reply, emoji)
        await bot.rows_become([], VOTES, reply.id)
    await alice.react(reply, "👍")
    await alice.react(reply, "👎")
    await bot.rows_become([(alice.id, "dislike"), (alice.id, "like")], VOTES, reply.id)
    await scene.owner.clear_reactions(reply, "👎")
    await bot.rows_become([(alice.id, "like")], VOTES, reply.id)
    await scene.owner.clear_reactions(reply)
    await bot.rows_become([], VOTES, reply.id)


async def test_a_vote_on_any_part_counts(scene: Scene) -> None:
    await scene.consents(scene.alice)
    reply = await scene.ask(scene.alice, "show me the program")
    last = parts_of(scene, reply)[-1]
    assert last is not reply
    await scene.alice.react(last, "👍")
    await scene.bot.rows_become(
        [(scene.alice.id, "like", SCRIPTS["program"])],
        "SELECT f.user_id, f.kind, r.text FROM feedback f"
        " JOIN reply_messages m USING (message_id) JOIN replies r USING (reply_id)"
        " WHERE r.user_id = ?",
        scene.alice.id,
    )


async def test_again_gives_a_second_reply_and_keeps_the_first(scene: Scene) -> None:
    alice, bot = scene.alice, scene.bot
    await scene.consents(alice)
    question = await alice.say(scene.general, f"{scene.me} what about berries?")
    first = await scene.reply(question)
    await scene.bob.react(first, "🔄")  # not his to ask
    await alice.react(first, "🔄")
    replies = await alice.wait_until(
        lambda: len(found := scene.replies_to(question)) == 2 and found, REPLY_S, "another reply"
    )
    assert replies[0] is first
    assert first.content == SCRIPTS["berries"]
    await alice.wait_until(lambda: is_finished(scene, replies[1]), REPLY_S, "all of it")
    await bot.rows_become(
        [(None,), (first.id,)],
        "SELECT regenerates FROM replies WHERE user_id = ? ORDER BY reply_id",
        alice.id,
    )
    assert bot.rows(VOTES, first.id) == [(alice.id, "regenerate")]
    await alice.unreact(first, "🔄")
    await alice.react(replies[1], "👍")
    await bot.rows_become([(alice.id, "like")], VOTES, replies[1].id)
    assert bot.rows(VOTES, first.id) == [(alice.id, "regenerate")]  # an act, not a vote
    assert len(scene.replies_to(question)) == 2


async def test_other_peoples_votes_are_kept_apart(scene: Scene) -> None:
    alice, bob, carol = scene.alice, scene.bob, scene.carol
    await scene.consents(alice, bob)
    reply = await scene.ask(alice, "what about berries?")
    for person in (bob, carol):
        await person.react(reply, "👎")
    await scene.bot.rows_become([(bob.id, "dislike")], VOTES, reply.id)
    used = await alice.slash(scene.general, "my status")
    status = await used.answered()
    assert "👍 0, 👎 0" in status.content
    assert "1 vote of other people" in status.content
    assert scene.offers_to(carol) == []


async def test_teaching_a_better_reply(scene: Scene) -> None:
    alice = scene.alice
    await scene.consents(alice)
    reply = await scene.ask(alice, "what about berries?")
    used = await alice.context_menu(reply, "Teach a better reply")
    modal = await used.modal_shown()
    assert [field["value"] for _, field in modal.fields] == [SCRIPTS["berries"]]
    sent = await alice.submit(modal, {"better": "Blueberries. Always blueberries."})
    assert "Thank you" in (await sent.answered()).content
    corrections = "SELECT kind, origin, text FROM feedback WHERE message_id = ?"
    assert scene.bot.rows(corrections, reply.id) == [
        ("correction", "modal", "Blueberries. Always blueberries.")
    ]
    refused = await scene.bob.context_menu(reply, "Teach a better reply")
    assert "Only the person I answered" in (await refused.answered()).content


async def test_in_a_dm_the_scope_is_the_dms(scene: Scene) -> None:
    carol = scene.carol
    dm = await carol.dm(scene.playground.bot)
    used = await carol.slash(dm, "my personalization", state="on")
    await used.answered(REPLY_S)
    reply = await scene.ask(carol, "what about shells?", dm)
    await carol.react(reply, "👍")
    await scene.bot.rows_become(
        [(0, "like")], "SELECT scope_id, kind FROM feedback WHERE message_id = ?", reply.id
    )
    here = await scene.ask(carol, "what about shells?")  # the server is another scope
    await carol.react(here, "👍")
    await carol.wait_until(lambda: scene.offers_to(carol), REPLY_S, "the server's own offer")


async def test_messages_that_change_change_what_is_kept(scene: Scene) -> None:
    alice, bot = scene.alice, scene.bot
    await scene.consents(alice)
    turns = "SELECT text FROM turns WHERE author_id = ? ORDER BY reply_id"
    question = await alice.say(scene.general, f"{scene.me} what about my secret berries?")
    reply = await scene.reply(question)
    await alice.react(reply, "👍")
    await bot.rows_become([(alice.id, "like")], VOTES, reply.id)
    await alice.edit(question, f"{scene.me} what about berries?")
    await bot.rows_become([("what about berries?",)], turns, alice.id)
    await alice.delete(question)
    await bot.rows_become([], turns, alice.id)
    await bot.rows_become([], VOTES, reply.id)
    assert bot.rows(TEXTS, alice.id) == []
    assert bot.files_with("secret berries") == []


async def test_a_restart_forgets_nothing(scene: Scene) -> None:
    alice, bob, bot = scene.alice, scene.bob, scene.bot
    await scene.consents(alice)
    kept = await scene.ask(alice, "what about berries?")
    await alice.react(kept, "👍")
    withdrawn = await scene.ask(alice, "what about feathers?")
    await alice.react(withdrawn, "👍")
    forgotten = await scene.ask(alice, "what about shells?")
    await alice.react(forgotten, "👍")
    waiting = await scene.ask(bob, "what about berries?")
    await bob.react(waiting, "👍")
    (offer,) = await bob.wait_until(lambda: scene.offers_to(bob), REPLY_S, "the offer")
    await bot.rows_become([(alice.id, "like")], VOTES, forgotten.id)

    await bot.stop()
    # What happens while nobody listens is lost, as on the real Discord.
    await alice.unreact(forgotten, "👍")
    await bot.start()

    await alice.unreact(withdrawn, "👍")
    await bot.rows_become([], VOTES, withdrawn.id)
    await bot.restart()
    assert bot.rows(VOTES, withdrawn.id) == []
    assert bot.rows(VOTES, kept.id) == [(alice.id, "like")]
    assert bot.rows(VOTES, forgotten.id) == [(alice.id, "like")]
    question = await alice.say(scene.general, "and feathers?", reply_to=kept)
    assert (await scene.reply(question)).content == SCRIPTS["feathers"]
    # Bob's exchange waited in memory only; his button still works, and he is kept from now on.
    await answer_offer(bob, offer, "yes")
    assert bot.rows(TEXTS, bob.id) == []
    after = await scene.ask(bob, "what about shells?")
    await bob.react(after, "👍")
    await bot.rows_become([(bob.id, "like")], VOTES, after.id)
    assert bot.rows("SELECT active_version FROM people WHERE user_id = ?", alice.id) == [(None,)]


async def test_votes_pour_in_from_everybody_at_once(scene: Scene) -> None:
    people = [scene.alice, scene.bob, scene.carol]
    await scene.consents(*people)
    words = ("berries", "feathers", "shells")
    replies = await asyncio.gather(
        *(
            scene.ask(person, f"what about {word}?", channel)
            for person, word in zip(people, words, strict=True)
            for channel in (scene.general, scene.garden)
        )
    )
    for _ in range(3):  # the last state counts, however often it flips
        for reply in replies:
            for person in people:
                await person.react(reply, "👍")
        for reply in replies[1:]:
            for person in people:
                await person.unreact(reply, "👍")
    everybody = sorted((person.id, "like") for person in people)
    await scene.bot.rows_become(everybody, VOTES, replies[0].id)
    for reply in replies[1:]:
        await scene.bot.rows_become([], VOTES, reply.id)
