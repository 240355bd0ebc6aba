"""`/retrain` and `/reset`: for people who manage the server, about that server alone.

Contract: the permission is checked here as well, since Discord's default is a hint that server
owners can change and that does not reach subcommands. What was learnt elsewhere is out of reach.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord import app_commands

from bowerbird.bot import night_reports, rendering, reports
from bowerbird.bot.apologies import UNSENT, language_of, sentence_for
from bowerbird.bot.catalogue import Language
from bowerbird.bot.cogs.base import BowerbirdCog, Interaction
from bowerbird.bot.confirmation import confirmed
from bowerbird.bot.streaming import OLD_MESSAGE_EDITS
from bowerbird.bot.training_watch import TrainingWatch
from bowerbird.personalization.training.executor import TrainProgress, Verdict
from bowerbird.storage.records import Run

_log = logging.getLogger(__name__)

EDIT_EVERY_S = 2.5
LAST_TRIES = 3
OnProgress = Callable[[int, int, TrainProgress], None]


class AdminCog(BowerbirdCog, name="Bowerbird admin"):
    """Commands of the people who run a server."""

    @app_commands.command(name="retrain", description="Learn now instead of at night.")
    @app_commands.describe(user="Whose model; everybody who is due if left out")
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.checks.has_permissions(manage_guild=True)
    async def retrain(self, interaction: Interaction, user: discord.User | None = None) -> None:
        scope_id = await self.admin_scope(interaction)
        await interaction.response.defer(thinking=True)
        language = await language_of(interaction)
        nightly, store = self.services.nightly, self.services.store

        async def one(on_progress: OnProgress) -> str:
            assert user is not None  # noqa: S101
            return reports.outcome(language, *await nightly.retrain(scope_id, user.id, on_progress))

        async def everybody(on_progress: OnProgress) -> str:
            night = f"retrain-{time.time_ns() // 1_000_000}"
            runs = await nightly.run_night(night, on_progress, scope_id)
            if not runs:
                minimum = self.services.settings.min_feedback
                return rendering.notice(language("retrain-nobody", minimum=minimum))
            told = [reports.outcome(language, run, await verdict_of(run)) for run in runs]
            return "\n".join(told)

        async def verdict_of(run: Run) -> Verdict | None:
            for adapter in await store.adapters(run.scope_id, run.user_id):
                if adapter.version == run.version:
                    return Verdict(False, tuple(adapter.verdict.get("reasons", ())))
            return None

        await self._report(interaction, language, one if user is not None else everybody)

    @app_commands.command(name="reset", description="Take somebody back to the base model.")
    @app_commands.describe(
        user="Whose model to delete", keep_feedback="Keep their votes, to learn anew from them"
    )
    @app_commands.guild_only()
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.checks.has_permissions(manage_guild=True)
    async def reset(
        self, interaction: Interaction, user: discord.User, keep_feedback: bool = False
    ) -> None:
        scope_id = await self.admin_scope(interaction)
        language = await language_of(interaction)
        key = "reset-question-keep" if keep_feedback else "reset-question"
        question, button = language(key, user=user.mention), language("reset-button")
        answer = await confirmed(interaction, question, button, language, self.open_forms)
        if answer is None:
            return
        erased = await self.services.feedback.reset(scope_id, user.id, keep_feedback=keep_feedback)
        done = language("reset-done", user=user.mention)
        text = f"{done}\n{reports.receipt(language, erased)}"
        await answer.edit_original_response(content=rendering.notice(text), view=None)

    async def _report(
        self,
        interaction: Interaction,
        language: Language,
        work: Callable[[OnProgress], Awaitable[str]],
    ) -> None:
        """Do ``work``; show its progress, and in the end what it returns, in one message.

        An interaction's token dies after 15 minutes, so the answer is edited as what it is: a
        message of ours. Only where we may not do that, the token is used as long as it lives.
        Long work is looked at less often.
        """
        watch = TrainingWatch()
        answer: discord.Message = await interaction.edit_original_response(
            content=night_reports.progress(language, watch)
        )
        training = asyncio.ensure_future(work(watch.note))
        shown, began_at = "", time.monotonic()
        try:
            while not training.done():
                pause_s = max(EDIT_EVERY_S, (time.monotonic() - began_at) / 60)
                await asyncio.wait({training}, timeout=pause_s)
                text = night_reports.progress(language, watch)
                if not training.done() and text != shown:
                    answer = await self._edit(answer, text)
                    shown = text
            text = await training
        except asyncio.CancelledError:
            training.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - the message must not stay at its progress
            where = f"/retrain of {interaction.user.id} in {interaction.guild_id}"
            text = rendering.notice(sentence_for(error, where, language))
        first, *others = rendering.split(text)
        answer = await self._edit(answer, first, tries=LAST_TRIES)
        for part in others:
            await answer.channel.send(part, allowed_mentions=discord.AllowedMentions.none())

    async def _edit(self, answer: discord.Message, text: str, tries: int = 1) -> discord.Message:
        """The message to go on with, whether or not it says ``text`` after so many tries."""
        for left in reversed(range(tries)):
            try:
                return await self._edited(answer, text)
            except UNSENT as error:
                _log.warning("the progress of /retrain was not shown: %s", error)
            if left:
                await asyncio.sleep(EDIT_EVERY_S)
        return answer

    async def _edited(self, answer: discord.Message, text: str) -> discord.Message:
        """The message that says ``text``: a new one where the old takes no more edits."""
        none: Any = discord.AllowedMentions.none()
        message = answer.channel.get_partial_message(answer.id)  # type: ignore[union-attr]
        self.answerer.pace.edits(answer.channel.id)
        try:
            await message.edit(content=text, allowed_mentions=none)
        except (discord.Forbidden, discord.NotFound):
            await answer.edit(content=text, allowed_mentions=none)
        except discord.HTTPException as error:
            if error.code != OLD_MESSAGE_EDITS:
                raise
            return await answer.channel.send(text, allowed_mentions=none)
        return answer
