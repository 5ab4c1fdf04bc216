"""An order is a fold over its events; its status changes here and nowhere else."""

from decimal import Decimal
from typing import Final

import msgspec

from bot.domain.amendments import (
    AmendRejected,
    AmendUnknown,
    OrderAmended,
    OrderAmendRequested,
    OrderTriggered,
)
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
    OrderSubmitted,
    OrderUnknown,
)
from bot.domain.terms import PLAIN, OrderTerms
from bot.domain.values import OrderStatus, OrderType, Side, TimeInForce

__all__ = ["TRANSITIONS", "Order"]

_S = OrderStatus
_UNANSWERED = (_S.INTENT, _S.SUBMITTED, _S.UNKNOWN)
_NEVER_HEARD = (*_UNANSWERED, _S.NOT_PLACED, _S.REJECTED)
_STAY: Final = None


def _rows(
    event: type, targets: dict[OrderStatus, OrderStatus | None]
) -> dict[tuple[OrderStatus, type], OrderStatus | None]:
    return {(status, event): target for status, target in targets.items()}


def _all(target: OrderStatus | None) -> dict[OrderStatus, OrderStatus | None]:
    return dict.fromkeys(OrderStatus, target)


TRANSITIONS: Final[dict[tuple[OrderStatus, type], OrderStatus | None]] = {
    # None: legal, and the status stays (late, repeated or overtaken news).
    **_rows(OrderRefused, {_S.INTENT: _S.REFUSED}),
    **_rows(OrderSubmitted, _all(_STAY) | {_S.INTENT: _S.SUBMITTED}),
    # A later status overtakes the acknowledgement: fills come before it after a cut.
    **_rows(
        OrderAccepted,
        _all(_STAY) | dict.fromkeys(_NEVER_HEARD, _S.OPEN),
    ),
    **_rows(OrderRejected, _all(_STAY) | dict.fromkeys(_UNANSWERED, _S.REJECTED)),
    **_rows(
        OrderUnknown,
        _all(_STAY) | {_S.INTENT: _S.UNKNOWN, _S.SUBMITTED: _S.UNKNOWN},
    ),
    **_rows(OrderNotPlaced, _all(_STAY) | dict.fromkeys(_UNANSWERED, _S.NOT_PLACED)),
    # A fill is always true. Where it leads is decided by the quantity; these are the
    # statuses that a partial fill does not reopen (a late fill after a cancel).
    **_rows(
        OrderFilled,
        _all(_S.PARTIALLY_FILLED) | dict.fromkeys((_S.CANCELED, _S.EXPIRED, _S.FILLED), _STAY),
    ),
    **_rows(OrderCanceled, _all(_S.CANCELED) | {_S.FILLED: _STAY, _S.EXPIRED: _STAY}),
    **_rows(OrderExpired, _all(_S.EXPIRED) | {_S.FILLED: _STAY, _S.CANCELED: _STAY}),
    **_rows(OrderCancelRequested, _all(_STAY)),
    **_rows(CancelRejected, _all(_STAY)),
    **_rows(CancelUnknown, _all(_STAY)),
    # Only what the exchange holds is set off or amended, so each proves that it holds it.
    **_rows(OrderTriggered, _all(_STAY) | dict.fromkeys(_NEVER_HEARD, _S.OPEN)),
    **_rows(OrderAmended, _all(_STAY) | dict.fromkeys(_NEVER_HEARD, _S.OPEN)),
    **_rows(OrderAmendRequested, _all(_STAY)),
    **_rows(AmendRejected, _all(_STAY)),
    **_rows(AmendUnknown, _all(_STAY)),
}
for _status, _event in list(TRANSITIONS):
    if _status is _S.REFUSED:
        # What was refused here was never sent, so nothing can come back for it.
        del TRANSITIONS[_status, _event]


_ENDS: Final = (OrderRefused, OrderRejected, OrderNotPlaced, OrderExpired, OrderCanceled)


