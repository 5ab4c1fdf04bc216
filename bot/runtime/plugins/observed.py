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

    What is watched are the callbacks and ``warm_up``.

    Callbacks that ``kind`` does not define stay undefined: the engine looks at that.
    """
    watched = {
        name: _watched(name, getattr(kind, name), calls, faults)
        for name in sorted(CALLBACKS | {"warm_up"})
        if getattr(kind, name) is not getattr(Strategy, name)
    }
    body = {**watched, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return type(kind.__name__, (kind,), body)


def _watched(
    name: str, callback: Callable[..., object], calls: dict[str, int], faults: list[Exception]
) -> Callable[..., object]:
    @functools.wraps(callback)
    def run(*args: object) -> object:
        calls[name] = calls.get(name, 0) + 1
        try:
            return callback(*args)
        except Exception as e:  # wall: plugin code, seen on its way to the engine's own wall
            faults.append(e)
            raise

    return run
