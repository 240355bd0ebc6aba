"""The page as somebody sees and uses it, in a real browser."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from bowerbird.playground import Playground
from bowerbird.playground.permissions import Permission
from tests.browser import Browser, Chromium, Page
from tests.playground import trial_bot
from tests.playground.talking_bot import REPLY, TalkingBot

pytestmark = pytest.mark.skipif(bool(Browser.missing()), reason=Browser.missing())

INPUT = '[data-testid="composer-input"]'
MESSAGES = '[data-testid="messages"]'
FROM_BOT = '.message[data-author="Bowerbird"]'
FROM_ALICE = '.message[data-author="alice"]'
FROM_BOB = '.message[data-author="bob"]'


def by_id(testid: str) -> str:
    return f'[data-testid="{testid}"]'


@pytest.fixture
async def bot(playground: Playground) -> AsyncIterator[TalkingBot]:
    async with trial_bot.running(playground, sync=True, kind=TalkingBot) as bot:
        assert isinstance(bot, TalkingBot)
        yield bot


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with Chromium() as chromium:
        yield chromium


@pytest.fixture
async def page(playground: Playground, bot: TalkingBot, chromium: Chromium) -> AsyncIterator[Page]:
    """Alice's page, open on #general. No script may have failed when the test ends."""
    async with Browser.connect(chromium) as browser:
        page = await browser.open(playground.url)
        await page.wait_for("document.title.includes('general')")
        await page.wait_for_element(by_id("hints"))
        yield page
        assert page.faults == []


async def say(page: Page, text: str) -> None:
    await page.click(INPUT)
    await page.type(text)
    await page.press("Enter")


async def choose(page: Page, value: str) -> None:
    await page.click(f'[data-testid="suggestion"][data-value="{value}"]')


async def parse(page: Page, text: str) -> Any:
    source = json.dumps(text)
    return await page.evaluate(f'import("/page/markdown.js").then((m) => m.parse({source}))')


async def test_a_newcomer_asks_and_the_reply_streams_in(page: Page, bot: TalkingBot) -> None:
    bot.gate.clear()
    await page.click(by_id("mention-bot"))
    assert await page.evaluate(f"document.querySelector('{INPUT}').value") == "@Bowerbird "
    await page.type("what do they collect?")
    await page.press("Enter")
    await page.wait_for_text("parrot feathers", FROM_BOT)
    element = f"document.querySelector('{FROM_BOT}')"
    await page.evaluate(f"{element}.isTheSame = true")
    assert "(edited)" not in await page.text(FROM_BOT)
    assert "@Bowerbird what do they collect?" in await page.text(f"{FROM_BOT} .reply-line")
    bot.gate.set()
    await page.wait_for_text(REPLY.split(". ")[-1], FROM_BOT)
    assert await page.evaluate(f"{element}.isTheSame")  # patched in place, not replaced
    await page.wait_for_text("(edited)", FROM_BOT)
    assert await page.count(by_id("hints")) == 0


async def test_reacting_by_toolbar_and_by_chip(page: Page, playground: Playground) -> None:
    message = await playground.person("bob").say("general", "good?")
    await page.hover(FROM_BOB)
    await page.click(f"{FROM_BOB} {by_id('quick-👍')}")
    await page.wait_for_element(f'{by_id("reaction")}[aria-pressed="true"]')
    await playground.person("carol").react(message, "👍")
    await page.wait_for_text("2", f"{by_id('reaction')} .count")
    await page.click(by_id("reaction"))
    await page.wait_for_element(f'{by_id("reaction")}[aria-pressed="false"]')
    assert await page.text(f"{by_id('reaction')} .count") == "1"
    await page.hover(FROM_BOB)
    await page.click(f"{FROM_BOB} {by_id('add-reaction')}")
    await page.click('.emoji-grid [data-emoji="🎉"]')
    await page.wait_for(f"document.querySelectorAll('{by_id('reaction')}').length === 2")


async def test_writing_editing_replying_and_deleting(page: Page, playground: Playground) -> None:
    await say(page, "a first tought")
    await page.wait_for_text("tought", MESSAGES)
    await page.press("ArrowUp")
    await page.wait_for_element(by_id("editor"))
    await page.evaluate(f"document.querySelector('{by_id('editor')}').select()")
    await page.type("a first thought")
    await page.press("Enter")
    await page.wait_for_text("a first thought\u200a(edited)".replace("\u200a", " "), FROM_ALICE)
    await page.hover(FROM_ALICE)
    await page.click(f"{FROM_ALICE} {by_id('reply')}")
    await page.type("a second one")
    await page.press("Enter")
    await page.wait_for_text("a first thought", ".reply-line")
    await page.click(FROM_ALICE, button="right")
    await page.click(by_id("menu-delete"))
    await page.click(f"{by_id('dialog')} {by_id('submit')}")
    await page.wait_for(f"document.querySelectorAll('{FROM_ALICE}').length === 1")
    contents = [m.content for m in playground.person("alice").messages("general")]
    assert contents == ["a second one"]


