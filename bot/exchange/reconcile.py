"""What we have written down, compared with what the exchange says."""

from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from bot.domain.errors import Unavailable
from bot.domain.fill import Fill
from bot.domain.order import Order
from bot.domain.values import OrderStatus, as_fixed
from bot.exchange import rest_decode
from bot.exchange.rest_decode import OrderBody
from bot.exchange.session import Session
from bot.exchange.sweep import PAGE, own_trades
from bot.exchange.user_decode import STATUSES

__all__ = ["Difference", "ListedOrder", "compare_fills", "compare_orders", "differences"]

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


class ListedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the exchange lists it."""

    client_order_id: str
    status: str
    """Our name of it, or the exchange's own of one that we do not know."""
    side: str
    filled: Decimal
    quantity: Decimal | None
    """None where the exchange does not know it before it trades."""
    price: Decimal | None


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
            found.extend(compare_orders(symbol, ours, [_listed(order) for order in listed]))
            own_ids = {order.order_id for order in listed}
            trades = [
                trade
                async for page in own_trades(session, symbol, 0)
                for trade in page
                if trade.order_id in own_ids
            ]
            held = [fill for fill in stored_fills if fill.symbol == symbol]
            theirs = [rest_decode.filled(trade, "", None, 0).fill for trade in trades]
            found.extend(compare_fills(symbol, held, theirs))
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


def compare_orders(
    symbol: str, stored: Sequence[Order], listed: Sequence[ListedOrder]
) -> list[Difference]:
    """The orders of one symbol on both sides, by client order id."""
    theirs = {order.client_order_id: order for order in listed}
    ours = {
        order.client_order_id: order
        for order in stored
        if order.status not in _NEVER_THERE or order.client_order_id in theirs
    }
    return _compare(
        "order",
        symbol,
        {name: _order_stored(order) for name, order in ours.items()},
        {name: _order_listed(order, ours.get(name)) for name, order in theirs.items()},
    )


def compare_fills(symbol: str, stored: Sequence[Fill], traded: Sequence[Fill]) -> list[Difference]:
    """The fills of one symbol on both sides, by trade id and side."""
    return _compare("fill", symbol, _fills_by_name(stored), _fills_by_name(traded))


def _fills_by_name(fills: Sequence[Fill]) -> dict[str, str]:
    # With the side: a match of two orders of one account is two fills.
    return {f"{fill.trade_id} {fill.side.value}": _fill_words(fill) for fill in fills}


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


def _order_listed(order: ListedOrder, stored: Order | None) -> str:
    quantity = order.quantity
    if quantity is None:
        quantity = order.filled if stored is None else stored.quantity
    return _order_words(order.status, order.side, order.filled, quantity, order.price)


def _listed(order: OrderBody) -> ListedOrder:
    status = STATUSES.get(order.status)
    return ListedOrder(
        client_order_id=order.client_order_id,
        status=status.value if status else order.status,
        side=order.side,
        filled=order.executed_qty,
        # 0: what a list's first order brings, and it brought nothing.
        quantity=order.orig_qty or None,
        price=order.price or None,
    )


def _order_words(
    status: str, side: str, filled: Decimal, quantity: Decimal, price: Decimal | None
) -> str:
    at = f" at {_short(price)}" if price else ""
    return f"{status} {side} {_short(filled)} of {_short(quantity)}{at}"


def _fill_words(fill: Fill) -> str:
    asset = fill.commission_asset
    fee = f", fee {_short(fill.commission)} {asset}".rstrip() if fill.commission else ""
    return f"{fill.side.value} {_short(fill.quantity)} at {_short(fill.price)}{fee}"


def _short(value: Decimal) -> str:
    text = as_fixed(value)
    return text.rstrip("0").rstrip(".") if "." in text else text
