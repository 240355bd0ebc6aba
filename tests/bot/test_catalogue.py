"""The catalogue is complete, and what is in it fits into Discord, in every language."""

from __future__ import annotations

import ast as python
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from fluent.syntax import ast, visitor
from PIL import ImageFont

from bowerbird.bot import catalogue
from bowerbird.bot.catalogue import DEFAULT, LOCALES, Language, recognised, resource, supported

BOT = Path(__file__).parents[2] / "bot"
PERSONALIZATION = BOT.parent / "personalization"
LIMITS = {
    "-button": 80,  # of a button
    "consent-yes": 80,
    "consent-no": 80,
    "confirm-cancel": 80,
    "answer-stop": 80,
    "-title": 45,  # of a modal
    "teach-field": 45,
    "settings-form-": 45,
    "settings-menu-": 100,  # of a menu's option, less than of its placeholder
    "my-chart-in-words": 1024,
}
FREE = {"consent-not-asked", "settings-title", "night-title", "my-chart-title"}
"""Not what they are called like."""

GLUE = {"comma", "between-sentences", "in-brackets", "because", "progress-left"}
"""What stands between other texts, with its spaces."""

EXAMPLES = {
    "kept": 0,
    "state": "failed",
    "consent": "unasked",
    "style": "buttons",
    "share": 0.5,
}


def messages(locale: str) -> dict[str, ast.Message]:
    return {entry.id.name: entry for entry in resource(locale).body if is_message(entry)}


def is_message(entry: object) -> bool:
    return isinstance(entry, ast.Message)


class Collector(visitor.Visitor):  # type: ignore[misc]
    """Variables, functions with their arguments, and the variants chosen by words."""

    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.commands: set[str] = set()
        self.words: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802
        self.variables.add(node.id.name)

    def visit_FunctionReference(self, node: ast.FunctionReference) -> None:  # noqa: N802
        if node.id.name == "COMMAND":
            self.commands.add(node.arguments.positional[0].value)
        self.generic_visit(node)

    def visit_Variant(self, node: ast.Variant) -> None:  # noqa: N802
        if isinstance(node.key, ast.Identifier):
            self.words.add(node.key.name)
        self.generic_visit(node)


def parts(message: ast.Message) -> dict[str, Collector]:
    """What each of the message's texts is made of: its own ("") and its attributes'."""
    found = {}
    for name, pattern in [("", message.value), *((a.id.name, a.value) for a in message.attributes)]:
        found[name] = Collector()
        found[name].visit(pattern)
    return found


@functools.cache
def nodes(path: Path) -> tuple[python.AST, ...]:
    return tuple(python.walk(python.parse(path.read_text(encoding="utf-8"))))


def constants(path: Path) -> Iterator[str]:
    """The strings in a module, but for its docstrings."""
    for node in nodes(path):
        if isinstance(node, python.Constant) and isinstance(node.value, str):
            yield node.value


def calls(path: Path) -> Iterator[str]:
    """The keys that are said, or refused with, right where they stand."""
    for node in nodes(path):
        if not (isinstance(node, python.Call) and node.args):
            continue
        first, name = node.args[0], python.unparse(node.func).rpartition(".")[2]
        is_key = name in {"language", "_language", "RefusalError", "Sentence"}
        if is_key and isinstance(first, python.Constant):
            yield str(first.value)


def test_every_file_is_read_whole() -> None:
    assert {path.stem for path in (BOT / "locales").iterdir()} == set(LOCALES)
    for locale in LOCALES:
        junk = [entry.content for entry in resource(locale).body if isinstance(entry, ast.Junk)]
        assert junk == []
        names = [entry.id.name for entry in resource(locale).body if is_message(entry)]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("locale", [locale for locale in LOCALES if locale != DEFAULT])
def test_a_language_has_what_english_has(locale: str) -> None:
    ours, english = messages(locale), messages(DEFAULT)
    assert list(ours.keys() ^ english.keys()) == []
    plurals = {"one", "other", "many"}
    for key, message in english.items():
        meant, said = parts(message), parts(ours[key])
        assert said.keys() == meant.keys(), key
        for name, there in said.items():
            assert there.variables == meant[name].variables, key
            assert there.commands == meant[name].commands, key
            assert there.words - plurals == meant[name].words - plurals, key


def test_every_key_in_the_code_is_there_and_every_key_there_is_used() -> None:
    known = messages(DEFAULT).keys()
    modules = [path for path in BOT.rglob("*.py") if path.name != "catalogue.py"]
    said = {key for path in modules for key in calls(path)}
    assert said - known == set()
    used = {text for path in modules for text in constants(path)}
    used |= {"comma", "between-sentences"}  # the catalogue's own
    made = ("known-", "reason-", "detail-", "command-", "choice-")  # from texts, and from the tree
    assert [key for key in known - used if not key.startswith(made)] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_texts_fit_into_discord(locale: str) -> None:
    language = Language(locale, {"my": 10**19 - 1, "ask": 10**19 - 1, "bowerbird": 10**19 - 1})
    for key, message in messages(locale).items():
        names = parts(message)[""].variables
        values = {name: EXAMPLES.get(name, 12) for name in names}
        text = language(key, **values)
        assert text == text.strip() or key in GLUE
        assert "{" not in text, key
        assert len(text) <= 1000 or key == "export-read-me"
        for part, limit in LIMITS.items():
            if part in key and key not in FREE:
                assert len(text) <= limit, key


