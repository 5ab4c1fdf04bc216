"""Orders whose state is in doubt: what to ask, and what the answers prove."""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.domain.commands import FetchFills
from bot.domain.events import (
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderNotFound,
    OrderNotPlaced,
    OrderRejected,
    OrderReported,
    QueryFailed,
)
from bot.domain.order import Order
from bot.domain.values import OrderStatus
from bot.engine.resolver import Resolver

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["NEVER_HEARD", "UNANSWERED", "Inquiry"]

UNANSWERED: Final = frozenset({OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN})
"""No word from the exchange yet."""
NEVER_HEARD: Final = UNANSWERED | {OrderStatus.NOT_PLACED, OrderStatus.REJECTED}
"""As far as we know, the exchange does not hold it."""

_ENDINGS: Final[dict[OrderStatus, type[OrderCanceled] | type[OrderExpired]]] = {
    OrderStatus.CANCELED: OrderCanceled,
    OrderStatus.EXPIRED: OrderExpired,
}
_VANISHED_AFTER: Final = 5
"""Times that an open order may be unknown to the exchange before it counts as gone."""


class Inquiry:
    """Turns answers to our questions into the events that we had missed."""

    def __init__(self, engine: "Engine", *, recv_window_ms: int) -> None:
        self._engine = engine
        self.resolver = Resolver(recv_window_ms=recv_window_ms)
        # What the venue counts as executed, where we hold fewer fills than that.
        self._executed: dict[str, Decimal] = {}
        self._not_found: dict[str, int] = {}
        self._incidents: dict[str, str] = {}

    def doubt(self, order: Order, cause: str) -> None:
        """The answer was ambiguous: ask until it is certain."""
        cid = order.client_order_id
        self.resolver.ask(cid, self._engine.now_ns)
        if cid not in self._incidents:
            self._incidents[cid] = self._engine.incident(
                "order_unknown", cid, cause, severity="warning", lasting=True
            )

    def resolved(self, order: Order) -> None:
        """An order in doubt is in doubt no more."""
        engine = self._engine
        engine.counts["unknown_resolved"] += 1
        incident = self._incidents.pop(order.client_order_id, None)
        if incident is not None:
            engine.close_incident(incident, f"it is {order.status.value}")

    def answered(self, order: Order) -> None:
        """The exchange has the order: go on with what had to wait for that."""
        cid = order.client_order_id
        expected = self._executed.get(cid)
        if expected is not None and order.filled < expected:
            return
        self._executed.pop(cid, None)
        if order.status.is_terminal or not self.resolver.wants_cancel(cid):
            self.resolver.settle(cid)

    def expect(self, order: Order, executed: Decimal | None) -> None:
        """The venue counts ``executed`` base units: fetch the fills that we lack."""
        cid = order.client_order_id
        if executed is None or executed <= order.filled:
            if order.status.is_terminal:
                self.resolver.settle(cid)
            return
        self._executed[cid] = executed
        if order.venue_order_id is not None:
            self._engine.command(
                FetchFills(
                    client_order_id=cid,
                    symbol=order.symbol,
                    venue_order_id=order.venue_order_id,
                )
            )
        self.resolver.ask(cid, self._engine.now_ns, fills=True)

    def on_report(self, report: OrderReported) -> None:
        """What a query or a sweep found: news are turned into the event that we missed."""
        engine = self._engine
        order = engine.blotter.get(report.client_order_id)
        if order is None:
            order = engine.ledger.open_external(report)
            if order is None:
                return
        self._not_found.pop(report.client_order_id, None)
        if report.status is OrderStatus.REJECTED:
            self._engine.desk.on_order_event(
                OrderRejected(
                    client_order_id=order.client_order_id,
                    code=0,
                    reason="reported as rejected",
                    recv_ns=report.recv_ns,
                )
            )
            return
        if order.status in NEVER_HEARD:
            self._engine.desk.on_order_event(
                OrderAccepted(
                    client_order_id=order.client_order_id,
                    venue_order_id=report.venue_order_id,
                    ts_ns=report.ts_ns,
                    recv_ns=report.recv_ns,
                    source=report.source,
                )
            )
        ended = _ENDINGS.get(report.status)
        if ended is not None and not order.status.is_terminal:
            self._engine.desk.on_order_event(
                ended(
                    client_order_id=order.client_order_id,
                    venue_order_id=report.venue_order_id,
                    ts_ns=report.ts_ns,
                    recv_ns=report.recv_ns,
                    executed=report.executed,
                    source=report.source,
                )
            )
        else:
            self.expect(order, report.executed)
            if report.executed <= order.filled:
                again = self.resolver.retry_cancel(order)
                if again is not None:
                    engine.command(again)
                else:
                    self._executed.pop(order.client_order_id, None)
                    self.resolver.settle(order.client_order_id)

    def on_not_found(self, event: OrderNotFound) -> None:
        """The exchange knows no such order now: proof only when it is late enough."""
        engine = self._engine
        order = engine.blotter.get(event.client_order_id)
        if order is None or order.status.is_terminal:
            self.resolver.settle(event.client_order_id)
            return
        if not self.resolver.is_certain(order, event.asked_ns):
            self.resolver.ask(event.client_order_id, engine.now_ns)
            return
        if order.status in UNANSWERED:
            self._engine.desk.on_order_event(
                OrderNotPlaced(
                    client_order_id=event.client_order_id,
                    reason="the exchange does not know it, long after it was sent",
                    recv_ns=event.recv_ns,
                )
            )
            return
        seen = self._not_found[event.client_order_id] = (
            self._not_found.get(event.client_order_id, 0) + 1
        )
        if seen < _VANISHED_AFTER:
            self.resolver.ask(event.client_order_id, engine.now_ns)
            return
        engine.incident(
            "order_vanished", event.client_order_id, "was open, now unknown", severity="error"
        )
        self._engine.desk.on_order_event(
            OrderExpired(
                client_order_id=event.client_order_id,
                venue_order_id=order.venue_order_id or -1,
                ts_ns=event.recv_ns,
                recv_ns=event.recv_ns,
                reason="the exchange does not know it any more",
                source="query",
            )
        )

    def on_query_failed(self, event: QueryFailed) -> None:
        """No answer: the resolver asks again, less and less often."""
        self._engine.log("WARNING", f"asking about {event.client_order_id}: {event.reason}")

    def ask_due(self) -> None:
        """Send the questions whose time has come."""
        for client_order_id in self.resolver.due(self._engine.now_ns):
            order = self._engine.blotter.get(client_order_id)
            if order is None:
                self.resolver.settle(client_order_id)
                continue
            self._engine.command(self.resolver.command(order))
