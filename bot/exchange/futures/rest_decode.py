"""Bodies of futures' REST answers to domain events.

Source: Binance USDⓈ-M documentation, "Trade" and "Account"; COIN-M words them alike.
"""

from decimal import Decimal
from typing import Any

import msgspec

from bot.domain.amendments import OrderAmended, OrderTriggered
from bot.domain.commands import SubmitOrder
from bot.domain.events import (
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderDetails,
    OrderExpired,
    OrderFilled,
    OrderReported,
)
from bot.domain.fill import Fill
from bot.domain.terms import PositionSide
from bot.domain.values import MS_NS, OrderStatus, Side
from bot.exchange.futures.encode import futures_type
from bot.exchange.user_decode import STATUSES

__all__ = [
    "AlgoBody",
    "OrderBody",
    "TradeBody",
    "algo_accepted",
    "algo_bodies",
    "algo_body",
    "algo_reported",
    "amended",
    "canceled",
    "filled",
    "order_bodies",
    "order_body",
    "reported",
    "submitted",
    "trade_bodies",
    "triggered",
]

_ALGO_STATUSES = {
    "NEW": OrderStatus.OPEN,
    "TRIGGERING": OrderStatus.OPEN,
    "CANCELED": OrderStatus.CANCELED,
    "EXPIRED": OrderStatus.EXPIRED,
    "REJECTED": OrderStatus.REJECTED,
    "TRIGGERED": OrderStatus.OPEN,
    # Without an order that came of it: it closed a position that was not there any more.
    "FINISHED": OrderStatus.EXPIRED,
}


class OrderBody(msgspec.Struct, rename="camel", kw_only=True):
    """An order of the matching engine in any answer; those to placing it carry no average."""

    symbol: str
    order_id: int
    client_order_id: str
    price: Decimal = Decimal(0)
    orig_qty: Decimal = Decimal(0)
    executed_qty: Decimal = Decimal(0)
    status: str = "NEW"
    time_in_force: str = ""
    type: str = ""
    orig_type: str = ""
    side: str = ""
    time: int = 0
    update_time: int = 0

    @property
    def ts_ns(self) -> int:
        """The newest time that it carries."""
        return (self.update_time or self.time) * MS_NS

    @property
    def was_conditional(self) -> bool:
        """It came of an order of the algo service."""
        return bool(self.orig_type) and self.orig_type not in {self.type, "LIMIT", "MARKET"}

    @property
    def details(self) -> OrderDetails:
        """What the order is; of one that was set off, what it was before."""
        name = self.orig_type if self.was_conditional else self.type
        return OrderDetails(
            symbol=self.symbol,
            side=Side(self.side),
            order_type=futures_type(name, self.time_in_force),
            time_in_force=self.time_in_force,
            quantity=self.orig_qty,
            price=self.price or None,
        )


class AlgoBody(msgspec.Struct, rename="camel", kw_only=True):
    """A conditional order as the algo service has it."""

    symbol: str
    algo_id: int
    client_algo_id: str
    algo_status: str = "NEW"
    order_type: str = ""
    side: str = ""
    time_in_force: str = ""
    quantity: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    actual_order_id: str | int | None = None
    create_time: int = 0
    update_time: int = 0

    @property
    def order_id(self) -> int | None:
        """The matching engine's id of what became of it; None while it waits."""
        text = str(self.actual_order_id)
        return int(text) or None if text.isdigit() else None

    @property
    def ts_ns(self) -> int:
        return (self.update_time or self.create_time) * MS_NS

    @property
    def details(self) -> OrderDetails:
        return OrderDetails(
            symbol=self.symbol,
            side=Side(self.side),
            order_type=futures_type(self.order_type),
            time_in_force=self.time_in_force,
            quantity=self.quantity,
            price=self.price or None,
        )


class TradeBody(msgspec.Struct, rename="camel", kw_only=True):
    """One row of ``userTrades``."""

    symbol: str
    id: int
    order_id: int
    side: str
    price: Decimal
    qty: Decimal
    commission: Decimal
    commission_asset: str
    time: int
    maker: bool
    position_side: PositionSide = PositionSide.BOTH


def order_body(body: Any) -> OrderBody:
    """Raises msgspec.ValidationError if it is no order."""
    return msgspec.convert(body, OrderBody, strict=False)


def order_bodies(body: Any) -> list[OrderBody]:
    """Raises msgspec.ValidationError if it is no list of orders."""
    return msgspec.convert(body, list[OrderBody], strict=False)


def algo_body(body: Any) -> AlgoBody:
    """Raises msgspec.ValidationError if it is no conditional order."""
    return msgspec.convert(body, AlgoBody, strict=False)


def algo_bodies(body: Any) -> list[AlgoBody]:
    """Raises msgspec.ValidationError if it is no list of conditional orders."""
    return msgspec.convert(body, list[AlgoBody], strict=False)


def trade_bodies(body: Any) -> list[TradeBody]:
    """Raises msgspec.ValidationError if it is no list of own trades."""
    return msgspec.convert(body, list[TradeBody], strict=False)


