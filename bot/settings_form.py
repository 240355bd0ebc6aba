"""`/server settings`: one message that only the admin sees, read and changed in place.

Contract: every press checks the permission anew and writes at once, the one setting it is about,
so two admins do not undo each other. What holds is always what is shown. Knows how the settings
are asked for; what they mean is `admission`'s and `settings_text`'.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Final

import discord

from bowerbird.bot import apologies, settings_text
from bowerbird.bot.apologies import RefusalError, guarded
from bowerbird.bot.emoji import VoteEmoji
from bowerbird.bot.servers import ServerBook
from bowerbird.storage.records import ServerSettings

Interaction = discord.Interaction[Any]
Press = Callable[[Interaction], Coroutine[Any, Any, None]]
Edit = Callable[[ServerSettings], ServerSettings]

_log = logging.getLogger(__name__)

TIMEOUT_S: Final = 14 * 60.0
"""A little less than the life of an interaction's token."""
_MOST: Final = 25
"""How many values Discord lets a menu hold."""
TITLE = "**How I behave on this server**"
NO_PERMISSION = "Only people with the Manage Server permission can do that."
CANNOT_POST = "I may not write in {channel}; allow me to View Channel and Send Messages there."

CHANNELS_HINT = (
    "Upper menu: where I answer, everywhere if none is chosen. Lower menu: where I never answer."
)
ROLES_HINT = "Whom I answer; everybody if no role is chosen."

_ANSWERABLE: Final = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.voice,
    discord.ChannelType.stage_voice,
    discord.ChannelType.category,
]
_POSTABLE: Final = [discord.ChannelType.text, discord.ChannelType.news]


