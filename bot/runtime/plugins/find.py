"""Where a plugin is: a file, or an entry point of an installed package."""

import difflib
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

from bot.domain.errors import StrategyError
from bot.runtime.plugins.finding import shown
from bot.runtime.plugins.reference import Reference

__all__ = ["ENTRY_POINT_GROUP", "Source", "available", "find"]

ENTRY_POINT_GROUP: Final = "bot.strategies"
_FOLDER: Final = Path("strategies")


@dataclass(frozen=True, slots=True)
class Source:
    """A plugin that was found and not yet loaded: exactly one of path and entry point is set."""

    name: str
    path: Path | None = None
    entry_point: EntryPoint | None = None

    @property
    def where(self) -> str:
        """For people: the file, or the package that brought it."""
        if self.path is not None:
            return shown(self.path)
        assert self.entry_point is not None
        package = self.entry_point.dist.name if self.entry_point.dist else "an installed package"
        return f"{self.entry_point.value} ({package})"


def find(reference: Reference, strategies_dir: Path | None = None) -> Source:
    """The plugin that the reference names; a file in the folder goes before an installed one.

    Raises:
        StrategyError: there is none; the text says where it was looked for and what there is.
    """
    folder = strategies_dir or _FOLDER
    path = Path(reference.name).expanduser() if reference.is_path else folder / _file_of(reference)
    if path.is_file():
        return Source(reference.name, path=path.resolve())
    if reference.is_path:
        what = "is not a file" if path.exists() else "does not exist"
        raise StrategyError(
            f"strategy {reference.name}: {path} {what}; give the path of a .py file"
        )
    for entry_point in entry_points(group=ENTRY_POINT_GROUP, name=reference.name):
        return Source(reference.name, entry_point=entry_point)
    names = [source.name for source in available(folder)]
    near = difflib.get_close_matches(reference.name, names, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    known = f"there is {', '.join(names)}" if names else "there are none yet"
    raise StrategyError(
        f"strategy {reference.name}: there is no {path} and no installed plugin of that name"
        f"{hint} ({known}; make one with: bot strategies new NAME)"
    )


def available(strategies_dir: Path | None = None) -> list[Source]:
    """All plugins of the folder, then the installed ones that no file hides; each by name."""
    folder = strategies_dir or _FOLDER
    found = {
        path.stem: Source(path.stem, path=path.resolve())
        for path in sorted(folder.glob("*.py"))
        if not path.name.startswith("_")
    }
    for entry_point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda e: e.name):
        found.setdefault(entry_point.name, Source(entry_point.name, entry_point=entry_point))
    return list(found.values())


def _file_of(reference: Reference) -> str:
    return f"{reference.name}.py"
