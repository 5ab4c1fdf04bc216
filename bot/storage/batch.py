"""One transaction's worth of rows: from records to statements."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

import msgspec
from loguru import logger
from sqlalchemy import Connection, Dialect, Table, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Update

from bot.domain.errors import DatabaseError
from bot.domain.events import OrderFilled
from bot.domain.order import Order
from bot.domain.records import (
    BalanceSaved,
    EquitySaved,
    FeeValued,
    FillSaved,
    FundingSaved,
    IncidentClosed,
    IncidentOpened,
    InstrumentSaved,
    OrderEventSaved,
    OrderSaved,
    Record,
    RunEnded,
    RunStarted,
    StateSaved,
)
from bot.storage import schema
from bot.storage.prepared import Prepared

__all__ = ["Batch"]

_Row = dict[str, Any]
_Insert = sqlite.Insert | postgresql.Insert

_ORDER_FIELDS: Final = Order.__struct_fields__
_ENCODER: Final = msgspec.json.Encoder()

_RUN_ENDED: Final = update(schema.runs).where(schema.runs.c.run_id == bindparam("key"))
_INCIDENT_CLOSED: Final = update(schema.incidents).where(
    schema.incidents.c.incident_id == bindparam("key")
)
_FEE_VALUED: Final = update(schema.fills).where(
    schema.fills.c.environment == bindparam("where"),
    schema.fills.c.symbol == bindparam("of"),
    schema.fills.c.trade_id == bindparam("trade"),
    schema.fills.c.side == bindparam("on"),
)
# Facts: the first row stands. The others are a present state: the last row stands.
_ONCE: Final = {
    schema.runs: ("run_id",),
    schema.order_events: ("environment", "client_order_id", "number"),
    schema.fills: ("environment", "symbol", "trade_id", "side"),
    schema.incidents: ("incident_id",),
    schema.funding: ("environment", "occasion", "strategy_id", "position_side"),
}


class Batch:
    """Rows of some records, in a form that may be written again after a lost connection.

    Whether a commit whose connection broke has happened cannot be known, so every statement
    has the same effect the second time.

    Raises:
        DatabaseError: a record came before any RunStarted, and no environment was given.
    """

    def __init__(self, records: Iterable[Record], *, environment: str) -> None:
        self.environment = environment
        """Of the newest RunStarted."""
        self._facts: dict[Table, list[_Row]] = {}
        # By key, so that an order that changed ten times is written once.
        self._states: dict[Table, dict[tuple[Any, ...], _Row]] = {}
        self._updates: list[tuple[Update, _Row]] = []
        for record in records:
            self._add(record)

    def write(self, connection: Connection, *, is_repeat: bool = False) -> None:
        """Execute all of it in the connection's transaction."""
        dialect = connection.dialect
        for table, rows in self._facts.items():
            result = _once(dialect, table, tuple(rows[0])).execute(connection, rows)
            if not is_repeat and 0 <= result.rowcount < len(rows):
                logger.error(
                    "{} of {} rows of {} were already stored and were left as they are",
                    len(rows) - result.rowcount,
                    len(rows),
                    table.name,
                )
        for table, by_key in self._states.items():
            latest = list(by_key.values())
            _latest(dialect, table, tuple(latest[0])).execute(connection, latest)
        for statement, row in self._updates:
            connection.execute(statement, row)

    def _add(self, record: Record) -> None:
        if isinstance(record, RunStarted):
            self.environment = record.environment
        elif not self.environment:
            msg = f"{type(record).__name__} came before RunStarted: the environment is not known"
            raise DatabaseError(msg)
        _ADD[type(record)](self, record)

    def _fact(self, table: Table, row: _Row) -> None:
        self._facts.setdefault(table, []).append(row)

    def _state(self, table: Table, row: _Row) -> None:
        key = tuple(row[column.name] for column in table.primary_key.columns)
        self._states.setdefault(table, {})[key] = row

    def _run_started(self, record: RunStarted) -> None:
        self._fact(schema.runs, _fields(record) | {"outcome": ""})

    def _run_ended(self, record: RunEnded) -> None:
        row = {"key": record.run_id, "ended_ns": record.ended_ns, "outcome": record.outcome}
        self._updates.append((_RUN_ENDED, row))

    def _order(self, record: OrderSaved) -> None:
        row = {name: getattr(record.order, name) for name in _ORDER_FIELDS}
        self._state(schema.orders, row | {"environment": self.environment})

    def _order_event(self, record: OrderEventSaved) -> None:
        event = record.event
        ts_ns = (
            event.fill.ts_ns if isinstance(event, OrderFilled) else getattr(event, "ts_ns", None)
        )
        self._fact(
            schema.order_events,
            {
                "environment": self.environment,
                "client_order_id": record.client_order_id,
                "number": record.number,
                "kind": type(event).__name__,
                "status_after": record.status_after,
                "cause": record.cause,
                "ts_ns": ts_ns,
                "recv_ns": event.recv_ns,
                "payload": _ENCODER.encode(event).decode(),
            },
        )

    def _fill(self, record: FillSaved) -> None:
        row = _fields(record)
        row |= _fields(row.pop("fill"))
        row |= {"environment": self.environment, "notional": record.fill.notional}
        self._fact(schema.fills, row)

    def _fee(self, record: FeeValued) -> None:
        row = {
            "where": self.environment,
            "of": record.symbol,
            "trade": record.trade_id,
            "on": record.side,
            "fee_quote": record.fee_quote,
            "fee_valued_ns": record.valued_ns,
        }
        self._updates.append((_FEE_VALUED, row))

    def _funding(self, record: FundingSaved) -> None:
        paid = record.payment
        self._fact(
            schema.funding,
            {
                "environment": self.environment,
                "occasion": paid.occasion,
                "symbol": paid.symbol,
                "asset": paid.asset,
                "payment": paid.amount,
                "amount": record.amount,
                "strategy_id": record.strategy_id,
                "position_side": record.position_side,
                "run_id": record.run_id,
                "transaction_id": paid.transaction_id,
                "source": paid.source,
                "ts_ns": paid.ts_ns,
                "recv_ns": paid.recv_ns,
            },
        )

    def _instrument(self, record: InstrumentSaved) -> None:
        rules = record.instrument
        self._state(
            schema.instruments,
            {
                "environment": self.environment,
                "symbol": rules.symbol,
                "market": rules.market,
                "base": rules.base,
                "quote": rules.quote,
                "pnl_asset": rules.pnl_asset,
                "contract_size": rules.contract_size,
                "inverse": rules.inverse,
                "tick_size": rules.tick_size,
                "step_size": rules.step_size,
                "rules": rules,
                "seen_ns": record.seen_ns,
            },
        )

    def _incident_opened(self, record: IncidentOpened) -> None:
        self._fact(schema.incidents, _fields(record) | {"environment": self.environment})

    def _incident_closed(self, record: IncidentClosed) -> None:
        row = {"key": record.incident_id, "to_ns": record.to_ns, "healed_by": record.healed_by}
        self._updates.append((_INCIDENT_CLOSED, row))

    def _balance(self, record: BalanceSaved) -> None:
        row = _fields(record)
        row |= _fields(row.pop("balance"))
        self._state(schema.balances, row | {"environment": self.environment})

    def _equity(self, record: EquitySaved) -> None:
        self._state(schema.equity, _fields(record) | {"environment": self.environment})

    def _strategy_state(self, record: StateSaved) -> None:
        self._state(schema.strategy_state, _fields(record) | {"environment": self.environment})


