"""Pictures of everything people meet, to be looked at: the page, and the bot's every surface on it.

    python -m tests.playground.screenshots OUT_DIR [--width 390] [--locale de] [--dark]

Starts a playground, the bot (with a model that answers by rote) and a headless Chromium, lets
people use everything, and leaves numbered PNG files.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from bowerbird.bot import answering, charts, lessons
from bowerbird.playground import Playground, RateLimits
from bowerbird.playground.interactions import Interaction
from bowerbird.playground.people import Person
from tests.bot import house as houses
from tests.bot.house import House
from tests.browser import Browser, Page

SAID = (
    "Bowerbirds collect **blue** things: berries, feathers, bottle tops.\n\n"
    "- They sort them by colour.\n- They paint with chewed fruit.\n\n"
    "```python\nbower = sorted(treasures, key=colour)\n```\nYoung males watch and copy what works."
)


def by_id(testid: str) -> str:
    return f'[data-testid="{testid}"]'


class Album:
    """Keeps a picture of the page under a name. ``person``: whose page it is now."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.count = 0

    async def keep(self, name: str) -> None:
        self.count += 1
        # The end of the conversation, painted; there is nothing to wait on.
        await self.page.evaluate("document.querySelector('#scroller').scrollTop = 1e9")
        await asyncio.sleep(0.4)
        await self.page.screenshot(self.folder / f"{self.count:02}-{name}.png")

    async def become(self, name: str) -> None:
        await self.page.evaluate(
            f"import('/page/actions.js').then((actions) => actions.become('{name}'))"
        )
        await self.page.wait_for(f"document.body.dataset.person === '{name}'")

    async def open(self, channel_id: int) -> None:
        await self.page.evaluate(
            f"import('/page/actions.js').then((actions) => actions.open('{channel_id}'))"
        )
        await self.page.wait_for(f"document.body.dataset.channelId === '{channel_id}'")


