""" "Are you sure?", answered by a button. Only for what cannot be undone."""

from __future__ import annotations

import logging
from typing import Any
from weakref import WeakSet

import aiohttp
import discord

from bowerbird.bot import apologies, rendering
from bowerbird.bot.catalogue import Language

_log = logging.getLogger(__name__)

TIMEOUT_S = 120.0


class _Question(discord.ui.View):
    """Two buttons; `pressed` is the interaction that said yes."""

    def __init__(self, label: str, language: Language) -> None:
        super().__init__(timeout=TIMEOUT_S)
        self.pressed: discord.Interaction[Any] | None = None
        self.is_answered = False
        self._language = language
        yes: discord.ui.Button[Any] = discord.ui.Button(
            label=label, style=discord.ButtonStyle.danger, custom_id="bowerbird:confirm"
        )
        no: discord.ui.Button[Any] = discord.ui.Button(
            label=language("confirm-cancel"),
            style=discord.ButtonStyle.secondary,
            custom_id="bowerbird:cancel",
        )
        yes.callback = self._yes  # type: ignore[method-assign]
        no.callback = self._no  # type: ignore[method-assign]
        self.add_item(yes)
        self.add_item(no)

    async def _yes(self, interaction: discord.Interaction[Any]) -> None:
        self.is_answered = True
        await interaction.response.defer()
        self.pressed = interaction
        self.stop()

    async def _no(self, interaction: discord.Interaction[Any]) -> None:
        self.is_answered = True
        await interaction.response.edit_message(
            content=rendering.notice(self._language("confirm-unchanged")), view=None
        )
        self.stop()

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, item: Any, /
    ) -> None:
        await apologies.answer(interaction, error)


async def confirmed(
    interaction: discord.Interaction[Any],
    question: str,
    label: str,
    language: Language,
    open_forms: WeakSet[discord.ui.View | discord.ui.Modal],
) -> discord.Interaction[Any] | None:
    """Ask (only this person sees it). The interaction to answer on after a yes, else ``None``.

    Whoever stops the view in ``open_forms`` meanwhile ends it as a no.
    """
    view = _Question(label, language)
    open_forms.add(view)
    await interaction.response.send_message(rendering.notice(question), view=view, ephemeral=True)
    is_late = await view.wait()
    if view.pressed is None and not view.is_answered:
        why = language("confirm-late" if is_late else "confirm-restarting")
        try:
            await interaction.edit_original_response(content=rendering.notice(why), view=None)
        except (discord.HTTPException, aiohttp.ClientError, RuntimeError) as error:
            # As we are stopping, the session may be closed before we have said so.
            _log.info("a question stays open, and does nothing: %s", error)
    return view.pressed
