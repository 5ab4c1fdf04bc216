"""The pump: moves events into the engine and its effects out again."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from bot.domain.commands import Command
from bot.domain.events import Event
from bot.domain.market import QuoteTick, TradeTick
from bot.engine.effects import Effects
from bot.engine.engine import Engine
from bot.ports import Emit, Store
from bot.runtime.latency import Latency
from bot.runtime.logs import logger

__all__ = ["Pump"]

_MEASURED: Final = frozenset({QuoteTick, TradeTick})
_MEASURED_EVERY_NS: Final = 20_000
"""Of a burst, one event in so much time: to measure each would cost a tenth of its way."""

Dispatch = Callable[[Sequence[Command], int], None]


class Pump:
    """``emit`` is the one door into the engine; it runs each event to completion."""

    def __init__(self, engine: Engine, store: Store, *, dispatch: Dispatch) -> None:
        self._engine = engine
        self._store = store
        self._dispatch = dispatch
        self.latency = Latency()
        self.faults = 0
        self._seen: Counter[tuple[str, str]] = Counter()
        self.emit: Final[Emit] = engine.door(
            failed=self._failed, effects=self.flush, look=self._measure
        )
        """Feed one event and carry out what the engine did. Event loop's thread only."""

    def flush(self) -> None:
        """Store, send and log what the engine has done since the last time."""
        effects = self._engine.take()
        mark = self._store.append(effects.records) if effects.records else 0
        try:
            if effects.commands:
                self._dispatch(effects.commands, mark)
        finally:
            # After the commands, which are in a hurry; and even if one of them broke.
            self._log(effects)

    def _measure(self, event: Event) -> int:
        if type(event) not in _MEASURED:
            return 0
        self.latency.add(time.time_ns() - event.recv_ns)
        return event.recv_ns + _MEASURED_EVERY_NS

    def _log(self, effects: Effects) -> None:
        for line in effects.logs:
            logger.bind(source=line.source).log(line.level, "{}", line.message)

    def _failed(self, event: Event, error: Exception) -> None:
        self.faults += 1
        kind = type(event).__name__
        cause = f"{type(error).__name__}: {error}"
        self._seen[kind, cause] += 1
        times = self._seen[kind, cause]
        if str(times).strip("0") != "1":
            return  # the first, the tenth, the hundredth...: a fault on each tick is one story
        logger.bind(source="pump").opt(exception=error).debug("handling {} failed", kind)
        again = f" ({times} times)" if times > 1 else ""
        self._engine.incident("internal_fault", kind, cause + again, severity="error")