class Tour:
    """Alice learns to know the bot, the owner rules it. Each step leaves a picture."""

    def __init__(self, house: House, album: Album) -> None:
        self.house = house
        self.album = album
        self.page = album.page
        self.alice = house.person("alice")
        self.bob = house.person("bob")
        self.owner = house.person("owner")

    async def answered(self, person: Person, command: str, picture: str, **options: Any) -> Any:
        used: Interaction = await person.slash("general", command, **options)
        answer = await used.answered()
        await self.album.keep(picture)
        return answer

    async def talking(self) -> None:
        await self.page.wait_for_element(by_id("hints"))
        await self.album.keep("empty")
        self.house.backend.gate.clear()
        question = await self.alice.say("general", f"{self.house.mention} what do you collect?")
        reply = await self.alice.wait_for_reply(question)
        await self.album.keep("streaming")
        self.house.backend.gate.set()
        await self.alice.wait_until(lambda: len(reply.reactions) == 3)
        await self.album.keep("replied")
        await self.alice.react(reply, "👍")
        await self.alice.wait_for_message(lambda m: "consent" in str(m.components))
        await self.album.keep("consent-offered")
        await self.house.opt_in(self.alice)
        await self.album.keep("consent-given")
        files = {
            "notes.txt": "blue things",
            "blue.png": charts.bars("Blue", [charts.Bar("sky", 0.9, "")]),
        }
        question = await self.alice.say("general", f"{self.house.mention} and here?", files=files)
        channel = self.alice.channel("general")
        await self.alice.wait_until(
            lambda: any(m.reactions for m in self.house.replies_to(question, channel)), 60
        )
        await self.album.keep("files")
        await self.alice.edit(question, f"{self.house.mention} something quite different")
        await self.alice.wait_for_message(lambda m: "again" in str(m.components))
        await self.album.keep("edited")
        asked = await self.alice.slash("general", "ask", prompt="What about yellow?")
        await asked.answered()
        await self.album.keep("asked")
        await self.page.hover('[data-author="Bowerbird"]:last-of-type')
        await self.page.click('[data-author="Bowerbird"]:last-of-type ' + by_id("add-reaction"))
        await self.album.keep("emoji-picker")
        await self.page.press("Escape")
        lesson = await self.alice.context_menu(reply, "Teach a better reply")
        modal = await lesson.modal_shown()
        await self.page.wait_for_element(by_id("modal"))
        await self.album.keep("teach")
        await self.alice.submit(modal, {"better": "Blue things. Always blue things."})
        await self.page.press("Escape")

    async def oneself(self) -> None:
        await self.owner.slash("general", "retrain", user=self.alice.id)
        await self.house.until(
            lambda: self.house.services.adapters.active(self.house.scope_id, self.alice.id)
        )
        for prompt in ("and red?", "and green?"):
            await self.alice.react(await self.house.ask(self.alice, prompt), "👍")
        for command in ("status", "history", "privacy"):
            await self.answered(self.alice, f"my {command}", f"my-{command}")
        await self.answered(self.alice, "my compare", "my-compare", prompt="What is blue?")
        await self.answered(self.alice, "my rollback", "my-rollback", version=0)
        await self.answered(self.alice, "my export", "my-export")
        dm = await self.alice.dm()
        await self.album.open(dm.id)
        await self.album.keep("export-in-dm")
        await self.album.open(self.alice.channel("general").id)
        asked = await self.answered(self.alice, "my forget", "my-forget")
        await self.alice.click(asked, "bowerbird:confirm")
        await self.alice.wait_until(lambda: not asked.components)
        await self.album.keep("my-forget-receipt")

    async def ruling(self) -> None:
        await self.house.opt_in(self.bob)
        for text in ("one", "two"):
            await self.bob.react(await self.house.ask(self.bob, text), "👍")
        await self.album.become("owner")
        await self.answered(self.owner, "server status", "server-status")
        form = await self.answered(self.owner, "server settings", "settings")
        for topic in ("channels", "roles", "votes", "language", "announcements"):
            await self.owner.click(form, f"bowerbird:settings:{topic}")
            await self.owner.wait_until(lambda: "settings:back" in str(form.components))
            await self.album.keep(f"settings-{topic}")
            await self.owner.click(form, "bowerbird:settings:back")
            await self.owner.wait_until(lambda: "settings:limits" in str(form.components))
        await (await self.owner.click(form, "bowerbird:settings:limits")).modal_shown()
        await self.page.wait_for_element(by_id("modal"))
        await self.album.keep("settings-limits")
        await self.page.press("Escape")
        self.house.executor.gate.clear()
        used = await self.owner.slash("general", "retrain")
        answer = await used.answered()
        await self.owner.wait_until(lambda: "3/12" in answer.content, 15)
        await self.album.keep("retrain")
        self.house.executor.gate.set()
        await self.owner.wait_until(lambda: "3/12" not in answer.content, 15)
        await self.album.keep("retrained")
        asked = await self.answered(self.owner, "reset", "reset", user=self.bob.id)
        await self.owner.click(asked, "bowerbird:confirm")
        await self.owner.wait_until(lambda: not asked.components)
        await self.album.keep("reset-receipt")
        await self.answered(self.owner, "bowerbird status", "owner-status")
        await self.answered(self.owner, "bowerbird drain", "owner-drain")
        await self.album.become("bob")
        question = await self.bob.say("general", f"{self.house.mention} hello?")
        await self.bob.wait_for_reply(question)
        await self.album.keep("drained")
        await self.owner.slash("general", "bowerbird resume")
        await self.house.services.servers.change(
            self.house.scope_id, lambda old: type(old)(votes="buttons", daily_replies=3)
        )
        question = await self.bob.say("general", f"{self.house.mention} buttons?")
        reply = await self.bob.wait_for_reply(question)
        await self.bob.wait_until(lambda: "vote" in str(reply.components))
        await self.album.keep("vote-buttons")

    async def exceptions(self) -> None:
        """What happens now and then: a queue, a question after a 👎, a mistake."""
        house, backend = self.house, self.house.backend
        channel = self.bob.channel("general")
        await house.services.servers.change(house.scope_id, lambda old: type(old)())
        backend.door.clear()
        asked = [await p.say(channel, f"{house.mention} hello?") for p in (self.bob, self.owner)]
        for person, question in zip((self.bob, self.owner), asked, strict=True):
            await person.wait_for_reply(question)
        await self.album.keep("queue")
        backend.door.set()
        for person, question in zip((self.bob, self.owner), asked, strict=True):
            await house.finished_reply(person, question)
        disliked = await house.ask(self.bob, "and grey?")
        await self.bob.react(disliked, "👎")
        await self.bob.wait_for_message(lambda m: "lesson" in str(m.components))
        await self.album.keep("lesson-offered")
        backend.script.append(RuntimeError("a fault to be found in the log"))
        question = await self.bob.say(channel, f"{house.mention} and brown?")
        await self.bob.wait_for_reply(question)
        await self.album.keep("mistake")


async def take_all(folder: Path, *, width: int, locale: str, is_dark: bool) -> None:
    with tempfile.TemporaryDirectory() as data:
        async with (
            Playground(rate_limits=RateLimits.generous()) as playground,
            houses.running(playground, Path(data)) as house,
            Browser.launch() as browser,
        ):
            for user in playground.world.users.values():
                user.locale = locale  # a page sets that of who is looking, the others have none
            playground.world.deadlines.interaction_answer_s = 60.0  # pictures take a while
            house.backend.answer = lambda _: SAID
            answering.LONG_WAIT_S, lessons.ONE_IN = 1.0, 1
            page = await browser.open(playground.url, width=width, height=820, language=locale)
            await page.theme("dark" if is_dark else "light")
            tour = Tour(house, Album(page, folder))
            try:
                await tour.talking()
                await tour.oneself()
                await tour.ruling()
                await tour.exceptions()
            finally:
                await page.screenshot(folder / "last.png")
                print("\n".join(page.faults) or "no faults")  # noqa: T201 - a console script


def main() -> int:
    parser = argparse.ArgumentParser(description="Pictures of everything people meet.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--locale", default="en-US", help="everybody's language")
    parser.add_argument("--dark", action="store_true")
    options = parser.parse_args()
    if missing := Browser.missing():
        print(missing, file=sys.stderr)  # noqa: T201 - a console script
        return 1
    options.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(
        take_all(options.folder, width=options.width, locale=options.locale, is_dark=options.dark)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
