"""`/my`: everybody's own say over what is learnt from them. Answers are seen by them alone.

Contract: what `/my compare` says is shown to one person, kept nowhere, and trains nothing, so
there is nothing under it to vote on. What leaves by `/my export` goes to that person's own DM.
"""

from __future__ import annotations

import asyncio
import io
import secrets
from contextlib import aclosing
from typing import Any, Final, Literal

import discord
from discord import app_commands

from bowerbird.bot import charts, export_zip, rendering, reports
from bowerbird.bot.apologies import RefusalError, say
from bowerbird.bot.cogs.base import BowerbirdCog, Interaction
from bowerbird.bot.cogs.chat import PROMPT_LIMIT
from bowerbird.bot.confirmation import confirmed
from bowerbird.personalization.types import Conversation, ReplyDraft, Turn
from bowerbird.storage.records import VersionVotes

UPLOAD_LIMIT_BYTES: Final = 10 * 1024 * 1024 - 64 * 1024
"""What Discord takes in a direct message, less what surrounds a file on its way."""
CHOICES: Final = 25
CHARTED: Final = 12
CHART_IN_WORDS: Final = "How much of what each version replied you liked, as the text says."

TURNED_ON = (
    "Personalization is **on**: I keep our exchanges here and your votes on them{kept}, and learn "
    "your taste from them. `/my forget` deletes everything at any time."
)
FORGET = (
    "This deletes everything I know of you, on this server and everywhere else: exchanges, votes, "
    "your own model and its versions. It cannot be undone."
)
NO_VERSION = (
    "There is no version of your own in use here, so there is nothing to compare. `/my status` "
    "says when I learn."
)
COMPARED = "The same question, the same dice. Neither reply is kept, and nothing is learnt from it."
WENT_BACK = (
    "You are answered by {name} again. New votes still train a next version, which takes over if "
    "it passes the checks.{running}"
)
STILL_TRAINING = " One is being trained right now."
NO_DM = (
    "I cannot send you direct messages. Allow them in this server's privacy settings, then try "
    "again."
)
SENT = "Sent to you by direct message: {names}."
TOO_LARGE = "Too large for Discord, so ask whoever runs me for a copy: {names}."
ONE_EXPORT = "I am still packing your last export; one moment, please."


