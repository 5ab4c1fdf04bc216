"""Who hears what: each event to its subscribers, first in first out, one at a time."""

from collections.abc import Callable
from typing import Any, Protocol

from bot.domain.market import MarketEvent
from bot.engine.topics import Topic, topic_of

__all__ = ["Bus", "Fault", "Handler", "Stopwatch"]

Handler = Callable[[Any], None]
Fault = Callable[[str, str, BaseException], None]
"""(owner, callback's name, what it raised)."""


class Stopwatch(Protocol):
    """A reading that costs nothing, some 20 ms old at most."""

    @property
    def now_ns(self) -> int: ...


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
        stopwatch: Stopwatch,
        slow_ns: int,
    ) -> None:
        self._on_fault = on_fault
        self._on_slow = on_slow
        self._stopwatch = stopwatch
        self._slow_ns = slow_ns
        self._table: dict[type, dict[Topic, tuple[tuple[str, Handler], ...]]] = {}
        # Who heard the topic of the type that was subscribed last. Topics with the same
        # subscribers share one tuple: of hundreds, most would be too far from the processor.
        self._like: dict[type, tuple[tuple[str, Handler], ...]] = {}
        self._owner = ""
        self._began_ns = 0

    @property
    def running(self) -> tuple[str, int] | None:
        """(owner, stopwatch reading at the start) of the callback that runs now; for a watchdog."""
        owner, began_ns = self._owner, self._began_ns
        return (owner, began_ns) if owner else None

    def subscribe(self, event_type: type, topic: Topic, owner: str, handler: Handler) -> None:
        """Deliver events of exactly this type on this topic to ``handler``; once an owner."""
        by_topic = self._table.setdefault(event_type, {})
        present = by_topic.get(topic, ())
        if all(name != owner for name, _ in present):
            heard = (*present, (owner, handler))
            if heard != self._like.get(event_type):
                self._like[event_type] = heard
            by_topic[topic] = self._like[event_type]

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

    def way(self, event_type: type, latest: dict[str, Any], late: Handler | None = None) -> Handler:
        """The shortest way for events of a type whose topic is the symbol.

        It puts the event into ``latest`` by its symbol and then publishes it. Types with a
        field ``late`` give a handler for those that are: they are not the latest.
        """
        handlers_of = self._table.setdefault(event_type, {}).get
        stopwatch, slow_ns = self._stopwatch, self._slow_ns

        def keep_and_publish(event: Any) -> None:
            if late is not None and event.late:
                late(event)
                return
            symbol = event.symbol
            latest[symbol] = event
            for owner, handler in handlers_of(symbol, ()):
                # What call() does, written out: a tick's way is as long as its calls are many.
                self._began_ns = began = stopwatch.now_ns
                self._owner = owner
                try:
                    handler(event)
                except Exception as e:  # noqa: BLE001 - wall: plugin code
                    self._owner = ""
                    self._on_fault(owner, _name(handler), e)
                    continue
                self._owner = ""
                ended = stopwatch.now_ns
                if ended is not began and ended - began > slow_ns:
                    self._on_slow(owner, _name(handler), ended - began)

        return keep_and_publish

    def call(self, owner: str, handler: Callable[..., None], *args: object) -> bool:
        """Call one handler behind the wall; False if it raised."""
        self._began_ns = began = self._stopwatch.now_ns
        self._owner = owner
        try:
            handler(*args)
        except Exception as e:  # noqa: BLE001 - wall: plugin code
            self._owner = ""
            self._on_fault(owner, _name(handler), e)
            return False
        self._owner = ""
        took = self._stopwatch.now_ns - began
        if took > self._slow_ns:
            self._on_slow(owner, _name(handler), took)
        return True


def _name(handler: Callable[..., None]) -> str:
    # A plugin may put a partial or another callable in the place of a method.
    return getattr(handler, "__name__", type(handler).__name__)
