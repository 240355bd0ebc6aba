"""Reply chain, thread or DM → `Conversation`. No Discord type goes further than this module.

Contract: `conversation_of` gathers what a person reading along would count as this conversation,
within bounds, and never fails for what it may not read. `assemble` is the pure half: lines in,
turns out. Our own notices, embeds, other bots and empty messages are no part of a conversation.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import discord
from discord.ext import commands

from bowerbird.bot import rendering
from bowerbird.bot.attachments import FileReader, Files
from bowerbird.personalization.types import DM_SCOPE, GLOBAL_SCOPE, Conversation, Turn

_log = logging.getLogger(__name__)

MAX_CHAIN: Final = 10
MAX_HISTORY: Final = 30
MAX_CHARACTERS: Final = 12_000
NOBODY: Final = 0
"""Author of words whose author is not known any more; never anybody who consents."""
DM_PAUSE: Final = timedelta(hours=1)
"""A silence this long in a DM begins a new conversation."""

_MENTION = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_CHANNEL = re.compile(r"<#(\d+)>")
_EMOJI = re.compile(r"<a?(:\w+:)\d+>")
_SPOKEN = {
    discord.MessageType.default,
    discord.MessageType.reply,
    discord.MessageType.chat_input_command,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One message, as far as a conversation cares. ``reply_to`` is the message it refers to."""

    message_id: int
    author_id: int
    name: str
    text: str
    is_ours: bool = False
    reply_to: int | None = None
    prompt: str | None = None
    """Of our answers to a slash command: what ``author_id`` (or `NOBODY` we know) had asked."""


def scope_of(guild_id: int | None, adapter_scope: str) -> int:
    """Where learning is kept: the server, the DMs, or everywhere together."""
    if adapter_scope == "global":
        return GLOBAL_SCOPE
    return DM_SCOPE if guild_id is None else guild_id


def assemble(lines: Sequence[Line], question_id: int, *, max_characters: int) -> Conversation:
    """Lines, oldest first, and the id of the question among them → user and assistant turns.

    Our replies stand behind what they answer, their parts joined; of several replies to one
    question (↻) the newest counts. What others wrote after the question is left out. Names stand
    before what people say once there is more than one of them.
    """
    question = next(line for line in lines if line.message_id == question_id)
    asked = [
        line for line in lines if not line.is_ours and line.message_id < question_id and line.text
    ]
    asked.append(question)
    answers = _answers([line for line in lines if line.is_ours], asked)
    speakers = {line.author_id for line in asked}
    turns: list[Turn] = []
    for line in answers.pop(None, []):  # what we said before anything we can read
        turns.extend(_prompted(line))
        turns.append(Turn("assistant", line.text, line.message_id))
    for line in asked:
        text = f"{line.name}: {line.text}" if len(speakers) > 1 else line.text
        turns.append(Turn("user", text, line.message_id, line.author_id))
        for answer in answers.get(line.message_id, []) if line is not question else []:
            turns.extend(_prompted(answer))
            turns.append(Turn("assistant", answer.text, answer.message_id))
    return Conversation(_newest(turns, max_characters))


def _prompted(answer: Line) -> list[Turn]:
    if answer.prompt is None:
        return []
    return [Turn("user", answer.prompt, None, answer.author_id)]


def _answers(ours: Iterable[Line], asked: Sequence[Line]) -> dict[int | None, list[Line]]:
    """Our replies, parts joined, by the question they stand behind (``None``: before all)."""
    parts: dict[int, list[Line]] = {}  # by the id of the first part
    first_of: dict[int, int] = {}
    for line in ours:
        first = first_of.get(line.reply_to or 0, line.message_id)
        first_of[line.message_id] = first
        parts.setdefault(first, []).append(line)
    question_ids = {line.message_id for line in asked}
    behind: dict[int | None, list[Line]] = {}
    for first, lines in parts.items():
        head = lines[0]
        whole = replace(head, text=rendering.join([line.text for line in lines]))
        if not whole.text:
            continue
        if head.reply_to in question_ids:
            place = behind.setdefault(head.reply_to, [])
            place[:] = [line for line in place if line.reply_to != head.reply_to]
            place.append(whole)
        else:
            earlier = [i for i in question_ids if i < first]
            behind.setdefault(max(earlier, default=None), []).append(whole)
    return behind


