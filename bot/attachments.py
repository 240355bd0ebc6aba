"""Text files that people attach → text beside what they say.

Contract: only text is read (by type or ending, and only if it is UTF-8), a bounded number of files
of a bounded size, each file once; nothing that cannot be read is an error. What is left out, or
shortened, is said in a sentence. Where the limit in tokens lies is the caller's to know.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp
import discord

from bowerbird.bot import rendering
from bowerbird.bot.catalogue import Language

_log = logging.getLogger(__name__)

MAX_FILES: Final = 4
MAX_BYTES: Final = 64 * 1024
_FILES_KEPT: Final = 256  # of at most a model's window of text each
_TEXT_TYPE: Final = re.compile(
    r"text/.+|application/(?:json|xml|(?:x-)?yaml|toml|javascript|typescript|sql|x-sh|x-python)"
)
_TEXT_NAME: Final = re.compile(
    r"(?i).*\.(?:txt|md|rst|log|csv|tsv|jsonl?|ya?ml|toml|ini|cfg|conf|xml|html?|css|svg|tex|bib|srt"
    r"|vtt|diff|patch|po|pyi?|m?js|[jt]sx|ts|java|kt|c|h|cc|cpp|hpp|cs|go|rs|rb|php|pl|lua|sh|bash"
    r"|zsh|ps1|bat|sql|r|jl|hs|ml|exs?|erl|swift|scala|gd|nix|zig)"
)

Shorten = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Files:
    """What a message's files say, and the names of those left out or shortened."""

    text: str = ""
    no_text: tuple[str, ...] = ()
    too_large: tuple[str, ...] = ()
    shortened: tuple[str, ...] = ()

    def left_out(self, language: Language) -> str:
        """What was left out, in sentences; empty if nothing was."""
        told = (
            (self.no_text, "files-left-out", MAX_FILES),
            (self.too_large, "files-too-large", MAX_BYTES // 1024),
            (self.shortened, "files-shortened", 0),
        )
        sentences = [
            language(key, most=most, names=language.listed(_quoted(names)))
            for names, key, most in told
            if names
        ]
        return language("between-sentences").join(sentences)


class FileReader:
    """Reads files. ``shorten`` cuts a text down to what the model has room for; may be slow."""

    def __init__(self, shorten: Shorten) -> None:
        self._shorten = shorten
        self._read: OrderedDict[int, tuple[str, bool]] = OrderedDict()

    def forget(self) -> None:
        """Whatever was read is read anew when it is needed."""
        self._read.clear()

    async def files_of(self, message: discord.Message) -> Files:
        texts: list[str] = []
        no_text: list[str] = []
        too_large: list[str] = []
        shortened: list[str] = []
        for attachment in message.attachments:
            name = rendering.one_line(attachment.filename)
            if len(texts) == MAX_FILES or not is_text(attachment):
                no_text.append(name)
            elif attachment.size > MAX_BYTES:
                too_large.append(name)
            elif (read := await self._text_of(attachment)) is None:
                no_text.append(name)
            else:
                text, is_shortened = read
                texts.append(f"{name}:\n{text}")
                if is_shortened:
                    shortened.append(name)
        names = (tuple(found) for found in (no_text, too_large, shortened))
        return Files("\n\n".join(texts), *names)

    async def _text_of(self, attachment: discord.Attachment) -> tuple[str, bool] | None:
        if (known := self._read.get(attachment.id)) is not None:
            self._read.move_to_end(attachment.id)
            return known
        try:
            text = decoded(await attachment.read())
        except (discord.HTTPException, aiohttp.ClientError, TimeoutError) as error:
            _log.info("attachment %s cannot be read: %s", attachment.id, error)
            return None
        if text is None:
            return None
        short = await asyncio.to_thread(self._shorten, text)
        self._read[attachment.id] = short, len(short) < len(text)
        if len(self._read) > _FILES_KEPT:
            self._read.popitem(last=False)
        return self._read[attachment.id]


def is_text(attachment: discord.Attachment) -> bool:
    """Going by what Discord says it is, or else by its name."""
    kind = (attachment.content_type or "").partition(";")[0].strip().lower()
    return bool(_TEXT_TYPE.fullmatch(kind) or _TEXT_NAME.fullmatch(attachment.filename))


def decoded(content: bytes) -> str | None:
    """The text, or ``None`` if it is none (or empty)."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text or not text.strip() else text.strip()


def _quoted(names: Sequence[str]) -> list[str]:
    return [f"`{name.replace('`', '')}`" for name in names]
