"""A strategy class whose callbacks are counted and whose exceptions are kept as they are."""

import functools
from collections.abc import Callable
from typing import Any

from bot.strategy.strategy import CALLBACKS, Strategy

__all__ = ["observed"]


def observed(
    kind: type[Strategy[Any]], calls: dict[str, int], faults: list[Exception]
) -> type[Strategy[Any]]:
    """A subclass that acts as ``kind`` and writes into ``calls`` and ``faults``.

    Callbacks that ``kind`` does not define stay undefined: the engine looks at that.
    """
    watched = {
        name: _watched(name, getattr(kind, name), calls, faults)
        for name in sorted(CALLBACKS)
        if getattr(kind, name) is not getattr(Strategy, name)
    }
    body = {**watched, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return type(kind.__name__, (kind,), body)


def _watched(
    name: str, callback: Callable[..., None], calls: dict[str, int], faults: list[Exception]
) -> Callable[..., None]:
    @functools.wraps(callback)
    def run(*args: object) -> None:
        calls[name] = calls.get(name, 0) + 1
        try:
            callback(*args)
        except Exception as e:  # wall: plugin code, seen on its way to the engine's own wall
            faults.append(e)
            raise

    return run
