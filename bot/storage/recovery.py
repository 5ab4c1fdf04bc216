"""What the store knew of an environment when the process started."""

from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, func, select

from bot.domain.fill import Fill
from bot.domain.funding import FundingPaid
from bot.domain.instrument import Instrument
from bot.domain.order import Order
from bot.domain.values import SECOND_NS, OrderStatus
from bot.ports import IncidentRow, Recovery, StoredFill, StoredFunding
from bot.storage import schema

__all__ = [
    "RECENT_NS",
    "RECENT_ORDERS",
    "TERMINAL",
    "fill_of",
    "funding_of",
    "halt_reason",
    "instruments_of",
    "order_of",
    "recover",
]

RECENT_NS: Final = 3 * 24 * 3600 * SECOND_NS
"""An ended order is recent if it changed so shortly before the newest change of any order."""
RECENT_ORDERS: Final = 10_000
"""At most so many of them, the newest."""

TERMINAL: Final = tuple(status for status in OrderStatus if status.is_terminal)

_ORDER_FIELDS: Final = Order.__struct_fields__
_FILL_FIELDS: Final = Fill.__struct_fields__


def recover(connection: Connection, environment: str) -> Recovery:
    """Read it in the connection's transaction, as :class:`bot.ports.Recovery` says.

    Fills come in the order in which they were booked, so that folding them gives the same
    positions, average costs and PnL as the process that booked them had.
    """
    state = _state(connection, environment)
    return Recovery(
        orders=_live_orders(connection, environment),
        recent_orders=_recent_orders(connection, environment),
        fills=_fills(connection, environment),
        state=state,
        open_incidents=_open_incidents(connection, environment),
        halted=halt_reason(state),
        fundings=_fundings(connection, environment),
        instruments=instruments_of(connection, environment),
    )


def order_of(row: Row[Any]) -> Order:
    """The order that a row of ``orders`` holds."""
    return Order(**{field: getattr(row, field) for field in _ORDER_FIELDS})


def fill_of(row: Row[Any]) -> Fill:
    """The fill that a row of ``fills`` holds."""
    return Fill(**{field: getattr(row, field) for field in _FILL_FIELDS})


def funding_of(row: Row[Any]) -> FundingPaid:
    """The payment that a row of ``funding`` holds a part of."""
    return FundingPaid(
        symbol=row.symbol,
        asset=row.asset,
        amount=row.payment,
        ts_ns=row.ts_ns,
        recv_ns=row.recv_ns,
        transaction_id=row.transaction_id,
        source=row.source,
    )


def instruments_of(connection: Connection, environment: str) -> dict[str, Instrument]:
    """The symbols that were ever traded in the environment."""
    c = schema.instruments.c
    query = select(c.symbol, c.rules).where(c.environment == environment).order_by(c.symbol)
    return {row.symbol: row.rules for row in connection.execute(query)}


def halt_reason(state: dict[str, dict[str, str]]) -> str:
    """The reason of the halt that the engine keeps under ``("_engine", "halt")``, or ''."""
    text = state.get("_engine", {}).get("halt")
    reason = msgspec.json.decode(text) if text else ""
    return reason if isinstance(reason, str) else str(reason or "")


def _live_orders(connection: Connection, environment: str) -> tuple[Order, ...]:
    c = schema.orders.c
    query = (
        select(schema.orders)
        .where(c.environment == environment, c.status.not_in(TERMINAL))
        .order_by(c.created_ns, c.client_order_id)
    )
    return tuple(order_of(row) for row in connection.execute(query))


def _recent_orders(connection: Connection, environment: str) -> tuple[Order, ...]:
    c = schema.orders.c
    mine = c.environment == environment
    newest = connection.execute(select(func.max(c.updated_ns)).where(mine)).scalar()
    if newest is None:
        return ()
    query = (
        select(schema.orders)
        .where(mine, c.status.in_(TERMINAL), c.updated_ns > newest - RECENT_NS)
        .order_by(c.updated_ns.desc(), c.client_order_id.desc())
        .limit(RECENT_ORDERS)
    )
    return tuple(reversed([order_of(row) for row in connection.execute(query)]))


def _fills(connection: Connection, environment: str) -> tuple[StoredFill, ...]:
    c = schema.fills.c
    query = select(schema.fills).where(c.environment == environment).order_by(c.id)
    return tuple(
        StoredFill(fill=fill_of(row), strategy_id=row.strategy_id, fee_quote=row.fee_quote)
        for row in connection.execute(query)
    )


def _fundings(connection: Connection, environment: str) -> tuple[StoredFunding, ...]:
    c = schema.funding.c
    query = select(schema.funding).where(c.environment == environment).order_by(c.id)
    return tuple(
        StoredFunding(
            payment=funding_of(row),
            strategy_id=row.strategy_id,
            position_side=row.position_side,
            amount=row.amount,
        )
        for row in connection.execute(query)
    )


def _state(connection: Connection, environment: str) -> dict[str, dict[str, str]]:
    c = schema.strategy_state.c
    state: dict[str, dict[str, str]] = {}
    query = select(c.strategy_id, c.key, c.value).where(c.environment == environment)
    for strategy_id, key, value in connection.execute(query):
        state.setdefault(strategy_id, {})[key] = value
    return state


def _open_incidents(connection: Connection, environment: str) -> tuple[IncidentRow, ...]:
    c = schema.incidents.c
    query = (
        select(c.incident_id, c.kind, c.subject, c.from_ns)
        .where(c.environment == environment, c.to_ns.is_(None))
        .order_by(c.from_ns, c.incident_id)
    )
    return tuple(IncidentRow(**row._asdict()) for row in connection.execute(query))
