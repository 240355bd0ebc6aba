"""Loaded into, and unloaded from, somebody else's bot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import discord
import pytest
from discord.ext import commands
from discord.http import Route

from bowerbird.bot import plugin
from bowerbird.bot.app import Services
from bowerbird.bot.cogs.my import MyCog
from bowerbird.bot.cogs.nights import NightsCog
from bowerbird.bot.failures import CommandError
from bowerbird.bot.settings import Settings
from bowerbird.personalization.departures import left_servers
from bowerbird.playground import Playground, RateLimits
from bowerbird.playground.world import DEMO_TOKEN
from tests.bot import house as houses
from tests.fakes import FakeBackend, FakeExecutor

EXTENSION = "bowerbird.bot.plugin"
FETCH = "GET /channels/{channel_id}/messages/{message_id}"


class Host(commands.Bot):
    """A bot that is not ours, with a cog and a command of its own."""

    def __init__(self) -> None:
        intents = discord.Intents.default()
        super().__init__(
            command_prefix="!", intents=intents | discord.Intents(message_content=True)
        )

    @property
    def traces(self) -> dict[str, object]:
        """Everything that an extension could leave behind."""
        state = self._connection
        return {
            "cogs": set(self.cogs),
            "commands": {command.name for command in self.tree.walk_commands()},
            "menus": {c.name for c in self.tree.get_commands(type=discord.AppCommandType.message)},
            "listeners": {name for name, found in self.extra_events.items() if found},
            "dynamic items": set(state._view_store._dynamic_items.values()),
            "attributes": set(vars(self)),
            "forms": set(state._view_store._modals),
            "intents": self.intents.value,
        }


@pytest.fixture
async def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Host]:
    """On a playground, ready, with the model replaced by a fake."""
    async with Playground(rate_limits=RateLimits.generous()) as playground:
        monkeypatch.setattr(Route, "BASE", playground.api_url)
        settings = houses.settings_for(playground, tmp_path)

        @asynccontextmanager
        async def build(_: Settings) -> AsyncIterator[Services]:
            async with houses.services_for(settings, FakeBackend(), FakeExecutor()) as services:
                yield services

        # Loading the extension imports the module anew, so both names count.
        monkeypatch.setattr("bowerbird.bot.app.build", build)
        monkeypatch.setattr(plugin, "build", build)
        bot = Host()
        connect = bot.http.ws_connect

        async def ws_connect(url: str, **options: object) -> object:
            return await connect(url.replace("wss://gateway.discord.gg/", playground.gateway_url))

        monkeypatch.setattr(bot.http, "ws_connect", ws_connect)
        async with bot:
            task = asyncio.create_task(bot.start(DEMO_TOKEN))
            await playground.bot_ready()
            bot.playground = playground  # type: ignore[attr-defined]
            yield bot
        await asyncio.gather(task, return_exceptions=True)


async def test_it_comes_answers_and_goes_without_a_trace(host: Host) -> None:
    playground: Playground = host.playground  # type: ignore[attr-defined]
    before, tasks = host.traces, asyncio.all_tasks()
    for _ in range(2):
        await host.load_extension(EXTENSION)
        assert "Bowerbird chat" in host.cogs
        alice = playground.person("alice")
        question = await alice.say("general", f"{playground.bot.mention} hi")
        reply = await alice.wait_for_reply(question)
        await alice.wait_until(lambda reply=reply: len(reply.reactions) == 3)
        await host.unload_extension(EXTENSION)
        assert host.traces == before
    await asyncio.sleep(0)
    ours = [task for task in asyncio.all_tasks() - tasks if "bowerbird" in str(task.get_coro())]
    assert [task for task in ours if "/bot/" in str(task.get_coro())] == []
    assert playground.requests_to("PUT /applications/{application_id}/commands") == []


async def test_a_server_that_was_left_while_we_were_not_loaded_is_noted(host: Host) -> None:
    """The bot is connected already, so nobody will tell us which servers there are."""
    await host.wait_until_ready()
    left = 1_100_000_000_000_000_099

    async def loaded() -> Services:
        await host.load_extension(EXTENSION)
        cog = host.get_cog(NightsCog.__cog_name__)
        assert isinstance(cog, NightsCog)
        return cog.services

    await (await loaded()).feedback.opt_in(left, 10)
    await host.unload_extension(EXTENSION)
    services = await loaded()
    async with asyncio.timeout(30):
        while set(await left_servers(services.store)) != {left}:
            await asyncio.sleep(0.02)


async def test_a_question_that_nobody_answered_ends_with_us(host: Host) -> None:
    playground: Playground = host.playground  # type: ignore[attr-defined]
    await host.load_extension(EXTENSION)
    await host.tree.sync()
    assert host.tree.translator is None  # which language its commands speak is the host's to say
    assert not any(one.body["name_localizations"] for one in playground.world.commands.values())
    alice = playground.person("alice")
    asked = await (await alice.slash("general", "my forget")).answered()
    assert asked.components
    await host.unload_extension(EXTENSION)
    await alice.wait_until(lambda: "being restarted, so nothing was changed" in asked.content)
    assert asked.components == []


async def test_a_form_that_nobody_sent_goes_with_us(host: Host) -> None:
    playground: Playground = host.playground  # type: ignore[attr-defined]
    before = host.traces
    await host.load_extension(EXTENSION)
    await host.tree.sync()
    owner = playground.person("owner")
    settings = await (await owner.slash("general", "server settings")).answered()
    await (await owner.click(settings, "bowerbird:settings:limits")).modal_shown()
    await owner.wait_until(lambda: host.traces["forms"] != before["forms"])
    await host.unload_extension(EXTENSION)
    assert host.traces["forms"] == before["forms"]


async def test_a_load_that_fails_leaves_nothing(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = host.traces

    async def fail(_: MyCog) -> None:
        raise ValueError("no")

    monkeypatch.setattr(MyCog, "cog_load", fail)
    with pytest.raises(ValueError, match="no"):
        await plugin.setup(host)
    assert host.traces == before


async def test_a_name_that_the_host_has_taken_leaves_nothing(host: Host) -> None:
    """discord.py adds a cog's listeners before its commands, and takes none of them back."""

    @host.tree.command(name="ask", description="The host's own.")
    async def ask(interaction: discord.Interaction[Host]) -> None:
        await interaction.response.send_message("mine")

    before = host.traces
    with pytest.raises(discord.app_commands.CommandAlreadyRegistered):
        await plugin.setup(host)
    assert host.traces == before


async def test_a_second_one_is_refused_and_the_first_stays(host: Host) -> None:
    await host.load_extension(EXTENSION)
    loaded = host.traces
    with pytest.raises(CommandError, match="in this bot already"):
        await plugin.setup(host)
    assert host.traces == loaded


async def test_what_is_the_host_s_is_left_to_it(host: Host) -> None:
    """Its commands are no questions, and what it says is no reply of ours."""
    playground: Playground = host.playground  # type: ignore[attr-defined]

    @host.command()
    async def play(context: commands.Context[Host]) -> None:
        await context.reply("Playing")

    await host.load_extension(EXTENSION)
    alice = playground.person("alice")
    dm = await alice.dm()
    playing = await alice.wait_for_reply(await alice.say(dm, "!play a song"))
    for emoji in ("👍", "🔁"):
        await alice.react(playing, emoji)
    await alice.wait_until(lambda: len(playground.requests_to(FETCH)) == 2)
    question = await alice.say(dm, "and who are you?")
    await alice.wait_for_message(lambda m: m.reference_id == question.id and len(m.reactions) == 3)
    said = [m.content for m in alice.messages(dm) if m.author_id == playground.bot.id]
    assert [text.partition(":")[0] for text in said] == ["Playing", "You said"]
