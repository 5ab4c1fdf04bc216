"""The order desk: from a strategy's wish to the last fill."""

from typing import TYPE_CHECKING, Final

import msgspec

from bot.domain.commands import CancelOrder, SubmitOrder
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
    OrderIntended,
    OrderNotPlaced,
    OrderRefused,
    OrderRejected,
    OrderUnknown,
)
from bot.domain.order import Order
from bot.domain.values import SECOND_NS, OrderStatus
from bot.engine.inquiry import NEVER_HEARD, UNANSWERED
from bot.engine.request import Request
from bot.engine.risk import Approved

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["OrderDesk"]

_REFUSALS_ALLOWED: Final = 100
"""Refusals within a second after which a strategy is quarantined: it is in a loop."""


class OrderDesk:
    """Applies everything that is said about orders, and decides what to ask and send next."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._cancel_sent: set[str] = set()
        self._refusals: dict[str, list[int]] = {}

    # --- from strategies ---------------------------------------------------------------

    def handle(self, request: Request) -> None:
        """Turn a strategy's request into an intent and a command, or a refusal."""
        if request.order is None:
            self._cancel(request)
        else:
            self._submit(request)

    def _submit(self, request: Request) -> None:
        engine, wish = self._engine, request.order
        assert wish is not None
        intent = OrderIntended(
            client_order_id=request.client_order_id,
            strategy_id=request.strategy_id,
            run_id=engine.config.run_id,
            symbol=wish.symbol,
            side=wish.side,
            order_type=wish.order_type,
            time_in_force=wish.time_in_force,
            quantity=wish.quantity,
            price=wish.price,
            terms=wish.terms,
            reference_price=engine.cache.last_price(wish.symbol),
            cause=request.cause,
            recv_ns=engine.now_ns,
        )
        quarantined = engine.host.quarantined(intent.strategy_id)
        if quarantined:
            # It was asked for before the quarantine; what is behind the wall sends nothing more.
            self._refuse(intent, f"QUARANTINED: {quarantined}")
            return
        decision = engine.gate.check(intent)
        if not isinstance(decision, Approved):
            self._refuse(intent, decision.reason)
            return
        order = engine.blotter.open(decision)
        engine.ledger.write(order, intent)
        engine.counts["orders"] += 1
        engine.inquiry.resolver.watch(order, engine.now_ns)
        engine.command(
            SubmitOrder(
                client_order_id=intent.client_order_id,
                symbol=intent.symbol,
                side=intent.side,
                order_type=intent.order_type,
                time_in_force=intent.time_in_force,
                quantity=intent.quantity,
                price=intent.price,
                terms=intent.terms,
            )
        )

    def _refuse(self, intent: OrderIntended, reason: str) -> None:
        engine = self._engine
        order = Order.opened(intent)
        self._engine.ledger.write(order, intent)
        refused = OrderRefused(
            client_order_id=intent.client_order_id, reason=reason, recv_ns=engine.now_ns
        )
        order.apply(refused)
        engine.blotter.adopt(order)
        self._engine.ledger.write(order, refused)
        engine.counts["refused"] += 1
        engine.incident("order_refused", intent.client_order_id, reason, severity="info")
        recent = self._refusals.setdefault(intent.strategy_id, [])
        recent.append(engine.now_ns)
        while recent[0] < engine.now_ns - SECOND_NS:
            recent.pop(0)
        if len(recent) >= _REFUSALS_ALLOWED:
            engine.host.quarantine(
                intent.strategy_id, f"{len(recent)} orders refused within a second; last: {reason}"
            )
        self._tell(order)

    def _cancel(self, request: Request) -> None:
        engine = self._engine
        order = engine.blotter.get(request.client_order_id)
        if order is None or order.status.is_terminal:
            return
        self.request_cancel(order, request.cause)

    def request_cancel(self, order: Order, cause: str) -> None:
        """Want it cancelled: now if it is known to rest, else as soon as it is."""
        engine = self._engine
        if order.client_order_id in self._cancel_sent:
            return
        self._cancel_sent.add(order.client_order_id)
        wanted = OrderCancelRequested(
            client_order_id=order.client_order_id, cause=cause, recv_ns=engine.now_ns
        )
        engine.blotter.apply(order, wanted)
        self._engine.ledger.write(order, wanted)
        if order.status.is_working:
            self._send_cancel(order)

    def _send_cancel(self, order: Order) -> None:
        self._engine.inquiry.resolver.watch_cancel(order.client_order_id, self._engine.now_ns)
        self._engine.command(
            CancelOrder(client_order_id=order.client_order_id, symbol=order.symbol)
        )

    @property
    def is_settled(self) -> bool:
        """No order waits for an answer, and none that should be cancelled still rests."""
        return not len(self._engine.inquiry.resolver) and not any(
            not order.status.is_working or order.client_order_id in self._cancel_sent
            for order in self._engine.blotter.open_orders()
        )

    def recover(self, order: Order) -> None:
        """An order of an earlier run that had no answer when that run ended: ask."""
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
        if isinstance(event, OrderFilled):
            self._engine.ledger.book(order, event.fill, before)
            self._engine.host.call(order.strategy_id, "on_fill", event.fill)
        if before is OrderStatus.UNKNOWN and order.status is not OrderStatus.UNKNOWN:
            self._engine.inquiry.resolved(order)
        if changed or isinstance(event, OrderFilled | CancelRejected):
            self._tell(order)
        self._follow_up(order, event, before)

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
        return event, order or self._engine.ledger.open_external(event)

    def _follow_up(self, order: Order, event: OrderEvent, before: OrderStatus) -> None:
        cid, now_ns = order.client_order_id, self._engine.now_ns
        if isinstance(event, OrderUnknown):
            if order.status is OrderStatus.UNKNOWN:
                self._engine.inquiry.doubt(order, event.cause)
        elif isinstance(event, CancelRejected | CancelUnknown):
            # -2011 included: it may be that the cancel overtook the order.
            if not order.status.is_terminal:
                self._engine.inquiry.resolver.want_cancel(cid, now_ns)
        elif isinstance(event, OrderCanceled | OrderExpired):
            self._engine.inquiry.expect(order, event.executed)
        elif isinstance(event, OrderRejected | OrderNotPlaced):
            self._engine.inquiry.rejected(order)
        elif isinstance(event, OrderAccepted | OrderFilled):
            self._engine.inquiry.answered(order)
            if before in NEVER_HEARD and order.status.is_working and cid in self._cancel_sent:
                self._send_cancel(order)
        if order.status.is_terminal and order.status not in NEVER_HEARD:
            # For good: what was rejected or not placed may yet turn out to rest there.
            self._cancel_sent.discard(cid)

    def _tell(self, order: Order) -> None:
        self._engine.host.call(order.strategy_id, "on_order", msgspec.structs.replace(order))