class SettingsForm(discord.ui.View):
    """Home has a button a topic; a topic has its menus and a way back."""

    def __init__(
        self,
        guild: discord.Guild,
        servers: ServerBook,
        settings: ServerSettings,
        usual: tuple[tuple[str, ...], tuple[str, ...]],
    ) -> None:
        """``usual``: the operator's emoji for yes and for no."""
        super().__init__(timeout=TIMEOUT_S)
        self._guild = guild
        self._servers = servers
        self._usual = usual
        self._settings = settings
        self._latest: Interaction | None = None
        self._hint = ""
        self._home()

    @property
    def text(self) -> str:
        likes, dislikes = self._usual
        votes = VoteEmoji(
            self._settings.positive_emoji or likes, self._settings.negative_emoji or dislikes
        )
        lines = settings_text.lines(self._settings, votes)
        hint = [f"-# {self._hint}"] if self._hint else []
        return "\n".join([TITLE, *(f"- {line}" for line in lines), *hint])

    # --- pages ----------------------------------------------------------------------------------

    def _home(self) -> None:
        topics = {
            "Channels": self._opening(self._channels),
            "Roles": self._opening(self._roles),
            "Limits": self._ask_limits,
            "Votes": self._opening(self._votes),
            "Announcements": self._opening(self._announcements),
        }
        for label, press in topics.items():
            self.add_item(_Button(label, press))
        if self._settings != ServerSettings():
            danger = discord.ButtonStyle.danger
            self.add_item(_Button("Back to defaults", self._changing(_defaults), danger))

    def _channels(self) -> None:
        def chosen(menu: discord.ui.ChannelSelect[Any], name: str) -> Press:
            async def press(interaction: Interaction) -> None:
                ids = frozenset(channel.id for channel in menu.values)
                await self._change(interaction, _to(**{name: ids}), self._channels)

            return press

        self._hint = CHANNELS_HINT
        for name, hint in (
            ("allowed_channels", "Answer only in… (none chosen: everywhere)"),
            ("blocked_channels", "Never answer in…"),
        ):
            known = [one for one in getattr(self._settings, name) if self._guild.get_channel(one)]
            menu: discord.ui.ChannelSelect[Any] = discord.ui.ChannelSelect(
                custom_id=f"bowerbird:settings:{name}",
                placeholder=hint,
                channel_types=_ANSWERABLE,
                min_values=0,
                max_values=_MOST,
                default_values=[discord.Object(one) for one in sorted(known)[:_MOST]],
            )
            self._add_menu(menu, chosen(menu, name))
        self._add_back()

    def _roles(self) -> None:
        self._hint = ROLES_HINT
        known = [one for one in self._settings.allowed_roles if self._guild.get_role(one)]
        menu: discord.ui.RoleSelect[Any] = discord.ui.RoleSelect(
            custom_id="bowerbird:settings:allowed_roles",
            placeholder="Answer only people with… (none chosen: everybody)",
            min_values=0,
            max_values=_MOST,
            default_values=[discord.Object(one) for one in sorted(known)[:_MOST]],
        )

        async def press(interaction: Interaction) -> None:
            ids = frozenset(role.id for role in menu.values)
            await self._change(interaction, _to(allowed_roles=ids), self._roles)

        self._add_menu(menu, press)
        self._add_back()

    def _votes(self) -> None:
        for style, label in (("reactions", "As reactions"), ("buttons", "As buttons")):
            is_chosen = self._settings.votes == style
            colour = discord.ButtonStyle.primary if is_chosen else discord.ButtonStyle.secondary
            edit = _to(votes=style)
            self.add_item(_Button(label, self._changing(edit, self._votes), colour))
        self.add_item(_Button("Emoji", self._ask_emoji))
        self._add_back()

    def _announcements(self) -> None:
        announced = self._settings.announcement_channel_id
        known = announced is not None and self._guild.get_channel(announced) is not None
        menu: discord.ui.ChannelSelect[Any] = discord.ui.ChannelSelect(
            custom_id="bowerbird:settings:announcements",
            placeholder="Post the night's summary in…",
            channel_types=_POSTABLE,
            min_values=0,
            max_values=1,
            default_values=[discord.Object(announced)] if known and announced else [],
        )

        async def press(interaction: Interaction) -> None:
            channel_id = menu.values[0].id if menu.values else None
            channel = None if channel_id is None else self._guild.get_channel(channel_id)
            if channel is not None:
                granted = channel.permissions_for(self._guild.me)
                if not (granted.view_channel and granted.send_messages):
                    raise RefusalError(CANNOT_POST.format(channel=channel.mention))
            edit = _to(announcement_channel_id=channel_id)
            await self._change(interaction, edit, self._announcements)

        self._add_menu(menu, press)
        self._add_back()

    # --- forms with text ------------------------------------------------------------------------

    async def _ask_limits(self, interaction: Interaction) -> None:
        now = self._settings
        fields = (
            _text("Seconds between two questions of one person", "pause", str(now.cooldown_s), 6),
            _text("Replies a person and day", "daily", str(now.daily_replies), 6),
            _text(
                "Seconds between two questions of anybody",
                "server_pause",
                str(now.server_cooldown_s),
                6,
            ),
            _text("Tokens a day, all replies together", "tokens", str(now.daily_tokens), 10),
        )

        async def submit(answer: Interaction) -> None:
            edit = _to(**settings_text.numbers(*(field.value for field in fields)))
            await self._change(answer, edit)

        await interaction.response.send_modal(_Form("Limits (0: none)", submit, *fields))

    async def _ask_emoji(self, interaction: Interaction) -> None:
        now = self._settings
        likes = _text("Emoji for a good reply", "likes", " ".join(now.positive_emoji), 400)
        dislikes = _text("Emoji for a bad one", "dislikes", " ".join(now.negative_emoji), 400)

        async def submit(answer: Interaction) -> None:
            own_ids = {emoji.id for emoji in self._guild.emojis}
            positive, negative = settings_text.emoji_lists(likes.value, dislikes.value, own_ids)
            edit = _to(positive_emoji=positive, negative_emoji=negative)
            await self._change(answer, edit, self._votes)

        title = "Emoji to vote with (empty: the usual)"
        await interaction.response.send_modal(_Form(title, submit, likes, dislikes))

    # --- what a press does ----------------------------------------------------------------------

    def _opening(self, page: Callable[[], None]) -> Press:
        async def press(interaction: Interaction) -> None:
            self._settings = await self._servers.of(self._guild.id)
            await self._show(interaction, page)

        return press

    def _changing(self, edit: Edit, page: Callable[[], None] | None = None) -> Press:
        async def press(interaction: Interaction) -> None:
            await self._change(interaction, edit, page)

        return press

    async def _change(
        self, interaction: Interaction, edit: Edit, page: Callable[[], None] | None = None
    ) -> None:
        """Write, and show ``page``, or home."""
        if not interaction.permissions.manage_guild:  # a modal comes without `interaction_check`
            raise RefusalError(NO_PERMISSION)
        self._settings = await self._servers.change(self._guild.id, edit)
        _log.info("%s changed the settings of server %s", interaction.user.id, self._guild.id)
        await self._show(interaction, page or self._home)

    async def _show(self, interaction: Interaction, page: Callable[[], None]) -> None:
        self._latest, self._hint = interaction, ""
        self.clear_items()
        page()
        await interaction.response.edit_message(
            content=self.text, view=self, allowed_mentions=discord.AllowedMentions.none()
        )

    def _add_menu(self, menu: discord.ui.Item[Any], press: Press) -> None:
        menu.callback = press  # type: ignore[method-assign, assignment]
        self.add_item(menu)

    def _add_back(self) -> None:
        self.add_item(_Button("Back", self._opening(self._home)))

    # --- discord.py's ---------------------------------------------------------------------------

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        if not interaction.permissions.manage_guild:
            raise RefusalError(NO_PERMISSION)
        return True

    async def on_error(self, interaction: Interaction, error: Exception, item: Any, /) -> None:
        await apologies.answer(interaction, error)

    async def on_timeout(self) -> None:
        """Buttons that do nothing any more are taken away."""
        if self._latest is not None:
            try:
                await self._latest.edit_original_response(view=None)
            except discord.HTTPException as error:
                _log.debug("a settings form stays as it is: %s", error)

    def shown_by(self, interaction: Interaction) -> None:
        """The interaction that this form answers."""
        self._latest = interaction


class _Button(discord.ui.Button[Any]):
    def __init__(
        self,
        label: str,
        press: Press,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    ) -> None:
        name = label.lower().replace(" ", "_")
        super().__init__(label=label, style=style, custom_id=f"bowerbird:settings:{name}")
        self._press = press

    async def callback(self, interaction: Interaction) -> None:
        await self._press(interaction)


class _Form(discord.ui.Modal):
    """Text fields; ``submit`` reads them."""

    def __init__(self, title: str, submit: Press, *fields: discord.ui.TextInput[Any]) -> None:
        super().__init__(title=title, timeout=TIMEOUT_S)
        self._submit = submit
        for field in fields:
            self.add_item(field)

    @guarded
    async def on_submit(self, interaction: Interaction, /) -> None:
        await self._submit(interaction)


def _text(label: str, custom_id: str, now: str, limit: int) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(
        label=label, custom_id=custom_id, default=now or None, required=False, max_length=limit
    )


def _to(**changes: Any) -> Edit:
    return lambda old: replace(old, **changes)


def _defaults(_: ServerSettings) -> ServerSettings:
    return ServerSettings()