def submitted(command: SubmitOrder, body: Any, recv_ns: int) -> list[Event]:
    """What the answer to a placement says. It names no fills: if there are, they are asked for."""
    order, cid = order_body(body), command.client_order_id
    accepted = OrderAccepted(
        client_order_id=cid,
        venue_order_id=order.order_id,
        ts_ns=order.ts_ns,
        recv_ns=recv_ns,
        source="response",
        details=order.details,
    )
    if STATUSES.get(order.status) is OrderStatus.OPEN and not order.executed_qty:
        return [accepted]
    return [accepted, *_standing(order, cid, recv_ns)]


def algo_accepted(command: SubmitOrder, body: Any, recv_ns: int) -> OrderAccepted:
    """The answer to placing a conditional order: it waits."""
    algo = algo_body(body)
    return OrderAccepted(
        client_order_id=command.client_order_id,
        venue_order_id=algo.algo_id,
        ts_ns=algo.ts_ns,
        recv_ns=recv_ns,
        source="response",
        details=algo.details,
    )


def amended(client_order_id: str, body: Any, recv_ns: int) -> list[Event]:
    """The answer to a change: the order may have traded in it, or been cancelled by it.

    It is cancelled if the new quantity is filled already, and if it is post-only and would take.
    """
    order = order_body(body)
    if STATUSES.get(order.status) is OrderStatus.CANCELED:
        return [canceled(client_order_id, body, recv_ns)]
    changed = OrderAmended(
        client_order_id=client_order_id,
        venue_order_id=order.order_id,
        quantity=order.orig_qty,
        price=order.price or None,
        ts_ns=order.ts_ns,
        recv_ns=recv_ns,
        source="response",
    )
    return [changed, *(_standing(order, client_order_id, recv_ns) if order.executed_qty else ())]


def canceled(client_order_id: str, body: Any, recv_ns: int) -> OrderCanceled:
    """The answer to a cancel."""
    order = order_body(body)
    return OrderCanceled(
        client_order_id=client_order_id,
        venue_order_id=order.order_id,
        ts_ns=order.ts_ns,
        recv_ns=recv_ns,
        executed=order.executed_qty,
        source="response",
    )


def reported(
    order: OrderBody, recv_ns: int, *, client_order_id: str = "", source: str = "query"
) -> OrderReported:
    """The order as found.

    Raises:
        ValueError: a status that Binance has added since.
    """
    return OrderReported(
        client_order_id=client_order_id or order.client_order_id,
        venue_order_id=order.order_id,
        status=_status(STATUSES, order.status),
        executed=order.executed_qty,
        ts_ns=order.ts_ns,
        recv_ns=recv_ns,
        source=source,
        details=order.details,
    )


def algo_reported(algo: AlgoBody, recv_ns: int, *, source: str = "query") -> OrderReported:
    """A conditional order of which no order of the matching engine has come.

    Raises:
        ValueError: a status that Binance has added since.
    """
    return OrderReported(
        client_order_id=algo.client_algo_id,
        venue_order_id=algo.algo_id,
        status=_status(_ALGO_STATUSES, algo.algo_status),
        executed=Decimal(0),
        ts_ns=algo.ts_ns,
        recv_ns=recv_ns,
        source=source,
        details=algo.details,
    )


def triggered(algo: AlgoBody, order_id: int, recv_ns: int, *, source: str) -> OrderTriggered:
    """A conditional order was set off, and this is the order that came of it."""
    return OrderTriggered(
        client_order_id=algo.client_algo_id,
        venue_order_id=order_id,
        ts_ns=algo.ts_ns,
        recv_ns=recv_ns,
        source=source,
        details=algo.details,
    )


def filled(
    trade: TradeBody, client_order_id: str, details: OrderDetails | None, recv_ns: int
) -> OrderFilled:
    """One own trade, of the order with that client id."""
    fill = Fill(
        symbol=trade.symbol,
        trade_id=trade.id,
        client_order_id=client_order_id,
        venue_order_id=trade.order_id,
        side=Side(trade.side),
        price=trade.price,
        quantity=trade.qty,
        commission=trade.commission,
        commission_asset=trade.commission_asset,
        maker=trade.maker,
        ts_ns=trade.time * MS_NS,
        recv_ns=recv_ns,
        source="sweep",
        position_side=trade.position_side,
    )
    return OrderFilled(fill=fill, recv_ns=recv_ns, details=details)


def _standing(order: OrderBody, client_order_id: str, recv_ns: int) -> list[Event]:
    """How an order that was just placed or changed stands: ended, or partly filled."""
    if STATUSES.get(order.status) is OrderStatus.EXPIRED:
        return [
            OrderExpired(
                client_order_id=client_order_id,
                venue_order_id=order.order_id,
                ts_ns=order.ts_ns,
                recv_ns=recv_ns,
                executed=order.executed_qty,
                source="response",
            )
        ]
    return [reported(order, recv_ns, client_order_id=client_order_id, source="response")]


def _status(known: dict[str, OrderStatus], name: str) -> OrderStatus:
    status = known.get(name)
    if status is None:
        raise ValueError(f"order status {name!r} is not known")
    return status
