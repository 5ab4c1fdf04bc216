"""Who hears what: each event to its subscribers, first in first out, one at a time."""

from collections.abc import Callable
from typing import Any

from bot.domain.market import MarketEvent

__all__ = ["Bus", "Fault", "Handler"]

Handler = Callable[[Any], None]
Fault = Callable[[str, str, BaseException], None]
"""(owner, callback's name, what it raised)."""


class Bus:
    """A table from (type, symbol) to handlers, called directly: no queue, no task, no await.

    Every delivery is guarded, so that a subscriber that raises harms no other.
    """

    def __init__(
        self,
        *,
        on_fault: Fault,
        on_slow: Callable[[str, str, int], None],
        stopwatch: Callable[[], int],
        slow_ns: int,
    ) -> None:
        self._on_fault = on_fault
        self._on_slow = on_slow
        self._stopwatch = stopwatch
        self._slow_ns = slow_ns
        self._table: dict[type, dict[str, tuple[tuple[str, Handler], ...]]] = {}
        self.running: tuple[str, int] | None = None
        """(owner, stopwatch reading at the start) of the callback that runs now; for a watchdog."""

    def subscribe(self, event_type: type, symbol: str, owner: str, handler: Handler) -> None:
        """Deliver events of exactly this type on this symbol to ``handler``; once an owner."""
        by_symbol = self._table.setdefault(event_type, {})
        present = by_symbol.get(symbol, ())
        if all(name != owner for name, _ in present):
            by_symbol[symbol] = (*present, (owner, handler))

    def unsubscribe(self, owner: str) -> None:
        """Deliver nothing to ``owner`` any more."""
        for by_symbol in self._table.values():
            for symbol, present in by_symbol.items():
                by_symbol[symbol] = tuple(entry for entry in present if entry[0] != owner)

    def publish(self, event: MarketEvent) -> None:
        """Run every handler of the event to completion, in the order of subscription."""
        by_symbol = self._table.get(type(event))
        if by_symbol is None:
            return
        for owner, handler in by_symbol.get(event.symbol, ()):
            self.call(owner, handler, event)

    def call(self, owner: str, handler: Callable[..., None], *args: object) -> bool:
        """Call one handler behind the wall; False if it raised."""
        began = self._stopwatch()
        self.running = (owner, began)
        try:
            handler(*args)
        except Exception as e:  # noqa: BLE001 - wall: plugin code
            self.running = None
            self._on_fault(owner, handler.__name__, e)
            return False
        self.running = None
        took = self._stopwatch() - began
        if took > self._slow_ns:
            self._on_slow(owner, handler.__name__, took)
        return True
