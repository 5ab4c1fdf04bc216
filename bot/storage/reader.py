"""Reading the trade database, also while a bot writes to it. Nothing here can write."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Self

import msgspec
from sqlalchemy import ColumnElement, Row, Select, Table, func, select

from bot.domain.errors import DatabaseError
from bot.domain.events import OrderEvent
from bot.storage import schema
from bot.storage.connection import normalise_url, reading, reading_engine, shown
from bot.storage.migrate import ensure_current
from bot.storage.recovery import fill_of, funding_of, order_of
from bot.storage.rows import (
    BalanceRow,
    EquityRow,
    FillRow,
    FillTotals,
    FundingRow,
    IncidentRow,
    InstrumentRow,
    NoteRow,
    OrderEventRow,
    OrderHistory,
    OrderRow,
    RunRow,
)
from bot.storage.types import decimal_sum

__all__ = ["Filter", "TradeReader"]

_EVENT = msgspec.json.Decoder(OrderEvent)


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows. Each condition that is given must hold; a table without the column ignores it."""

    from_ns: int | None = None
    """At or after."""
    to_ns: int | None = None
    """Before."""
    environment: str | None = None
    run_id: str | None = None
    strategy: str | None = None
    symbol: str | None = None
    status: str | None = None
    """Of orders: the name of an OrderStatus."""
    limit: int | None = None
    """The newest so many. Rows come oldest first all the same."""


_ALL = Filter()


