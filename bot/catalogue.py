"""Every text that people read, in every language: `locales/<locale>.ftl`, written in Fluent.

Contract: a `Language` gives the text of a key. The files hold the same keys with the same variables
(tests/bot/test_catalogue.py); what a file lacks all the same is said in English. Whole numbers are
written as the language writes them, so ids are given as strings. Knows neither Discord nor who is
spoken to. Fluent: https://projectfluent.org/fluent/guide/
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterable, Mapping
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from babel.lists import format_list
from babel.numbers import format_decimal
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import ast

_log = logging.getLogger(__name__)

DEFAULT: Final = "en-US"
LOCALES: Final = MappingProxyType(
    {
        DEFAULT: "English",
        "zh-CN": "简体中文",
        "de": "Deutsch",
        "es-ES": "Español",
        "fr": "Français",
        "ja": "日本語",
    }
)
"""Discord's names of our languages, and what their speakers call them."""

NEAREST: Final = MappingProxyType({"en-GB": DEFAULT, "es-419": "es-ES", "zh-TW": "zh-CN"})
"""Discord's locales that are served by another one. Readers of Traditional Chinese read Simplified
with less effort than English."""

_NO_IDS: Final[Mapping[str, int]] = MappingProxyType({})


def supported(locale: str) -> str | None:
    """Which of `LOCALES` speaks to readers of this one, if any does."""
    locale = NEAREST.get(locale, locale)
    return locale if locale in LOCALES else None


class Sentence:
    """Something to be said, in no language yet: a key and its variables."""

    __slots__ = ("key", "values")

    def __init__(self, key: str, /, **values: str | float) -> None:
        self.key = key
        self.values = values

    def __repr__(self) -> str:
        return f"Sentence({self.key!r}, {self.values})"


class Language:
    """One language. ``command_ids``: Discord's ids of our commands by name, as far as known."""

    def __init__(self, locale: str = DEFAULT, command_ids: Mapping[str, int] = _NO_IDS) -> None:
        self.locale = locale
        self._command_ids = command_ids
        functions: Any = {"COMMAND": self._command}
        self._bundles = []
        for name in dict.fromkeys((locale, DEFAULT)):
            # Isolating marks would stand in the way of Discord's Markdown and mentions.
            bundle = FluentBundle([name], functions=functions, use_isolating=False)
            bundle.add_resource(resource(name))
            self._bundles.append(bundle)

    def __call__(self, key: str, /, **values: str | float) -> str:
        """The text of ``key`` (or ``key.attribute``). Raises ``KeyError`` if there is none."""
        message_id, _, attribute = key.partition(".")
        for bundle in self._bundles:
            if not bundle.has_message(message_id):
                continue
            message = bundle.get_message(message_id)
            pattern = message.attributes.get(attribute) if attribute else message.value
            if pattern is None:
                continue
            text, errors = bundle.format_pattern(pattern, values)
            for error in errors:
                _log.error("%s.ftl: %s: %s", bundle.locales[0], key, error)
            return str(text)
        raise KeyError(key)

    def say(self, sentence: Sentence) -> str:
        return self(sentence.key, **sentence.values)

    def translated(self, english_text: str, prefix: str) -> str:
        """A text that reached us in English (see `recognised`); as it is if we do not know it."""
        known = recognised(english_text, prefix)
        return self("between-sentences").join(map(self.say, known)) if known else english_text

    def joined(self, items: Iterable[str]) -> str:
        """`a, b, c`."""
        return self("comma").join(items)

    def number(self, value: float, digits: int = 0) -> str:
        """With so many digits behind the point."""
        shape = "#,##0" + "." * bool(digits) + "0" * digits
        return str(format_decimal(value, shape, locale=_babel(self.locale)))

    def listed(self, items: Iterable[str]) -> str:
        """`a, b and c`."""
        return str(format_list(list(items), locale=_babel(self.locale)))

    def _command(self, name: str) -> str:
        """A command as a mention, which each client shows and completes in its own language."""
        found = self._command_ids.get(str(name).partition(" ")[0])
        return f"`/{name}`" if found is None else f"</{name}:{found}>"


def _babel(locale: str) -> str:
    return locale.replace("-", "_")


@functools.cache
def resource(locale: str) -> ast.Resource:
    """The parsed file of one of `LOCALES`."""
    file = resources.files("bowerbird.bot") / "locales" / f"{locale}.ftl"
    return FluentResource(file.read_text(encoding="utf-8"))


@functools.cache
def english() -> Language:
    """For logs, and for whoever says things where nobody is spoken to."""
    return Language()


def recognised(english_text: str, prefix: str) -> list[Sentence]:
    """The keys (beginning with ``prefix``) whose English texts these are, with their variables.

    For what reaches us in English: stored verdicts, and errors of layers that know no languages.
    Empty if any of it is none of ours.
    """
    found, rest = [], english_text.strip()
    while rest:
        for key, pattern in _patterns(prefix):
            if (match := pattern.match(rest)) is not None:
                found.append(Sentence(key, **match.groupdict()))
                rest = rest[match.end() :]
                break
        else:
            return []
    return found


@functools.cache
def _patterns(prefix: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """A regular expression for each English text; its variables match as little as they can."""
    found = []
    for entry in resource(DEFAULT).body:
        if isinstance(entry, ast.Message) and entry.id.name.startswith(prefix) and entry.value:
            parts = [_pattern_of(element) for element in entry.value.elements]
            whole = "".join(parts).removesuffix(r"\.") + r"(?:\.?\s*$|\.\s+)"
            pattern = re.compile(whole, re.IGNORECASE | re.DOTALL)
            found.append((entry.id.name, pattern))
    return tuple(found)


def _pattern_of(element: ast.TextElement | ast.Placeable) -> str:
    if isinstance(element, ast.TextElement):
        return re.escape(element.value)
    match element.expression:
        case ast.VariableReference(id=name):
            return f"(?P<{name.name}>.+?)"
        case ast.FunctionReference(arguments=arguments):
            (argument,) = arguments.positional
            assert isinstance(argument, ast.StringLiteral)  # noqa: S101
            return re.escape(f"`/{argument.value}`")
    raise ValueError("only text, variables and commands can be recognised")
