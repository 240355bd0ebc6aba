""" "Are you sure?", answered by a button. Only for what cannot be undone."""

from __future__ import annotations

from typing import Any

import discord

from bowerbird.bot import apologies, rendering

TIMEOUT_S = 120.0


class _Question(discord.ui.View):
    """Two buttons; `pressed` is the interaction that said yes."""

    def __init__(self, label: str) -> None:
        super().__init__(timeout=TIMEOUT_S)
        self.pressed: discord.Interaction[Any] | None = None
        yes: discord.ui.Button[Any] = discord.ui.Button(
            label=label, style=discord.ButtonStyle.danger, custom_id="bowerbird:confirm"
        )
        no: discord.ui.Button[Any] = discord.ui.Button(
            label="Cancel", style=discord.ButtonStyle.secondary, custom_id="bowerbird:cancel"
        )
        yes.callback = self._yes  # type: ignore[method-assign]
        no.callback = self._no  # type: ignore[method-assign]
        self.add_item(yes)
        self.add_item(no)

    async def _yes(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()
        self.pressed = interaction
        self.stop()

    async def _no(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.edit_message(
            content=rendering.notice("Nothing was changed."), view=None
        )
        self.stop()

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, item: Any, /
    ) -> None:
        await apologies.answer(interaction, error)


async def confirmed(
    interaction: discord.Interaction[Any], question: str, label: str
) -> discord.Interaction[Any] | None:
    """Ask (only this person sees it). The interaction to answer on after a yes, else ``None``."""
    view = _Question(label)
    await interaction.response.send_message(rendering.notice(question), view=view, ephemeral=True)
    if await view.wait():
        await interaction.edit_original_response(
            content=rendering.notice("No answer, so nothing was changed."), view=None
        )
    return view.pressed
