"""Rebuilding the present from the events, and comparing: what ``bot db verify`` finds."""

import time
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, select

from bot.domain.errors import IllegalTransition
from bot.domain.events import OrderEvent, OrderIntended
from bot.domain.fill import Fill
from bot.domain.instrument import Instrument
from bot.domain.order import Order
from bot.domain.position import Position, position_key
from bot.domain.values import SECOND_NS, OrderStatus, Side
from bot.storage import schema
from bot.storage.connection import normalise_url, reading, reading_engine, shown
from bot.storage.migrate import ensure_current
from bot.storage.recovery import fill_of, order_of

__all__ = ["Difference", "Verification", "verify"]

_EVENT: Final = msgspec.json.Decoder(OrderEvent)
_UNSETTLED: Final = (OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN)
_UNSETTLED_AFTER_S: Final = 300.0
_ZERO: Final = Decimal(0)
_ROUNDING: Final = Decimal("1E-9")
"""Older rows were counted by an average price of 28 digits."""
_STREAMED: Final = {"yield_per": 2000}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    """``event_number``, ``event_illegal``, ``event_unreadable``, ``event_status``, ``order_field``,
    ``order_missing``, ``order_events_missing``, ``fill_order_missing``, ``fill_sum``,
    ``fill_position``, ``fill_realised``, ``fill_repeated``, ``funding_sum``."""
    environment: str
    subject: str
    """The order, the trade, or the strategy and symbol."""
    expected: str
    found: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    differences: tuple[Difference, ...]
    """Where rows contradict each other: 0 in a sound database."""
    unsettled: tuple[str, ...]
    """Orders whose outcome is still not known long after their last event; no contradiction, but
    the next start of the bot (or a look at the exchange) has to settle them."""
    orders: int
    events: int
    fills: int
    fundings: int = 0
    """Payments of funding."""


class _Check:
    """Collects what one pass finds."""

    def __init__(self) -> None:
        self.differences: list[Difference] = []
        self.orders = self.events = self.fills = self.fundings = 0

    def differ(self, kind: str, key: tuple[str, str], expected: object, found: object) -> None:
        self.differences.append(
            Difference(
                kind=kind,
                environment=key[0],
                subject=key[1],
                expected=str(expected),
                found=str(found),
            )
        )


def verify(
    url: str,
    *,
    now_ns: int | None = None,
    unsettled_after_s: float = _UNSETTLED_AFTER_S,
) -> Verification:
    """Compare every row with what the events and fills say. Reads one moment; changes nothing.

    Raises:
        DatabaseError: the database is missing, not migrated, or cannot be read.
    """
    parsed = normalise_url(url)
    now_ns = time.time_ns() if now_ns is None else now_ns
    engine = reading_engine(parsed)
    check = _Check()
    try:
        with reading(engine, parsed) as connection:
            ensure_current(connection, shown(parsed))
            _check_orders(check, connection)
            _check_fills(check, connection)
            _check_funding(check, connection)
            unsettled = _unsettled(connection, now_ns - int(unsettled_after_s * SECOND_NS))
    finally:
        engine.dispose()
    return Verification(
        differences=tuple(check.differences),
        unsettled=unsettled,
        orders=check.orders,
        events=check.events,
        fills=check.fills,
        fundings=check.fundings,
    )


def _check_orders(check: _Check, connection: Connection) -> None:
    o, e = schema.orders.c, schema.order_events.c
    rows = connection.execute(select(schema.orders).order_by(o.created_ns, o.client_order_id))
    events = connection.execute(
        select(schema.order_events).order_by(e.environment, e.client_order_id, e.number),
        execution_options=_STREAMED,
    )
    for key, row, history in _paired(rows, groupby(events, key=_key)):
        if row is None:
            check.events += len(history)
            check.differ("order_missing", key, "a row in orders", f"{len(history)} events only")
            continue
        check.orders += 1
        stored = order_of(row)
        if not history:
            check.differ("order_events_missing", key, f"{stored.events} events", "none")
            continue
        rebuilt = _fold(check, key, history)
        if rebuilt is not None:
            _compare(check, key, rebuilt, stored)


def _key(row: Row[Any]) -> tuple[str, str]:
    return row.environment, row.client_order_id


def _paired(
    rows: Iterable[Row[Any]], groups: Iterable[tuple[tuple[str, str], Iterator[Row[Any]]]]
) -> Iterator[tuple[tuple[str, str], Row[Any] | None, list[Row[Any]]]]:
    """Each order with its events, by key, in one pass over both."""
    # All orders are held: each database sorts text by rules of its own, so the two results
    # cannot be merged by comparing keys here.
    orders = {_key(row): row for row in rows}
    for key, group in groups:
        yield key, orders.pop(key, None), list(group)
    for key, row in orders.items():
        yield key, row, []