async def test_mentions_are_completed_and_sent_as_ids(page: Page, playground: Playground) -> None:
    await page.click(INPUT)
    await page.type("dear @bo")
    await choose(page, str(playground.person("bob").id))
    await page.type("and @carol, see #gard")
    await page.press("Enter")
    await page.press("Enter")
    message = await playground.person("bob").wait_for_message(lambda m: True, since=0)
    bob, carol = playground.person("bob"), playground.person("carol")
    garden = bob.channel("garden").id
    assert message.content == f"dear {bob.mention} and {carol.mention}, see <#{garden}>"
    await page.wait_for_text("dear @Bob and @Carol, see #garden", MESSAGES)


async def test_a_command_with_choices_answers_for_me_alone(page: Page) -> None:
    await page.click(INPUT)
    await page.type("/my pers")
    await choose(page, "my personalization")
    await page.press("Enter")  # takes "on", the first choice
    await page.press("Enter")
    await page.wait_for_text("now on", f"{FROM_BOT}.ephemeral")
    assert "Only you can see this" in await page.text(f"{FROM_BOT}.ephemeral")
    assert "/my personalization" in await page.text(f"{FROM_BOT} .reply-line")
    await page.click(by_id("dismiss"))
    await page.wait_for(f"!document.querySelector('{FROM_BOT}')")


async def test_required_and_autocompleted_options(page: Page) -> None:
    await page.click(INPUT)
    await page.type("/my roll")
    await choose(page, "my rollback")
    await page.wait_for_text("version 2", by_id("suggestions"))
    await page.press("Escape")
    await page.press("Enter")
    await page.wait_for_element('[data-option="version"][aria-invalid="true"]')
    await page.type("2")
    await choose(page, "2")
    await page.press("Enter")
    await page.wait_for_text("back to 2", FROM_BOT)


async def test_a_mentioned_command_is_shown_in_my_language(
    page: Page, playground: Playground
) -> None:
    command = next(c for c in playground.world.commands.values() if c.name == "ask")
    command.body["name_localizations"] = {"de": "frag"}
    playground.person("alice").speak("de")
    message = await playground.person("bob").say("general", f"try </ask:{command.id}>")
    await page.wait_for_text("try /frag", FROM_BOB)
    await playground.person("bob").say("general", "so?", reply_to=message)
    await page.wait_for_text("try /frag", ".reply-line")
    await (await playground.person("bob").slash("general", "ask", prompt="so?")).acknowledged()
    lines = "[...document.querySelectorAll('.reply-line')].map((e) => e.textContent)"
    await page.wait_for(f"{lines}.some((line) => line.endsWith('used /frag'))")


async def test_the_owner_is_offered_more(page: Page, playground: Playground) -> None:
    await say(page, "mine alone to edit")
    await page.wait_for_element(f"{FROM_ALICE} {by_id('edit')}")
    await page.click(by_id("me"))
    await page.click(by_id("be-owner"))
    await page.wait_for("document.body.dataset.person === 'owner'")
    await page.wait_for_element(FROM_ALICE)
    assert await page.count(by_id("edit")) == 0
    await page.click(INPUT)
    await page.type("/reset")
    await choose(page, "reset")
    await choose(page, str(playground.person("alice").id))
    await page.press("Enter")
    await page.wait_for_text("Alice starts over", FROM_BOT)
    await page.press("2", "Alt")
    await page.wait_for("document.body.dataset.person === 'alice'")


async def test_teaching_through_the_message_menu(page: Page) -> None:
    await say(page, "@Bowerbird hello")
    await page.press("Enter")
    await page.wait_for_text("copy what works", FROM_BOT)
    await page.click(FROM_BOT, button="right")
    await page.click('[data-testid="app-Teach a better reply"]')
    await page.wait_for_element(by_id("modal"))
    await page.click(f"{by_id('modal')} {by_id('submit')}")  # refused: the field is required
    await page.type("Blue things.")
    await page.click(f"{by_id('modal')} {by_id('submit')}")
    await page.wait_for_text("Blue things.", f"{FROM_BOT}.ephemeral")
    assert await page.count("dialog") == 0