_ADD: Final[dict[type, Callable[[Batch, Any], None]]] = {
    RunStarted: Batch._run_started,  # noqa: SLF001 - the table of the class above
    RunEnded: Batch._run_ended,  # noqa: SLF001
    OrderSaved: Batch._order,  # noqa: SLF001
    OrderEventSaved: Batch._order_event,  # noqa: SLF001
    FillSaved: Batch._fill,  # noqa: SLF001
    FeeValued: Batch._fee,  # noqa: SLF001
    FundingSaved: Batch._funding,  # noqa: SLF001
    InstrumentSaved: Batch._instrument,  # noqa: SLF001
    IncidentOpened: Batch._incident_opened,  # noqa: SLF001
    IncidentClosed: Batch._incident_closed,  # noqa: SLF001
    BalanceSaved: Batch._balance,  # noqa: SLF001
    EquitySaved: Batch._equity,  # noqa: SLF001
    StateSaved: Batch._strategy_state,  # noqa: SLF001
}


def _fields(record: msgspec.Struct) -> _Row:
    return {name: getattr(record, name) for name in record.__struct_fields__}


# Cached, because to build a statement takes longer than to execute it.
@lru_cache(maxsize=256)
def _once(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> Prepared:
    statement = _insert(dialect.name, table).on_conflict_do_nothing(
        index_elements=list(_ONCE[table])
    )
    return Prepared(statement, table, columns, dialect)


@lru_cache(maxsize=256)
def _latest(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> Prepared:
    statement = _insert(dialect.name, table)
    keys = [column.name for column in table.primary_key.columns]
    changed = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in keys
    }
    whole = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return Prepared(whole, table, columns, dialect)


def _insert(dialect: str, table: Table) -> _Insert:
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
