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

from bowerbird.bot import rendering, reports
from bowerbird.bot.apologies import sentence_for
from bowerbird.bot.cogs.base import BowerbirdCog, Interaction
from bowerbird.bot.confirmation import confirmed
from bowerbird.personalization.training.executor import TrainProgress, Verdict
from bowerbird.storage.records import Run

_log = logging.getLogger(__name__)

EDIT_EVERY_S = 2.5
NOBODY_DUE = "Nobody is due: {minimum} new votes or corrections make a person due."
RESET = (
    "This deletes what I have learnt from {user} on this server{feedback}; the base model answers "
    "them again. It cannot be undone."
)
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
        nightly, store = self.services.nightly, self.services.store

        async def one(on_progress: OnProgress) -> str:
            assert user is not None  # noqa: S101
            return reports.outcome(*await nightly.retrain(scope_id, user.id, on_progress))

        async def everybody(on_progress: OnProgress) -> str:
            night = f"retrain-{time.time_ns() // 1_000_000}"
            runs = await nightly.run_night(night, on_progress, scope_id)
            if not runs:
                minimum = self.services.settings.min_feedback
                return rendering.notice(NOBODY_DUE.format(minimum=minimum))
            return "\n".join([reports.outcome(run, await verdict_of(run)) for run in runs])

        async def verdict_of(run: Run) -> Verdict | None:
            for adapter in await store.adapters(run.scope_id, run.user_id):
                if adapter.version == run.version:
                    return Verdict(False, tuple(adapter.verdict.get("reasons", ())))
            return None

        await self._report(interaction, one if user is not None else everybody)

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
        feedback = "" if keep_feedback else ", their votes and exchanges included"
        question = RESET.format(user=user.mention, feedback=feedback)
        answer = await confirmed(interaction, question, "Reset", self.open_forms)
        if answer is None:
            return
        erased = await self.services.feedback.reset(scope_id, user.id, keep_feedback=keep_feedback)
        text = f"{user.mention} is back to the base model.\n{reports.receipt(erased)}"
        await answer.edit_original_response(content=rendering.notice(text), view=None)

    async def _report(
        self, interaction: Interaction, work: Callable[[OnProgress], Awaitable[str]]
    ) -> None:
        """Do ``work``; show its progress, and in the end what it returns, in one message.

        An interaction's token dies after 15 minutes, so the answer is edited as what it is: a
        message of ours. Only where we may not do that, the token is used as long as it lives.
        """
        latest: dict[int, TrainProgress] = {}

        def on_progress(_scope_id: int, user_id: int, progress: TrainProgress) -> None:
            latest[user_id] = progress

        answer = await interaction.edit_original_response(content=reports.progress(latest))
        training = asyncio.ensure_future(work(on_progress))
        shown = ""
        try:
            while not training.done():
                await asyncio.wait({training}, timeout=EDIT_EVERY_S)
                text = reports.progress(latest)
                if not training.done() and text != shown:
                    await self._edit(interaction, answer, text)
                    shown = text
            text = await training
        except asyncio.CancelledError:
            training.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - the message must not stay at its progress
            where = f"/retrain of {interaction.user.id} in {interaction.guild_id}"
            text = rendering.notice(sentence_for(error, where))
        first, *others = rendering.split(text)
        await self._edit(interaction, answer, first)
        for part in others:
            await answer.channel.send(part, allowed_mentions=discord.AllowedMentions.none())

    async def _edit(
        self, interaction: Interaction, answer: discord.InteractionMessage, text: str
    ) -> None:
        none: Any = discord.AllowedMentions.none()
        message = answer.channel.get_partial_message(answer.id)  # type: ignore[union-attr]
        try:
            await message.edit(content=text, allowed_mentions=none)
        except (discord.Forbidden, discord.NotFound):
            try:
                await answer.edit(content=text, allowed_mentions=none)
            except discord.HTTPException as error:
                _log.warning("the progress of /retrain cannot be shown any more: %s", error)
        except discord.HTTPException as error:
            _log.warning("the progress of /retrain was not shown: %s", error)