async def test_buttons_and_select_menus(page: Page, playground: Playground) -> None:
    await say(page, "@Bowerbird buttons")
    await page.wait_for_text("How was that?", MESSAGES)
    assert await page.evaluate("document.querySelector('[data-custom-id=\"s:gone\"]').disabled")
    mood = "document.querySelector('[data-custom-id=\"vote:mood\"]')"
    assert await page.evaluate(f"{mood}.value") == ""
    await page.evaluate(
        f"{mood}.value = 'calm'; {mood}.dispatchEvent(new Event('change', {{bubbles: true}}))"
    )
    await page.wait_for_text("feeling calm", MESSAGES)
    await page.click('[data-custom-id="vote:up"]')
    await page.wait_for_text("voted", MESSAGES)
    await page.wait_for("!document.querySelector('[data-custom-id=\"vote:up\"]')")
    playground.world.deadlines.interaction_answer_s = 0.3
    await page.click('[data-custom-id="s:Later"]')
    await page.wait_for_text("The application did not respond", by_id("toast"))


async def test_refusals_and_limits_are_told(page: Page, playground: Playground) -> None:
    alice = playground.person("alice")
    await page.click(INPUT)
    await page.type("x" * 1990)
    assert await page.text(by_id("counter")) == "10"
    await page.type("y" * 20)
    assert await page.text(by_id("counter")) == "-10"
    await page.press("Enter")
    await page.wait_for_text("too long", by_id("toast"))
    assert alice.messages("general") == []
    playground.deny(alice.channel("general"), Permission.SEND_MESSAGES, alice.user)
    await page.wait_for(f"document.querySelector('{INPUT}').disabled")


async def test_threads_and_direct_messages(page: Page, playground: Playground) -> None:
    await say(page, "let us talk about blue")
    await page.hover(FROM_ALICE)
    await page.click(FROM_ALICE, button="right")
    await page.click(by_id("menu-thread"))
    await page.wait_for_element(by_id("prompt"))
    await page.press("Enter")
    await page.wait_for("document.title.includes('let us talk about blue')")
    await page.wait_for_text("let us talk about blue", FROM_ALICE)
    await say(page, "in here")
    await page.wait_for_text("in here", MESSAGES)
    assert playground.person("bob").messages("let us talk about blue")[-1].content == "in here"
    await page.click(by_id("channel-general"))
    await page.click(by_id("open-thread"))
    await page.wait_for_text("in here", MESSAGES)
    await page.click(by_id("dm-Bowerbird"))
    await page.wait_for("document.title.includes('@Bowerbird')")
    await say(page, "hello")
    await page.wait_for_text("copy what works", FROM_BOT)


async def test_what_was_missed_is_marked(page: Page, playground: Playground) -> None:
    bob, alice = playground.person("bob"), playground.person("alice")
    await bob.say("general", "seen")
    await page.wait_for_text("seen", MESSAGES)
    await page.click(by_id("channel-garden"))
    await bob.say("general", f"{alice.mention} missed")
    await page.wait_for_text("1", f"{by_id('channel-general')} .badge")
    dm = await bob.dm(alice.user)
    await bob.say(dm, "psst")
    await page.wait_for_text("1", f"{by_id('dm-bob')} .badge")
    await page.click(by_id("channel-general"))
    await page.wait_for_element(".message.pinging")
    divider = "document.querySelector('.divider[data-new=true]')"
    assert "missed" in await page.evaluate(f"{divider}.nextElementSibling.innerText")
    await page.wait_for(f"!document.querySelector('{by_id('channel-general')} .badge')")


async def test_following_only_at_the_bottom(page: Page, playground: Playground) -> None:
    bob = playground.person("bob")
    for number in range(70):
        await bob.say("general", f"line {number}")
    await page.wait_for_text("line 69", MESSAGES)
    scroller = f"document.querySelector('{by_id('scroller')}')"
    is_at_end = f"{scroller}.scrollHeight - {scroller}.scrollTop - {scroller}.clientHeight < 2"
    await page.wait_for(is_at_end)
    await page.evaluate(f"{scroller}.scrollTop = 400")
    await page.wait_for(f"{scroller}.scrollTop === 400")
    await bob.say("general", "one more")
    await page.wait_for("!document.getElementById('jump').hidden")
    assert await page.evaluate(f"{scroller}.scrollTop") == 400
    await page.click("#jump")
    await page.wait_for(is_at_end)


