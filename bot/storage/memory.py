"""The store without a database: for tests and for runs that need not be remembered."""

from collections.abc import Sequence

import msgspec

from bot.domain.errors import DatabaseError
from bot.domain.fill import Fill
from bot.domain.instrument import Instrument
from bot.domain.order import Order
from bot.domain.records import (
    FeeValued,
    FillSaved,
    FundingSaved,
    IncidentClosed,
    IncidentOpened,
    InstrumentSaved,
    OrderSaved,
    Record,
    RunStarted,
    StateSaved,
)
from bot.ports import IncidentRow, Recovery, StoredFill, StoredFunding
from bot.storage.queue import MarkedQueue
from bot.storage.recovery import RECENT_NS, RECENT_ORDERS, halt_reason

__all__ = ["MemoryStore"]


class MemoryStore:
    """The :class:`bot.ports.Store` in memory. Each group is durable at once, unless held.

    ``records`` is everything that was committed, in order. :meth:`hold`, :meth:`release` and
    :meth:`fail` play a slow and a broken database.
    """

    def __init__(self, *, environment: str = "") -> None:
        self.records: list[Record] = []
        self._queue = MarkedQueue(capacity=1_000_000)
        self._environment = environment
        self._is_held = False
        self._orders: dict[tuple[str, str], Order] = {}
        self._fills: dict[tuple[str, str, int, str], StoredFill] = {}
        self._fundings: dict[tuple[str, str, str, str], StoredFunding] = {}
        self._instruments: dict[tuple[str, str], Instrument] = {}
        self._state: dict[tuple[str, str, str], str] = {}
        self._incidents: dict[str, tuple[str, IncidentOpened]] = {}

    @property
    def backlog(self) -> int:
        """Records that are not committed yet."""
        return self._queue.backlog

    def append(self, records: Sequence[Record]) -> int:
        mark = self._queue.append(records)
        if not self._is_held:
            self._commit()
        return mark

    async def durable(self, mark: int) -> None:
        await self._queue.durable(mark)

    async def close(self) -> None:
        self.release()
        self._queue.close()
        if self._queue.error is not None:
            raise self._queue.error

    def hold(self) -> None:
        """Commit nothing until :meth:`release`."""
        self._is_held = True

    def release(self) -> None:
        self._is_held = False
        self._commit()

    def fail(self, reason: str) -> None:
        """Be broken for good."""
        self._queue.fail(DatabaseError(reason))

    def recover(self, environment: str) -> Recovery:
        orders = [order for (where, _), order in self._orders.items() if where == environment]
        newest = max((order.updated_ns for order in orders), default=0)
        recent = [
            order
            for order in orders
            if order.status.is_terminal and order.updated_ns > newest - RECENT_NS
        ]
        recent.sort(key=lambda order: (order.updated_ns, order.client_order_id))
        live = [order for order in orders if not order.status.is_terminal]
        state: dict[str, dict[str, str]] = {}
        for (where, strategy_id, key), value in self._state.items():
            if where == environment:
                state.setdefault(strategy_id, {})[key] = value
        return Recovery(
            orders=tuple(sorted(live, key=lambda order: (order.created_ns, order.client_order_id))),
            recent_orders=tuple(recent[-RECENT_ORDERS:]),
            fills=tuple(fill for key, fill in self._fills.items() if key[0] == environment),
            state=state,
            open_incidents=self._open_incidents(environment),
            halted=halt_reason(state),
            fundings=tuple(row for key, row in self._fundings.items() if key[0] == environment),
            instruments={
                symbol: instrument
                for (where, symbol), instrument in self._instruments.items()
                if where == environment
            },
        )

    def _open_incidents(self, environment: str) -> tuple[IncidentRow, ...]:
        rows = [
            IncidentRow(
                incident_id=opened.incident_id,
                kind=opened.kind,
                subject=opened.subject,
                from_ns=opened.from_ns,
            )
            for where, opened in self._incidents.values()
            if where == environment and opened.to_ns is None
        ]
        return tuple(sorted(rows, key=lambda row: (row.from_ns, row.incident_id)))

    def _commit(self) -> None:
        while self._queue.has_groups:
            taken = self._queue.take()
            assert taken is not None
            for record in taken.records:
                self._keep(record)
            self._queue.commit(taken.mark)

    def _keep(self, record: Record) -> None:
        self.records.append(record)
        if isinstance(record, RunStarted):
            self._environment = record.environment
        here = self._environment
        match record:
            case OrderSaved(order):
                self._orders[here, order.client_order_id] = order
            case FillSaved(fill=fill):
                self._keep_fill(here, fill, record)
            case FeeValued():
                key = (here, record.symbol, record.trade_id, record.side)
                valued = msgspec.structs.replace(self._fills[key], fee_quote=record.fee_quote)
                self._fills[key] = valued
            case FundingSaved():
                self._keep_funding(here, record)
            case InstrumentSaved():
                self._instruments[here, record.instrument.symbol] = record.instrument
            case StateSaved():
                self._state[here, record.strategy_id, record.key] = record.value
            case IncidentOpened():
                self._incidents.setdefault(record.incident_id, (here, record))
            case IncidentClosed():
                self._incidents.pop(record.incident_id, None)

    def _keep_funding(self, environment: str, record: FundingSaved) -> None:
        stored = StoredFunding(
            payment=record.payment,
            strategy_id=record.strategy_id,
            position_side=record.position_side,
            amount=record.amount,
        )
        key = (environment, record.payment.occasion, record.strategy_id, record.position_side)
        self._fundings.setdefault(key, stored)

    def _keep_fill(self, environment: str, fill: Fill, record: FillSaved) -> None:
        stored = StoredFill(fill=fill, strategy_id=record.strategy_id, fee_quote=record.fee_quote)
        self._fills.setdefault((environment, fill.symbol, fill.trade_id, fill.side), stored)
