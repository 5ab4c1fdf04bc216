"""Orders whose state is in doubt: what to ask, and what the answers prove."""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.domain.amendments import OrderAmended
from bot.domain.events import (
    OrderAccepted,
    OrderCanceled,
    OrderEvent,
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
    # Of an order that it had taken: whatever happened, it is over.
    OrderStatus.REJECTED: OrderExpired,
}
_ZERO: Final = Decimal(0)
_ANSWER: Final = "response"
_VANISHED_AFTER: Final = 5
"""Times that an open order may be unknown to the exchange before it counts as gone."""
_AMENDED_KEPT: Final = 10_000
"""Orders of which the time of their last amendment is known."""


class Inquiry:
    """Turns answers to our questions into the events that we had missed."""

    def __init__(self, engine: "Engine", *, recv_window_ms: int) -> None:
        self._engine = engine
        self.resolver = Resolver(recv_window_ms=recv_window_ms)
        # What the venue counts as executed, where we hold fewer fills than that.
        self._executed: dict[str, Decimal] = {}
        self._not_found: dict[str, int] = {}
        self._incidents: dict[str, str] = {}
        # Orders of which quantity and price are as the next report says.
        self._amending: set[str] = set()
        # When the exchange made the last amendment that we know of.
        self._amended_ns: dict[str, int] = {}

    def doubt(self, order: Order, cause: str) -> None:
        """The answer was ambiguous: ask until it is certain."""
        cid = order.client_order_id
        self.resolver.doubt(cid, self._engine.now_ns)
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
        if self.lacks_fills(order):
            return
        if order.status.is_terminal or not self.resolver.wants_cancel(order.client_order_id):
            self.resolver.settle(order.client_order_id)

    def expect(self, order: Order, executed: Decimal | None, *, source: str) -> None:
        """The venue counts ``executed`` base units: fetch the fills that we lack.

        Those of an answer to a request are on their way by the stream: they get a moment.
        """
        cid = order.client_order_id
        before = self._executed.get(cid, _ZERO)
        # Answers overtake each other: an older, lower count does not take back a newer one.
        wanted = max(executed or _ZERO, before)
        self._executed[cid] = wanted
        if not self.lacks_fills(order):
            if order.status.is_terminal:
                self.resolver.settle(cid)
            return
        self.resolver.ask(cid, self._engine.now_ns, fills=True)
        if wanted > before and order.venue_order_id is not None and source != _ANSWER:
            self._engine.command(self.resolver.command(order))

    def doubt_amendment(self, order: Order) -> None:
        """What the order is now is not known: the next report tells."""
        self._amending.add(order.client_order_id)
        self.resolver.ask(order.client_order_id, self._engine.now_ns)

    def rejected(self, order: Order) -> None:
        """The exchange never had the order, as far as it says."""
        if order.status in NEVER_HEARD:
            self._forget(order)

    def missing(self) -> list[tuple[Order, Decimal]]:
        """Ended orders, and how much of each is executed that we hold no fills of."""
        found = []
        for cid, executed in self._executed.items():
            order = self._engine.blotter.get(cid)
            if order is not None and order.status.is_terminal and order.filled < executed:
                found.append((order, executed - order.filled))
        return found

    def lacks_fills(self, order: Order) -> bool:
        """Whether the venue counts more as executed than we hold fills of."""
        cid = order.client_order_id
        if order.filled < self._executed.get(cid, _ZERO):
            return True
        self._executed.pop(cid, None)
        self.resolver.has_fills(cid)
        return False

    def _forget(self, order: Order) -> None:
        self._executed.pop(order.client_order_id, None)
        self._not_found.pop(order.client_order_id, None)
        self.resolver.settle(order.client_order_id)

    # --- answers -------------------------------------------------------------------------

    def on_report(self, report: OrderReported) -> None:
        """What a query or a sweep found: news are turned into the event that we missed."""
        order = self._engine.blotter.get(report.client_order_id)
        if order is None:
            order = self._engine.ledger.open_external(report)
            if order is None:
                return
        self._not_found.pop(report.client_order_id, None)
        missed = _missed(order, report)
        if missed is not None:
            self._engine.desk.on_order_event(missed)
        amended = self._amended(order, report)
        if amended is not None:
            self._engine.desk.on_order_event(amended)
        self.expect(order, report.executed, source=report.source)
        # By the report: our own status is behind while fills are missing.
        again = self.resolver.retry_cancel(order) if report.status.is_working else None
        if again is not None:
            self._engine.command(again)
        self.answered(order)

    def _amended(self, order: Order, report: OrderReported) -> OrderAmended | None:
        """Quantity and price as reported, if they are not those that we have.

        Word of an amendment may be lost on the stream, or in a crash before it was durable.
        """
        details, cid = report.details, order.client_order_id
        whole = report.status is OrderStatus.FILLED
        if details is None or not (whole or report.status.is_working):
            return None
        doubted = cid in self._amending
        if not doubted and report.ts_ns < self._amended_ns.get(cid, 0):
            return None  # from before the amendment that we know of
        self._amending.discard(cid)
        quantity = report.executed if whole else details.quantity
        price = None if order.price is None else details.price
        if not quantity or (quantity == order.quantity and price in {None, order.price}):
            return None
        return OrderAmended(
            client_order_id=cid,
            venue_order_id=report.venue_order_id,
            quantity=quantity,
            price=price,
            ts_ns=report.ts_ns,
            recv_ns=report.recv_ns,
            source=report.source,
        )

    def amended(self, event: OrderAmended) -> None:
        """The order is as this says, until something later says otherwise."""
        self._amended_ns.pop(event.client_order_id, None)
        self._amended_ns[event.client_order_id] = event.ts_ns
        if len(self._amended_ns) > _AMENDED_KEPT:
            del self._amended_ns[next(iter(self._amended_ns))]

    def is_overtaken(self, event: OrderAmended) -> bool:
        """Whether a later amendment is known: answers and stream overtake each other."""
        return event.ts_ns < self._amended_ns.get(event.client_order_id, 0)

    def on_not_found(self, event: OrderNotFound) -> None:
        """The exchange knows no such order now: proof only when it is late enough."""
        cid, engine = event.client_order_id, self._engine
        order = engine.blotter.get(cid)
        if order is None or order.status.is_terminal:
            if order is None or not self.lacks_fills(order):
                self.resolver.settle(cid)
        elif order.status is OrderStatus.INTENT:
            pass  # it still waits to be sent: of course nobody knows it
        elif not self.resolver.is_certain(order, event.asked_ns):
            self.resolver.ask(cid, engine.now_ns)
        elif order.status in UNANSWERED:
            engine.desk.on_order_event(
                OrderNotPlaced(
                    client_order_id=cid,
                    reason="the exchange does not know it, long after it was sent",
                    recv_ns=event.recv_ns,
                )
            )
        else:
            self._on_vanished(order, event)

    def _on_vanished(self, order: Order, event: OrderNotFound) -> None:
        cid, engine = order.client_order_id, self._engine
        seen = self._not_found[cid] = self._not_found.get(cid, 0) + 1
        if seen < _VANISHED_AFTER:
            self.resolver.ask(cid, engine.now_ns)
            return
        engine.incident("order_vanished", cid, "was open, now unknown", severity="error")
        self._forget(order)
        engine.desk.on_order_event(
            OrderExpired(
                client_order_id=cid,
                venue_order_id=-1 if order.venue_order_id is None else order.venue_order_id,
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


def _missed(order: Order, report: OrderReported) -> OrderEvent | None:
    """The event that the report stands for, if it is news."""
    cid, recv_ns = order.client_order_id, report.recv_ns
    if report.status is OrderStatus.REJECTED and order.status in NEVER_HEARD:
        return OrderRejected(
            client_order_id=cid, code=0, reason="reported as rejected", recv_ns=recv_ns
        )
    ending = _ENDINGS.get(report.status)
    if ending is not None:
        if order.status.is_terminal and order.status not in NEVER_HEARD:
            return None
        return ending(
            client_order_id=cid,
            venue_order_id=report.venue_order_id,
            ts_ns=report.ts_ns,
            recv_ns=recv_ns,
            executed=report.executed,
            source=report.source,
        )
    if order.status in NEVER_HEARD:
        return OrderAccepted(
            client_order_id=cid,
            venue_order_id=report.venue_order_id,
            ts_ns=report.ts_ns,
            recv_ns=recv_ns,
            source=report.source,
        )
    return None
