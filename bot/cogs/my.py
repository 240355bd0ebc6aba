"""`/my`: everybody's own say over what is learnt from them. Answers are seen by them alone.

Contract: what `/my compare` says is shown to one person, kept nowhere, and trains nothing, so
there is nothing under it to vote on. What leaves by `/my export` goes to that person's own DM.
"""

from __future__ import annotations

import asyncio
import io
import logging
import secrets
from contextlib import aclosing
from http import HTTPStatus
from typing import Any, Final, Literal

import discord
from discord import app_commands

from bowerbird.bot import export_zip, rendering, reports, vote_chart
from bowerbird.bot.apologies import RefusalError, language_of, say
from bowerbird.bot.cogs.base import BowerbirdCog, Interaction, show
from bowerbird.bot.cogs.chat import PROMPT_LIMIT
from bowerbird.bot.confirmation import confirmed
from bowerbird.personalization.types import Conversation, ReplyDraft, Turn

_log = logging.getLogger(__name__)

UPLOAD_LIMIT_BYTES: Final = 10 * 1024 * 1024 - 64 * 1024
"""What Discord takes in a direct message, less what surrounds a file on its way."""
CHOICES: Final = 25


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
        feedback, language = self.services.feedback, await language_of(interaction)
        if state == "on":
            kept = await feedback.opt_in(scope_id, user_id)
            await say(interaction, rendering.notice(language("my-on", kept=kept)))
            return
        erased = await feedback.opt_out(scope_id, user_id)
        text = f"{language('my-off')}\n{reports.receipt(language, erased)}"
        await say(interaction, rendering.notice(text))

    @my.command(name="status", description="What I have learnt from you so far.")
    async def status(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        scope_id, user_id = self.scope_of(interaction.guild_id), interaction.user.id
        summary = await self.services.store.person_summary(scope_id, user_id)
        votes = await self.services.store.votes_by_version(scope_id, user_id)
        language = await language_of(interaction)
        text = reports.person_status(
            language,
            summary,
            self.services.settings.min_feedback,
            self.schedule.next_night,
            votes,
        )
        chart = None
        if votes:
            chart = await asyncio.to_thread(vote_chart.liked, language, votes, "my-chart-title")
        await show(interaction, text, chart, language("my-chart-in-words"))

    @my.command(name="history", description="Every version of your own model, and the checks.")
    async def history(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        scope_id, user_id = self.scope_of(interaction.guild_id), interaction.user.id
        store, adapters = self.services.store, self.services.adapters
        active = await adapters.active(scope_id, user_id)
        text = reports.history(
            await language_of(interaction),
            await store.adapters(scope_id, user_id),
            {adapter.version for adapter in await adapters.kept(scope_id, user_id)},
            active.version if active else None,
            await store.votes_by_version(scope_id, user_id),
        )
        await show(interaction, text)

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
        language = await language_of(interaction)
        name = reports.version_name(language, wanted)
        text = language("my-went-back", version=name)
        if is_training:
            text += language("between-sentences") + language("my-still-training")
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
        language = await language_of(interaction)
        return [
            app_commands.Choice(name=reports.version_name(language, number or None), value=number)
            for number in numbers
            if number != in_use and str(number).startswith(current.strip())
        ][:CHOICES]

    @my.command(name="compare", description="The base model's reply and yours, side by side.")
    @app_commands.describe(prompt="What to ask both")
    async def compare(
        self, interaction: Interaction, prompt: app_commands.Range[str, 1, PROMPT_LIMIT]
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        scope_id, user_id = self.scope_of(interaction.guild_id), interaction.user.id
        if await self.services.adapters.active(scope_id, user_id) is None:
            raise RefusalError("my-no-version")
        await self.require_admission(interaction)
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
        language = await language_of(interaction)
        said = [
            f"**{reports.version_name_first(language, made.adapter_version)}**\n{made.text.strip()}"
            for made in (mine, base)
        ]
        text = "\n\n".join([*said, rendering.notice(language("my-compared"))])
        await show(interaction, rendering.quoted(prompt) + text)

    @my.command(name="privacy", description="What is kept of you, for how long, and your say.")
    async def privacy(self, interaction: Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        settings = self.services.settings
        scope_id = self.scope_of(interaction.guild_id)
        person = await self.services.store.person(scope_id, interaction.user.id)
        facts = reports.PrivacyFacts(
            retention_days=settings.retention_days,
            is_training=settings.training_acknowledged,
            is_global=settings.adapter_scope == "global",
            url=settings.privacy_url,
        )
        await say(interaction, reports.privacy(await language_of(interaction), person, facts))

    @my.command(name="export", description="Everything I keep of you, sent to you as a ZIP.")
    async def export(self, interaction: Interaction) -> None:
        user = interaction.user
        if user.id in self._exporting:
            raise RefusalError("my-one-export")
        self._exporting.add(user.id)
        try:
            await interaction.response.defer(ephemeral=True, thinking=True)
            language = await language_of(interaction)
            known = await self.services.store.export(user.id)
            weights = await self.services.adapters.files_of(user.id)
            packed = await asyncio.to_thread(
                export_zip.pack,
                known,
                weights,
                UPLOAD_LIMIT_BYTES,
                read_me=language("export-read-me"),
            )
            sent = await _deliver(user, packed)
        finally:
            self._exporting.discard(user.id)
        left = [*(name for name in packed.zips if name not in sent), *packed.too_large]
        told = {"my-sent": sent, "my-too-large": left}
        text = "\n".join(
            language(key, names=language.joined(names)) for key, names in told.items() if names
        )
        await say(interaction, rendering.notice(text))

    @my.command(name="forget", description="Delete everything I know of you, everywhere.")
    async def forget(self, interaction: Interaction) -> None:
        language = await language_of(interaction)
        question, button = language("my-forget"), language("my-forget-button")
        answer = await confirmed(interaction, question, button, language, self.open_forms)
        if answer is None:
            return
        erased = await self.forget_person(interaction.user.id)
        await answer.edit_original_response(
            content=rendering.notice(reports.receipt(language, erased)), view=None
        )


async def _deliver(user: discord.User | discord.Member, packed: export_zip.Parcels) -> list[str]:
    """By direct message; which of them Discord took. Raises ``RefusalError`` if we may not write.

    What it takes is its own to say, and has changed before: one it finds too large is left out.
    """
    sent = []
    for name, content in packed.zips.items():
        try:
            await user.send(file=discord.File(io.BytesIO(content), name))
        except discord.Forbidden as error:
            raise RefusalError("my-no-dm") from error
        except discord.HTTPException as error:
            if error.status != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                raise
            _log.warning("Discord takes no file of %d bytes: %s", len(content), error)
        else:
            sent.append(name)
    return sent