class MyCog(BowerbirdCog, name="Bowerbird my"):
    """Commands about oneself."""

    my = app_commands.Group(name="my", description="What I learn from you.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._exporting: set[int] = set()

    @my.command(name="personalization", description="Let me learn from you, or stop and delete.")
    @app_commands.describe(state="off also deletes what I have learnt from you here")
    async def personalization(self, interaction: Interaction, state: Literal["on", "off"]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        scope_id, user_id = self.scope_of(interaction.guild_id), interaction.user.id
        feedback = self.services.feedback
        if state == "on":
            kept = await feedback.opt_in(scope_id, user_id)
            already = f" (the last {kept} included)" if kept else ""
            await say(interaction, rendering.notice(TURNED_ON.format(kept=already)))
            return
        erased = await feedback.opt_out(scope_id, user_id)
        text = f"Personalization is **off**: I keep nothing of you here.\n{reports.receipt(erased)}"
        await say(interaction, rendering.notice(text))

    @my.command(name="status", description="What I have learnt from you so far.")
    async def status(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        scope_id, user_id = self.scope_of(interaction.guild_id), interaction.user.id
        summary = await self.services.store.person_summary(scope_id, user_id)
        votes = await self.services.store.votes_by_version(scope_id, user_id)
        text = reports.person_status(
            summary, self.services.settings.min_feedback, self.schedule.next_night, votes
        )
        chart = await asyncio.to_thread(_chart, votes) if votes else None
        await _show(interaction, text, chart)

    @my.command(name="history", description="Every version of your own model, and the checks.")
    async def history(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        scope_id, user_id = self.scope_of(interaction.guild_id), interaction.user.id
        store, adapters = self.services.store, self.services.adapters
        active = await adapters.active(scope_id, user_id)
        text = reports.history(
            await store.adapters(scope_id, user_id),
            {adapter.version for adapter in await adapters.kept(scope_id, user_id)},
            active.version if active else None,
            await store.votes_by_version(scope_id, user_id),
        )
        await _show(interaction, text)

    @my.command(name="rollback", description="Be answered by an earlier version again.")
    @app_commands.describe(version="Its number, as /my history shows it; 0 is the base model")
    async def rollback(
        self, interaction: Interaction, version: app_commands.Range[int, 0, 1_000_000]
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        scope_id, user_id = self.scope_of(interaction.guild_id), interaction.user.id
        backend, wanted = self.services.backend, version or None
        await self.services.adapters.go_back(scope_id, user_id, wanted, check=backend.preload)
        if wanted is None:
            await backend.unload(scope_id, user_id)
        is_training = await self.services.store.has_open_run(scope_id, user_id)
        text = WENT_BACK.format(
            name=f"**{reports.version_name(wanted)}**",
            running=STILL_TRAINING if is_training else "",
        )
        await say(interaction, rendering.notice(text))

    @rollback.autocomplete("version")
    async def _versions(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[int]]:
        scope_id, user_id = self.scope_of(interaction.guild_id), interaction.user.id
        active = await self.services.adapters.active(scope_id, user_id)
        kept = await self.services.adapters.kept(scope_id, user_id)
        numbers = [*(adapter.version for adapter in reversed(kept)), 0]
        in_use = active.version if active else 0
        return [
            app_commands.Choice(name=reports.version_name(number or None), value=number)
            for number in numbers
            if number != in_use and str(number).startswith(current.strip())
        ][:CHOICES]

    @my.command(name="compare", description="The base model's reply and yours, side by side.")
    @app_commands.describe(prompt="What to ask both")
    async def compare(
        self, interaction: Interaction, prompt: app_commands.Range[str, 1, PROMPT_LIMIT]
    ) -> None:
        scope_id, user_id = self.scope_of(interaction.guild_id), interaction.user.id
        if await self.services.adapters.active(scope_id, user_id) is None:
            raise RefusalError(NO_VERSION)
        await self.require_admission(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        conversation = Conversation((Turn("user", prompt, None, user_id),))
        seed = secrets.randbelow(2**31)

        async def draft(*, use_adapter: bool) -> ReplyDraft:
            replies = self.services.replies
            stream = replies.reply(
                scope_id, user_id, conversation, seed=seed, use_adapter=use_adapter
            )
            try:
                async with aclosing(stream):
                    async for _ in stream:
                        pass
            finally:
                admission = self.services.admission
                admission.spend(interaction.guild_id, user_id, stream.tokens)
            return stream.draft

        tasks = [asyncio.ensure_future(draft(use_adapter=use)) for use in (True, False)]
        try:
            mine, base = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        said = [
            f"**{reports.version_name(made.adapter_version).capitalize()}**\n{made.text.strip()}"
            for made in (mine, base)
        ]
        text = "\n\n".join([*said, rendering.notice(COMPARED)])
        await _show(interaction, rendering.quoted(prompt) + text)

    @my.command(name="privacy", description="What is kept of you, for how long, and your say.")
    async def privacy(self, interaction: Interaction) -> None:
        settings = self.services.settings
        scope_id = self.scope_of(interaction.guild_id)
        person = await self.services.store.person(scope_id, interaction.user.id)
        facts = reports.PrivacyFacts(
            retention_days=settings.retention_days,
            is_training=settings.training_acknowledged,
            is_global=settings.adapter_scope == "global",
            url=settings.privacy_url,
        )
        await say(interaction, reports.privacy(person, facts))

    @my.command(name="export", description="Everything I keep of you, sent to you as a ZIP.")
    async def export(self, interaction: Interaction) -> None:
        user = interaction.user
        if user.id in self._exporting:
            raise RefusalError(ONE_EXPORT)
        self._exporting.add(user.id)
        try:
            await interaction.response.defer(ephemeral=True, thinking=True)
            known = await self.services.store.export(user.id)
            weights = await self.services.adapters.files_of(user.id)
            packed = await asyncio.to_thread(export_zip.pack, known, weights, UPLOAD_LIMIT_BYTES)
            await _deliver(user, packed)
        finally:
            self._exporting.discard(user.id)
        text = SENT.format(names=", ".join(packed.zips))
        if packed.too_large:
            text += "\n" + TOO_LARGE.format(names=", ".join(packed.too_large))
        await say(interaction, rendering.notice(text))

    @my.command(name="forget", description="Delete everything I know of you, everywhere.")
    async def forget(self, interaction: Interaction) -> None:
        answer = await confirmed(interaction, FORGET, "Delete everything", self.open_forms)
        if answer is None:
            return
        erased = await self.services.feedback.forget(interaction.user.id)
        await answer.edit_original_response(
            content=rendering.notice(reports.receipt(erased)), view=None
        )


def _chart(votes: list[VersionVotes]) -> bytes:
    rows = [
        charts.Bar(
            "Base model" if found.version is None else f"Version {found.version}",
            reports.share(found),
            f"{reports.share(found):.0%}  {found.likes} of {found.likes + found.dislikes}",
        )
        for found in votes[-CHARTED:]
    ]
    return charts.bars("Replies you liked", rows)


async def _show(interaction: Interaction, text: str, chart: bytes | None = None) -> None:
    """Answer a deferred command, in as many messages as it takes; ``chart`` goes with the first."""
    first, *others = rendering.split(text)
    files = []
    if chart is not None:
        files = [discord.File(io.BytesIO(chart), "liked.png", description=CHART_IN_WORDS)]
    none = discord.AllowedMentions.none()
    await interaction.edit_original_response(
        content=first, attachments=files, allowed_mentions=none
    )
    for part in others:
        await interaction.followup.send(part, ephemeral=True, allowed_mentions=none)


async def _deliver(user: discord.User | discord.Member, packed: export_zip.Parcels) -> None:
    """By direct message. Raises ``RefusalError`` where that is not possible."""
    for name, content in packed.zips.items():
        try:
            await user.send(file=discord.File(io.BytesIO(content), name))
        except discord.Forbidden as error:
            raise RefusalError(NO_DM) from error
