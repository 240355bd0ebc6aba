"""Pictures of every surface of the playground's page, to be looked at.

    python -m tests.playground.screenshots OUT_DIR

Starts a playground with the talking bot and a headless Chromium, and leaves numbered PNG files.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import pytest

from bowerbird.playground import Playground, RateLimits
from tests.browser import Browser, Page
from tests.playground import trial_bot
from tests.playground.talking_bot import TalkingBot

INPUT = '[data-testid="composer-input"]'


def by_id(testid: str) -> str:
    return f'[data-testid="{testid}"]'


async def say(page: Page, text: str) -> None:
    await page.click(INPUT)
    await page.type(text)
    await page.press("Escape")
    await page.press("Enter")


async def run_command(page: Page, name: str) -> None:
    await page.click(INPUT)
    await page.type(f"/{name}")
    await page.wait_for_element(f'[data-testid="suggestion"][data-value="{name}"]')
    await page.click(f'[data-testid="suggestion"][data-value="{name}"]')


class Album:
    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.count = 0

    async def keep(self, name: str) -> None:
        self.count += 1
        await asyncio.sleep(0.25)  # let the browser paint; nothing to wait on
        await self.page.screenshot(self.folder / f"{self.count:02}-{name}.png")


async def tour(page: Page, album: Album, playground: Playground, bot: TalkingBot) -> None:
    await page.wait_for_element(by_id("hints"))
    await album.keep("empty-light")
    await page.theme("dark")
    await album.keep("empty-dark")
    await page.click(by_id("hint"))
    bot.gate.clear()
    await page.press("Escape")
    await page.press("Enter")
    await page.wait_for_element('[data-streaming="true"]')
    await page.wait_for_text("parrot feathers", by_id("messages"))
    await album.keep("streaming-dark")
    bot.gate.set()
    await page.wait_for_text("copy what works", by_id("messages"))
    await page.wait_for("!document.querySelector('[data-streaming=\"true\"]')")
    await page.hover('[data-author="Bowerbird"]')
    await page.click("[data-author='Bowerbird'] " + by_id("quick-👍"))
    await page.wait_for_element(by_id("reaction"))
    await album.keep("reacted-dark")
    await page.click('[data-author="Bowerbird"]', button="right")
    await page.wait_for_element(by_id("menu"))
    await album.keep("menu-dark")
    await page.click('[data-testid="app-Teach a better reply"]')
    await page.wait_for_element(by_id("modal"))
    await page.type("Blue things. Always blue things.")
    await album.keep("modal-dark")
    await page.click('[data-testid="modal"] [data-testid="submit"]')
    await page.wait_for_element(".message.ephemeral")
    await album.keep("ephemeral-dark")
    await page.click(INPUT)
    await page.type("/")
    await page.wait_for_element(by_id("suggestion"))
    await album.keep("slash-dark")
    await page.press("Escape")
    await page.press("Backspace")
    await run_command(page, "my personalization")
    await page.wait_for_element(by_id("suggestion"))
    await album.keep("options-dark")
    await page.press("Enter")
    await page.press("Enter")
    await page.wait_for_text("now on", by_id("messages"))
    await page.theme("light")
    await say(page, "@Bowerbird show me markdown ")
    await page.wait_for_text("small print", by_id("messages"))
    await album.keep("markdown-light")
    await say(page, "@Bowerbird an embed please ")
    await page.wait_for_text("learned from you alone", by_id("messages"))
    await album.keep("embed-light")
    await say(page, "@Bowerbird buttons please ")
    await page.wait_for_text("How was that?", by_id("messages"))
    await album.keep("buttons-light")
    await page.theme("dark")
    await album.keep("buttons-dark")
    await page.theme("light")
    await run_command(page, "mute")
    await page.click(by_id("run-command"))
    await page.wait_for_element(by_id("toast"), 8)
    await album.keep("toast-light")
    await page.click(INPUT)
    await page.type("@")
    await page.wait_for_element(by_id("suggestion"))
    await album.keep("mention-light")
    await page.press("Escape")
    await page.press("Backspace")
    await page.hover('[data-author="alice"]')
    await page.click('[data-author="alice"]', button="right")
    await page.click(by_id("menu-thread"))
    await page.wait_for_element(by_id("prompt"))
    await page.type("Blue things")
    await album.keep("thread-name-light")
    await page.press("Enter")
    await page.wait_for("document.title.includes('Blue things')")
    await say(page, "And what about yellow?")
    await album.keep("thread-light")
    await page.click(by_id("dm-Bowerbird"))
    await page.wait_for("document.title.includes('@Bowerbird')")
    await album.keep("dm-empty-light")
    await say(page, "Hello there")
    await page.wait_for_text("copy what works", by_id("messages"))
    await album.keep("dm-light")
    await page.click(by_id("channel-garden"))
    await say(page, "A first `tought` about ||gardens||, and a longer line to see where it breaks.")
    await page.hover('[data-author="alice"]')
    await page.click('[data-author="alice"] ' + by_id("add-reaction"))
    await album.keep("emoji-light")
    await page.click('.emoji-grid [data-emoji="🎉"]')
    await page.hover('[data-author="alice"]')
    await page.click('[data-author="alice"] ' + by_id("reply"))
    await page.type("yes")
    await playground.person("carol").type("garden")
    await page.wait_for_element("#typing:not([hidden])")
    await album.keep("reply-light")
    await page.press("Escape")
    await page.press("Backspace")
    await page.press("Backspace")
    await page.press("Backspace")
    await page.press("ArrowUp")
    await page.wait_for_element(by_id("editor"))
    await album.keep("editor-light")
    await page.press("Escape")
    await page.type("y" * 1950)
    await album.keep("counter-light")
    await page.evaluate("document.querySelector('#composer-input').select()")
    await page.press("Backspace")
    bob = playground.person("bob")
    await bob.say("general", f"{playground.person('alice').mention} have you seen the garden?")
    await page.wait_for_element("#channels .badge")
    await album.keep("unread-light")
    await page.click(by_id("channel-general"))
    await page.wait_for_text("have you seen the garden")
    await album.keep("pinged-light")
    await page.evaluate("document.querySelector('#scroller').scrollTop = 0")
    await album.keep("top-light")
    await page.click(by_id("me"))
    await album.keep("people-light")
    await page.click(by_id("be-owner"))
    await page.wait_for("document.body.dataset.person === 'owner'")
    await page.click(INPUT)
    await page.type("/re")
    await page.wait_for_element('[data-value="reset"]')
    await album.keep("owner-commands-light")
    await page.click('[data-value="reset"]')
    await album.keep("owner-options-light")
    await page.press("Escape")
    await page.press("Escape")
    await page.resize(420, 800)
    await album.keep("narrow-light")
    await page.theme("dark")
    await album.keep("narrow-dark")
    await page.theme("light")
    await page.click("#open-sidebar")
    await album.keep("narrow-drawer-light")


async def take_all(folder: Path) -> None:
    async with Playground(rate_limits=RateLimits.generous()) as playground:
        trial_bot.point_at(playground, pytest.MonkeyPatch())
        async with (
            trial_bot.running(playground, sync=True, kind=TalkingBot) as bot,
            Browser.launch() as browser,
        ):
            assert isinstance(bot, TalkingBot)
            page = await browser.open(playground.url)
            try:
                await tour(page, Album(page, folder), playground, bot)
            finally:
                await page.screenshot(folder / "last.png")
                print("\n".join(page.faults) or "no faults")  # noqa: T201 - a console script


def main() -> int:
    parser = argparse.ArgumentParser(description="Pictures of every surface of the page.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    if missing := Browser.missing():
        print(missing, file=sys.stderr)  # noqa: T201 - a console script
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(take_all(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