def _newest(turns: Sequence[Turn], max_characters: int) -> tuple[Turn, ...]:
    """The last turns that fit; the question always."""
    kept = len(turns) - 1
    room = max_characters - len(turns[-1].text)
    while kept > 0 and room >= len(turns[kept - 1].text):
        kept -= 1
        room -= len(turns[kept].text)
    return tuple(turns[kept:])


def readable(message: discord.Message, me_id: int) -> str:
    """The text without our own mention around it; other mentions as people read them."""
    return _readable(message.content, message, me_id)


def _readable(content: str, message: discord.Message, me_id: int) -> str:
    names = {user.id: user.display_name for user in message.mentions}
    roles = {role.id: role.name for role in message.role_mentions}

    def named(found: re.Match[str]) -> str:
        user_id = int(found[1])
        return "" if user_id == me_id else f"@{names.get(user_id, 'somebody')}"

    def channel(found: re.Match[str]) -> str:
        known = message.guild and message.guild.get_channel_or_thread(int(found[1]))
        return f"#{known.name}" if known else "#a-channel"

    text = _MENTION.sub(named, content)
    text = _ROLE.sub(lambda found: f"@{roles.get(int(found[1]), 'a-role')}", text)
    text = _CHANNEL.sub(channel, text)
    text = _EMOJI.sub(r"\1", text)
    return re.sub(r"[ \t]{2,}", " ", text).strip()


def line_of(message: discord.Message, me_id: int) -> Line | None:
    """The message as a line; ``None`` if it is no part of any conversation."""
    is_ours = message.author.id == me_id
    if message.type not in _SPOKEN or (message.author.bot and not is_ours):
        return None
    reply_to = message.reference.message_id if message.reference else None
    if not is_ours:
        text = readable(message, me_id)
        name = message.author.display_name
        return Line(message.id, message.author.id, name, text, reply_to=reply_to)
    text = message.content.strip()
    if rendering.is_notice(text):
        return None
    if reply_to is not None:
        return Line(message.id, me_id, "", text, is_ours=True, reply_to=reply_to)
    quoted = rendering.unquoted(text)
    if quoted is None:  # a report, or whatever else answers nobody
        return None
    prompt, answer = quoted
    asked = message.interaction_metadata
    return Line(message.id, asked.user.id if asked else NOBODY, "", answer, True, None, prompt)


async def text_of(message: discord.Message, me_id: int, files: FileReader) -> str:
    """What a person's message says, its text files included."""
    said = readable(message, me_id)
    return _with_files(said, await files.files_of(message))


def _with_files(said: str, files: Files) -> str:
    return "\n\n".join(text for text in (said, files.text) if text)


async def conversation_of(
    message: discord.Message, me_id: int, files: FileReader
) -> Conversation | None:
    """What ``message`` is the question of; ``None`` if there is no text in it."""
    if not await text_of(message, me_id, files):
        return None
    if message.guild is None or isinstance(message.channel, discord.Thread):
        around = await _history(message)
        referred = message.reference.message_id if message.reference else None
        is_elsewhere = referred is not None and all(other.id != referred for other in around)
        if is_elsewhere:  # an older message is taken up: its chain is the conversation
            around = await _chain(message)
    else:
        around = await _chain(message)
    by_id = {other.id: other for other in (*around, message)}
    lines: list[Line] = []
    for message_id in sorted(by_id):
        line = line_of(by_id[message_id], me_id)
        if line is not None and not line.is_ours and by_id[message_id].attachments:
            said = _with_files(line.text, await files.files_of(by_id[message_id]))
            line = replace(line, text=said)
        if line is not None:
            lines.append(line)
    return assemble(lines, message.id, max_characters=MAX_CHARACTERS)


