"""The watchdog: a callback that never returns is interrupted, so that the bot goes on.

A synchronous plugin that loops for ever would hold the event loop, and with it every
other strategy and the account. A thread looks at which callback runs, and since when;
past the bound it raises :class:`StuckCallback` inside it (CPython's
``PyThreadState_SetAsyncExc``), where the host's wall catches it like any other fault.
It cannot interrupt a call into C that never returns.
"""

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Final

__all__ = ["StuckCallback", "Watchdog"]

_LOOKS_PER_BOUND: Final = 5


class StuckCallback(Exception):
    """Raised inside a strategy's callback that did not return."""

    def __str__(self) -> str:
        return "the callback did not return in time and was interrupted"


class Watchdog:
    """Looks at ``running`` from a thread of its own.

    Args:
        running: gives (strategy id, ``perf_counter_ns`` at the start) of the callback that
            runs now, or None.
        bound_s: how long one may take.
    """

    def __init__(self, running: Callable[[], tuple[str, int] | None], *, bound_s: float) -> None:
        self._running = running
        self._bound_ns = int(bound_s * 1e9)
        self._pause_s = bound_s / _LOOKS_PER_BOUND
        self._ended = threading.Event()
        self._guarded = threading.get_ident()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Guard the thread that calls this."""
        self._guarded = threading.get_ident()
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        interrupted: tuple[str, int] | None = None
        while not self._ended.wait(self._pause_s):
            running = self._running()
            if running is None or running == interrupted:
                continue
            if time.perf_counter_ns() - running[1] > self._bound_ns:
                interrupted = running
                if self._running() == running:
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(self._guarded), ctypes.py_object(StuckCallback)
                    )