class TradeReader:
    """Typed rows of one database. Each call is one transaction; safe to use from any thread.

    Raises (each method too):
        DatabaseError: it does not exist, is not migrated, or cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self._url = normalise_url(url)
        self._engine = reading_engine(self._url)
        try:
            with reading(self._engine, self._url) as connection:
                ensure_current(connection, shown(self._url))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def runs(self, where: Filter = _ALL) -> list[RunRow]:
        """By start."""
        return [
            RunRow(**row._asdict() | {"symbols": tuple(row.symbols)})
            for row in self._newest(schema.runs, "started_ns", where)
        ]

    def orders(self, where: Filter = _ALL) -> list[OrderRow]:
        """By creation."""
        rows = self._newest(schema.orders, "created_ns", where)
        return [OrderRow(environment=row.environment, order=order_of(row)) for row in rows]

    def order(self, client_order_id: str, *, environment: str | None = None) -> OrderHistory | None:
        """The order with everything that happened to it; None if there is none of that id.

        Two environments may know the same id: the newer order is taken unless one is named.
        """
        where = Filter(environment=environment, limit=1)
        mine = schema.orders.c.client_order_id == client_order_id
        found = self._newest(schema.orders, "created_ns", where, mine)
        if not found:
            return None
        row = OrderRow(environment=found[0].environment, order=order_of(found[0]))
        within = Filter(environment=row.environment)
        about = schema.incidents.c.subject == client_order_id
        return OrderHistory(
            row=row,
            events=tuple(self._events(row.environment, client_order_id)),
            fills=tuple(self._fills(within, schema.fills.c.client_order_id == client_order_id)),
            incidents=tuple(self._incidents(within, about)),
        )

    def fills(self, where: Filter = _ALL) -> list[FillRow]:
        """By the exchange's time."""
        return self._fills(where)

    def fundings(self, where: Filter = _ALL) -> list[FundingRow]:
        """Parts of payments, by the exchange's time."""
        return [
            FundingRow(
                environment=row.environment,
                payment=funding_of(row),
                strategy_id=row.strategy_id,
                position_side=row.position_side,
                run_id=row.run_id,
                amount=row.amount,
            )
            for row in self._newest(schema.funding, "ts_ns", where)
        ]

    def instruments(self, environment: str | None = None) -> list[InstrumentRow]:
        """Every symbol that was ever traded, as it last was."""
        c = schema.instruments.c
        statement = select(c.environment, c.rules, c.seen_ns).order_by(c.environment, c.symbol)
        if environment is not None:
            statement = statement.where(c.environment == environment)
        return [
            InstrumentRow(environment=row.environment, instrument=row.rules, seen_ns=row.seen_ns)
            for row in self._fetch(statement)
        ]

    def totals(self, where: Filter = _ALL) -> list[FillTotals]:
        """Exact sums of the fills by environment, strategy and symbol. ``limit`` is ignored."""
        c = schema.fills.c
        keys = (c.environment, c.strategy_id, c.symbol)
        statement = (
            select(
                *keys,
                func.count().label("fills"),
                decimal_sum(c.notional).label("volume"),
                decimal_sum(c.realised_quote).label("realised"),
                decimal_sum(c.fee_quote).label("fees"),
            )
            .where(*_conditions(schema.fills, "ts_ns", where))
            .group_by(*keys)
            .order_by(*keys)
        )
        return [
            FillTotals(**row._asdict() | {"fees": row.fees or Decimal(0)})
            for row in self._fetch(statement)
        ]

    def incidents(self, where: Filter = _ALL, *, kind: str | None = None) -> list[IncidentRow]:
        """By their beginning. ``symbol`` and ``strategy`` of the filter match the subject."""
        extra = [] if kind is None else [schema.incidents.c.kind == kind]
        subjects = [s for s in (where.symbol, where.strategy) if s is not None]
        if subjects:
            extra.append(schema.incidents.c.subject.in_(subjects))
        return self._incidents(where, *extra)

    def equity(self, where: Filter = _ALL) -> list[EquityRow]:
        """By time."""
        return [EquityRow(**row._asdict()) for row in self._newest(schema.equity, "ts_ns", where)]

    def balances(self, where: Filter = _ALL, *, asset: str | None = None) -> list[BalanceRow]:
        """Every report of a balance, by time."""
        extra = () if asset is None else (schema.balances.c.asset == asset,)
        rows = self._newest(schema.balances, "ts_ns", where, *extra)
        return [BalanceRow(**row._asdict()) for row in rows]

    def notes(self, where: Filter = _ALL) -> list[NoteRow]:
        """By time."""
        rows = self._newest(schema.notes, "created_ns", where)
        return [NoteRow(**{f: getattr(r, f) for f in NoteRow.__struct_fields__}) for r in rows]

    def _events(self, environment: str, client_order_id: str) -> list[OrderEventRow]:
        c = schema.order_events.c
        statement = (
            select(schema.order_events)
            .where(c.environment == environment, c.client_order_id == client_order_id)
            .order_by(c.number)
        )
        return [
            OrderEventRow(
                number=row.number,
                kind=row.kind,
                status_after=row.status_after,
                cause=row.cause,
                ts_ns=row.ts_ns,
                recv_ns=row.recv_ns,
                event=_EVENT.decode(row.payload),
            )
            for row in self._fetch(statement)
        ]

    def _fills(self, where: Filter, *extra: ColumnElement[bool]) -> list[FillRow]:
        return [
            FillRow(
                environment=row.environment,
                fill=fill_of(row),
                strategy_id=row.strategy_id,
                run_id=row.run_id,
                fee_quote=row.fee_quote,
                realised_quote=row.realised_quote,
                position_after=row.position_after,
                fee_valued_ns=row.fee_valued_ns,
            )
            for row in self._newest(schema.fills, "ts_ns", where, *extra)
        ]

    def _incidents(self, where: Filter, *extra: ColumnElement[bool]) -> list[IncidentRow]:
        rows = self._newest(schema.incidents, "from_ns", where, *extra)
        return [IncidentRow(**row._asdict()) for row in rows]

    def _newest(
        self, table: Table, time: str, where: Filter, *extra: ColumnElement[bool]
    ) -> list[Row[Any]]:
        """The rows that hold, oldest first."""
        order = (table.c[time], *table.primary_key.columns)
        statement = (
            select(table)
            .where(*_conditions(table, time, where), *extra)
            .order_by(*(column.desc() for column in order))
        )
        if where.limit is not None:
            statement = statement.limit(where.limit)
        return list(reversed(self._fetch(statement)))

    def _fetch(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        with reading(self._engine, self._url) as connection:
            return connection.execute(statement).all()


def _conditions(table: Table, time: str, where: Filter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if where.from_ns is not None:
        conditions.append(table.c[time] >= where.from_ns)
    if where.to_ns is not None:
        conditions.append(table.c[time] < where.to_ns)
    wanted = {
        "environment": where.environment,
        "run_id": where.run_id,
        "strategy_id": where.strategy,
        "symbol": where.symbol,
        "status": where.status,
    }
    for name, value in wanted.items():
        if value is not None and name in table.c:
            conditions.append(table.c[name] == value)
    if where.limit is not None and where.limit < 1:
        msg = f"limit must be at least 1, got {where.limit}"
        raise DatabaseError(msg)
    return conditions
