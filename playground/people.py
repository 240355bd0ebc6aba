"""What a human does in front of Discord's client, as methods.

Contract: a `Person` acts with exactly the rights Discord gives that person (a refusal raises
`DiscordError`), sees only what that person may see (ephemeral answers included, other people's
not), and can wait for what they will see. Used by the end-to-end tests and by the web page's API.
Runs in the server's event loop; knows nothing of HTTP.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bowerbird.playground import (
    commands,
    components,
    interactions,
    locales,
    messaging,
    reactions,
    threads,
    uploads,
)
from bowerbird.playground.commands import CommandChoice
from bowerbird.playground.interactions import Interaction, Modal
from bowerbird.playground.messaging import Draft
from bowerbird.playground.model import Attachment, Channel, Message, User
from bowerbird.playground.world import Event, World

Place = Channel | int | str
SEEN_KEPT = 2048


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as one person got it: `data` is Discord's JSON, the rest the live records."""

    number: int
    name: str
    data: dict[str, Any]
    channel: Channel | None = None
    message: Message | None = None
    interaction: Interaction | None = None


class Person:
    """A human member. `seen` holds the latest events they saw, oldest first."""

    def __init__(self, world: World, user: User) -> None:
        self.world = world
        self.user = user
        self.seen: deque[Seen] = deque(maxlen=SEEN_KEPT)
        self._count = 0
        self._latest_action = 0
        self._listeners: set[Callable[[Seen], None]] = set()
        self._unsubscribe = world.subscribe(self._hear)

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.name

    @property
    def mention(self) -> str:
        return self.user.mention

    # --- where they are ----------------------------------------------------------------------

    def channels(self) -> list[Channel]:
        """Every channel, thread and DM this person can open, oldest first."""
        return [c for c in self.world.channels.values() if self.world.can_view(self.id, c)]

    def channel(self, place: Place) -> Channel:
        """A channel record, its id, or its name ("general" or "#general")."""
        if isinstance(place, Channel):
            return place
        if isinstance(place, int):
            return self.world.channel(place)
        name = place.removeprefix("#")
        for channel in self.channels():
            if channel.name == name and not channel.is_dm:
                return channel
        raise LookupError(f"{self.name} sees no channel called {place!r}")

    async def dm(self, other: User | None = None) -> Channel:
        """The DM channel with `other`, by default with the only bot."""
        return self.world.direct_channel(self.user, other or self._the_bot())

    def messages(self, place: Place) -> list[Message]:
        """What this person reads in the channel, oldest first."""
        return self.world.messages_in(self.channel(place), self.id)

    # --- what they do ------------------------------------------------------------------------

    async def say(
        self,
        place: Place,
        text: str,
        *,
        reply_to: Message | None = None,
        ping: bool = True,
        attachments: Sequence[Attachment] = (),
        files: Mapping[str, str | bytes] | None = None,
    ) -> Message:
        """Sends a message; `ping` is the @ON/OFF switch of a reply. `files`: content by name."""
        self._act()
        where = self.channel(place)
        uploaded = [
            uploads.by_person(self.world, where, name, content)
            for name, content in (files or {}).items()
        ]
        allowed = {"parse": ["users", "roles", "everyone"], "replied_user": ping}
        draft = Draft(
            content=text,
            reply_to=None if reply_to is None else reply_to.id,
            attachments=[*attachments, *uploaded],
            allowed_mentions=allowed,
        )
        return messaging.post(self.world, self.user, where, draft)

    async def edit(self, message: Message, text: str) -> Message:
        self._act()
        return messaging.edit(self.world, self.user, message, {"content": text})

    async def delete(self, message: Message) -> None:
        self._act()
        messaging.delete(self.world, self.user, message)

    async def react(self, message: Message, emoji: str, *, is_super: bool = False) -> None:
        self._act()
        parsed = reactions.parse(emoji)
        reactions.add(self.world, self.user, message, parsed, is_super=is_super)

    async def unreact(self, message: Message, emoji: str, *, is_super: bool = False) -> None:
        self._act()
        parsed = reactions.parse(emoji)
        reactions.remove(self.world, self.user, message, parsed, self.id, is_super=is_super)

    async def clear_reactions(self, message: Message, emoji: str | None = None) -> None:
        """Takes everybody's reactions away (all, or one emoji); needs Manage Messages."""
        self._act()
        only = None if emoji is None else reactions.parse(emoji)
        reactions.clear(self.world, self.user, message, only)

    def speak(self, locale: str) -> None:
        """Sets the language of their Discord, which it tells bots with each interaction."""
        self.user.locale = locales.nearest(locale)

    async def type(self, place: Place) -> None:
        """Shows "… is typing"."""
        messaging.start_typing(self.world, self.user, self.channel(place))

    async def open_thread(self, where: Message | Place, name: str) -> Channel:
        """A public thread on a message, or in a channel."""
        self._act()
        if isinstance(where, Message):
            return threads.open_on_message(self.world, self.user, where, name)
        return threads.open_in_channel(self.world, self.user, self.channel(where), name)

    # --- interactions ------------------------------------------------------------------------

    def commands(self, place: Place) -> list[CommandChoice]:
        """What the `/` picker shows here: slash commands with their options, by full name."""
        return commands.choices(self.world, self.user, self.channel(place))

    def message_commands(self, message: Message) -> list[str]:
        """What "Apps" in the message's menu shows."""
        return commands.message_menu(self.world, self.user, self.channel(message.channel_id))

    async def slash(self, place: Place, name: str, /, **options: Any) -> Interaction:
        """Uses a command by its full name ("my personalization"). The handle awaits the answer."""
        self._act()
        channel = self.channel(place)
        command, data = commands.slash_data(self.world, self.user, channel, name, options)
        return interactions.use_command(self.world, self.user, channel, command, data)

    async def autocomplete(
        self, place: Place, name: str, focused: str, /, **options: Any
    ) -> list[dict[str, Any]]:
        """The choices offered while typing option `focused`: dicts with `name` and `value`."""
        channel = self.channel(place)
        command, data = commands.slash_data(
            self.world, self.user, channel, name, options, focused=focused
        )
        asked = interactions.ask_choices(self.world, self.user, channel, command, data)
        return await asked.choices_offered()

    async def context_menu(self, message: Message, name: str) -> Interaction:
        """Picks a message command ("Teach a better reply")."""
        self._act()
        channel = self.channel(message.channel_id)
        command, data = commands.menu_data(self.world, self.user, channel, name, message)
        return interactions.use_command(self.world, self.user, channel, command, data)

    async def click(self, message: Message, custom_id: str) -> Interaction:
        """Presses a button; raises LookupError where there is no such enabled button."""
        self._act()
        data = components.click_data(message, custom_id)
        return interactions.use_component(self.world, self.user, message, data)

    async def select(self, message: Message, custom_id: str, *values: str) -> Interaction:
        """Chooses in a select menu; roles and channels by their ids."""
        self._act()
        data = components.select_data(self.world, message, custom_id, values)
        return interactions.use_component(self.world, self.user, message, data)

    async def submit(self, modal: Modal, fields: Mapping[str, str]) -> Interaction:
        """Sends a modal; `fields` maps custom ids or labels to text, the rest keep their value."""
        self._act()
        data = components.modal_data(modal.body, fields)
        return interactions.submit_modal(self.world, self.user, modal, data)

    # --- what they see -----------------------------------------------------------------------

    def listen(self, listener: Callable[[Seen], None]) -> Callable[[], None]:
        """Calls `listener` with every event this person sees; returns how to stop."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    async def wait_for(
        self,
        predicate: Callable[[Seen], bool],
        timeout_s: float = 30.0,
        *,
        since: int | None = None,
        what: str = "an event",
    ) -> Seen:
        """The first event, since this person's latest action (or `since`), that fits."""
        start = self._latest_action if since is None else since

        def first() -> Seen | None:
            fits = (s for s in self.seen if s.number > start and predicate(s))
            return next(fits, None)

        return await self.world.until(first, timeout_s, f"{self.name} to see {what}")

    async def wait_for_message(
        self,
        predicate: Callable[[Message], bool],
        timeout_s: float = 30.0,
        *,
        since: int | None = None,
    ) -> Message:
        """The first message, new or edited, whose *present* text fits."""

        start = self._latest_action if since is None else since

        def first() -> Message | None:
            for seen in self.seen:
                if seen.number <= start or seen.message is None:
                    continue
                if seen.name.startswith("MESSAGE_") and predicate(seen.message):
                    return seen.message
            return None

        return await self.world.until(first, timeout_s, f"{self.name} to see a message")

    async def wait_for_reply(self, to: Message, timeout_s: float = 30.0) -> Message:
        """A message that replies to `to` and says something (it may still be streaming in)."""
        return await self.wait_for_message(
            lambda m: m.reference_id == to.id and bool(m.content), timeout_s, since=0
        )

    async def wait_until(
        self, condition: Callable[[], Any], timeout_s: float = 30.0, what: str = "the condition"
    ) -> Any:
        """`World.until`, for conditions over live records (`lambda: len(reply.content) > 9`)."""
        return await self.world.until(condition, timeout_s, what)

    def marker(self) -> int:
        """A point in time for `since`: what was seen before does not count."""
        return self._count

    def leave(self) -> None:
        """Stops watching."""
        self._unsubscribe()

    # --- inside ------------------------------------------------------------------------------

    def _act(self) -> None:
        self._latest_action = self._count

    def _hear(self, event: Event) -> None:
        if not self.world.hears(self.id, event):
            return
        self._count += 1
        seen = Seen(
            self._count,
            event.name,
            event.payload(self.user),
            event.channel,
            event.message,
            event.interaction,
        )
        self.seen.append(seen)
        for listener in tuple(self._listeners):
            listener(seen)

    def _the_bot(self) -> User:
        bots = [user for user in self.world.users.values() if user.is_bot]
        if len(bots) != 1:
            raise LookupError(f"say which bot: there are {len(bots)}")
        return bots[0]
