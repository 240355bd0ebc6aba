"""Load, use, reload and unload the plugin in the host next door; print what each step left.

Run as a program, so that Python's path is the host's. Prints one JSON object: snapshots of
everything that an extension could leave behind (``steps``, the first before we ever came), how
many objects held the model's memory and still do (``counts``), whether we are ``silent`` once we
are gone, and which ``commands`` are offered then.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

import torch

from bot import Host  # the host's, from the file beside this one
from bowerbird.bot.endpoints import Endpoints
from bowerbird.playground import Playground, RateLimits
from bowerbird.playground.world import DEMO_TOKEN

EXTENSION = "bowerbird.bot.plugin"
ROUNDS = 2
OUR_FOLDERS = {"bot", "cogs", "personalization", "generation", "training", "storage", "ui"}
HOLDERS = {
    "Answerer",
    "ChatCog",
    "FeedbackCog",
    "MyCog",
    "Nightly",
    "Services",
    "SqlStore",
    "TeachCog",
    "TorchEngine",
}


def traces(host: Host) -> dict[str, Any]:
    """What can be named must be exactly as before, however often we came and went."""
    state = host._connection
    store = state._view_store
    return {
        "cogs": sorted(host.cogs),
        "extensions": sorted(host.extensions),
        "commands": sorted(command.name for command in host.commands),
        "app commands": sorted(
            f"{command.type} {command.name}" for command in host.tree._get_all_commands()
        ),
        "listeners": sorted(name for name, found in host.extra_events.items() if found),
        "waiting for": sorted(name for name, found in host._listeners.items() if found),
        "dynamic items": [str(pattern.pattern) for pattern in store._dynamic_items],
        "views": sum(map(len, store._views.values())) + len(store._synced_message_views),
        "modals": len(store._modals),
        "attributes": sorted(vars(host)),
        "intents": host.intents.value,
        "translator": host.tree.translator is not None,
        "log handlers": [repr(handler) for handler in logging.getLogger().handlers],
        "tasks": tasks(),
        "threads": threads(),
        "children": children(),
        "files": open_files(),
        "objects": sorted({type(found).__name__ for found in ours() if not is_tensor(found)}),
        "tensors": sum(map(is_tensor, ours())),
        "is imported": EXTENSION in sys.modules,
    }


def tasks() -> list[str]:
    """Those that run our code, and discord.py's that watch over our forms."""
    codes = [getattr(task.get_coro(), "cr_code", None) for task in asyncio.all_tasks()]
    names = [code.co_filename for code in codes if code is not None]
    return sorted(name for name in names if Path(name).parent.name in OUR_FOLDERS)


def threads() -> list[str]:
    """But for the host's own pool of `asyncio.to_thread`, which grows whoever uses it."""
    names = (thread.name for thread in threading.enumerate())
    return sorted(name for name in names if not name.startswith("asyncio_"))


def ours() -> list[Any]:
    """What is alive of the model and of what holds it."""
    gc.collect()
    return [
        found
        for found in gc.get_objects()
        if is_tensor(found)
        or (type(found).__name__ in HOLDERS and "bowerbird" in type(found).__module__)
    ]


def is_tensor(found: Any) -> bool:
    return issubclass(type(found), torch.Tensor)


def children() -> int:
    return len(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def open_files() -> list[str]:
    """Open files below the data folder."""
    data = os.environ["DATA_DIR"]
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        if target.startswith(data):
            found.append(target)
    return sorted(found)


async def use(playground: Playground, place: str) -> None:
    """A reply, a vote, consent, and forms that nobody answers."""
    alice = playground.person("alice")
    await (await alice.slash(place, "my personalization", state="on")).answered()
    question = await alice.say(place, f"{playground.bot.mention} hi")
    reply = await alice.wait_for_reply(question, 60)
    await alice.wait_until(lambda: len(reply.reactions) >= 3, 60, "the votes")
    await alice.react(reply, "👍")
    lesson = await alice.context_menu(reply, "Teach a better reply")
    await lesson.modal_shown()
    asked = await (await alice.slash(place, "my forget")).answered()
    # One answer is cut off by the unload.
    await alice.say(place, f"{playground.bot.mention} and now a long one")
    assert asked.components


async def main() -> None:
    async with Playground(rate_limits=RateLimits.generous()) as playground:
        host = Host()
        endpoints = Endpoints(playground.api_url, playground.gateway_url)
        endpoints.enter(host)
        async with host:
            running = asyncio.create_task(host.start(DEMO_TOKEN))
            await playground.bot_ready()
            person = playground.person("alice")
            steps, counts = [traces(host)], []
            for number in range(ROUNDS):
                await host.load_extension(EXTENSION)
                await host.tree.sync()
                await use(playground, "general")
                weights = [weakref.ref(found) for found in ours() if is_tensor(found)]
                if number:
                    await host.reload_extension(EXTENSION)
                    await use(playground, "general")
                    weights += [weakref.ref(found) for found in ours() if is_tensor(found)]
                await host.unload_extension(EXTENSION)
                await settled(steps[0])
                steps.append(traces(host))
                left = sum(held() is not None for held in weights)
                counts.append({"held": len(weights), "left": left})
            await host.tree.sync()
            mention = await person.say("general", f"{playground.bot.mention} still there?")
            await person.say("general", "!hello")
            await person.wait_for_message(lambda m: m.content == "Hello from the host")
            messages = playground.world.messages.values()
            told = {
                "steps": steps,
                "counts": counts,
                "silent": not any(message.reference_id == mention.id for message in messages),
                "commands": [command.name for command in person.commands("general")],
            }
        await asyncio.gather(running, return_exceptions=True)
        endpoints.leave()
    sys.stdout.write(json.dumps(told))


async def settled(before: dict[str, Any]) -> None:
    """Commands that were being answered say their last sentence, in tasks of discord.py's; a
    thread that has been told to end takes a moment."""
    names = ("CommandTree-invoker", "discord.py: on_", "discord-ui-")
    give_up_at = time.monotonic() + 10
    while time.monotonic() < give_up_at:
        is_busy = any(task.get_name().startswith(names) for task in asyncio.all_tasks())
        if not is_busy and threads() == before["threads"]:
            return
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(main())
