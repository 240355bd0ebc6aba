"""What `bowerbird playground` opens with, and most tests start from."""

from __future__ import annotations

from typing import Final

from bowerbird.playground import server_emoji
from bowerbird.playground.world import DEMO_TOKEN, FOUNDED_AT_S, World

SHELL: Final = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><path fill="#4f7be0" d="M24 6C12 '
    b'6 4 16 5 26c1 6 6 8 10 10l3 6h12l3-6c4-2 9-4 10-10C44 16 36 6 24 6Z"/><path fill="none" '
    b'stroke="#dfe8ff" stroke-width="2.5" stroke-linecap="round" d="M24 10v26M15 13l5 23M33 13l-5 '
    b'23M8 21l9 14M40 21l-9 14"/></svg>'
)


def default_world(token: str = DEMO_TOKEN) -> World:
    """The server "The Bower": its owner, alice, bob and carol, two channels, an emoji, the bot.

    They have the same ids every time, so that what a bot has learnt of them survives a restart.
    """
    world = World()
    world._ids_are_from = FOUNDED_AT_S
    owner = world.create_user("owner", "Olive (owner)")
    guild = world.create_guild("The Bower", owner)
    for name in ("alice", "bob", "carol"):
        world.add_member(guild, world.create_user(name))
    world.create_channel(guild, "general", topic="Talk to Bowerbird: mention it.")
    world.create_channel(guild, "garden", topic="A second room.")
    world.add_member(guild, world.create_bot("Bowerbird", token, owner))
    server_emoji.create(world, guild, "shell", SHELL)
    world._ids_are_from = None
    return world
