"""Logs: readable for people, JSON for machines, and no secret in either."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from loguru import logger

if TYPE_CHECKING:
    from loguru import Record

__all__ = ["configure", "logger"]

_MASK: Final = "***"
_CONSOLE: Final = (
    "<dim>{time:HH:mm:ss.SSS}</dim> <level>{level: <7}</level> "
    "<cyan>{extra[source]}</cyan> {message}"
)


def configure(
    *, level: str, style: str, path: str = "", secrets: Sequence[str] = (), quiet: bool = False
) -> None:
    """Set the process's log sinks up; may be called again.

    Args:
        level: the lowest that is shown on the console. The file, if any, has everything
            from DEBUG on.
        style: ``text`` or ``json`` (one object a line).
        path: a file as well, rotated at 50 MB, ten kept; '' for none.
        secrets: texts that are masked wherever they would appear.
        quiet: nothing on the console below WARNING (a live display is there).
    """
    logger.remove()

    def redact(record: "Record") -> None:
        record["extra"].setdefault("source", "bot")
        for secret in secrets:
            if secret in record["message"]:
                record["message"] = record["message"].replace(secret, _MASK)

    logger.configure(patcher=redact)
    console_level = "WARNING" if quiet else level
    # diagnose would print the values of variables, secrets among them.
    if style == "json":
        logger.add(sys.stderr, level=console_level, serialize=True, backtrace=False, diagnose=False)
    else:
        logger.add(
            sys.stderr, level=console_level, format=_CONSOLE, backtrace=False, diagnose=False
        )
    if path:
        logger.add(
            path,
            level="DEBUG",
            serialize=style == "json",
            format=_CONSOLE,
            colorize=False,
            rotation="50 MB",
            retention=10,
            enqueue=True,
            backtrace=False,
            diagnose=False,
        )
