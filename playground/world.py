"""The playground's world: users, guilds, channels, messages, who may do what, and who hears of it.

Contract: the one place that holds state. It is built and looked up here; what people and bots *do*
lives in the rooms beside it (`messaging`, `reactions`, `threads`, `commands`, `interactions`), as
functions that take the world first. Every change is emitted as an `Event`; subscribers (gateway
sessions, `people.Person`) are called at once, in order, on the same event loop. Nothing is
persisted. Knows nothing of HTTP, sockets or JSON: an event carries a function which writes its
payload.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from bowerbird.playground import errors, serialize
from bowerbird.playground.model import (
    Application,
    ApplicationFlag,
    Attachment,
    Channel,
    ChannelKind,
    Command,
    Guild,
    Member,
    Message,
    Role,
    User,
)
from bowerbird.playground.permissions import (
    EVERYONE,
    IN_DM,
    ORDINARY_BOT,
    Overwrite,
    Permission,
    combine,
)
from bowerbird.playground.snowflake import Snowflakes

if TYPE_CHECKING:
    from bowerbird.playground.interactions import Interaction

T = TypeVar("T")
Subscriber = Callable[["Event"], None]

# No secret: it opens nothing but a playground on this machine.
DEMO_TOKEN = "playground-token"  # noqa: S105
FOUNDED_AT_S = 1_767_225_600.0  # 2026-01-01: before any message
# The intents a bot must be granted in the developer portal, as application flags.
ALL_PRIVILEGED = (
    ApplicationFlag.GATEWAY_PRESENCE_LIMITED
    | ApplicationFlag.GATEWAY_GUILD_MEMBERS_LIMITED
    | ApplicationFlag.GATEWAY_MESSAGE_CONTENT_LIMITED
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `payload(viewer)` is Discord's JSON as that viewer gets it.

    `only` names the few who hear of it; without it, everybody who can view `channel` does, or
    without a channel every member of `guild_id`.
    """

    name: str
    payload: Callable[[User], dict[str, Any]]
    guild_id: int | None = None
    channel: Channel | None = None
    only: frozenset[int] | None = None
    message: Message | None = None
    interaction: Interaction | None = None


@dataclass(slots=True)
class Deadlines:
    """Discord's clocks, in seconds; tests shorten them."""

    interaction_answer_s: float = 3.0
    interaction_token_s: float = 15 * 60.0
    old_message_s: float = 3600.0


