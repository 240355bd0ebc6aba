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
from weakref import WeakSet

import discord

from bowerbird.bot import apologies, settings_text
from bowerbird.bot.apologies import RefusalError, guarded, language_of
from bowerbird.bot.catalogue import LOCALES, Language
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
EMOJI_LENGTH: Final = settings_text.MAX_EMOJI * len(f"<a:{'n' * 32}:{2**64}> ")
"""What people write as `:name:` the form shows as Discord does: at its longest, and all of it."""
_OWN: Final = "own"
"""In the menu of languages: each person's own."""

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
        language: Language,
        usual: tuple[tuple[str, ...], tuple[str, ...]],
        open_forms: WeakSet[discord.ui.View | discord.ui.Modal],
    ) -> None:
        """``usual``: the operator's emoji for yes and for no. ``open_forms``: gets what is opened
        from here, for whoever must stop it."""
        super().__init__(timeout=TIMEOUT_S)
        self._guild = guild
        self._servers = servers
        self._usual = usual
        self._open_forms = open_forms
        self._settings = settings
        self._language = language
        self._latest: Interaction | None = None
        self._hint = ""
        self._home()

    @property
    def text(self) -> str:
        likes, dislikes = self._usual
        votes = VoteEmoji(
            self._settings.positive_emoji or likes, self._settings.negative_emoji or dislikes
        )
        lines = settings_text.lines(self._language, self._settings, votes)
        hint = [f"-# {self._hint}"] if self._hint else []
        title = self._language("settings-title")
        return "\n".join([title, *(f"- {line}" for line in lines), *hint])

    # --- pages ----------------------------------------------------------------------------------

    def _home(self) -> None:
        topics = {
            "channels": ("settings-button-channels", self._opening(self._channels)),
            "roles": ("settings-button-roles", self._opening(self._roles)),
            "limits": ("settings-button-limits", self._ask_limits),
            "votes": ("settings-button-votes", self._opening(self._votes)),
            "language": ("settings-button-language", self._opening(self._languages)),
            "announcements": (
                "settings-button-announcements",
                self._opening(self._announcements),
            ),
        }
        for name, (label, press) in topics.items():
            self.add_item(_Button(name, self._language(label), press))
        if self._settings != ServerSettings():
            label, danger = self._language("settings-button-defaults"), discord.ButtonStyle.danger
            back = self._changing(_defaults)
            self.add_item(_Button("back_to_defaults", label, back, danger))

    def _channels(self) -> None:
        def chosen(menu: discord.ui.ChannelSelect[Any], name: str) -> Press:
            async def press(interaction: Interaction) -> None:
                ids = frozenset(channel.id for channel in menu.values)
                await self._change(interaction, _to(**{name: ids}), self._channels)

            return press

        self._hint = self._language("settings-hint-channels")
        for name, hint in (
            ("allowed_channels", "settings-menu-allowed"),
            ("blocked_channels", "settings-menu-blocked"),
        ):
            known = [one for one in getattr(self._settings, name) if self._guild.get_channel(one)]
            menu: discord.ui.ChannelSelect[Any] = discord.ui.ChannelSelect(
                custom_id=f"bowerbird:settings:{name}",
                placeholder=self._language(hint),
                channel_types=_ANSWERABLE,
                min_values=0,
                max_values=_MOST,
                default_values=[discord.Object(one) for one in sorted(known)[:_MOST]],
            )
            self._add_menu(menu, chosen(menu, name))
        self._add_back()

    def _roles(self) -> None:
        self._hint = self._language("settings-hint-roles")
        known = [one for one in self._settings.allowed_roles if self._guild.get_role(one)]
        menu: discord.ui.RoleSelect[Any] = discord.ui.RoleSelect(
            custom_id="bowerbird:settings:allowed_roles",
            placeholder=self._language("settings-menu-roles"),
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
        for style, label in (
            ("reactions", "settings-button-reactions"),
            ("buttons", "settings-button-buttons"),
        ):
            is_chosen = self._settings.votes == style
            colour = discord.ButtonStyle.primary if is_chosen else discord.ButtonStyle.secondary
            edit = _to(votes=style)
            press = self._changing(edit, self._votes)
            self.add_item(_Button(f"as_{style}", self._language(label), press, colour))
        label = self._language("settings-button-emoji")
        self.add_item(_Button("emoji", label, self._ask_emoji))
        self._add_back()

    def _languages(self) -> None:
        self._hint = self._language("settings-hint-language")
        now = self._settings.language
        names = {_OWN: self._language("settings-menu-own-language"), **LOCALES}
        menu: discord.ui.Select[Any] = discord.ui.Select(
            custom_id="bowerbird:settings:languages",
            options=[
                discord.SelectOption(label=name, value=value, default=value == (now or _OWN))
                for value, name in names.items()
            ],
        )

        async def press(interaction: Interaction) -> None:
            chosen = menu.values[0]
            edit = _to(language=None if chosen == _OWN else chosen)
            await self._change(interaction, edit, self._languages)

        self._add_menu(menu, press)
        self._add_back()

    def _announcements(self) -> None:
        announced = self._settings.announcement_channel_id
        known = announced is not None and self._guild.get_channel(announced) is not None
        menu: discord.ui.ChannelSelect[Any] = discord.ui.ChannelSelect(
            custom_id="bowerbird:settings:announcements",
            placeholder=self._language("settings-menu-announcements"),
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
                    raise RefusalError("settings-cannot-post", channel=channel.mention)
            edit = _to(announcement_channel_id=channel_id)
            await self._change(interaction, edit, self._announcements)

        self._add_menu(menu, press)
        self._add_back()

    # --- forms with text ------------------------------------------------------------------------

    async def _ask_limits(self, interaction: Interaction) -> None:
        now = self._settings
        fields = tuple(
            _text(self._language(label), custom_id, str(value), limit)
            for label, custom_id, value, limit in (
                ("settings-form-pause", "pause", now.cooldown_s, 6),
                ("settings-form-daily", "daily", now.daily_replies, 6),
                ("settings-form-pause-all", "server_pause", now.server_cooldown_s, 6),
                ("settings-form-tokens", "tokens", now.daily_tokens, 10),
            )
        )

        async def submit(answer: Interaction) -> None:
            edit = _to(**settings_text.numbers(*(field.value for field in fields)))
            await self._change(answer, edit)

        await self._ask(interaction, _Form(self._language("settings-form-limits"), submit, *fields))

    async def _ask_emoji(self, interaction: Interaction) -> None:
        now, language = self._settings, self._language
        likes, dislikes = (
            _text(language(label), custom_id, " ".join(emoji), EMOJI_LENGTH)
            for label, custom_id, emoji in (
                ("settings-form-likes", "likes", now.positive_emoji),
                ("settings-form-dislikes", "dislikes", now.negative_emoji),
            )
        )

        async def submit(answer: Interaction) -> None:
            # A host without the intent for emoji keeps none.
            own = self._guild.emojis or await self._guild.fetch_emojis()
            positive, negative = settings_text.emoji_lists(
                likes.value, dislikes.value, [str(emoji) for emoji in own]
            )
            edit = _to(positive_emoji=positive, negative_emoji=negative)
            await self._change(answer, edit, self._votes)

        await self._ask(
            interaction, _Form(language("settings-form-emoji"), submit, likes, dislikes)
        )

    async def _ask(self, interaction: Interaction, form: _Form) -> None:
        self._open_forms.add(form)
        await interaction.response.send_modal(form)

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
            raise RefusalError("error-manage-server")
        self._settings = await self._servers.change(self._guild.id, edit)
        _log.info("%s changed the settings of server %s", interaction.user.id, self._guild.id)
        await self._show(interaction, page or self._home)

    async def _show(self, interaction: Interaction, page: Callable[[], None]) -> None:
        self._latest, self._hint = interaction, ""
        self._language = await language_of(interaction)  # perhaps the setting that was changed
        self.clear_items()
        page()
        await interaction.response.edit_message(
            content=self.text, view=self, allowed_mentions=discord.AllowedMentions.none()
        )

    def _add_menu(self, menu: discord.ui.Item[Any], press: Press) -> None:
        menu.callback = press  # type: ignore[method-assign, assignment]
        self.add_item(menu)

    def _add_back(self) -> None:
        label = self._language("settings-button-back")
        self.add_item(_Button("back", label, self._opening(self._home)))

    # --- discord.py's ---------------------------------------------------------------------------

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        if not interaction.permissions.manage_guild:
            raise RefusalError("error-manage-server")
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
        name: str,
        label: str,
        press: Press,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
    ) -> None:
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
