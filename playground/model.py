"""The things the playground's world is made of, as plain records.

Contract: data only. No rules, no JSON, no network: `world` and the verbs beside it (`messaging`,
`reactions`, `threads`, `interactions`) change these records, `serialize` turns them into JSON.
Times are seconds since the Unix epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

from bowerbird.playground import errors, locales
from bowerbird.playground.permissions import Overwrite, Permission


class ChannelKind(IntEnum):
    TEXT = 0
    DM = 1
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12


class MessageKind(IntEnum):
    DEFAULT = 0
    THREAD_CREATED = 18
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    THREAD_STARTER = 21
    CONTEXT_MENU_COMMAND = 23


class MessageFlag(IntFlag):
    NONE = 0
    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


class ApplicationFlag(IntFlag):
    NONE = 0
    GATEWAY_PRESENCE_LIMITED = 1 << 13
    GATEWAY_GUILD_MEMBERS_LIMITED = 1 << 15
    GATEWAY_MESSAGE_CONTENT_LIMITED = 1 << 19


class CommandKind(IntEnum):
    SLASH = 1
    USER = 2
    MESSAGE = 3


@dataclass(slots=True)
class User:
    id: int
    name: str
    display_name: str
    is_bot: bool = False
    locale: str = locales.DEFAULT
    """The language of their Discord."""

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"


@dataclass(slots=True)
class Application:
    """A bot's entry in the developer portal. Its id is the bot user's id, as with modern apps."""

    id: int
    name: str
    owner_id: int
    token: str = field(repr=False)
    flags: ApplicationFlag = ApplicationFlag.NONE


@dataclass(slots=True)
class Command:
    """An application command as registered; `body` is the JSON the bot sent, checked."""

    id: int
    application_id: int
    guild_id: int | None
    version: int
    body: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.body["name"])

    @property
    def kind(self) -> CommandKind:
        return CommandKind(self.body.get("type") or 1)


@dataclass(slots=True)
class Role:
    id: int
    name: str
    permissions: Permission
    position: int
    is_mentionable: bool = False
    bot_id: int | None = None


@dataclass(slots=True)
class Member:
    user: User
    role_ids: set[int]
    joined_at: float
    nick: str | None = None


@dataclass(frozen=True, slots=True)
class ServerEmoji:
    """An emoji of a server's own."""

    id: int
    name: str
    image: bytes = field(repr=False)
    content_type: str

    def __str__(self) -> str:
        """As people's clients send it."""
        return f"<:{self.name}:{self.id}>"


@dataclass(slots=True)
class Guild:
    id: int
    name: str
    owner_id: int
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    emojis: dict[int, ServerEmoji] = field(default_factory=dict)

    @property
    def everyone(self) -> Role:
        return self.roles[self.id]


@dataclass(slots=True)
class ThreadState:
    """What a thread has beyond a channel. `members` maps a user id to when they joined."""

    parent_id: int
    owner_id: int
    auto_archive_minutes: int = 1440
    is_archived: bool = False
    is_locked: bool = False
    changed_at: float = 0.0
    members: dict[int, float] = field(default_factory=dict)
    total_messages: int = 0


@dataclass(slots=True)
class Channel:
    id: int
    kind: ChannelKind
    name: str
    guild_id: int | None = None
    position: int = 0
    topic: str | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    recipient_ids: tuple[int, ...] = ()
    thread: ThreadState | None = None
    message_ids: list[int] = field(default_factory=list)  # oldest first
    last_message_id: int | None = None

    @property
    def thread_state(self) -> ThreadState:
        """A thread's own part. Raises 50024 on a channel that is no thread."""
        if self.thread is None:
            raise errors.wrong_channel_type()
        return self.thread

    @property
    def is_dm(self) -> bool:
        return self.kind is ChannelKind.DM


@dataclass(slots=True)
class Attachment:
    id: int
    filename: str
    content_type: str
    content: bytes = field(repr=False)
    url: str = ""
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Emoji:
    """A unicode emoji (`id` None) or a custom one."""

    name: str
    id: int | None = None

    def __str__(self) -> str:
        return self.name if self.id is None else f"{self.name}:{self.id}"


@dataclass(slots=True)
class Reaction:
    emoji: Emoji
    user_ids: dict[int, None] = field(default_factory=dict)  # in order of reacting
    super_user_ids: dict[int, None] = field(default_factory=dict)  # the same, with a burst


@dataclass(frozen=True, slots=True)
class InteractionOrigin:
    """Which interaction a message answers, as shown above it ("alice used /ask")."""

    interaction_id: int
    interaction_type: int
    user_id: int
    command_name: str | None = None
    target_message_id: int | None = None
    original_response_message_id: int | None = None
    triggering: InteractionOrigin | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a message's text: what it said from `at` on."""

    at: float
    content: str


@dataclass(slots=True)
class Message:
    id: int
    channel_id: int
    author_id: int
    content: str
    created_at: float
    guild_id: int | None = None
    kind: MessageKind = MessageKind.DEFAULT
    flags: MessageFlag = MessageFlag.NONE
    edited_at: float | None = None
    mention_ids: list[int] = field(default_factory=list)
    mention_role_ids: list[int] = field(default_factory=list)
    mentions_everyone: bool = False
    pings: list[int] = field(default_factory=list)  # who got a notification
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    reference_id: int | None = None
    reference_channel_id: int | None = None
    nonce: str | int | None = None
    is_tts: bool = False
    is_pinned: bool = False
    is_deleted: bool = False
    is_edit_expired: bool = False
    application_id: int | None = None
    origin: InteractionOrigin | None = None
    visible_to: int | None = None  # set on ephemeral messages: the one person who sees it
    thread_id: int | None = None
    versions: list[Version] = field(default_factory=list)

    @property
    def is_ephemeral(self) -> bool:
        return bool(self.flags & MessageFlag.EPHEMERAL)

    @property
    def is_loading(self) -> bool:
        return bool(self.flags & MessageFlag.LOADING)
