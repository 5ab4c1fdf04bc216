"""The stopwatch on callbacks: coarse, and read for nothing."""

import threading
import time
from typing import Final

__all__ = ["Stopwatch"]

_STEP_S: Final = 0.02


class Stopwatch:
    """``now_ns`` is ``perf_counter_ns`` as it was at most some 20 ms ago.

    A thread sets it, so that who reads it twice for each event pays two attributes and not
    two calls of a clock, which would be a tenth of the event's way. A callback in C that
    keeps the interpreter to itself is seen as soon as it lets go.
    """

    __slots__ = ("_ended", "_thread", "now_ns")

    def __init__(self) -> None:
        self.now_ns = time.perf_counter_ns()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stopwatch", daemon=True)

    def start(self) -> None:
        """Begin to run."""
        self._thread.start()

    def stop(self) -> None:
        """Stand still."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(_STEP_S):
            self.now_ns = time.perf_counter_ns()