@pytest.mark.parametrize("locale", LOCALES)
def test_a_chart_has_only_letters_that_its_font_has(locale: str) -> None:
    language = Language(locale)
    font = ImageFont.load_default(20)
    missing = font.getmask("\U0010ffff").getbbox(), font.getlength("\U0010ffff")
    texts = [
        language("my-chart-title"),
        language("my-chart-base"),
        language("my-chart-version", number=3),
        language("my-chart-note", share=0.66, likes=2, votes=3),
    ]
    for character in set("".join("".join(texts).split())):
        drawn = font.getmask(character).getbbox(), font.getlength(character)
        assert drawn != missing, character


@pytest.mark.parametrize(
    ("locale", "one", "many"),
    [
        ("en-US", "1 exchange:", "2 exchanges:"),
        ("de", "1 Gespräch ", "2 Gespräche "),
        ("es-ES", "1 conversación:", "2 conversaciones:"),
        ("fr", "1 échange ", "2 échanges "),
        ("ja", "1 件（", "2 件（"),
        ("zh-CN", "1 次对话", "2 次对话"),
    ],
)
def test_plurals(locale: str, one: str, many: str) -> None:
    language = Language(locale)
    for count, expected in ((1, one), (2, many)):
        text = language("status-kept", replies=count, likes=1, dislikes=1, again=1, corrections=1)
        assert expected in text


def test_numbers_and_lists_as_the_language_writes_them() -> None:
    assert Language("de").number(1234.5, 1) == "1.234,5"
    assert Language("en-US").listed(["a", "b", "c"]) == "a, b, and c"
    assert Language("de").listed(["a", "b", "c"]) == "a, b und c"
    assert Language("ja").joined(["a", "b"]) == "a、b"
    assert "67\N{NO-BREAK SPACE}%" in Language("de")("my-chart-note", share=0.666, likes=2, votes=3)


def test_commands_are_mentions_once_discord_has_numbered_them() -> None:
    assert "`/my forget`" in Language()("my-on", kept=0)
    assert "</my forget:42>" in Language("de", {"my": 42})("my-on", kept=0)


def test_what_a_file_lacks_is_said_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    german = resource("de")
    less = ast.Resource(
        [one for one in german.body if not is_message(one) or one.id.name != "never"]
    )
    monkeypatch.setattr(catalogue, "resource", {"de": less, DEFAULT: resource(DEFAULT)}.__getitem__)
    language = Language("de")
    assert (language("never"), language("base-model")) == ("never", "das Basismodell")
    with pytest.raises(KeyError):
        language("nothing-of-the-kind")


@pytest.mark.parametrize(
    ("locale", "ours"),
    [("de", "de"), ("en-GB", "en-US"), ("es-419", "es-ES"), ("zh-TW", "zh-CN"), ("pt-BR", None)],
)
def test_discords_locales(locale: str, ours: str | None) -> None:
    assert supported(locale) == ours


# --- what reaches us in English -------------------------------------------------------------------


def sentences(path: Path) -> Iterator[str]:
    """What a module says in English, with an example in the place of each value."""
    docs = {id(node.value) for node in nodes(path) if isinstance(node, python.Expr)}
    formatted = [node for node in nodes(path) if isinstance(node, python.JoinedStr)]
    within = {id(value) for node in formatted for value in node.values}
    for node in nodes(path):
        if isinstance(node, python.JoinedStr):
            for word in ("shorter", "longer"):
                yield "".join(_example(value, word) for value in node.values)
        elif isinstance(node, python.Constant) and id(node) not in docs | within:
            yield str(node.value)


def _example(value: python.expr, word: str) -> str:
    if isinstance(value, python.Constant):
        return str(value.value)
    return word if python.unparse(value) == "{word}" else "12"


def test_every_reason_of_the_gate_can_be_said_in_every_language() -> None:
    said = [text for text in sentences(PERSONALIZATION / "training/gate.py") if text.endswith(".")]
    reasons = [text for text in said if not text.startswith("Its replies became much 12")]
    assert len(reasons) > 10
    assert [text for text in reasons if not recognised(text, "reason-")] == []


@pytest.mark.parametrize("prefix", ["known-", "reason-", "detail-"])
def test_what_is_recognised_is_still_said_by_somebody(prefix: str) -> None:
    known = {key for key in messages(DEFAULT) if key.startswith(prefix)}
    for path in PERSONALIZATION.rglob("*.py"):
        for text in sentences(path):
            known -= {sentence.key for sentence in recognised(text, prefix)}
    assert known == set()


def test_several_reasons_in_a_row_are_recognised() -> None:
    text = "Its fresh replies repeated themselves. Too many of its fresh replies were empty (12%)."
    assert [one.key for one in recognised(text, "reason-")] == ["reason-repeats", "reason-empty"]
    assert "(12%)" in Language("de").translated(text, "reason-")
    stranger = "Its fresh replies repeated themselves. And it rained."
    assert Language("de").translated(stranger, "reason-") == stranger
    assert recognised("", "reason-") == []
