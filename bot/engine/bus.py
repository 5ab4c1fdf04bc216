"""Who hears what: each event to its subscribers, first in first out, one at a time."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from bot.domain.market import MarketEvent
from bot.engine.topics import Topic, topic_of

__all__ = ["Bus", "Fault", "Handler"]

Handler = Callable[[Any], None]
Fault = Callable[[str, str, BaseException], None]
"""(owner, callback's name, what it raised)."""


class Bus:
    """A table from type and topic to handlers, called directly: no queue, no task, no await.

    The topic (:mod:`bot.engine.topics`) is the symbol; of bars it is symbol and interval, so
    that nobody is given the bars that another asked for.

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
        self._table: dict[type, dict[Topic, tuple[tuple[str, Handler], ...]]] = {}
        self.running: tuple[str, int] | None = None
        """(owner, stopwatch reading at the start) of the callback that runs now; for a watchdog."""

    def subscribe(self, event_type: type, topic: Topic, owner: str, handler: Handler) -> None:
        """Deliver events of exactly this type on this topic to ``handler``; once an owner."""
        by_topic = self._table.setdefault(event_type, {})
        present = by_topic.get(topic, ())
        if all(name != owner for name, _ in present):
            by_topic[topic] = (*present, (owner, handler))

    def unsubscribe(self, owner: str) -> None:
        """Deliver nothing to ``owner`` any more."""
        for by_topic in self._table.values():
            for topic, present in by_topic.items():
                by_topic[topic] = tuple(entry for entry in present if entry[0] != owner)

    def release(self, event_type: type, topic: Topic, owner: str) -> None:
        """Deliver events of this type and topic to ``owner`` no more."""
        by_topic = self._table.get(event_type, {})
        if topic in by_topic:
            by_topic[topic] = tuple(entry for entry in by_topic[topic] if entry[0] != owner)

    def publish(self, event: MarketEvent) -> None:
        """Run every handler of the event to completion, in the order of subscription."""
        by_topic = self._table.get(type(event))
        if by_topic is None:
            return
        for owner, handler in by_topic.get(topic_of(event), ()):
            self.call(owner, handler, event)

    def way(
        self, event_type: type, latest: dict[str, Any], odd: str, otherwise: Handler
    ) -> Handler:
        """The shortest way for events of a type whose topic is the symbol.

        It puts the event into ``latest`` by its symbol and then publishes it. An event whose
        field ``odd`` is true goes to ``otherwise``: what came late is not the latest, and
        what came with the whole market has another topic.
        """
        by_symbol = self._table.setdefault(event_type, {})
        stopwatch, slow_ns, is_odd = self._stopwatch, self._slow_ns, attrgetter(odd)

        def keep_and_publish(event: Any) -> None:
            if is_odd(event):
                otherwise(event)
                return
            symbol = event.symbol
            latest[symbol] = event
            for owner, handler in by_symbol.get(symbol, ()):
                # What call() does, written out: a tick's way is as long as its calls are many.
                began = stopwatch()
                self.running = (owner, began)
                try:
                    handler(event)
                except Exception as e:  # noqa: BLE001 - wall: plugin code
                    self.running = None
                    self._on_fault(owner, _name(handler), e)
                    continue
                self.running = None
                took = stopwatch() - began
                if took > slow_ns:
                    self._on_slow(owner, _name(handler), took)

        return keep_and_publish

    def call(self, owner: str, handler: Callable[..., None], *args: object) -> bool:
        """Call one handler behind the wall; False if it raised."""
        began = self._stopwatch()
        self.running = (owner, began)
        try:
            handler(*args)
        except Exception as e:  # noqa: BLE001 - wall: plugin code
            self.running = None
            self._on_fault(owner, _name(handler), e)
            return False
        self.running = None
        took = self._stopwatch() - began
        if took > self._slow_ns:
            self._on_slow(owner, _name(handler), took)
        return True


def _name(handler: Callable[..., None]) -> str:
    # A plugin may put a partial or another callable in the place of a method.
    return getattr(handler, "__name__", type(handler).__name__)
