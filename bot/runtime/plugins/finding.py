"""What is wrong with a plugin, and where: one line that a person can act on."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

__all__ = ["Finding", "line_in", "one_line", "shown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault (``error``) or a doubt (``warning``) at a line of a plugin's file."""

    path: Path
    line: int
    message: str
    severity: str = "error"

    def __str__(self) -> str:
        return f"{shown(self.path)}:{self.line}: {self.message}"


def shown(path: Path) -> str:
    """The path as people write it: relative where it lies below the current directory."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def line_in(path: Path, trace: TracebackType | None) -> int:
    """The innermost line of ``path`` in a traceback; 1 if it does not appear."""
    line = 1
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def one_line(error: BaseException) -> str:
    """``ValueError: too long``: the error's type and the first line of its text."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
