"""What the bot can see: feeds, blindness, and the sweeps that end it."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from bot.domain.commands import OrderRef, Sweep
from bot.domain.events import FeedChanged, FeedKind, FeedState, SweepCompleted, SweepFailed
from bot.domain.values import MS_NS, SECOND_NS

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Sight"]

_RETRY_FIRST_NS: Final = 500 * MS_NS
_RETRY_LONGEST_NS: Final = 10 * SECOND_NS
_UNANSWERED_NS: Final = 120 * SECOND_NS
"""How long a sweep may take: many symbols and pages wait for the limits of the exchange."""


class Sight:
    """Orders are allowed only while the account is seen: user feed up, and a sweep since then."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.blind = True
        self.reconnects = 0
        self.gaps = 0
        # The newest own trade id that a completed sweep has seen, by symbol.
        self.swept_to: dict[str, int] = {}
        self._user_up = False
        self._generation = 0
        self._running: int | None = None
        self._retry_ns = _RETRY_FIRST_NS
        self._incidents: dict[str, str] = {}

    def on_feed(self, event: FeedChanged) -> None:
        """Take note, tell the strategies, and look again where something was missed."""
        if event.feed is FeedKind.USER:
            self._on_user_feed(event)
        else:
            self._on_market_feed(event)
        if not self._engine.stopping:
            self._engine.host.call_all("on_feed", event)

    def _on_user_feed(self, event: FeedChanged) -> None:
        if event.state is FeedState.UP:
            self._user_up = True
            self.reconnects += 1 if self._generation else 0
            self.sweep(f"user stream up: {event.cause}" if event.cause else "user stream up")
            return
        self._user_up = False
        self._retry_ns = _RETRY_FIRST_NS
        self._open("user_blind", f"user:{event.name}", event)
        self.blind = True
        self._engine.refresh_gate()

    def _on_market_feed(self, event: FeedChanged) -> None:
        if event.state in {FeedState.GAP, FeedState.HEALED}:
            self._on_hole(event)
            return
        self._engine.books.on_feed(event)
        cache = self._engine.cache
        # Silence may end in a cut: each is a row of its own.
        gap, stale = f"market gap:{event.name}", f"market stale:{event.name}"
        late = f"market late:{event.name}"
        if event.state is FeedState.UP:
            cache.dark.pop(event.name, None)
            self.reconnects += 1 if gap in self._incidents else 0
            self._close((gap, stale, late), event.cause or "data again")
        elif event.state is FeedState.STALE:
            self._open("feed_stale", stale, event)
        elif event.state is FeedState.LATE:
            self._open("feed_lag", late, event)
        else:
            cache.darken(event.name, event.symbols, event.recv_ns)
            self.gaps += 0 if gap in self._incidents else 1
            self._close((stale,), "it went down")
            self._open("feed_gap", gap, event)

    def _on_hole(self, event: FeedChanged) -> None:
        ends = (event.from_id, event.to_id, event.from_ns, event.to_ns)
        key = f"market hole:{event.stream} {ends}"
        if event.state is FeedState.GAP:
            self.gaps += 1
            self._open("feed_gap", key, event)
        else:
            self._close((key,), event.healed_by or event.cause)

    def _open(self, kind: str, key: str, event: FeedChanged) -> None:
        if key not in self._incidents:
            self._incidents[key] = self._engine.incident(
                kind,
                event.name,
                event.cause,
                severity="warning",
                lasting=True,
                since_ns=event.since_ns,
            )

    def _close(self, keys: Iterable[str], healed_by: str) -> None:
        for key in keys:
            incident = self._incidents.pop(key, None)
            if incident is not None:
                self._engine.close_incident(incident, healed_by)

    @property
    def user_up(self) -> bool:
        """Whether news of the account come in."""
        return self._user_up

    @property
    def is_sweeping(self) -> bool:
        """A sweep has been asked for, and its end has not come."""
        return self._running is not None

    def sweep(self, cause: str) -> None:
        """Ask for everything that the exchange knows of the account on our symbols."""
        engine = self._engine
        self._generation += 1
        self._running = self._generation
        # An answer may be lost by a bug of ours: without this, none would be asked for again.
        engine.deadlines.set("", "sweep", engine.now_ns + _UNANSWERED_NS)
        engine.command(
            Sweep(
                generation=self._generation,
                cause=cause,
                symbols=tuple(engine.cache.instruments),
                orders=tuple(
                    OrderRef(
                        order.client_order_id,
                        order.symbol,
                        order.venue_order_id,
                        order.is_untriggered,
                    )
                    for order in engine.blotter.open_orders()
                ),
                since=dict(self.swept_to),
                funding_since_ns=engine.account.margin.funding_since_ns,
            )
        )

    def sweep_due(self, cause: str) -> None:
        """A scheduled sweep: only if the account is seen and none is running."""
        if self._user_up and self._running is None:
            self.sweep(cause)

    def on_swept(self, event: SweepCompleted) -> None:
        """The account is known again as of ``asked_ns``."""
        engine = self._engine
        if event.generation != self._running:
            # Overtaken: a first look begins history where it looked, which may be after ours.
            return
        for symbol, trade_id in event.last_trade_ids.items():
            if self.swept_to.get(symbol) != trade_id:
                self.swept_to[symbol] = trade_id
                engine.save_state("_engine", f"swept_to:{symbol}", json.dumps(trade_id))
        engine.account.margin.swept(event.asked_ns)
        self._end_sweep()
        self._retry_ns = _RETRY_FIRST_NS
        if not self._user_up:
            return
        self.blind = False
        engine.refresh_gate()
        blind = [key for key in self._incidents if key.startswith("user:")]
        self._close(blind, f"sweep {event.generation}")
        engine.start_strategies()

    def on_sweep_failed(self, event: SweepFailed) -> None:
        """Try again, less and less often; the blindness lasts."""
        engine = self._engine
        if event.generation != self._running:
            return
        self._end_sweep()
        severity = "warning" if self.blind else "info"
        engine.incident(
            "sweep_failed", f"sweep {event.generation}", event.reason, severity=severity
        )
        engine.deadlines.set("", "sweep", engine.now_ns + self._retry_ns)
        self._retry_ns = min(self._retry_ns * 2, _RETRY_LONGEST_NS)

    def retry(self) -> None:
        """The pause after a failed sweep is over, or one was never answered."""
        engine = self._engine
        if self._running is not None:
            cause = f"no end of it within {_UNANSWERED_NS // SECOND_NS} s"
            engine.incident("sweep_failed", f"sweep {self._running}", cause, severity="error")
            self._running = None
        if self._user_up:
            self.sweep("the last sweep failed")

    def _end_sweep(self) -> None:
        self._running = None
        self._engine.deadlines.cancel("", "sweep")
