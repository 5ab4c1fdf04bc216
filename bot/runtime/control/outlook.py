"""What the bot says of itself, from whichever thread asks."""

import os
import platform
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from bot import __version__
from bot.domain.values import EXTERNAL, as_fixed
from bot.engine.engine import Engine

__all__ = ["Outlook", "Pulse", "StatusReport", "settled"]

_TRIES: Final = 200
_T = TypeVar("_T")


class Pulse:
    """When the event loop was last seen alive."""

    def __init__(self) -> None:
        self._at_s = time.monotonic()

    def beat(self) -> None:
        """The loop says that it runs."""
        self._at_s = time.monotonic()

    @property
    def age_s(self) -> float:
        return time.monotonic() - self._at_s


class StatusReport(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to ``bot status``."""

    ok: bool = True
    pid: int
    run_id: str
    environment: str
    versions: dict[str, str]
    up_s: float
    loop_age_s: float
    """Since when the event loop has not been seen; below a second is ordinary."""
    halted: str
    """The reason, or ''."""
    blind: bool
    """Whether news of the account may be missing: no order leaves."""
    closed: str
    """Why no order may leave now, or ''."""
    stopping: str
    strategies: dict[str, str]
    """Strategy id to ``running``, or why it is quarantined."""
    open_orders: list[dict[str, str]]
    positions: list[dict[str, str]]
    feeds: dict[str, str]
    incidents_open: list[str]
    weight_used_1m: int
    """Of the exchange's limit; -1: not known yet."""
    backlog: int
    """Records that are not committed yet."""
    watchdog: str
    """``off``, or the process that watches."""


class Outlook:
    """Reads the engine without the loop. What changes meanwhile is read again."""

    def __init__(
        self,
        engine: Engine,
        pulse: Pulse,
        *,
        environment: str,
        held: Callable[[], str],
        weight_used: Callable[[], int],
        backlog: Callable[[], int],
        watchdog: Callable[[], str],
    ) -> None:
        self._engine = engine
        self._pulse = pulse
        self._environment = environment
        self._held = held
        self._weight_used = weight_used
        self._backlog = backlog
        self._watchdog = watchdog
        self._began_s = time.monotonic()

    def report(self) -> StatusReport:
        engine = self._engine
        return StatusReport(
            pid=os.getpid(),
            run_id=engine.config.run_id,
            environment=self._environment,
            versions={"bot": __version__, "python": platform.python_version()},
            up_s=round(time.monotonic() - self._began_s, 1),
            loop_age_s=round(self._pulse.age_s, 1),
            halted=engine.halted or self._held(),
            blind=engine.is_blind,
            closed=self._held() or engine.gate.closed,
            stopping=engine.stopping,
            strategies=settled(
                lambda: {
                    name: plugin.quarantined or "running"
                    for name, plugin in engine.host.plugins.items()
                }
            ),
            open_orders=settled(lambda: [_order(o) for o in engine.blotter.open_orders()]),
            positions=settled(lambda: _positions(engine)),
            feeds=settled(lambda: _feeds(engine)),
            incidents_open=settled(lambda: sorted(engine.lasting.values())),
            weight_used_1m=self._weight_used(),
            backlog=self._backlog(),
            watchdog=self._watchdog(),
        )


def settled(read: Callable[[], _T]) -> _T:
    """The value, read again while the loop's thread changes what is read."""
    for _ in range(_TRIES):
        try:
            return read()
        except RuntimeError:  # a dictionary changed its size during iteration
            time.sleep(0.001)
    return read()


def _order(order: Any) -> dict[str, str]:
    return {
        "client_order_id": order.client_order_id,
        "strategy": order.strategy_id,
        "symbol": order.symbol,
        "side": order.side.value,
        "type": order.order_type.value,
        "status": order.status.value,
        "quantity": as_fixed(order.quantity),
        "filled": as_fixed(order.filled),
        "price": "" if order.price is None else as_fixed(order.price),
    }


def _positions(engine: Engine) -> list[dict[str, str]]:
    return [
        {"strategy": owner, "symbol": symbol, "quantity": as_fixed(position.quantity)}
        for (owner, symbol), position in engine.blotter.positions.items()
        if position.quantity and owner != EXTERNAL
    ]


def _feeds(engine: Engine) -> dict[str, str]:
    dark: Mapping[str, object] = engine.cache.dark
    return {
        "account": "up" if engine.sight.user_up else "down",
        **dict.fromkeys(dark, "down"),
    }
