"""One open page of the playground, being one person.

Contract: a tab first gets everything that person sees ("ready"), then every event as they see it.
What it sends is `{"id", "do", "with"}`, answered by `{"id", "value"}` or `{"id", "error"}` in
Discord's words. Rights are `people.Person`'s business. Read markers live here, as they are the
client's, not the world's.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSCloseCode, web

from bowerbird.playground import commands, errors, serialize, uploads
from bowerbird.playground.errors import DiscordError
from bowerbird.playground.interactions import InteractionFailed
from bowerbird.playground.model import Channel, Guild, Message
from bowerbird.playground.page_form import Form
from bowerbird.playground.people import Person, Seen
from bowerbird.playground.permissions import Permission

Json = dict[str, Any]
UNSENT_LIMIT = 5_000  # frames a sleeping tab may fall behind before it has to start anew
HISTORY_LIMIT = 100
_CHANNEL_EVENTS = frozenset(("CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE"))
_MESSAGE_EVENTS = frozenset(("MESSAGE_CREATE", "MESSAGE_UPDATE"))


class Reads:
    """Up to where each person has read each channel, and which ephemeral messages they put away."""

    def __init__(self) -> None:
        self.last: defaultdict[int, dict[int, int]] = defaultdict(dict)
        self.dismissed: defaultdict[int, set[int]] = defaultdict(set)


class Tab:
    """One open page, being one person."""

    def __init__(self, person: Person, reads: Reads, socket: web.WebSocketResponse) -> None:
        self.world = person.world
        self.person = person
        self.last_read = reads.last[person.id]
        self.dismissed = reads.dismissed[person.id]
        self.socket = socket
        self._unsent: asyncio.Queue[Json | None] = asyncio.Queue(UNSENT_LIMIT)
        self._running: set[asyncio.Task[None]] = set()
        self._verbs: dict[str, Callable[[Form], Awaitable[Any]]] = {
            "autocomplete": self._autocomplete,
            "channel": self._channel_again,
            "click": self._click,
            "commands": self._commands,
            "context_menu": self._context_menu,
            "delete": self._delete,
            "dismiss": self._dismiss,
            "dm": self._dm,
            "edit": self._edit,
            "message_commands": self._message_commands,
            "messages": self._messages,
            "react": self._react,
            "read": self._read,
            "say": self._say,
            "select": self._select,
            "slash": self._slash,
            "submit": self._submit,
            "thread": self._thread,
            "type": self._type,
            "unreact": self._unreact,
        }

    async def serve(self) -> None:
        """Runs until the tab goes away."""
        self._send(self._ready())
        stop_listening = self.person.listen(self._hear)
        sender = asyncio.create_task(self._send_all())
        try:
            async for frame in self.socket:
                if frame.type is web.WSMsgType.TEXT:
                    task = asyncio.create_task(self._answer(frame.data))
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)
        finally:
            stop_listening()
            for task in (sender, *self._running):
                task.cancel()
            await asyncio.gather(sender, *self._running, return_exceptions=True)

    # --- out ---------------------------------------------------------------------------------

    def _send(self, frame: Json | None) -> None:
        try:
            self._unsent.put_nowait(frame)
        except asyncio.QueueFull:
            # Drop what it will never read; closing makes the page connect again and start anew.
            while not self._unsent.empty():
                self._unsent.get_nowait()
            self._unsent.put_nowait(None)

    async def _send_all(self) -> None:
        while (frame := await self._unsent.get()) is not None:
            try:
                await self.socket.send_str(json.dumps(frame))
            except ConnectionError:
                return  # the tab is gone; `serve` sees that too
        await self.socket.close(code=WSCloseCode.TRY_AGAIN_LATER)

    def _hear(self, seen: Seen) -> None:
        name, data = seen.name, seen.data
        if name in _CHANNEL_EVENTS:
            channel = self.world.channels.get(int(data["id"]))
            if channel is None or not self.world.can_view(self.person.id, channel):
                name, data = "CHANNEL_DELETE", {"id": data["id"]}
            else:
                data = self._channel(channel)
        elif name in _MESSAGE_EVENTS and seen.message is not None:
            data = data | self._as_shown(seen.message)
        self._send({"type": "event", "name": name, "data": data})

    def _ready(self) -> Json:
        person, world = self.person, self.world
        humans = [user for user in world.users.values() if not user.is_bot]
        channels = person.channels()
        pings = {str(channel.id): self._unread_pings(channel) for channel in channels}
        return {
            "type": "ready",
            "me": serialize.user(person.user),
            "people": [serialize.user(user) for user in humans],
            "guild": self._guild(),
            "channels": [self._channel(channel) for channel in channels],
            "reads": {str(channel): str(last) for channel, last in self.last_read.items()},
            "pings": {channel: count for channel, count in pings.items() if count},
        }

    def _guild(self) -> Json:
        guild: Guild = next(
            guild for guild in self.world.guilds.values() if self.person.id in guild.members
        )
        return {
            "id": str(guild.id),
            "name": guild.name,
            "owner_id": str(guild.owner_id),
            "roles": [serialize.role(role) for role in guild.roles.values()],
            "emojis": serialize.server_emojis(guild),
            "members": [serialize.member(member) for member in guild.members.values()],
        }

    def _channel(self, channel: Channel) -> Json:
        granted = self.world.permissions(self.person.id, channel)
        in_thread = channel.thread is not None
        needed = {
            "send": Permission.SEND_MESSAGES_IN_THREADS if in_thread else Permission.SEND_MESSAGES,
            "react": Permission.ADD_REACTIONS,
            "thread": Permission.CREATE_PUBLIC_THREADS,
            "manage_messages": Permission.MANAGE_MESSAGES,
        }
        body = serialize.channel(self.world, channel, self.person.user)
        return body | {"may": [verb for verb, bits in needed.items() if granted & bits == bits]}

    def _message(self, message: Message) -> Json:
        body = serialize.message_event(self.world, message, self.person.user)
        return body | self._as_shown(message)

    def _as_shown(self, message: Message) -> Json:
        """What Discord's client works out by itself."""
        locale = self.person.user.locale
        shown = commands.mentioned(self.world, message.content, locale)
        body: Json = {"pinged": self._pings(message), "commands": shown}
        if message.origin is not None and (name := message.origin.command_name):
            body["used"] = commands.shown_name(self.world, message.author_id, name, locale)
        return body

    def _pings(self, message: Message) -> bool:
        if message.author_id == self.person.id:
            return False
        return self.person.id in message.pings or self.world.channel(message.channel_id).is_dm

    def _unread_pings(self, channel: Channel) -> int:
        last = self.last_read.get(channel.id, 0)
        return sum(m.id > last and self._pings(m) for m in self.person.messages(channel))

    # --- in ----------------------------------------------------------------------------------

    async def _answer(self, text: str) -> None:
        number: Any = None
        try:
            frame = json.loads(text)
            if not isinstance(frame, dict):
                raise ValueError("a frame is a JSON object")
            number = frame.get("id")
            form = Form(self.person, frame.get("with"))
            verb = self._verbs.get(str(frame.get("do")))
            if verb is None:
                raise ValueError(f"the page cannot do {frame.get('do')!r}")
            answer: Json = {"value": await verb(form)}
        except DiscordError as error:
            answer = {"error": _refusal(error.status, error.code, _in_words(error))}
        except (LookupError, ValueError) as error:
            answer = {"error": _refusal(400, 0, str(error))}
        except (InteractionFailed, TimeoutError):
            answer = {"error": _refusal(504, 0, "The application did not respond")}
        self._send({"type": "answer", "id": number} | answer)

    async def _messages(self, form: Form) -> list[Json]:
        limit = min(form.number("limit"), HISTORY_LIMIT)
        before = form.number("before", 1 << 63)
        shown = [
            message
            for message in self.person.messages(form.channel())
            if message.id < before and message.id not in self.dismissed
        ]
        return [self._message(message) for message in shown[-limit:]]

    async def _channel_again(self, form: Form) -> Json:
        return self._channel(form.channel())

    async def _read(self, form: Form) -> bool:
        self.last_read[form.channel().id] = form.number("message")
        return True

    async def _dismiss(self, form: Form) -> bool:
        self.dismissed.add(form.number("message"))
        return True

    async def _say(self, form: Form) -> Json:
        channel = form.channel()
        reply_to = form.message("reply_to") if form.has("reply_to") else None
        ping = form.flag("ping", default=True)
        sent = await self.person.say(
            channel,
            form.text("text"),
            reply_to=reply_to,
            ping=ping,
            attachments=[
                uploads.by_person(self.world, channel, name, content)
                for name, content in form.files("files")
            ],
        )
        return self._message(sent)

    async def _edit(self, form: Form) -> Json:
        return self._message(await self.person.edit(form.message(), form.text("text")))

    async def _delete(self, form: Form) -> bool:
        await self.person.delete(form.message())
        return True

    async def _react(self, form: Form) -> bool:
        is_super = form.flag("super", default=False)
        await self.person.react(form.message(), form.text("emoji"), is_super=is_super)
        return True

    async def _unreact(self, form: Form) -> bool:
        is_super = form.flag("super", default=False)
        await self.person.unreact(form.message(), form.text("emoji"), is_super=is_super)
        return True

    async def _type(self, form: Form) -> bool:
        await self.person.type(form.channel())
        return True

    async def _dm(self, form: Form) -> Json:
        other = self.world.user(form.number("user"))
        return self._channel(await self.person.dm(other))

    async def _thread(self, form: Form) -> Json:
        return self._channel(await self.person.open_thread(form.message(), form.text("name")))

    async def _commands(self, form: Form) -> list[Json]:
        return [
            {
                "name": choice.name,
                "shown": choice.shown,
                "description": choice.description,
                "options": list(choice.options),
                "application_id": str(choice.command.application_id),
            }
            for choice in self.person.commands(form.channel())
        ]

    async def _message_commands(self, form: Form) -> list[str]:
        return self.person.message_commands(form.message())

    async def _autocomplete(self, form: Form) -> list[Json]:
        name, focused = form.text("name"), form.text("focused")
        return await self.person.autocomplete(form.channel(), name, focused, **form.map("options"))

    async def _slash(self, form: Form) -> str:
        started = await self.person.slash(form.channel(), form.text("name"), **form.map("options"))
        return str(started.id)

    async def _context_menu(self, form: Form) -> str:
        return str((await self.person.context_menu(form.message(), form.text("name"))).id)

    async def _click(self, form: Form) -> str:
        return str((await self.person.click(form.message(), form.text("custom_id"))).id)

    async def _select(self, form: Form) -> str:
        values = [str(value) for value in form.list("values")]
        return str((await self.person.select(form.message(), form.text("custom_id"), *values)).id)

    async def _submit(self, form: Form) -> str:
        source = self.world.interactions.get(form.number("interaction"))
        if source is None or source.modal is None or source.user.id != self.person.id:
            raise errors.unknown_interaction()
        fields = {name: str(value) for name, value in form.map("fields").items()}
        return str((await self.person.submit(source.modal, fields)).id)


def _refusal(status: int, code: int, message: str) -> Json:
    return {"status": status, "code": code, "message": message}


def _in_words(error: DiscordError) -> str:
    """The first fault in the form where there is one, else Discord's sentence."""
    faults: Any = error.errors
    while isinstance(faults, dict) and faults:
        if "_errors" in faults:
            return str(faults["_errors"][0]["message"])
        faults = next(iter(faults.values()))
    return error.message
