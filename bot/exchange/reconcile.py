"""What we have written down, compared with what the exchange says."""

from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from bot.domain.errors import Unavailable
from bot.domain.fill import Fill
from bot.domain.order import Order
from bot.domain.values import OrderStatus, Side, as_fixed
from bot.exchange import rest_decode
from bot.exchange.rest_decode import OrderBody, TradeBody
from bot.exchange.session import Session
from bot.exchange.sweep import PAGE, own_trades
from bot.exchange.user_decode import STATUSES

__all__ = ["Difference", "differences"]

_NEVER_THERE: Final = frozenset(
    {OrderStatus.INTENT, OrderStatus.REFUSED, OrderStatus.NOT_PLACED, OrderStatus.REJECTED}
)
"""Statuses of orders that the exchange does not list."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not the same on both sides."""

    what: str
    """``order`` or ``fill``."""
    kind: str
    """``missing``: the exchange has it and we do not; ``extra``: the other way round;
    ``different``: both have it and a field differs."""
    symbol: str
    id: str
    """The client order id, or the trade id and the side."""
    stored: str
    """Our side, in words; empty if missing."""
    exchange: str
    """The exchange's side, in words; empty if extra."""


async def differences(
    session: Session,
    *,
    orders: Iterable[Order],
    fills: Iterable[Fill],
    symbols: Sequence[str],
    prefix: str | tuple[str, ...] = "",
) -> list[Difference]:
    """Compare orders and fills on the symbols, as far as their client ids begin with a ``prefix``.

    Reads all orders and own trades of each symbol: weight 20 for each thousand rows.

    Raises:
        VenueError: the exchange could not be asked in full.
    """
    found: list[Difference] = []
    stored_orders = [o for o in orders if o.client_order_id.startswith(prefix)]
    stored_fills = [f for f in fills if f.client_order_id.startswith(prefix)]
    try:
        for symbol in symbols:
            listed = [
                order
                async for order in _all_orders(session, symbol)
                if order.client_order_id.startswith(prefix)
            ]
            ours = [order for order in stored_orders if order.symbol == symbol]
            found.extend(_compare_orders(symbol, ours, listed))
            own_ids = {order.order_id for order in listed}
            trades = [
                trade
                async for page in own_trades(session, symbol, 0)
                for trade in page
                if trade.order_id in own_ids
            ]
            held = [fill for fill in stored_fills if fill.symbol == symbol]
            found.extend(_compare_fills(symbol, held, trades))
    except msgspec.ValidationError as error:
        raise Unavailable(f"the exchange's answer cannot be read: {error}") from None
    return found


async def _all_orders(session: Session, symbol: str) -> AsyncIterator[OrderBody]:
    from_id = 0
    while True:
        page = rest_decode.order_bodies(
            await session.get_all_orders(symbol=symbol, orderId=from_id, limit=PAGE)
        )
        for order in page:
            yield order
        if len(page) < PAGE:
            return
        from_id = page[-1].order_id + 1


def _compare_orders(
    symbol: str, stored: Sequence[Order], listed: Sequence[OrderBody]
) -> list[Difference]:
    theirs = {order.client_order_id: _order_at_exchange(order) for order in listed}
    ours = {
        order.client_order_id: _order_stored(order)
        for order in stored
        if order.status not in _NEVER_THERE or order.client_order_id in theirs
    }
    return _compare("order", symbol, ours, theirs)


def _compare_fills(
    symbol: str, stored: Sequence[Fill], trades: Sequence[TradeBody]
) -> list[Difference]:
    # With the side: a match of two orders of one account is two fills.
    ours = {f"{fill.trade_id} {fill.side.value}": _fill_stored(fill) for fill in stored}
    theirs = {
        f"{trade.id} {'BUY' if trade.is_buyer else 'SELL'}": _fill_at_exchange(trade)
        for trade in trades
    }
    return _compare("fill", symbol, ours, theirs)


def _compare(
    what: str, symbol: str, ours: dict[str, str], theirs: dict[str, str]
) -> list[Difference]:
    found = []
    for name in sorted(ours.keys() | theirs.keys()):
        mine, its = ours.get(name, ""), theirs.get(name, "")
        if mine == its:
            continue
        kind = "missing" if not mine else "extra" if not its else "different"
        found.append(
            Difference(what=what, kind=kind, symbol=symbol, id=name, stored=mine, exchange=its)
        )
    return found


def _order_stored(order: Order) -> str:
    return _order_words(
        order.status.value, order.side.value, order.filled, order.quantity, order.price
    )


def _order_at_exchange(order: OrderBody) -> str:
    status = STATUSES.get(order.status)
    return _order_words(
        status.value if status else order.status,
        order.side,
        order.executed_qty,
        order.orig_qty,
        order.price or None,
    )


def _order_words(
    status: str, side: str, filled: Decimal, quantity: Decimal, price: Decimal | None
) -> str:
    at = f" at {_short(price)}" if price else ""
    return f"{status} {side} {_short(filled)} of {_short(quantity)}{at}"


def _fill_stored(fill: Fill) -> str:
    return _fill_words(fill.side, fill.quantity, fill.price, fill.commission, fill.commission_asset)


def _fill_at_exchange(trade: TradeBody) -> str:
    side = Side.BUY if trade.is_buyer else Side.SELL
    return _fill_words(side, trade.qty, trade.price, trade.commission, trade.commission_asset)


def _fill_words(
    side: Side, quantity: Decimal, price: Decimal, commission: Decimal, asset: str
) -> str:
    fee = f", fee {_short(commission)} {asset}".rstrip() if commission else ""
    return f"{side.value} {_short(quantity)} at {_short(price)}{fee}"


def _short(value: Decimal) -> str:
    text = as_fixed(value)
    return text.rstrip("0").rstrip(".") if "." in text else text