def _fold(check: _Check, key: tuple[str, str], history: list[Row[Any]]) -> Order | None:
    order: Order | None = None
    for expected, row in enumerate(history, start=1):
        check.events += 1
        if row.number != expected:
            check.differ("event_number", key, expected, row.number)
            return None
        try:
            event = _EVENT.decode(row.payload)
        except msgspec.MsgspecError as e:
            check.differ("event_unreadable", key, f"event {row.number}", e)
            return None
        if order is None:
            if not isinstance(event, OrderIntended):
                check.differ("event_illegal", key, "OrderIntended first", row.kind)
                return None
            order = Order.opened(event)
        elif isinstance(event, OrderIntended):
            check.differ("event_illegal", key, "one OrderIntended", f"another, event {row.number}")
            return None
        else:
            try:
                order.apply(event)
            except IllegalTransition as e:
                check.differ("event_illegal", key, f"a legal event {row.number}", e)
                return None
        if order.status.value != row.status_after:
            check.differ(
                "event_status", key, f"{order.status.value} after {row.number}", row.status_after
            )
    return order


def _compare(check: _Check, key: tuple[str, str], rebuilt: Order, stored: Order) -> None:
    for field in Order.__struct_fields__:
        expected, found = getattr(rebuilt, field), getattr(stored, field)
        if expected != found:
            check.differ("order_field", key, f"{field} {expected}", f"{field} {found}")


def _check_fills(check: _Check, connection: Connection) -> None:
    c = schema.orders.c
    orders = {
        (row.environment, row.client_order_id): row.filled
        for row in connection.execute(select(c.environment, c.client_order_id, c.filled))
    }
    sums: dict[tuple[str, str], Decimal] = {}
    seen: set[tuple[str, str, int, str]] = set()
    positions, amiss = _Positions(connection), set[int]()
    query = select(schema.fills).order_by(schema.fills.c.id)
    for row in connection.execute(query, execution_options=_STREAMED):
        check.fills += 1
        order, trade = _key(row), (row.environment, row.symbol, row.trade_id, row.side)
        name = (row.environment, f"{row.symbol} trade {row.trade_id}")
        if order not in orders:
            check.differ("fill_order_missing", name, f"order {row.client_order_id}", "no such row")
        if trade in seen:
            check.differ("fill_repeated", name, "once", "twice")
        seen.add(trade)
        sums[order] = sums.get(order, _ZERO) + row.quantity
        held, realised = positions.fold(row)
        if held.quantity != row.position_after:
            check.differ("fill_position", name, held.quantity, row.position_after)
            # Go on from the row, so that one wrong fill is one difference.
            held.quantity = row.position_after
            amiss.add(id(held))
        elif id(held) not in amiss and abs(realised - row.realised_quote) > _ROUNDING:
            check.differ("fill_realised", name, realised, row.realised_quote)
    for key, filled in orders.items():
        if sums.get(key, _ZERO) != filled:
            check.differ("fill_sum", key, f"filled {filled}", f"fills of {sums.get(key, _ZERO)}")


def _check_funding(check: _Check, connection: Connection) -> None:
    """The parts of the strategies are the payment."""
    f = schema.funding.c
    query = select(schema.funding).order_by(f.environment, f.occasion)
    for (environment, occasion), parts in groupby(
        connection.execute(query), key=lambda row: (row.environment, row.occasion)
    ):
        check.fundings += 1
        rows = list(parts)
        total = sum((row.amount for row in rows), _ZERO)
        if any(total != row.payment for row in rows):
            check.differ("funding_sum", (environment, occasion), rows[0].payment, total)


class _Positions:
    """The positions of every environment as the fills make them."""

    def __init__(self, connection: Connection) -> None:
        c = schema.instruments.c
        rules = select(c.environment, c.symbol, c.rules)
        self._instruments: dict[tuple[str, str], Instrument] = {
            (row.environment, row.symbol): row.rules for row in connection.execute(rules)
        }
        self._positions: dict[tuple[str, str, str], Position] = {}

    def fold(self, row: Row[Any]) -> tuple[Position, Decimal]:
        """The position of the fill's strategy after it, and what it realised."""
        fill = fill_of(row)
        instrument = self._instruments.get((row.environment, fill.symbol))
        key = (row.environment, row.strategy_id, position_key(fill.symbol, fill.position_side))
        position = self._positions.get(key)
        if position is None:
            position = Position(
                strategy_id=row.strategy_id, symbol=fill.symbol, side=fill.position_side
            )
            if instrument is not None:
                position.inverse, position.size = instrument.inverse, instrument.contract_size
            self._positions[key] = position
        base = _base(fill) if instrument is None else instrument.held_asset
        return position, position.apply(fill, base=base, fee_quote=row.fee_quote)


def _base(fill: Fill) -> str:
    """The commission's asset if it is the symbol's base asset, else ''.

    For rows of a time before instruments were stored: the asset is the base if the symbol
    begins with it. A symbol such as BTCSTBTC also ends with it: there only a buyer pays in
    the base.
    """
    asset = fill.commission_asset
    is_base = fill.symbol.startswith(asset) and (
        fill.side is Side.BUY or not fill.symbol.endswith(asset)
    )
    return asset if is_base else ""


def _unsettled(connection: Connection, before_ns: int) -> tuple[str, ...]:
    c = schema.orders.c
    query = (
        select(c.environment, c.client_order_id, c.status)
        .where(c.status.in_(_UNSETTLED), c.updated_ns < before_ns)
        .order_by(c.updated_ns)
    )
    return tuple(
        f"{row.environment} {row.client_order_id} {row.status.value}"
        for row in connection.execute(query)
    )
