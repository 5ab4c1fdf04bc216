"""The order desk: from a strategy's wish to the last fill."""

from typing import TYPE_CHECKING, Final

import msgspec

from bot.domain.amendments import AmendRejected, AmendUnknown, OrderAmended, OrderTriggered
from bot.domain.commands import CancelOrder
from bot.domain.errors import IllegalTransition
from bot.domain.events import (
    CancelRejected,
    CancelUnknown,
    OrderAccepted,
    OrderCanceled,
    OrderCancelRequested,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderNotPlaced,
    OrderRejected,
    OrderUnknown,
)
from bot.domain.order import Order
from bot.domain.terms import PositionSide
from bot.domain.values import OrderStatus
from bot.engine.inquiry import NEVER_HEARD, UNANSWERED

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["OrderDesk"]

_TOLD: Final = (OrderFilled, CancelRejected, OrderTriggered, OrderAmended, AmendRejected)
"""What a strategy hears of even if the status stays."""


class OrderDesk:
    """Applies everything that is said about orders, and decides what to ask and send next."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._cancel_sent: set[str] = set()

    # --- cancels ----------------------------------------------------------------------

    def request_cancel(self, order: Order, cause: str) -> None:
        """Want it cancelled: now if it is known to rest, else as soon as it is."""
        if self.mark_cancel(order, cause) and order.status.is_working:
            self._send_cancel(order)

    def mark_cancel(self, order: Order, cause: str) -> bool:
        """Write down that it is to be cancelled; False if it is already."""
        engine = self._engine
        if order.client_order_id in self._cancel_sent:
            return False
        self._cancel_sent.add(order.client_order_id)
        wanted = OrderCancelRequested(
            client_order_id=order.client_order_id, cause=cause, recv_ns=engine.now_ns
        )
        engine.blotter.apply(order, wanted)
        engine.ledger.write(order, wanted)
        return True

    def _send_cancel(self, order: Order) -> None:
        self._engine.inquiry.resolver.watch_cancel(order.client_order_id, self._engine.now_ns)
        self._engine.command(
            CancelOrder(
                client_order_id=order.client_order_id,
                symbol=order.symbol,
                conditional=order.is_untriggered,
            )
        )

    @property
    def is_settled(self) -> bool:
        """No order waits for an answer, and none that should be cancelled still rests."""
        return not len(self._engine.inquiry.resolver) and not any(
            not order.status.is_working or order.client_order_id in self._cancel_sent
            for order in self._engine.blotter.open_orders()
        )

    def recover(self, order: Order) -> None:
        """An order of an earlier run: ask if it had no answer, and cancel if that was wanted."""
        if order.cancel_requested:
            self._cancel_sent.add(order.client_order_id)
            self._engine.inquiry.resolver.want_cancel(order.client_order_id, self._engine.now_ns)
        if order.status in UNANSWERED:
            self.on_order_event(
                OrderUnknown(
                    client_order_id=order.client_order_id,
                    cause="the bot was restarted before it knew the answer",
                    recv_ns=self._engine.now_ns,
                )
            )

    # --- from the venue ----------------------------------------------------------------

    def on_order_event(self, event: OrderEvent) -> None:
        """Fold an event of an order in, once, and follow up."""
        if isinstance(event, OrderFilled) and self._engine.blotter.is_known(event.fill):
            self._engine.counts["duplicates"] += 1
            return
        if isinstance(event, OrderAmended) and self._engine.inquiry.is_overtaken(event):
            self._engine.counts["duplicates"] += 1
            return
        event, order = self._owner(event)
        if order is None:
            return
        before = order.status
        try:
            changed = self._engine.blotter.apply(order, event)
        except IllegalTransition as e:
            self._engine.incident(
                "illegal_transition", order.client_order_id, str(e), severity="error"
            )
            return
        self._engine.ledger.write(order, event)
        if order.status.is_terminal or isinstance(event, OrderAmended | AmendRejected):
            self._engine.gate.budgets.asked.pop(order.client_order_id, None)
        if isinstance(event, OrderFilled):
            self._engine.ledger.book(order, event.fill, before)
            self._engine.host.call(order.strategy_id, "on_fill", event.fill)
        if before is OrderStatus.UNKNOWN and order.status is not OrderStatus.UNKNOWN:
            self._engine.inquiry.resolved(order)
        if changed or isinstance(event, _TOLD):
            self.tell(order)
        self._follow_up(order, event, before)
        self._engine.lists.on_order(order, event)

    def _owner(self, event: OrderEvent) -> tuple[OrderEvent, Order | None]:
        """The order that the event is about, and the event under that order's name."""
        order = self._engine.blotter.get(event.client_order_id)
        if order is None and isinstance(event, OrderFilled):
            fill = event.fill
            # A trade history names the exchange's order id only.
            order = self._engine.blotter.by_venue_id(fill.symbol, fill.venue_order_id)
            if order is not None:
                fill = msgspec.structs.replace(fill, client_order_id=order.client_order_id)
                event = msgspec.structs.replace(event, fill=fill)
        if isinstance(event, OrderFilled) and order is not None:
            # A trade need not say which position it changed; the order did.
            side, said = order.terms.position_side, event.fill.position_side
            if said is PositionSide.BOTH and side is not said:
                fill = msgspec.structs.replace(event.fill, position_side=side)
                event = msgspec.structs.replace(event, fill=fill)
        return event, order or self._engine.ledger.open_external(event)

    def _follow_up(self, order: Order, event: OrderEvent, before: OrderStatus) -> None:
        cid = order.client_order_id
        if isinstance(event, OrderUnknown | CancelRejected | CancelUnknown | AmendUnknown):
            self._ask_about(order, event)
        elif isinstance(event, OrderCanceled | OrderExpired):
            self._engine.inquiry.expect(order, event.executed, source=event.source)
        elif isinstance(event, OrderRejected | OrderNotPlaced):
            self._engine.inquiry.rejected(order)
        elif isinstance(event, OrderAccepted | OrderFilled | OrderTriggered | OrderAmended):
            if isinstance(event, OrderAmended):
                self._engine.inquiry.amended(event)
            self._engine.inquiry.answered(order)
            if before in NEVER_HEARD and order.status.is_working and cid in self._cancel_sent:
                self._send_cancel(order)
        if order.status.is_terminal and order.status not in NEVER_HEARD:
            # For good: what was rejected or not placed may yet turn out to rest there.
            self._cancel_sent.discard(cid)

    def _ask_about(
        self, order: Order, event: OrderUnknown | CancelRejected | CancelUnknown | AmendUnknown
    ) -> None:
        inquiry = self._engine.inquiry
        if order.status.is_terminal:
            return
        if isinstance(event, AmendUnknown):
            inquiry.doubt_amendment(order)
        elif not isinstance(event, OrderUnknown):
            # -2011 included: it may be that the cancel overtook the order.
            inquiry.resolver.want_cancel(order.client_order_id, self._engine.now_ns)
        elif order.status is OrderStatus.UNKNOWN:
            inquiry.doubt(order, event.cause)

    def tell(self, order: Order) -> None:
        """Its strategy hears how it stands."""
        self._engine.host.call(order.strategy_id, "on_order", msgspec.structs.replace(order))