class Order(msgspec.Struct, kw_only=True):
    """The present state of an order. Made by :meth:`opened`, changed by :meth:`apply`."""

    client_order_id: str
    strategy_id: str
    run_id: str
    symbol: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    price: Decimal | None
    """None for a market order."""
    status: OrderStatus = OrderStatus.INTENT
    venue_order_id: int | None = None
    filled: Decimal = Decimal(0)
    """Base units, the sum of the fills we hold."""
    filled_quote: Decimal = Decimal(0)
    """Quote units, the sum of price times quantity of those fills."""
    reason: str = ""
    """Why it was refused, rejected, expired or never placed."""
    created_ns: int = 0
    updated_ns: int = 0
    sent_ns: int = 0
    """When it was handed to the network; 0 if it was not."""
    events: int = 0
    """How many events were folded in: the number of the last ``order_events`` row."""
    terms: OrderTerms = PLAIN
    triggered: bool = False
    """A conditional order that was set off."""
    cancel_requested: bool = False
    """Somebody wanted it cancelled; after a restart it is asked for again."""

    @classmethod
    def opened(cls, event: OrderIntended) -> "Order":
        """The order as it is when its intent is recorded."""
        return cls(
            client_order_id=event.client_order_id,
            strategy_id=event.strategy_id,
            run_id=event.run_id,
            symbol=event.symbol,
            side=event.side,
            order_type=event.order_type,
            time_in_force=event.time_in_force,
            quantity=event.quantity,
            price=event.price,
            created_ns=event.recv_ns,
            updated_ns=event.recv_ns,
            events=1,
            terms=event.terms,
        )

    @property
    def remaining(self) -> Decimal:
        """Base units not yet filled, never below 0."""
        return max(self.quantity - self.filled, Decimal(0))

    @property
    def average_price(self) -> Decimal | None:
        """Volume-weighted price of the fills, or None before the first."""
        return self.filled_quote / self.filled if self.filled else None

    @property
    def is_untriggered(self) -> bool:
        """A conditional order that still waits for its price."""
        return self.order_type.is_conditional and not self.triggered and not self.filled

    def apply(self, event: OrderEvent) -> bool:
        """Fold one event in. True if the status changed.

        The caller has removed duplicates of fills (by symbol and trade id).

        Raises:
            IllegalTransition: the event cannot follow; nothing was changed.
        """
        key = (self.status, type(event))
        if key not in TRANSITIONS:
            raise IllegalTransition(self.client_order_id, self.status.value, type(event).__name__)
        target = TRANSITIONS[key]
        self.events += 1
        self.updated_ns = max(self.updated_ns, event.recv_ns)
        if isinstance(event, OrderFilled):
            self._learn_quantity(event)
            self.filled += event.fill.quantity
            self.filled_quote += event.fill.notional
            self.venue_order_id = event.fill.venue_order_id
            if self.filled >= self.quantity:
                target = OrderStatus.FILLED
        elif isinstance(event, OrderAmended):
            target = self._amend(event, target)
        elif isinstance(event, OrderAccepted | OrderTriggered):
            self._learn_quantity(event)
            self.venue_order_id = event.venue_order_id
            self.triggered = self.triggered or isinstance(event, OrderTriggered)
            if target is OrderStatus.OPEN and self.filled:
                target = OrderStatus.PARTIALLY_FILLED
        elif isinstance(event, _ENDS):
            self._conclude(event, counts=target is not None)
        else:
            self._note(event)
        if target is None or target is self.status:
            return False
        self.status = target
        return True

    def _note(self, event: OrderEvent) -> None:
        """What is remembered of an event that decides nothing."""
        if isinstance(event, OrderSubmitted):
            self.sent_ns = event.recv_ns
        elif isinstance(event, OrderCancelRequested):
            self.cancel_requested = True

    def _learn_quantity(self, event: OrderFilled | OrderAccepted | OrderTriggered) -> None:
        """By its cost, or by a position that it closes, it has a quantity once it is matched."""
        details = event.details
        if self.terms.sized_by_venue and details is not None and details.quantity:
            self.quantity = details.quantity

    def _amend(self, event: OrderAmended, target: OrderStatus | None) -> OrderStatus | None:
        """Take over quantity and price; the status that follows."""
        self.venue_order_id = event.venue_order_id
        self.quantity = event.quantity
        if event.price is not None:
            self.price = event.price
        if self.filled and not (target or self.status).is_terminal:
            whole = self.filled >= self.quantity
            return OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED
        return target

    def _conclude(
        self,
        event: OrderRefused | OrderRejected | OrderNotPlaced | OrderExpired | OrderCanceled,
        *,
        counts: bool,
    ) -> None:
        if counts and event.reason:
            self.reason = event.reason
        # An end may be the first that is heard of an order: its fills are asked for by this id.
        if isinstance(event, OrderExpired | OrderCanceled) and self.venue_order_id is None:
            self.venue_order_id = event.venue_order_id if event.venue_order_id >= 0 else None
