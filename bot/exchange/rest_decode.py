"""Bodies of REST answers to domain events. Source: Binance spot documentation, "REST API"."""

from decimal import Decimal
from typing import Any

import msgspec

from bot.domain.amendments import OrderAmended
from bot.domain.commands import SubmitList, SubmitOrder
from bot.domain.events import (
    Balance,
    BalancesReported,
    Event,
    OrderAccepted,
    OrderCanceled,
    OrderDetails,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReported,
)
from bot.domain.fill import Fill
from bot.domain.values import MS_NS, OrderStatus, Side
from bot.exchange.encode import spot_type
from bot.exchange.user_decode import STATUSES

__all__ = [
    "OrderBody",
    "TradeBody",
    "account",
    "amended",
    "canceled",
    "filled",
    "list_canceled",
    "list_submitted",
    "order_bodies",
    "order_body",
    "reported",
    "submitted",
    "trade_bodies",
]


class _ResponseFill(msgspec.Struct, rename="camel"):
    price: Decimal
    qty: Decimal
    commission: Decimal
    commission_asset: str
    trade_id: int


class OrderBody(msgspec.Struct, rename="camel", kw_only=True):
    """An order in any answer: placement, cancel, query, list."""

    symbol: str
    order_id: int
    client_order_id: str
    orig_client_order_id: str = ""
    price: Decimal = Decimal(0)
    orig_qty: Decimal = Decimal(0)
    executed_qty: Decimal = Decimal(0)
    status: str = "NEW"
    time_in_force: str = ""
    type: str = ""
    side: str = ""
    transact_time: int = 0
    time: int = 0
    update_time: int = 0
    expiry_reason: str = ""
    trailing_delta: int = 0
    fills: list[_ResponseFill] = []

    @property
    def ts_ns(self) -> int:
        """The newest time that it carries."""
        return (self.transact_time or self.update_time or self.time) * MS_NS

    @property
    def details(self) -> OrderDetails | None:
        """None where the answer is too short to tell."""
        if not self.side:
            return None
        return OrderDetails(
            symbol=self.symbol,
            side=Side(self.side),
            order_type=spot_type(self.type, trailing=bool(self.trailing_delta)),
            time_in_force=self.time_in_force,
            quantity=self.orig_qty,
            price=self.price or None,
        )


class TradeBody(msgspec.Struct, rename="camel"):
    """One row of ``myTrades``."""

    symbol: str
    id: int
    order_id: int
    price: Decimal
    qty: Decimal
    commission: Decimal
    commission_asset: str
    time: int
    is_buyer: bool
    is_maker: bool


class _AmendedBody(msgspec.Struct, rename="camel"):
    order_id: int
    qty: Decimal
    price: Decimal


class _AmendmentBody(msgspec.Struct, rename="camel"):
    transact_time: int
    amended_order: _AmendedBody


class _AssetBody(msgspec.Struct):
    asset: str
    free: Decimal
    locked: Decimal


class _AccountBody(msgspec.Struct, rename="camel"):
    balances: list[_AssetBody]
    update_time: int = 0


def order_body(body: Any) -> OrderBody:
    """Raises msgspec.ValidationError if it is no order."""
    return msgspec.convert(body, OrderBody, strict=False)


def order_bodies(body: Any) -> list[OrderBody]:
    """Raises msgspec.ValidationError if it is no list of orders."""
    return msgspec.convert(body, list[OrderBody], strict=False)


def trade_bodies(body: Any) -> list[TradeBody]:
    """Raises msgspec.ValidationError if it is no list of own trades."""
    return msgspec.convert(body, list[TradeBody], strict=False)


def submitted(command: SubmitOrder, body: Any, recv_ns: int) -> list[Event]:
    """What a FULL answer to a placement says: acceptance, fills, and an end if it has one."""
    order = order_body(body)
    if order.status == "REJECTED":
        return [_rejected(command.client_order_id, recv_ns)]
    events: list[Event] = [
        OrderAccepted(
            client_order_id=command.client_order_id,
            venue_order_id=order.order_id,
            ts_ns=order.ts_ns,
            recv_ns=recv_ns,
            source="response",
            details=order.details,
        )
    ]
    events.extend(
        OrderFilled(fill=_response_fill(command, order, fill, recv_ns), recv_ns=recv_ns)
        for fill in order.fills
    )
    end = _end(order, command.client_order_id, recv_ns)
    if end is not None:
        events.append(end)
    elif sum((fill.qty for fill in order.fills), Decimal(0)) < order.executed_qty:
        # A short answer, though a full one was asked for: the fills are to be fetched.
        events.append(
            reported(order, recv_ns, client_order_id=command.client_order_id, source="response")
        )
    return events