async def test_older_messages_come_on_scrolling_up(page: Page, playground: Playground) -> None:
    await page.click(by_id("channel-garden"))
    await page.wait_for("document.title.includes('garden')")
    for number in range(120):
        await playground.person("bob").say("general", f"line {number}")
    await page.go(await page.evaluate("location.href.split('#')[0]"))  # anew
    await page.wait_for_text("line 119", MESSAGES)
    assert await page.count(".message") == 50
    scroller = f"document.querySelector('{by_id('scroller')}')"
    await page.evaluate(f"{scroller}.scrollTop = 0")
    await page.wait_for("document.querySelectorAll('.message').length === 100")
    assert await page.evaluate(f"{scroller}.scrollTop") > 300  # still where the reader was


async def test_the_page_survives_a_lost_connection(page: Page, playground: Playground) -> None:
    await page.evaluate('import("/page/actions.js").then(({ line }) => line.socket.close(4000))')
    await page.wait_for("document.getElementById('offline').hidden === false")
    await playground.person("bob").say("general", "while you were away")
    await page.wait_for_text("while you were away", MESSAGES)
    await page.wait_for("document.getElementById('offline').hidden")


async def test_what_people_type_is_never_markup(page: Page, playground: Playground) -> None:
    attack = (
        "<img src=x onerror=document.title='owned'> [x](javascript:alert(1)) "
        "<svg/onload=alert(1)> **<b>bold</b>**"
    )
    await playground.person("bob").say("general", attack)
    await page.wait_for_text("<svg/onload=alert(1)>", MESSAGES)
    text = ".message-content"
    assert await page.count(f"{text} img, {text} a, {text} b") == 0
    assert await page.text(f"{text} strong") == "<b>bold</b>"


async def test_odd_markdown_stays_quick(page: Page) -> None:
    odd = [
        "```",
        "**",
        "||",
        "[" * 2000,
        "*" * 2000,
        "_a" * 1000,
        "> " * 1000,
        "a*" * 1000,
        "`" * 2000,
    ]
    took_ms = await page.evaluate(
        'import("/page/markdown.js").then((m) => { const t = performance.now();'
        f" {json.dumps(odd)}.forEach((text) => m.parse(text)); return performance.now() - t; }})"
    )
    assert took_ms < 2000


async def test_markdown_is_read_as_discord_reads_it(page: Page) -> None:
    def text(value: str) -> dict[str, str]:
        return {"type": "text", "text": value}

    def line(*children: Any) -> dict[str, Any]:
        return {"type": "line", "children": list(children)}

    assert await parse(page, "a **b *c*** `d*e*`") == [
        line(
            text("a "),
            {
                "type": "strong",
                "children": [text("b "), {"type": "em", "children": [text("c")]}],
            },
            text(" "),
            {"type": "code", "text": "d*e*"},
        )
    ]
    assert await parse(page, "snake_case_name 2 * 3 * 4 \\*no\\*") == [
        line(text("snake_case_name 2 * 3 * 4 *no*"))
    ]
    assert await parse(page, "before ```py\nx = 1\n``` after") == [
        line(text("before ")),
        {"type": "fence", "language": "py", "text": "x = 1"},
        line(text(" after")),
    ]
    assert await parse(page, "```py\nnot closed") == [line(text("```py\nnot closed"))]
    assert await parse(page, "> a\n> b\nc") == [
        {"type": "quote", "children": [line(text("a\nb"))]},
        line(text("c")),
    ]
    assert await parse(page, "# Big\n#no") == [
        {"type": "heading", "level": 1, "children": [text("Big")]},
        line(text("#no")),
    ]
    assert await parse(page, "- a\n  - b\n- c") == [
        {
            "type": "list",
            "start": None,
            "items": [
                [
                    line(text("a")),
                    {"type": "list", "start": None, "items": [[line(text("b"))]]},
                ],
                [line(text("c"))],
            ],
        }
    ]
    assert await parse(page, "<@12> <#3> <t:5:R> https://a.b/c_d_e. ||s||") == [
        line(
            {"type": "user", "id": "12"},
            text(" "),
            {"type": "channel", "id": "3"},
            text(" "),
            {"type": "time", "at": 5, "style": "R"},
            text(" "),
            {"type": "link", "url": "https://a.b/c_d_e", "children": [text("https://a.b/c_d_e")]},
            text(". "),
            {"type": "spoiler", "children": [text("s")]},
        )
    ]


async def test_every_control_has_a_name(page: Page, playground: Playground) -> None:
    await playground.person("bob").say("general", "hello")
    await page.wait_for_text("hello", MESSAGES)
    nameless = await page.evaluate(
        "[...document.querySelectorAll('button, input, textarea, select, a')]"
        ".filter((e) => e.checkVisibility() && !e.innerText.trim()"
        " && !e.getAttribute('aria-label') && !e.labels?.length).map((e) => e.outerHTML)"
    )
    assert nameless == []