async def question_of(reply: discord.Message, me_id: int) -> discord.Message | None:
    """The person's message that a reply of ours (any part of it) answers, if it can be read."""
    message: discord.Message | None = reply
    for _ in range(MAX_CHAIN):
        if message is None or message.author.id != me_id:
            break
        message = await referred(message)
    return None if message is None or message.author.bot else message


async def referred(message: discord.Message) -> discord.Message | None:
    """The message this one replies to: as sent along, from the cache, or fetched."""
    reference = message.reference
    if reference is None or reference.message_id is None:
        return None
    if isinstance(reference.resolved, discord.Message):
        return reference.resolved
    if isinstance(reference.resolved, discord.DeletedReferencedMessage):
        return None
    if reference.channel_id != message.channel.id:  # forwarded: no part of what is said here
        return None
    if reference.cached_message is not None:
        return reference.cached_message
    try:
        return await message.channel.fetch_message(reference.message_id)
    except (discord.NotFound, discord.Forbidden) as error:
        _log.debug("the chain ends at %s: %s", message.id, error)
        return None


async def _chain(message: discord.Message) -> list[discord.Message]:
    """The messages above this one, nearest first. Parts of a split reply count as one step."""
    chain: list[discord.Message] = []
    current, steps = message, 0
    while steps < MAX_CHAIN and (above := await referred(current)) is not None:
        if above.author.id != current.author.id:
            steps += 1
        if len(chain) >= 4 * MAX_CHAIN:
            break
        chain.append(above)
        current = above
    return chain


async def _history(message: discord.Message) -> list[discord.Message]:
    """What was said lately in this thread or DM; answers to it may be newer than ``message``."""
    channel = message.channel
    found: list[discord.Message] = []
    try:
        recent = [other async for other in channel.history(limit=MAX_HISTORY)]
    except discord.Forbidden as error:
        _log.debug("the history of %s cannot be read: %s", channel.id, error)
        return []
    before = message.created_at
    for other in recent:  # newest first
        if message.guild is None and before - other.created_at > DM_PAUSE:
            break
        before = min(before, other.created_at)
        found.append(other)
    if isinstance(channel, discord.Thread) and len(recent) < MAX_HISTORY:
        starter = await _starter(channel)
        if starter is not None:
            found.append(starter)
    return found


async def _starter(thread: discord.Thread) -> discord.Message | None:
    """The message the thread was opened on, which stands in the channel above it."""
    if thread.starter_message is not None:
        return thread.starter_message
    parent = thread.parent
    if not isinstance(parent, discord.TextChannel):
        return None
    try:
        return await parent.fetch_message(thread.id)
    except (discord.NotFound, discord.Forbidden) as error:
        _log.debug("thread %s has no message it stands on: %s", thread.id, error)
        return None


def edited(bot: commands.Bot | commands.AutoShardedBot, payload: Any) -> discord.Message | None:
    """The message of a `RawMessageUpdateEvent` as it reads now.

    discord.py 2.4 does not make one; ``None`` where it was sent too little to make it from.
    """
    if discord.version_info >= (2, 5):
        message: discord.Message = payload.message
        return message
    if not {"author", "content", "type"} <= payload.data.keys():
        return None
    state = bot._connection
    channel: Any = state._get_guild_channel(payload.data)[0]
    return discord.Message(state=state, channel=channel, data=payload.data)


async def is_called_into(thread: discord.Thread, me_id: int) -> bool:
    """Whether we belong to this thread: ours, on our reply, or we have spoken in it before."""
    if thread.owner_id == me_id:
        return True
    starter = await _starter(thread)
    if starter is not None and starter.author.id == me_id:
        return True
    try:
        return any([other.author.id == me_id async for other in thread.history(limit=100)])
    except discord.Forbidden:
        return False
