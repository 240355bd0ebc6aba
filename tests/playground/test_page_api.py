from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bowerbird.playground import Playground, page_tab
from bowerbird.playground.permissions import Permission
from tests.playground.trial_bot import TrialBot

DEADLINE_S = 30.0


class Tab:
    """The page's side of the socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.ready: dict[str, Any] = {}
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._numbers = itertools.count(1)

    def channel_id(self, name: str) -> str:
        return str(next(c["id"] for c in self.ready["channels"] if c.get("name") == name))

    async def frame(self) -> dict[str, Any]:
        frame: dict[str, Any] = await self.socket.receive_json(timeout=DEADLINE_S)
        if frame["type"] == "event":
            self.events.append((frame["name"], frame["data"]))
        return frame

    async def event(self, name: str) -> dict[str, Any]:
        """The next event of that name, or one that already came."""
        while True:
            for index, (heard, data) in enumerate(self.events):
                if heard == name:
                    del self.events[index]
                    return data
            await self.frame()

    async def answer(self, verb: str, **details: Any) -> dict[str, Any]:
        number = next(self._numbers)
        await self.socket.send_json({"id": number, "do": verb, "with": details})
        while True:
            frame = await self.frame()
            if frame["type"] == "answer" and frame["id"] == number:
                return frame

    async def ask(self, verb: str, **details: Any) -> Any:
        answer = await self.answer(verb, **details)
        assert "error" not in answer, answer
        return answer["value"]

    async def refused(self, verb: str, **details: Any) -> dict[str, Any]:
        answer = await self.answer(verb, **details)
        assert "error" in answer, answer
        return dict(answer["error"])


@contextlib.asynccontextmanager
async def tab_of(playground: Playground, name: str) -> AsyncIterator[Tab]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{playground.url}/page/socket?as={name}") as socket,
    ):
        tab = Tab(socket)
        tab.ready = await tab.frame()
        yield tab


async def status_of(playground: Playground, path: str, **headers: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{playground.url}{path}", headers=headers) as response,
    ):
        return response.status


async def test_the_page_loads_nothing_but_its_own_files(playground: Playground) -> None:
    async with aiohttp.ClientSession() as session, session.get(playground.url + "/") as response:
        assert response.content_type == "text/html"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert response.headers["X-Frame-Options"] == "DENY"
        body = await response.text()
    assert "https://" not in body
    assert await status_of(playground, "/page/app.js") == 200
    assert await status_of(playground, "/page/..%2fserver.py") == 404
    assert await status_of(playground, "/page/server.py") == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost:1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
    ],
)
async def test_other_websites_cannot_open_the_socket(
    playground: Playground, headers: dict[str, str], status: int
) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await session.ws_connect(f"{playground.url}/page/socket?as=alice", headers=headers)
    assert refusal.value.status == status


async def test_its_own_page_can_open_the_socket(playground: Playground) -> None:
    headers = {"Origin": playground.url}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{playground.url}/page/socket?as=alice", headers=headers) as socket,
    ):
        assert (await socket.receive_json())["me"]["username"] == "alice"


@pytest.mark.parametrize("name", ["nobody", "Bowerbird", ""])
async def test_only_people_can_be_chosen(playground: Playground, name: str) -> None:
    assert await status_of(playground, f"/page/socket?as={name}") == 404


async def test_ready_shows_the_server_as_the_person_sees_it(playground: Playground) -> None:
    hidden = playground.person("alice").channel("garden")
    playground.deny(hidden, Permission.VIEW_CHANNEL, playground.person("alice").user)
    async with tab_of(playground, "alice") as tab:
        ready = tab.ready
    assert [c["name"] for c in ready["channels"]] == ["general"]
    assert {"send", "react", "thread"} <= set(ready["channels"][0]["may"])
    assert {p["username"] for p in ready["people"]} == {"owner", "alice", "bob", "carol"}
    assert len(ready["guild"]["members"]) == 5


async def test_what_one_says_the_others_hear(playground: Playground) -> None:
    async with tab_of(playground, "alice") as alice, tab_of(playground, "bob") as bob:
        place = alice.channel_id("general")
        mention = playground.person("bob").mention
        sent = await alice.ask("say", channel=place, text=f"hello {mention}")
        heard = await bob.event("MESSAGE_CREATE")
        assert (heard["id"], heard["pinged"]) == (sent["id"], True)
        answer = await bob.ask("say", channel=place, text="hi", reply_to=sent["id"], ping=False)
        assert answer["referenced_message"]["id"] == sent["id"]
        assert not (await alice.event("MESSAGE_CREATE"))["pinged"]
        await bob.ask("react", channel=place, message=sent["id"], emoji="👍")
        assert (await alice.event("MESSAGE_REACTION_ADD"))["emoji"]["name"] == "👍"
        await bob.ask("unreact", channel=place, message=sent["id"], emoji="👍")
        await alice.ask("edit", channel=place, message=sent["id"], text="hello all")
        assert (await bob.event("MESSAGE_UPDATE"))["content"] == "hello all"
        await alice.ask("delete", channel=place, message=sent["id"])
        assert (await bob.event("MESSAGE_DELETE"))["id"] == sent["id"]


async def test_refusals_come_in_discords_words(playground: Playground) -> None:
    alice = playground.person("alice")
    playground.deny(alice.channel("garden"), Permission.SEND_MESSAGES, alice.user)
    theirs = await playground.person("bob").say("general", "mine")
    async with tab_of(playground, "alice") as tab:
        general, garden = tab.channel_id("general"), tab.channel_id("garden")
        refusal = await tab.refused("say", channel=garden, text="hello")
        assert (refusal["code"], refusal["message"]) == (50013, "Missing Permissions")
        refusal = await tab.refused("say", channel=general, text="x" * 2001)
        assert refusal["message"] == "Must be 2000 or fewer in length."
        refusal = await tab.refused("edit", channel=general, message=str(theirs.id), text="ours")
        assert refusal["code"] == 50005
        refusal = await tab.refused("slash", channel=general, name="nothing", options={})
        assert "is not offered" in refusal["message"]


@pytest.mark.parametrize(
    ("frame", "fault"),
    [
        ("no JSON", "Expecting value"),
        ("[]", "JSON object"),
        ('{"id": 1, "do": "fly", "with": {}}', "cannot do 'fly'"),
        ('{"id": 1, "do": "say"}', '"with" must be a JSON object'),
        ('{"id": 1, "do": "say", "with": {"channel": "general"}}', "'channel' must be a number"),
        ('{"id": 1, "do": "say", "with": {"channel": true}}', "'channel' must be a number"),
        ('{"id": 1, "do": "say", "with": {"channel": "1"}}', "Unknown Channel"),
    ],
)
async def test_a_malformed_frame_is_answered_and_the_tab_goes_on(
    playground: Playground, frame: str, fault: str
) -> None:
    async with tab_of(playground, "alice") as tab:
        await tab.socket.send_str(frame)
        answer = await tab.frame()
        assert fault in answer["error"]["message"]
        assert await tab.ask("commands", channel=tab.channel_id("general")) == []


async def test_history_comes_in_pages_oldest_first(playground: Playground) -> None:
    for number in range(7):
        await playground.person("bob").say("general", f"line {number}")
    async with tab_of(playground, "alice") as tab:
        place = tab.channel_id("general")
        last = await tab.ask("messages", channel=place, limit=3)
        assert [m["content"] for m in last] == ["line 4", "line 5", "line 6"]
        older = await tab.ask("messages", channel=place, limit=3, before=last[0]["id"])
        assert [m["content"] for m in older] == ["line 1", "line 2", "line 3"]


async def test_unread_mentions_are_remembered_per_person(playground: Playground) -> None:
    bob = playground.person("bob")
    first = await bob.say("general", f"{playground.person('alice').mention} one")
    async with tab_of(playground, "alice") as tab:
        place = tab.channel_id("general")
        assert tab.ready["pings"] == {place: 1}
        await tab.ask("read", channel=place, message=str(first.id))
    await bob.say("general", f"{playground.person('alice').mention} two")
    async with tab_of(playground, "alice") as tab:
        assert tab.ready["reads"] == {place: str(first.id)}
        assert tab.ready["pings"] == {place: 1}
    async with tab_of(playground, "carol") as tab:
        assert tab.ready["pings"] == {}


async def test_a_first_direct_message_can_be_looked_up(playground: Playground) -> None:
    bob_id = str(playground.person("bob").id)
    async with tab_of(playground, "alice") as alice, tab_of(playground, "bob") as bob:
        opened = await alice.ask("dm", user=bob_id)
        await alice.ask("say", channel=opened["id"], text="psst")
        heard = await bob.event("MESSAGE_CREATE")
        found = await bob.ask("channel", channel=heard["channel_id"])
        assert [r["username"] for r in found["recipients"]] == ["alice"]
        async with tab_of(playground, "carol") as carol:
            refusal = await carol.refused("messages", channel=opened["id"], limit=5)
            assert refusal["code"] == 50001


async def test_a_hidden_channel_disappears(playground: Playground) -> None:
    alice = playground.person("alice")
    async with tab_of(playground, "alice") as tab:
        garden = tab.channel_id("garden")
        playground.deny(alice.channel("garden"), Permission.VIEW_CHANNEL, alice.user)
        assert await tab.event("CHANNEL_DELETE") == {"id": garden}
        general = alice.channel("general")
        playground.deny(general, Permission.SEND_MESSAGES, alice.user)
        assert "send" not in (await tab.event("CHANNEL_UPDATE"))["may"]


async def test_a_tab_that_falls_behind_starts_anew(
    playground: Playground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_tab, "UNSENT_LIMIT", 4)
    async with tab_of(playground, "alice") as tab:
        for number in range(9):
            await playground.person("bob").say("general", f"line {number}")
        while (message := await tab.socket.receive(timeout=DEADLINE_S)).type is not (
            aiohttp.WSMsgType.CLOSE
        ):
            assert message.type is aiohttp.WSMsgType.TEXT
        assert tab.socket.close_code == aiohttp.WSCloseCode.TRY_AGAIN_LATER


async def test_commands_forms_and_private_answers(playground: Playground, bot: TrialBot) -> None:
    message = await playground.person("bob").say("general", "the earth is flat")
    async with tab_of(playground, "alice") as tab, tab_of(playground, "carol") as carol:
        place = tab.channel_id("general")
        where = {"channel": place, "message": str(message.id)}
        offered = {c["name"]: c for c in await tab.ask("commands", channel=place)}
        assert offered["my personalization"]["options"][0]["name"] == "state"
        assert "reset" not in offered  # needs Manage Server
        offered_numbers = await tab.ask(
            "autocomplete", channel=place, name="my rollback", focused="version", options={}
        )
        assert [c["name"] for c in offered_numbers] == ["version 1", "version 2"]

        assert await tab.ask("message_commands", **where) == ["Teach a better reply"]
        started = await tab.ask("context_menu", **where, name="Teach a better reply")
        form = await tab.event("INTERACTION_MODAL_CREATE")
        assert (form["id"], form["title"]) == (started, "Teach a better reply")
        fields = {"better": "It is round", "why": ""}
        refusal = await carol.refused("submit", interaction=started, fields=fields)
        assert refusal["code"] == 10062
        await tab.ask("submit", interaction=started, fields=fields)
        answer = await tab.event("MESSAGE_CREATE")
        assert "It is round" in answer["content"]
        assert answer["flags"] & 64
        await tab.ask("dismiss", channel=place, message=answer["id"])
        for reader in (tab, carol):
            shown = await reader.ask("messages", channel=place, limit=9)
            assert [m["content"] for m in shown] == ["the earth is flat"]


async def test_buttons_menus_and_silence(playground: Playground, bot: TrialBot) -> None:
    playground.world.deadlines.interaction_answer_s = 0.3
    async with tab_of(playground, "alice") as tab:
        place = tab.channel_id("general")
        await tab.ask("slash", channel=place, name="ask", options={"prompt": "hi"})
        await tab.event("INTERACTION_SUCCESS")
        while not (shown := await tab.event("MESSAGE_UPDATE"))["components"]:
            pass
        where = {"channel": place, "message": shown["id"]}
        await tab.ask("select", **where, custom_id="vote:mood", values=["calm"])
        await tab.ask("click", **where, custom_id="vote:up")
        while (await tab.event("MESSAGE_UPDATE"))["content"] != "voted":
            pass
        refusal = await tab.refused("click", **where, custom_id="vote:up")
        assert "no 'vote:up' on this message" in refusal["message"]
        silent = await tab.ask("slash", channel=place, name="mute", options={})
        assert (await tab.event("INTERACTION_FAILURE"))["id"] == silent


async def test_files_come_in_base64(playground: Playground) -> None:
    async with tab_of(playground, "alice") as tab:
        where = {"channel": tab.channel_id("general"), "text": ""}
        sent = await tab.ask("say", **where, files=[{"name": "a/b.txt", "content": "Ymx1ZQ=="}])
        (file,) = sent["attachments"]
        assert (file["filename"], file["size"]) == ("a_b.txt", 4)
        refusal = await tab.refused("say", **where, files=[{"name": "a.txt", "content": "%"}])
        assert "base64" in refusal["message"]
        refusal = await tab.refused("say", **where, files=[{"name": "a.txt", "content": ""}] * 11)
        assert "10 or fewer" in refusal["message"]