@dataclass(slots=True)
class World:
    deadlines: Deadlines = field(default_factory=Deadlines)
    cdn_url: str = "http://127.0.0.1"  # where attachments are served; the server sets it
    upload_limit_bytes: int = 10 * 1024 * 1024  # of one file
    users: dict[int, User] = field(default_factory=dict)
    applications: dict[int, Application] = field(default_factory=dict)
    guilds: dict[int, Guild] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    messages: dict[int, Message] = field(default_factory=dict)
    attachments: dict[int, Attachment] = field(default_factory=dict)
    commands: dict[int, Command] = field(default_factory=dict)
    interactions: dict[int, Interaction] = field(default_factory=dict)
    _old_edits: dict[int, list[float]] = field(default_factory=dict)
    _snowflakes: Snowflakes = field(default_factory=Snowflakes)
    _ids_are_from: float | None = None
    _subscribers: list[Subscriber] = field(default_factory=list)
    _waiting: set[asyncio.Future[None]] = field(default_factory=set)

    # --- time, ids, events -----------------------------------------------------------------

    def now(self) -> float:
        return time.time()

    def new_id(self) -> int:
        return self._snowflakes.next(self._ids_are_from)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Calls `subscriber` for every event from now on; returns how to stop."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def emit(self, event: Event) -> None:
        for subscriber in tuple(self._subscribers):
            subscriber(event)
        self.wake()

    def wake(self) -> None:
        """Lets everyone in `until` look again."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def until(
        self,
        condition: Callable[[], T | None],
        timeout_s: float = 30.0,
        what: str = "the condition",
    ) -> T:
        """Waits until `condition()` is truthy, looking after every event; returns its value.

        Raises `TimeoutError`, naming `what` was waited for.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while not (value := condition()):
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiting.add(waiter)
            try:
                await asyncio.wait((waiter,), timeout=deadline - loop.time())
            finally:
                self._waiting.discard(waiter)
            if loop.time() >= deadline and not condition():
                raise TimeoutError(f"waited {timeout_s:g} s in vain for {what}")
        return value

    # --- look-ups, each with Discord's own refusal -------------------------------------------

    def user(self, user_id: int) -> User:
        if user_id not in self.users:
            raise errors.unknown_user()
        return self.users[user_id]

    def user_named(self, name: str) -> User:
        for user in self.users.values():
            if user.name == name:
                return user
        known = ", ".join(sorted(user.name for user in self.users.values()))
        raise LookupError(f"nobody here is called {name!r}; there are: {known}")

    def guild(self, guild_id: int) -> Guild:
        if guild_id not in self.guilds:
            raise errors.unknown_guild()
        return self.guilds[guild_id]

    def member(self, guild_id: int, user_id: int) -> Member:
        members = self.guild(guild_id).members
        if user_id not in members:
            raise errors.unknown_member()
        return members[user_id]

    def channel(self, channel_id: int) -> Channel:
        if channel_id not in self.channels:
            raise errors.unknown_channel()
        return self.channels[channel_id]

    def message(self, channel_id: int, message_id: int) -> Message:
        message = self.messages.get(message_id)
        if message is None or message.channel_id != channel_id:
            raise errors.unknown_message()
        return message

    def application_of_token(self, token: str) -> Application | None:
        found = (app for app in self.applications.values() if app.token == token)
        return next(found, None)

    def messages_in(self, channel: Channel, viewer_id: int | None = None) -> list[Message]:
        """Oldest first; with a viewer, without what only somebody else may see."""
        messages = (self.messages[message_id] for message_id in channel.message_ids)
        return [m for m in messages if viewer_id is None or self.can_read(viewer_id, m)]

    # --- who may what ------------------------------------------------------------------------

    def permissions(self, user_id: int, channel: Channel) -> Permission:
        if channel.is_dm:
            return IN_DM if user_id in channel.recipient_ids else Permission.NONE
        if channel.guild_id is None:
            return Permission.NONE
        guild = self.guilds[channel.guild_id]
        if user_id not in guild.members:
            return Permission.NONE
        if user_id == guild.owner_id:
            return Permission.EVERYTHING
        thread = channel.thread
        place = channel if thread is None else self.channels[thread.parent_id]
        role_ids = guild.members[user_id].role_ids
        base = guild.everyone.permissions
        for role_id in role_ids:
            base |= guild.roles[role_id].permissions
        result = combine(
            base,
            place.overwrites.values(),
            everyone_id=guild.id,
            role_ids=role_ids,
            user_id=user_id,
        )
        is_outside = thread is not None and user_id not in thread.members
        if channel.kind is ChannelKind.PRIVATE_THREAD and is_outside:
            return result if result & Permission.MANAGE_THREADS else Permission.NONE
        return result

    def can_view(self, user_id: int, channel: Channel) -> bool:
        return bool(self.permissions(user_id, channel) & Permission.VIEW_CHANNEL)

    def can_read(self, user_id: int, message: Message) -> bool:
        """Whether the message is there at all for this person (ephemeral ones mostly are not)."""
        if message.visible_to not in (None, user_id) and message.author_id != user_id:
            return False
        return self.can_view(user_id, self.channels[message.channel_id])

    def require(self, user_id: int, channel: Channel, needed: Permission) -> None:
        """Raises 50001 where the channel is hidden, 50013 where a permission is lacking."""
        granted = self.permissions(user_id, channel)
        if not granted & Permission.VIEW_CHANNEL:
            raise errors.missing_access()
        if needed & ~granted:
            raise errors.missing_permissions()

    def hears(self, user_id: int, event: Event) -> bool:
        if event.only is not None:
            return user_id in event.only
        if event.channel is not None:
            return self.can_view(user_id, event.channel)
        guild = self.guilds.get(event.guild_id or 0)
        return guild is not None and user_id in guild.members

    def take_old_edit(self, channel_id: int) -> bool:
        """Counts an edit of an hour-old message; False where the channel has had its share.

        Discord publishes no figure; three in twenty seconds is what bot authors measure.
        """
        recent = [at for at in self._old_edits.get(channel_id, ()) if at > self.now() - 20]
        self._old_edits[channel_id] = recent
        if len(recent) >= 3:
            return False
        recent.append(self.now())
        return True

    # --- building ----------------------------------------------------------------------------

    def create_user(self, name: str, display_name: str | None = None) -> User:
        user = User(self.new_id(), name, display_name or name.capitalize())
        self.users[user.id] = user
        return user

    def create_bot(
        self, name: str, token: str, owner: User, flags: ApplicationFlag = ALL_PRIVILEGED
    ) -> User:
        """A bot user with its application; `flags` says which privileged intents it was granted."""
        bot = User(self.new_id(), name, name, is_bot=True)
        self.users[bot.id] = bot
        self.applications[bot.id] = Application(bot.id, name, owner.id, token, flags)
        return bot

    def create_guild(self, name: str, owner: User) -> Guild:
        guild = Guild(self.new_id(), name, owner.id)
        guild.roles[guild.id] = Role(guild.id, "@everyone", EVERYONE, position=0)
        self.guilds[guild.id] = guild
        self.add_member(guild, owner)
        return guild

    def add_member(self, guild: Guild, user: User, roles: Iterable[Role] = ()) -> Member:
        """Lets a user in; a bot brings its managed role with an ordinary bot's permissions."""
        member = Member(user, {role.id for role in roles}, self.now())
        if user.is_bot:
            member.role_ids.add(self.create_role(guild, user.name, ORDINARY_BOT, user.id).id)
        guild.members[user.id] = member
        body = {"guild_id": str(guild.id)}
        if user.is_bot:
            self._tell_guild(
                "GUILD_CREATE",
                lambda viewer: serialize.guild_create(self, guild, viewer, everyone=False),
                guild,
                only=frozenset((user.id,)),
            )
        self._tell_guild("GUILD_MEMBER_ADD", lambda v: serialize.member(member) | body, guild)
        return member

    def remove_member(self, guild: Guild, user: User) -> None:
        """Somebody leaves or is sent away; a bot then hears GUILD_DELETE, and no more."""
        del guild.members[user.id]
        body = {"guild_id": str(guild.id), "user": serialize.user(user)}
        self._tell_guild("GUILD_MEMBER_REMOVE", lambda v: dict(body), guild)
        if user.is_bot:
            only = frozenset((user.id,))
            self._tell_guild("GUILD_DELETE", lambda v: {"id": str(guild.id)}, guild, only=only)

    def create_role(
        self, guild: Guild, name: str, permissions: Permission, bot_id: int | None = None
    ) -> Role:
        role = Role(self.new_id(), name, permissions, position=len(guild.roles), bot_id=bot_id)
        guild.roles[role.id] = role
        return role

    def create_channel(self, guild: Guild, name: str, topic: str | None = None) -> Channel:
        position = sum(channel.guild_id == guild.id for channel in self.channels.values())
        channel = Channel(
            self.new_id(),
            ChannelKind.TEXT,
            name,
            guild_id=guild.id,
            position=position,
            topic=topic,
        )
        self.channels[channel.id] = channel
        self._tell_guild(
            "CHANNEL_CREATE", lambda viewer: serialize.channel(self, channel, viewer), guild
        )
        return channel

    def overwrite(
        self,
        channel: Channel,
        target: User | Role,
        *,
        allow: Permission = Permission.NONE,
        deny: Permission = Permission.NONE,
    ) -> None:
        """Adds to a channel's permission page; those affected hear CHANNEL_UPDATE."""
        line = channel.overwrites.setdefault(
            target.id, Overwrite(target.id, is_role=isinstance(target, Role))
        )
        line.allow = (line.allow & ~deny) | allow
        line.deny = (line.deny & ~allow) | deny
        self._tell_guild(
            "CHANNEL_UPDATE",
            lambda viewer: serialize.channel(self, channel, viewer),
            self.guild(channel.guild_id or 0),
        )

    def _tell_guild(
        self,
        name: str,
        payload: Callable[[User], dict[str, Any]],
        guild: Guild,
        only: frozenset[int] | None = None,
    ) -> None:
        self.emit(Event(name, payload, guild_id=guild.id, only=only))

    def direct_channel(self, one: User, other: User) -> Channel:
        """The DM channel between two users, opened on first use."""
        pair = {one.id, other.id}
        for channel in self.channels.values():
            if channel.is_dm and set(channel.recipient_ids) == pair:
                return channel
        channel = Channel(self.new_id(), ChannelKind.DM, "", recipient_ids=(one.id, other.id))
        self.channels[channel.id] = channel
        return channel
