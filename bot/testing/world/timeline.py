"""Virtual time: what is to happen, in order, and coroutines driven by hand."""

import heapq
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Final

__all__ = ["Crash", "Pending", "Timeline", "Trace"]


class Crash(BaseException):
    """The process is gone. No wall of the bot may hold it back."""


class Trace:
    """What happened, one line each, with virtual times."""

    def __init__(self, *, show: bool = False) -> None:
        self.lines: list[str] = []
        self._show = show

    def add(self, now_ns: int, actor: str, text: str) -> None:
        line = f"{now_ns / 1e9:10.4f} {actor:<8} {text}"
        self.lines.append(line)
        if self._show:
            print(line)  # noqa: T201 - that is what it was asked for


class Pending:
    """Something that a coroutine awaits and the world will bring."""

    __slots__ = ("_error", "_is_done", "_value", "_wake")

    def __init__(self) -> None:
        self._is_done = False
        self._value: Any = None
        self._error: Exception | None = None
        self._wake: Callable[[], None] | None = None

    def __await__(self) -> Generator["Pending", None, Any]:
        if not self._is_done:
            yield self
        if self._error is not None:
            raise self._error
        return self._value

    def then(self, wake: Callable[[], None]) -> None:
        """Call it once this is done."""
        self._wake = wake

    def bring(self, value: Any = None) -> None:
        self._end(value, None)

    def fail(self, error: Exception) -> None:
        self._end(None, error)

    def _end(self, value: Any, error: Exception | None) -> None:
        if self._is_done:
            return
        self._is_done, self._value, self._error = True, value, error
        if self._wake is not None:
            self._wake()


class Timeline:
    """First what is due first; of the same instant what was put in first.

    ``epoch_ns`` is what the clocks of bot and exchange show when the world begins.
    """

    def __init__(self, epoch_ns: int) -> None:
        self.epoch_ns: Final = epoch_ns
        self.now_ns = epoch_ns
        self.steps = 0
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._counter = 0

    @property
    def now_ms(self) -> int:
        return self.now_ns // 1_000_000

    @property
    def elapsed_ns(self) -> int:
        return self.now_ns - self.epoch_ns

    def after(self, delay_ns: int, action: Callable[[], None]) -> None:
        self.at(self.now_ns + delay_ns, action)

    def at(self, when_ns: int, action: Callable[[], None]) -> None:
        self._counter += 1
        heapq.heappush(self._heap, (max(when_ns, self.now_ns), self._counter, action))

    def run_until(self, until_ns: int, stop: Callable[[], bool]) -> bool:
        """Do what is due; True if it came to that time, False if it was stopped before."""
        heap = self._heap
        while heap and heap[0][0] <= until_ns:
            self.now_ns, _, action = heapq.heappop(heap)
            self.steps += 1
            action()
            if stop():
                return False
        self.now_ns = max(self.now_ns, until_ns)
        return True

    def drive(self, coroutine: Coroutine[Any, Any, Any], alive: Callable[[], bool]) -> None:
        """Run it from one :class:`Pending` to the next, as long as its process lives."""

        def go_on() -> None:
            if not alive():
                coroutine.close()
                return
            try:
                awaited = coroutine.send(None)
            except StopIteration:
                return
            awaited.then(go_on)

        go_on()
