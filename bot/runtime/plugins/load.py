"""From a file to its strategy class, with every fault named by file and line."""

import ast
import importlib.abc
import importlib.util
import inspect
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from bot.domain.errors import StrategyError
from bot.runtime.plugins.find import Source
from bot.runtime.plugins.finding import Finding, line_in, one_line, shown
from bot.strategy.strategy import CALLBACKS, Strategy

__all__ = ["Loaded", "classes", "load"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A strategy class and the file that it stands in."""

    kind: type[Strategy[Any]]
    path: Path
    tree: ast.Module
    """The file's syntax, for checks on the source."""


class _FileLoader(importlib.abc.SourceLoader):
    """Runs the text that was read; keeps no bytecode, which could be older than the file."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._path, self._data = path, data

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002 - the base class's signature
        return str(self._path)

    def get_data(self, path: Any) -> bytes:  # noqa: ARG002 - the base class's signature
        return self._data


def load(source: Source, kind: str = "") -> Loaded:
    """The strategy class of a source; ``kind`` picks one where a file holds several.

    Raises:
        StrategyError: ``file:line``, what is wrong and what to do.
    """
    found = classes(source)
    if kind:
        for loaded in found:
            if loaded.kind.__name__ == kind:
                return loaded
        names = ", ".join(loaded.kind.__name__ for loaded in found)
        raise StrategyError(f"{source.where}: there is no strategy class {kind}; there is {names}")
    if len(found) > 1:
        names = ", ".join(f"{source.name}::{loaded.kind.__name__}" for loaded in found)
        raise StrategyError(f"{source.where}: several strategy classes; name one: {names}")
    return found[0]


def classes(source: Source) -> list[Loaded]:
    """All public strategy classes of a source, at least one, in the order of their lines.

    Raises:
        StrategyError: as for :func:`load`.
    """
    if source.path is not None:
        module, tree = _import(source.path)
        return _strategies(module, source.path, tree)
    kind = _installed(source)
    path = Path(inspect.getfile(kind))
    return [Loaded(kind, path, _parse(path, _read(path)))]


def _installed(source: Source) -> type[Strategy[Any]]:
    assert source.entry_point is not None
    try:
        kind = source.entry_point.load()
    except (Exception, SystemExit) as e:  # wall: plugin code
        raise StrategyError(
            f"strategy {source.name}: {source.where} cannot be imported: {one_line(e)}; "
            "mend or uninstall that package"
        ) from e
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        raise StrategyError(
            f"strategy {source.name}: {source.where} is not a class derived from bot.Strategy"
        )
    return kind


def _import(path: Path) -> tuple[ModuleType, ast.Module]:
    data = _read(path)
    tree = _parse(path, data)
    # Named by its text, so that two instances share a class and an edited file is a new one.
    name = f"bot_plugin_{path.stem}_{zlib.crc32(str(path).encode() + data):08x}"
    if name in sys.modules:
        return sys.modules[name], tree
    spec = importlib.util.spec_from_loader(name, _FileLoader(path, data), origin=str(path))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # pydantic looks annotations up there
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as e:  # wall: plugin code
        del sys.modules[name]
        raise StrategyError(str(_import_fault(path, e))) from e
    return module, tree


def _import_fault(path: Path, error: BaseException) -> Finding:
    line = line_in(path, error.__traceback__)
    if isinstance(error, ModuleNotFoundError) and error.name and not error.name.startswith("bot"):
        return Finding(
            path,
            line,
            f"there is no module {error.name!r}: install it beside the bot, or do without it",
        )
    if isinstance(error, ImportError):
        return Finding(path, line, f"{error.msg}; docs/strategies.md lists what `bot` exports")
    if isinstance(error, SystemExit):
        return Finding(path, line, "the file ends the program when it is imported; take that out")
    return Finding(path, line, f"importing the file raised {one_line(error)}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise StrategyError(f"{shown(path)}: cannot be read: {e.strerror}") from None


def _parse(path: Path, data: bytes) -> ast.Module:
    try:
        compile(data, str(path), "exec", dont_inherit=True)
        return ast.parse(data, str(path))
    except SyntaxError as e:
        text = f" in {e.text.strip()!r}" if e.text and e.text.strip() else ""
        finding = Finding(path, e.lineno or 1, f"not valid Python: {e.msg}{text}")
        raise StrategyError(str(finding)) from None
    except ValueError as e:
        raise StrategyError(str(Finding(path, 1, f"not a text file: {e}"))) from None


def _strategies(module: ModuleType, path: Path, tree: ast.Module) -> list[Loaded]:
    """The classes that the file itself defines; a leading underscore marks a base for others."""
    found = [
        Loaded(value, path, tree)
        for name, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, Strategy)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    ]
    if found:
        return list({id(loaded.kind): loaded for loaded in found}.values())
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and _looks_like_strategy(node):
            text = f"class {node.name} has callbacks but does not derive from bot.Strategy: "
            finding = Finding(
                path, node.lineno, text + f"write class {node.name}(Strategy[Params])"
            )
            raise StrategyError(str(finding))
    text = "no strategy class here: define one, as in class Mine(Strategy[Params])"
    raise StrategyError(str(Finding(path, 1, text)))


def _looks_like_strategy(node: ast.ClassDef) -> bool:
    return any(
        isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) and item.name in CALLBACKS
        for item in node.body
    )
