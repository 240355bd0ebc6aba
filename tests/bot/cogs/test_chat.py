from __future__ import annotations

from tests.bot.house import House


async def test_a_mention_is_answered(house: House) -> None:
    alice = house.person("alice")
    reply = await house.ask(alice, "what do you collect?")
    assert reply.content == "You said: what do you collect?"
    assert reply.pings == []