def list_submitted(command: SubmitList, body: Any, recv_ns: int) -> list[Event]:
    """What the answer to a list says of each of its orders.

    Raises:
        ValueError: it says nothing of one of them.
    """
    reports = {report["clientOrderId"]: report for report in body["orderReports"]}
    events: list[Event] = []
    for order in command.orders:
        if order.client_order_id not in reports:
            raise ValueError(f"the answer does not tell of {order.client_order_id}")
        events += submitted(order, reports[order.client_order_id], recv_ns)
    return events


def list_canceled(client_order_id: str, body: Any, recv_ns: int) -> list[Event]:
    """The answer to a cancel: of one order, or of the whole list that it belonged to."""
    reports = body.get("orderReports")
    if reports is None:
        return [canceled(client_order_id, body, recv_ns)]
    return [canceled(order_body(one).orig_client_order_id, one, recv_ns) for one in reports]


def amended(client_order_id: str, body: Any, recv_ns: int) -> OrderAmended:
    """The answer to an amendment, whose keys are of its own kind."""
    parsed = msgspec.convert(body, _AmendmentBody, strict=False)
    return OrderAmended(
        client_order_id=client_order_id,
        venue_order_id=parsed.amended_order.order_id,
        quantity=parsed.amended_order.qty,
        price=parsed.amended_order.price or None,
        ts_ns=parsed.transact_time * MS_NS,
        recv_ns=recv_ns,
        source="response",
    )


def canceled(client_order_id: str, body: Any, recv_ns: int) -> OrderCanceled:
    """The answer to a cancel: there the order's own id is ``origClientOrderId``."""
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
        ValueError: a status or side that Binance has added since.
    """
    status = STATUSES.get(order.status)
    if status is None:
        raise ValueError(f"order status {order.status!r} is not known")
    return OrderReported(
        client_order_id=client_order_id or order.client_order_id,
        venue_order_id=order.order_id,
        status=status,
        executed=order.executed_qty,
        ts_ns=order.ts_ns,
        recv_ns=recv_ns,
        source=source,
        details=order.details,
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
        side=Side.BUY if trade.is_buyer else Side.SELL,
        price=trade.price,
        quantity=trade.qty,
        commission=trade.commission,
        commission_asset=trade.commission_asset,
        maker=trade.is_maker,
        ts_ns=trade.time * MS_NS,
        recv_ns=recv_ns,
        source="sweep",
    )
    return OrderFilled(fill=fill, recv_ns=recv_ns, details=details)


def account(body: Any, recv_ns: int) -> BalancesReported:
    """All balances; raises msgspec.ValidationError if the body is no account."""
    parsed = msgspec.convert(body, _AccountBody, strict=False)
    return BalancesReported(
        balances=tuple(Balance(a.asset, a.free, a.locked) for a in parsed.balances),
        complete=True,
        ts_ns=parsed.update_time * MS_NS,
        recv_ns=recv_ns,
        source="sweep",
    )


def _response_fill(
    command: SubmitOrder, order: OrderBody, fill: _ResponseFill, recv_ns: int
) -> Fill:
    return Fill(
        symbol=order.symbol,
        trade_id=fill.trade_id,
        client_order_id=command.client_order_id,
        venue_order_id=order.order_id,
        side=command.side,
        price=fill.price,
        quantity=fill.qty,
        commission=fill.commission,
        commission_asset=fill.commission_asset,
        maker=False,  # what fills before the answer took from the book
        ts_ns=order.ts_ns,
        recv_ns=recv_ns,
        source="response",
    )


def _end(order: OrderBody, client_order_id: str, recv_ns: int) -> Event | None:
    status = STATUSES.get(order.status)
    if status is OrderStatus.EXPIRED:
        return OrderExpired(
            client_order_id=client_order_id,
            venue_order_id=order.order_id,
            ts_ns=order.ts_ns,
            recv_ns=recv_ns,
            executed=order.executed_qty,
            reason=order.expiry_reason if order.expiry_reason != "NONE" else "",
            source="response",
        )
    if status is OrderStatus.CANCELED:
        return OrderCanceled(
            client_order_id=client_order_id,
            venue_order_id=order.order_id,
            ts_ns=order.ts_ns,
            recv_ns=recv_ns,
            executed=order.executed_qty,
            source="response",
        )
    return None


def _rejected(client_order_id: str, recv_ns: int) -> OrderRejected:
    return OrderRejected(
        client_order_id=client_order_id,
        code=-2010,
        reason="rejected by the matching engine",
        recv_ns=recv_ns,
    )
