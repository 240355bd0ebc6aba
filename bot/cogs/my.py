"""`/my`: everybody's own say over what is learnt from them. Answers are seen by them alone."""

from __future__ import annotations

from typing import Literal

from discord import app_commands

from bowerbird.bot import rendering, reports
from bowerbird.bot.apologies import say
from bowerbird.bot.cogs.base import BowerbirdCog, Interaction
from bowerbird.bot.confirmation import confirmed

TURNED_ON = (
    "Personalization is **on**: I keep our exchanges here and your votes on them{kept}, and learn "
    "your taste from them. `/my forget` deletes everything at any time."
)
FORGET = (
    "This deletes everything I know of you, on this server and everywhere else: exchanges, votes, "
    "your own model and its versions. It cannot be undone."
)


class MyCog(BowerbirdCog, name="Bowerbird my"):
    """Commands about oneself."""

    my = app_commands.Group(name="my", description="What I learn from you.")

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
        summary = await self.services.store.person_summary(
            self.scope_of(interaction.guild_id), interaction.user.id
        )
        text = reports.person_status(
            summary, self.services.settings.min_feedback, self.schedule.next_night
        )
        await say(interaction, text)

    @my.command(name="forget", description="Delete everything I know of you, everywhere.")
    async def forget(self, interaction: Interaction) -> None:
        answer = await confirmed(interaction, FORGET, "Delete everything", self.open_forms)
        if answer is None:
            return
        erased = await self.services.feedback.forget(interaction.user.id)
        await answer.edit_original_response(
            content=rendering.notice(reports.receipt(erased)), view=None
        )
