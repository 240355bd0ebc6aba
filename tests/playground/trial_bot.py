"""A small bot on the real, unmodified discord.py client, with one of everything."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import discord
import yarl
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket

from bowerbird.playground import Playground
from bowerbird.playground.world import DEMO_TOKEN


class Lesson(discord.ui.Modal, title="Teach a better reply"):
    better: discord.ui.Label[Lesson] = discord.ui.Label(
        text="A better reply",
        component=discord.ui.TextInput(style=discord.TextStyle.paragraph, custom_id="better"),
    )
    why: discord.ui.TextInput[Lesson] = discord.ui.TextInput(
        label="Why?", custom_id="why", required=False
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        text_input = self.better.component
        assert isinstance(text_input, discord.ui.TextInput)
        await interaction.response.send_message(
            f"learned {text_input.value!r} because {self.why.value!r}", ephemeral=True
        )


class Vote(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="👍", custom_id="vote:up")
    async def up(self, interaction: discord.Interaction, button: discord.ui.Button[Vote]) -> None:
        await interaction.response.edit_message(content="voted", view=None)

    @discord.ui.button(label="Teach", custom_id="vote:teach")
    async def teach(
        self, interaction: discord.Interaction, button: discord.ui.Button[Vote]
    ) -> None:
        await interaction.response.send_modal(Lesson())

    @discord.ui.select(
        custom_id="vote:mood",
        options=[discord.SelectOption(label="calm"), discord.SelectOption(label="loud")],
    )
    async def mood(self, interaction: discord.Interaction, select: discord.ui.Select[Vote]) -> None:
        await interaction.response.send_message(f"feeling {select.values[0]}")


class TrialBot(commands.Bot):
    """Says "hello" to whoever mentions it; keeps every event it hears in `heard`."""

    def __init__(self, intents: discord.Intents) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=0.05,  # how long it waits for further servers
        )
        self.heard: list[tuple[str, Any]] = []
        self.messages: list[discord.Message] = []
        self.changed = asyncio.Event()
        _add_commands(self)

    def note(self, name: str, value: Any) -> None:
        self.heard.append((name, value))
        self.changed.set()

    def heard_of(self, name: str) -> list[Any]:
        return [value for heard, value in self.heard if heard == name]

    async def until_heard(self, name: str, count: int = 1, timeout_s: float = 30.0) -> Any:
        """The `count`-th event of that name."""
        async with asyncio.timeout(timeout_s):
            while len(self.heard_of(name)) < count:
                self.changed.clear()
                await self.changed.wait()
        return self.heard_of(name)[count - 1]

    async def on_message(self, message: discord.Message, /) -> None:
        self.note("message", message)
        if message.author.bot or self.user not in message.mentions:
            return
        if "nothing" not in message.content:
            await message.reply("hello")

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        self.note("reaction_add", event)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        self.note("reaction_remove", event)

    async def on_raw_reaction_clear(self, event: discord.RawReactionClearEvent) -> None:
        self.note("reaction_clear", event)

    async def on_raw_reaction_clear_emoji(self, event: discord.RawReactionClearEmojiEvent) -> None:
        self.note("reaction_clear_emoji", event)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        self.note("message_edit", event)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self.note("message_delete", event)

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        self.note("bulk_delete", event)

    async def on_typing(self, channel: Any, user: Any, when: Any) -> None:
        self.note("typing", (channel, user))

    async def on_thread_create(self, thread: discord.Thread) -> None:
        self.note("thread_create", thread)

    async def on_thread_join(self, thread: discord.Thread) -> None:
        self.note("thread_join", thread)

    async def on_resumed(self) -> None:
        self.note("resumed", None)

    async def on_ready(self) -> None:
        self.note("ready", None)

    async def on_app_command_completion(self, interaction: Any, command: Any) -> None:
        self.note("command_done", command.qualified_name)


def _add_commands(bot: TrialBot) -> None:
    my = app_commands.Group(name="my", description="What concerns me")

    @my.command(description="Whether to learn from me")
    @app_commands.choices(
        state=[app_commands.Choice(name=word, value=word) for word in ("on", "off")]
    )
    async def personalization(
        interaction: discord.Interaction, state: app_commands.Choice[str]
    ) -> None:
        await interaction.response.send_message(f"now {state.value}", ephemeral=True)

    @my.command(description="Back to an older version")
    async def rollback(interaction: discord.Interaction, version: int) -> None:
        await interaction.response.send_message(f"back to {version}")

    @rollback.autocomplete("version")
    async def versions(
        interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[int]]:
        return [app_commands.Choice(name=f"version {n}", value=n) for n in (1, 2)]

    bot.tree.add_command(my)

    @bot.tree.command(description="Ask something")
    async def ask(interaction: discord.Interaction, prompt: app_commands.Range[str, 1, 50]) -> None:
        await interaction.response.defer()
        await interaction.followup.send(f"you said {prompt}", view=Vote())
        await interaction.followup.send("and more")
        await interaction.edit_original_response(content=f"edited {prompt}")

    @bot.tree.command(description="Start over")
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def reset(interaction: discord.Interaction, user: discord.Member) -> None:
        await interaction.response.send_message(f"{user.display_name} starts over")

    @bot.tree.command(description="Never answers")
    async def mute(interaction: discord.Interaction) -> None:
        bot.note("mute", interaction)

    @bot.tree.command(description="Answers twice")
    async def twice(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("once")
        adapter = interaction.client.http
        route = discord.http.Route(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            webhook_id=interaction.id,
            webhook_token=interaction.token,
        )
        try:
            await adapter.request(route, json={"type": 4, "data": {"content": "twice"}})
        except discord.HTTPException as error:
            bot.note("refused", error)

    @bot.tree.context_menu(name="Teach a better reply")
    async def teach(interaction: discord.Interaction, message: discord.Message) -> None:
        bot.note("target", message)
        await interaction.response.send_modal(Lesson())


def intents(**changes: bool) -> discord.Intents:
    result = discord.Intents.default()
    for name, value in changes.items():
        setattr(result, name, value)
    return result


@contextlib.asynccontextmanager
async def running(
    playground: Playground,
    *,
    token: str = DEMO_TOKEN,
    sync: bool = False,
    kind: type[TrialBot] | None = None,
    **wanted: bool,
) -> AsyncIterator[TrialBot]:
    """The bot, connected and ready. The caller has pointed discord.py at the playground."""
    bot = (kind or TrialBot)(intents(**wanted))
    async with bot:
        await bot.login(token)
        connection = asyncio.create_task(bot.connect())
        try:
            await bot.until_heard("ready")
            if sync:
                await bot.tree.sync()
            yield bot
        finally:
            await bot.close()
            await asyncio.wait({connection}, timeout=30)
    connection.result()


def point_at(playground: Playground, patch: Any) -> None:
    """Sends the client's REST calls and gateway to the playground (undone by pytest)."""
    patch.setattr(discord.http.Route, "BASE", playground.api_url)
    patch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(playground.gateway_url))