async def test_the_keyboard_alone_is_enough(page: Page, playground: Playground) -> None:
    message = await playground.person("bob").say("general", "hello")
    await page.wait_for_text("hello", MESSAGES)
    await page.evaluate("document.querySelector('.message').focus()")
    await page.press("Enter")
    await page.wait_for_element(by_id("menu"))
    await page.press("ArrowDown")
    await page.press("Enter")  # Reply
    await page.wait_for("!document.getElementById('reply-bar').hidden")
    await page.type("hi yourself")
    await page.press("Enter")
    answer = await playground.person("bob").wait_for_reply(message)
    assert answer.content == "hi yourself"


async def pick_files(page: Page, *files: tuple[str, str]) -> None:
    """As the browser's own dialog would."""
    made = ", ".join(f"new File([{json.dumps(text)}], {json.dumps(name)})" for name, text in files)
    await page.evaluate(
        "{ const given = new DataTransfer();"
        f" for (const file of [{made}]) given.items.add(file);"
        " const picker = document.getElementById('file-picker');"
        " picker.files = given.files;"
        " picker.dispatchEvent(new Event('change')); }"
    )


async def test_files_are_chosen_taken_back_and_sent(page: Page, playground: Playground) -> None:
    alice = playground.person("alice")
    await pick_files(page, ("notes.txt", "blue things"), ("wrong.bin", "x" * 2048))
    await page.wait_for_text("2.0 KB", by_id("file-bar"))
    await page.click('[data-name="wrong.bin"] [data-testid="remove-file"]')
    await page.type("what do you make of this?")
    await page.press("Enter")
    message = await alice.wait_for_message(lambda m: bool(m.attachments), since=0)
    assert message.content == "what do you make of this?"
    (file,) = message.attachments
    assert (file.filename, file.content, file.content_type) == (
        "notes.txt",
        b"blue things",
        "text/plain; charset=utf-8",
    )
    await page.wait_for_text("notes.txt", f"{FROM_ALICE} .attachment")
    await page.wait_for("document.getElementById('file-bar').hidden")
    await pick_files(page, ("alone.txt", "without words"))
    await page.click(by_id("send"))
    await alice.wait_for_message(lambda m: not m.content and bool(m.attachments), since=0)


async def test_files_that_are_refused_come_back(page: Page, playground: Playground) -> None:
    playground.world.upload_limit_bytes = 5
    await pick_files(page, ("notes.txt", "blue things"))
    await page.click(by_id("send"))
    await page.wait_for_text("too large", by_id("toast"))
    await page.wait_for_text("notes.txt", by_id("file-bar"))
    await pick_files(page, *((f"{number}.txt", "1") for number in range(10)))
    await page.wait_for_text("10 files a message at most", "#toasts")


async def test_the_servers_own_emoji_and_super_reactions(
    page: Page, playground: Playground
) -> None:
    alice, bob = playground.person("alice"), playground.person("bob")
    (shell,) = next(iter(playground.world.guilds.values())).emojis.values()
    message = await bob.say("general", f"a find {shell}")
    picture = f"{FROM_BOB} img.emoji[alt=':shell:']"
    await page.wait_for(f"document.querySelector({json.dumps(picture)})?.naturalWidth > 0")
    await page.hover(FROM_BOB)
    await page.click(f"{FROM_BOB} {by_id('add-reaction')}")
    await page.click('.emoji-grid [data-emoji="shell"]')
    await page.wait_for_element(f'{by_id("reaction")}[data-emoji="shell"][aria-pressed="true"]')
    assert message.reactions[0].emoji.id == shell.id
    await page.hover(FROM_BOB)
    await page.click(f"{FROM_BOB} {by_id('add-reaction')}")
    await page.click(by_id("super"))
    await page.click('.emoji-grid [data-emoji="🎉"]')
    await page.wait_for_element(f'{by_id("reaction")}.super[data-emoji="🎉"]')
    assert list(message.reactions[1].super_user_ids) == [alice.id]
    await page.click(f'{by_id("reaction")}[data-emoji="🎉"]')
    await page.wait_for(f"!document.querySelector('{by_id('reaction')}.super')")
    await page.click(INPUT)
    await page.type("look :she")
    await choose(page, str(shell.id))
    await page.press("Enter")
    sent = await alice.wait_for_message(lambda m: m.content.startswith("look"), since=0)
    assert sent.content == f"look {shell}"
