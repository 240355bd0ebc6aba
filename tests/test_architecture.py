"""The house rules, read from the imports: who may know whom, sizes, names, start-up weight."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "personalization", "playground", "storage")
MAX_LINES = 400

# Which of our packages each package may import.
MAY_IMPORT = {
    "bot": {"bot", "personalization", "storage", "playground"},
    "personalization": {"personalization", "storage"},
    "storage": {"storage"},
    "playground": {"playground"},
}
# `bot` may start the playground, from this one module.
STARTS_PLAYGROUND = {Path("bot/commands/playground.py")}

TENSORS = {"torch", "transformers", "peft", "safetensors", "gguf"}
DATABASES = {"sqlalchemy", "alembic", "aiosqlite", "asyncpg"}
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}

# Imported by every console command, so they must not pull in torch (seconds) or discord.
LIGHT_MODULES = (
    "bowerbird.personalization.types",
    "bowerbird.personalization.errors",
    "bowerbird.personalization.feedback",
    "bowerbird.personalization.models",
    "bowerbird.personalization.nightly",
    "bowerbird.personalization.adapters",
    "bowerbird.personalization.generation.backend",
    "bowerbird.personalization.training.executor",
    "bowerbird.storage.store",
    "bowerbird.bot.settings",
    "bowerbird.bot.cli",
    "bowerbird.bot.schedule",
)


def modules(*packages: str) -> list[Path]:
    return sorted(
        path.relative_to(ROOT) for package in packages for path in (ROOT / package).rglob("*.py")
    )


def imports(path: Path, *, also_for_types: bool = True) -> Iterator[str]:
    """Dotted names of everything a module imports, also inside functions."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    if not also_for_types:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                node.body.clear()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write imports absolute"
            yield node.module or ""
            if node.module == "bowerbird":
                yield from (f"bowerbird.{alias.name}" for alias in node.names)


def ours(path: Path) -> set[str]:
    """Our own packages a module imports."""
    split = (name.split(".") for name in imports(path))
    return {parts[1] for parts in split if parts[0] == "bowerbird" and len(parts) > 1}


def foreign(path: Path, *, also_for_types: bool = True) -> set[str]:
    found = imports(path, also_for_types=also_for_types)
    return {name.split(".")[0] for name in found} - {"bowerbird"}


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_only_know_those_below_them(package: str) -> None:
    found = modules(package)
    assert found
    for path in found:
        strangers = ours(path) - MAY_IMPORT[package]
        assert not strangers, f"{path} imports {strangers}"


def test_one_module_of_the_bot_starts_the_playground() -> None:
    who = {path for path in modules("bot") if "playground" in ours(path)}
    assert who <= STARTS_PLAYGROUND


def test_discord_stays_in_the_bot() -> None:
    for path in modules("personalization", "playground", "storage"):
        assert "discord" not in foreign(path), f"{path} imports discord"
    assert any("discord" in foreign(path) for path in modules("bot"))


def test_tensors_stay_in_personalization() -> None:
    """Which of its modules do without them, `LIGHT_MODULES` says."""
    for path in modules("bot", "playground", "storage"):
        heavy = foreign(path, also_for_types=False) & TENSORS
        assert not heavy, f"{path} imports {heavy}"
    assert any("torch" in foreign(path) for path in modules("personalization"))


def test_databases_stay_in_storage() -> None:
    for path in modules("bot", "personalization", "playground"):
        assert not foreign(path) & DATABASES, f"{path} imports {foreign(path) & DATABASES}"


@pytest.mark.parametrize("path", modules(*PACKAGES, "benchmarks"), ids=str)
def test_modules_are_short_and_well_named(path: Path) -> None:
    assert not set(path.with_suffix("").parts) & VAGUE_NAMES
    lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_LINES, f"{path} has {lines} lines: what is the design asking for?"


@pytest.mark.parametrize("path", modules(*PACKAGES), ids=str)
def test_modules_say_what_they_are(path: Path) -> None:
    if (ROOT / path).stat().st_size:
        assert ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8"))), path


def test_every_package_is_listed_for_installation() -> None:
    import tomllib

    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "setuptools"
    ]
    folders = {
        f"bowerbird.{'.'.join(path.parent.parts)}"
        for path in modules(*PACKAGES)
        if path.name == "__init__.py"
    }
    assert folders == set(setuptools["packages"])


@pytest.mark.parametrize("name", LIGHT_MODULES)
def test_light_modules_import_neither_torch_nor_discord(name: str) -> None:
    code = (
        f"import sys, {name}\n"
        "heavy = {'torch', 'transformers', 'peft', 'discord'} & set(sys.modules)\n"
        "sys.exit(' '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
