"""The first look: what a run did, what is still open, and whether anything is unexplained."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from bot.domain.values import OrderStatus
from bot.review.legs import Holding
from bot.review.listing import OrderLine, RunLine
from bot.review.pnl import Pnl, holdings, is_within, pnl
from bot.review.port import IncidentView, OrderView, RunView, TradeReaderPort, Where

__all__ = ["Overview", "overview"]

_ZERO = Decimal(0)
_UNRESOLVED = (OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN)


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    run: RunLine | None
    """The run that this is about; None if it is about a range."""
    orders: int
    orders_by_status: dict[str, int]
    refused: int
    fills: int
    volume: dict[str, Decimal]
    """By quote asset, as are ``fees`` and ``net``."""
    fees: dict[str, Decimal]
    net: dict[str, Decimal]
    pnl: list[Pnl]
    open_positions: list[Pnl]
    open_orders: list[OrderLine]
    unresolved_orders: list[OrderLine]
    """It is not known what became of them."""
    incidents: dict[str, int]
    """By kind."""
    unexplained: list[str]
    """What a reviewer should look at, one line each; empty is the good answer."""


def overview(reader: TradeReaderPort, where: Where) -> Overview | None:
    """Of the latest run, or of everything in the range if one is given; None if nothing is there.

    Open orders and positions are those of the whole account, whichever run began them.
    """
    runs = reader.runs(Where(environment=where.environment))
    is_range = where.from_ns is not None or where.to_ns is not None
    run = None
    if not is_range and runs:
        wanted = [row for row in runs if where.run_id in {None, row.run_id}]
        run = wanted[-1] if wanted else None
        if run is None:
            return None
        where = msgspec.structs.replace(where, run_id=run.run_id, environment=run.environment)
    orders = reader.orders(where)
    held = holdings(reader, where)
    profit = pnl(reader, where, held)
    if run is None and not orders and not profit:
        return None
    incidents = reader.incidents(where)
    alive = _alive(reader, where)
    unresolved = [OrderLine.of(row) for row in alive if row.order.status in _UNRESOLVED]
    statuses = Counter(row.order.status.value for row in orders)
    return Overview(
        run=None if run is None else RunLine.of(run),
        orders=len(orders),
        orders_by_status=dict(statuses.most_common()),
        refused=statuses[OrderStatus.REFUSED.value],
        fills=sum(row.fills for row in profit),
        volume=_by_asset(profit, "volume"),
        fees=_by_asset(profit, "fees"),
        net=_by_asset(profit, "net"),
        pnl=profit,
        open_positions=[row for row in profit if row.position],
        open_orders=[OrderLine.of(row) for row in alive if row.order.status.is_working],
        unresolved_orders=unresolved,
        incidents=dict(Counter(row.kind for row in incidents).most_common()),
        unexplained=[
            *_about_run(run, runs),
            *(f"order {row.client_order_id} is {row.status}" for row in unresolved),
            *_about_incidents(incidents, run),
            *_about_fills(held, orders, where),
            *_about_fees(profit),
        ],
    )


def _alive(reader: TradeReaderPort, where: Where) -> list[OrderView]:
    """Orders that are not ended, of any run."""
    every = msgspec.structs.replace(where, run_id=None, from_ns=None, limit=None)
    found: list[OrderView] = []
    for status in OrderStatus:
        if not status.is_terminal:
            found += reader.orders(msgspec.structs.replace(every, status=status.value))
    return sorted(found, key=lambda row: row.order.created_ns)


def _by_asset(rows: Sequence[Pnl], field: str) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for row in rows:
        totals[row.asset] = totals.get(row.asset, _ZERO) + getattr(row, field)
    return totals


def _about_run(run: RunView | None, runs: Sequence[RunView]) -> list[str]:
    found = []
    if run is not None and run.outcome.startswith("failed"):
        found.append(f"run {run.run_id} {run.outcome}")
    killed = [
        row.run_id
        for row in runs
        if row.ended_ns is None
        and any(
            later.environment == row.environment and later.started_ns > row.started_ns
            for later in runs
        )
    ]
    if killed and (run is None or run.run_id in killed):
        found.append(f"runs that were killed, without an end: {', '.join(killed)}")
    return found


def _about_incidents(incidents: Sequence[IncidentView], run: RunView | None) -> list[str]:
    """Errors, and whatever never ended although the run did."""
    ended = run is not None and run.ended_ns is not None
    found = []
    for row in incidents:
        if row.severity == "error" or (ended and row.to_ns is None and row.severity != "info"):
            lasts = " (not healed)" if row.to_ns is None else ""
            found.append(f"{row.kind} {row.subject}: {row.cause}{lasts}")
    return found


def _about_fills(held: Sequence[Holding], orders: Sequence[OrderView], where: Where) -> list[str]:
    found = []
    within = is_within(where)
    filled: dict[str, Decimal] = {}
    for holding in held:
        wrong = [leg for leg in holding.legs if leg.differs]
        if wrong:
            found.append(
                f"{holding.strategy} {holding.symbol}: position or PnL stored with"
                f" {len(wrong)} fills is not what the fills add up to"
                f" (first: trade {wrong[0].row.fill.trade_id})"
            )
        for leg in holding.legs:
            found_id = leg.row.fill.client_order_id
            filled[found_id] = filled.get(found_id, _ZERO) + leg.row.fill.quantity
        foreign = sum(within(leg.row) for leg in holding.legs) if holding.is_external else 0
        if foreign:
            found.append(f"fills on {holding.symbol} that no strategy asked for: {foreign}")
    for row in orders:
        stored, summed = row.order.filled, filled.get(row.order.client_order_id, _ZERO)
        if stored != summed:
            name = row.order.client_order_id
            says, have = (f"{amount.normalize():f}" for amount in (stored, summed))
            found.append(f"order {name} says filled {says}, its fills add up to {have}")
    return found


def _about_fees(rows: Sequence[Pnl]) -> list[str]:
    return [
        f"{row.strategy} {row.symbol}: the fees of {row.fees_unknown} fills have no known value"
        " and are not in the net"
        for row in rows
        if row.fees_unknown
    ]
