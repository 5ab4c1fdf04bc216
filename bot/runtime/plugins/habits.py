"""What a plugin's source shows: imports it should not have, clocks it should not read."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import bot
from bot.runtime.plugins.finding import Finding

__all__ = ["clocks", "internals"]

_INSTEAD: Final = {
    "datetime.datetime.now": "self.now_ns",
    "datetime.datetime.utcnow": "self.now_ns",
    "datetime.datetime.today": "self.now_ns",
    "datetime.date.today": "self.now_ns",
    "time.time": "self.now_ns",
    "time.time_ns": "self.now_ns",
    "time.monotonic": "self.now_ns",
    "time.monotonic_ns": "self.now_ns",
    "time.perf_counter": "self.now_ns",
    "time.perf_counter_ns": "self.now_ns",
    "time.sleep": "self.set_timer and on_timer",
    "random.random": "random.Random(seed) made in on_start",
    "random.uniform": "random.Random(seed) made in on_start",
    "random.randint": "random.Random(seed) made in on_start",
    "random.choice": "random.Random(seed) made in on_start",
    "random.gauss": "random.Random(seed) made in on_start",
}


_PUBLIC: Final = frozenset({*bot.__all__, "*", "testing"})


def internals(path: Path, tree: ast.Module) -> Iterator[Finding]:
    """Imports of parts of the bot that may move without notice."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            taken = [alias.name for alias in node.names if _is_internal(alias.name)]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            taken = _taken_from(node)
        else:
            continue
        for name in taken:
            text = f"{name} is internal and may move: import from `bot` what it exports"
            yield Finding(path, node.lineno, text)


def _taken_from(node: ast.ImportFrom) -> list[str]:
    assert node.module is not None
    if node.module == "bot":
        return [f"bot.{alias.name}" for alias in node.names if alias.name not in _PUBLIC]
    return [node.module] if _is_internal(node.module) else []


def _is_internal(module: str) -> bool:
    return module.startswith("bot.") and module != "bot.testing"


def clocks(path: Path, tree: ast.Module) -> Iterator[Finding]:
    """Calls that make a replay differ from the day it replays."""
    full = dict(_imported(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        head, _, rest = ast.unparse(node.func).partition(".")
        name = ".".join(filter(None, (full.get(head, ""), rest)))
        if name in _INSTEAD:
            text = f"{name}() is not the same in a replay: use {_INSTEAD[name]}"
            yield Finding(path, node.lineno, text, severity="warning")


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Local names and what they stand for: ``dt`` -> ``datetime.datetime``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"
