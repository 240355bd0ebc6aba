"""Text as Discord takes it: parts of at most 2,000 characters, notices, quoted prompts.

Contract: pure functions from text to text. `split` and `join` undo each other up to white space at
the seams (Discord trims it anyway). Knows nothing of discord.py.
"""

from __future__ import annotations

import re
import unicodedata

MESSAGE_LIMIT = 2000
FENCE = "```"
_CLOSING = "\n" + FENCE
_LANGUAGE = re.compile(r"[A-Za-z0-9_+\-.#]{1,32}(?=\n)")
_REOPENED = re.compile(r"```(?:[A-Za-z0-9_+\-.#]{1,32})?\n")
_NOTICE = "-# "
_GLUED = {"\u200d", "\ufe0e", "\ufe0f"}


def notice(sentence: str) -> str:
    """One of our own sentences (a hint, an error, an offer) in Discord's small print.

    The mark also tells `context` that it is no part of the conversation, whoever restarts.
    """
    return "\n".join(_NOTICE + line for line in sentence.splitlines() if line.strip())


def is_notice(content: str) -> bool:
    return content.startswith(_NOTICE)


def quoted(prompt: str) -> str:
    """A slash command's prompt above its answer, where everybody can read it."""
    return "\n".join(f"> {line}" for line in prompt.splitlines() or [""]) + "\n\n"


def unquoted(content: str) -> tuple[str, str] | None:
    """(prompt, answer) of a message that starts with `quoted`; ``None`` if it does not."""
    head, _, answer = content.partition("\n\n")
    lines = head.split("\n")
    if not all(line.startswith(">") for line in lines):
        return None
    prompt = "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines)
    return prompt, answer.strip()


def one_line(text: str, limit: int = 80) -> str:
    """The text on one line, shortened with an ellipsis."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def split(text: str, limit: int = MESSAGE_LIMIT) -> list[str]:
    """Cut a reply into messages of at most `limit` characters; ``[]`` for white space.

    Cuts at a paragraph, else a line, else a word, else a character. A code block that a cut goes
    through is closed and opened again with its language, so every part is balanced by itself.
    Only the last part changes when text is appended (a stream may grow), except that a closing
    fence right after a cut belongs to the part before it.
    """
    parts: list[str] = []
    rest, opening = text.strip(), ""
    while rest:
        if opening and rest.lstrip().startswith(FENCE):  # the block ended exactly at the cut
            rest, opening = rest.lstrip()[len(FENCE) :].lstrip(), ""
            continue
        room = limit - len(opening)
        open_at_end = _open_fence(rest, len(rest), bool(opening))
        whole = opening + rest + (_CLOSING if open_at_end is not None else "")
        if len(whole) <= limit:
            parts.append(whole)
            break
        cut, open_at = _cut(rest, room, bool(opening))
        body = rest[:cut]
        if open_at is None:
            parts.append((opening + body).rstrip())
            rest, opening = rest[cut:].lstrip(), ""
            continue
        parts.append(opening + body.rstrip() + _CLOSING)
        if open_at >= 0:  # opened in this part; else it goes on from the one before
            language = _LANGUAGE.match(rest, open_at + len(FENCE))
            opening = f"{FENCE}{language[0] if language else ''}\n"
        rest = rest[cut:].removeprefix("\n")
        if not rest.strip():
            break
    return [part for part in parts if part.strip()]


def join(parts: list[str]) -> str:
    """The reply that `split` cut: re-opened fences go, seams become one line break."""
    text = ""
    for part in parts:
        reopened = _REOPENED.match(part)
        if text.endswith(_CLOSING) and reopened:
            text = text[: -len(_CLOSING)] + "\n" + part[reopened.end() :]
        else:
            text = f"{text}\n{part}" if text else part
    return text


def _open_fence(text: str, end: int, is_open: bool) -> int | None:
    """Where the code block that is still open at `end` begins: -1 if before `text`, else `None`."""
    position, start = 0, -1
    while (found := text.find(FENCE, position)) != -1 and found + len(FENCE) <= end:
        is_open, start, position = not is_open, found, found + len(FENCE)
    return start if is_open else None


def _cut(text: str, room: int, is_open: bool) -> tuple[int, int | None]:
    """How much of `text` fits into `room`, and the code block open there (see `_open_fence`)."""
    open_at = _open_fence(text, room, is_open)
    if open_at is None:
        at = _boundary(text, room)
        open_at = _open_fence(text, at, is_open)
        if open_at is None:
            return at, None
    at = _boundary(text, room - len(_CLOSING))
    open_at = _open_fence(text, at, is_open)
    if open_at is None:
        return at, None
    language = _LANGUAGE.match(text, open_at + len(FENCE)) if open_at >= 0 else None
    content = language.end() if language else open_at + len(FENCE)
    if open_at > 0 and not text[content:at].strip():
        return open_at, None  # nothing of the block would be here: leave it to the next part
    return at, open_at


def _boundary(text: str, room: int) -> int:
    """The best place at or before `room` to cut: after a blank line, a line, a word, anywhere."""
    for mark, at_least in (("\n\n", room // 2), ("\n", room // 3), (" ", room // 3)):
        found = text.rfind(mark, 0, room)
        if found > max(at_least, 0):
            return found + len(mark)
    at = room
    while at > room // 2 and _is_inside(text, at):
        at -= 1
    return at


def _is_inside(text: str, at: int) -> bool:
    """Whether cutting here would part a fence, or an accent or an emoji from its base."""
    after, before = text[at], text[at - 1]
    return (
        (after == before == "`")
        or after in _GLUED
        or before in _GLUED
        or unicodedata.combining(after) > 0
        or "\U0001f3fb" <= after <= "\U0001f3ff"
    )
