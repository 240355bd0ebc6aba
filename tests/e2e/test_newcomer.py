"""A newcomer's whole story, in a real browser, with the real bot process and the real model.

Leaves pictures of every step in `build/screenshots/newcomer/`, to be looked at.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bowerbird.playground.model import Message
from tests.browser import Browser, Page
from tests.conftest import ROOT
from tests.e2e.bot_process import BotProcess
from tests.e2e.conftest import custom_ids, emoji_of, running_bot

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.model,
    pytest.mark.timeout(1500),
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(bool(Browser.missing()), reason=Browser.missing()),
]

INPUT = '[data-testid="composer-input"]'
REPLY_S = 120.0
TRAIN_S = 900.0
QUESTIONS = (
    "What is the capital of France?",
    "How do I boil an egg?",
    "Why is the sky blue?",
    "Give me three names for a cat.",
    "What should I cook with rice?",
    "Tell me about the moon.",
    "How do I learn to swim?",
    "What is a good book?",
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bot(
    smollm2_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[BotProcess]:
    settings = {"MODELS_DIR": str(smollm2_dir.parent), "BASE_MODEL": "smollm2-135m"}
    settings |= {"MAX_NEW_TOKENS": "96", "DTYPE": "auto"}
    home = tmp_path_factory.mktemp("newcomer")
    async with running_bot(home, smollm2_dir, **settings) as bot:
        yield bot


class Story:
    """Alice's page and what she does there."""

    def __init__(self, bot: BotProcess, page: Page, folder: Path) -> None:
        self.bot = bot
        self.page = page
        self.folder = folder
        self.pictures = 0

    async def picture(self, name: str) -> None:
        self.pictures += 1
        # Two frames later the page looks as it is.
        await self.page.evaluate(
            "new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => r(1))))"
        )
        await self.page.screenshot(self.folder / f"{self.pictures:02}-{name}.png")

    async def ask(self, text: str) -> Message:
        """Through the composer; the finished reply."""
        world, alice = self.bot.playground.world, self.bot.playground.person("alice")
        await self.page.click(INPUT)
        await self.page.type(f"@Bowerbird {text}")
        await self.page.press("Escape")
        await self.page.press("Enter")
        me = self.bot.playground.bot

        def finished() -> Message | None:
            asked = [m for m in alice.messages("general") if m.content.endswith(text)]
            for message in alice.messages("general"):
                is_reply = asked and message.reference_id == asked[-1].id
                if is_reply and len(emoji_of(message, me.id)) == 3:
                    return message
            return None

        return await world.until(finished, REPLY_S, f"a reply to {text!r}")

    async def vote(self, message: Message, emoji: str) -> None:
        chip = f'{self.of(message)} [data-testid="reaction"][data-emoji="{emoji}"]'
        await self.page.click(chip)
        await self.page.wait_for_element(f'{chip}[aria-pressed="true"]')

    def of(self, message: Message) -> str:
        return f'.message[data-message-id="{message.id}"]'

    async def command(self, name: str, *choices: str) -> None:
        await self.page.click(INPUT)
        await self.page.type(f"/{name}")
        await self.page.click(f'[data-testid="suggestion"][data-value="{name}"]')
        for option, value in (choice.split("=") for choice in choices):
            if not await self.page.count(f'[data-option="{option}"]'):
                await self.page.click(f'[data-testid="add-{option}"]')
            await self.page.click(f'[data-option="{option}"]')
            await self.page.click(f'[data-testid="suggestion"][data-value="{value}"]')
        await self.page.click('[data-testid="run-command"]')

    async def become(self, name: str) -> None:
        await self.page.click('[data-testid="me"]')
        await self.page.click(f'[data-testid="be-{name}"]')
        await self.page.wait_for(f"document.body.dataset.person === '{name}'")

    async def press(self, message: Message, custom_id: str) -> None:
        await self.page.click(f'{self.of(message)} [data-custom-id="{custom_id}"]')


async def test_a_newcomer_s_story(bot: BotProcess) -> None:
    playground = bot.playground
    alice, owner = playground.person("alice"), playground.person("owner")
    folder = ROOT / "build" / "screenshots" / "newcomer"
    folder.mkdir(parents=True, exist_ok=True)
    async with Browser.launch() as browser:
        page = await browser.open(playground.url)
        await page.wait_for("document.title.includes('general')")
        story = Story(bot, page, folder)
        await story.picture("arrived")

        first = await story.ask("What do bowerbirds collect?")
        assert len(first.versions) >= 2, "it did not stream"
        assert len(first.content.split()) > 3
        await story.picture("answered")

        await story.vote(first, "👍")
        offers = await alice.wait_until(
            lambda: [m for m in alice.messages("general") if any(custom_ids(m))], REPLY_S, "offer"
        )
        await page.wait_for_text("may I learn from your reactions")
        await story.picture("offer")
        (yes,) = [name for name in custom_ids(offers[0]) if name.endswith(":yes")]
        await story.press(offers[0], yes)
        await page.wait_for_text("From now on I keep our exchanges")
        await story.picture("consented")

        for number, question in enumerate(QUESTIONS):
            reply = await story.ask(question)
            await story.vote(reply, "👍" if number % 2 else "👎")
        await bot.rows_become([(9,)], "SELECT count(*) FROM feedback")
        await bot.rows_become([(9,)], "SELECT count(*) FROM replies")
        await story.picture("nine-votes")

        await story.become("owner")
        await story.command("retrain", f"user={alice.id}")
        await page.wait_for("/: training ▰/.test(document.body.innerText)", TRAIN_S)
        await story.picture("training")
        await page.wait_for("/was accepted|did not pass/.test(document.body.innerText)", TRAIN_S)
        await story.picture("verdict")
        ((state, reasons),) = bot.rows("SELECT state, verdict FROM adapters")
        assert state in {"accepted", "rejected"}
        assert reasons

        await story.become("alice")
        await story.command("my status")
        await page.wait_for_text("Personalization is on")
        await page.wait_for_text(f"Version 1 was {'' if state == 'accepted' else 'not '}accepted")
        await story.picture("status")

        await story.become("owner")
        await story.command("reset", f"user={alice.id}")
        await page.wait_for_text("It cannot be undone")
        await story.picture("reset-asks")
        (question,) = [m for m in owner.messages("general") if "bowerbird:confirm" in custom_ids(m)]
        await story.press(question, "bowerbird:confirm")
        await page.wait_for_text("is back to the base model")
        await story.picture("reset")

        await story.become("alice")
        await story.command("my status")
        await page.wait_for_text("You are answered by the base model")
        await story.picture("base-again")
        assert page.faults == []
    assert playground.unknown_requests == []
    assert [r for r in playground.requests if r.status >= 400] == []
    assert "Traceback" not in bot.said
