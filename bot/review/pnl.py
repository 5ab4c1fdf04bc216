"""Profit and loss by strategy and symbol, and by day: a fold over the fills."""

from collections.abc import Callable, Sequence
from decimal import Decimal

import msgspec

from bot.domain.times import day_of
from bot.review.legs import Holding, Leg, holdings_of
from bot.review.port import FillView, FundingView, TradeReaderPort, Where
from bot.review.trips import Trip, TripStatistics, statistics_of, trips_of

__all__ = ["DailyPnl", "Pnl", "daily_pnl", "holdings", "is_within", "pnl"]

_ZERO = Decimal(0)


class Pnl(msgspec.Struct, frozen=True, kw_only=True):
    """Of one strategy on one symbol (in hedge mode: one of its positions), in units of ``asset``.

    ``realised``, ``fees``, ``funding``, ``volume`` and ``fills`` count what happened in the
    range; ``position`` and ``unrealised`` are what was held at its end, whenever it was bought.
    ``net`` is realised + unrealised + funding - fees; a fee is counted once, in ``fees``,
    whatever asset it was taken in. ``volume`` is in the quote asset.
    """

    environment: str
    strategy: str
    symbol: str
    asset: str
    fills: int
    volume: Decimal
    realised: Decimal
    """By average cost."""
    unrealised: Decimal | None
    """By average cost; None if something is held and no price of it is known."""
    realised_fifo: Decimal
    """The same trades, the oldest lot sold first."""
    unrealised_fifo: Decimal | None
    fees: Decimal
    funding: Decimal
    """Received, less paid."""
    net: Decimal
    position: Decimal
    """Base units."""
    average_price: Decimal
    price: Decimal | None
    """The last known: of the newest equity row or fill."""
    price_time_ns: int | None
    fees_unknown: int
    """Fills whose commission has no known value yet: it is in neither ``fees`` nor ``net``."""
    dust: Decimal
    """What of the position is less than a step of the symbol, so that no order can sell it."""
    statistics: TripStatistics


class DailyPnl(msgspec.Struct, kw_only=True):
    """Realised on one UTC day (the exchange's time), in units of ``asset``."""

    day: str
    environment: str
    strategy: str
    symbol: str
    asset: str
    fills: int = 0
    volume: Decimal = _ZERO
    realised: Decimal = _ZERO
    realised_fifo: Decimal = _ZERO
    fees: Decimal = _ZERO
    funding: Decimal = _ZERO
    net: Decimal = _ZERO
    """Realised (by average cost) + funding - fees."""


def holdings(reader: TradeReaderPort, where: Where) -> list[Holding]:
    """The holdings at the end of the range, from all their fills since the beginning."""
    whole = msgspec.structs.replace(where, from_ns=None, run_id=None, limit=None)
    instruments = {
        (row.environment, row.instrument.symbol): row.instrument
        for row in reader.instruments(where.environment)
    }
    return holdings_of(reader.fills(whole), instruments, reader.fundings(whole))


def pnl(reader: TradeReaderPort, where: Where, held: Sequence[Holding] | None = None) -> list[Pnl]:
    """By environment, strategy and symbol; none where there was no fill and nothing is held.

    ``held`` are the :func:`holdings` of the same range, if they are at hand.
    """
    within = is_within(where)
    held = holdings(reader, where) if held is None else held
    rows = [_pnl(reader, holding, within, where) for holding in held]
    return [row for row in rows if row.fills or row.position or row.funding]


def daily_pnl(reader: TradeReaderPort, where: Where) -> list[DailyPnl]:
    """By day, environment, strategy and symbol; days without a fill are left out."""
    within = is_within(where)
    days: dict[tuple[str, str, str, str], DailyPnl] = {}
    for holding in holdings(reader, where):
        for leg in holding.legs:
            if within(leg.row):
                row = _day(days, holding, leg.row.fill.ts_ns)
                row.fills += 1
                row.volume += leg.volume
                row.realised += leg.realised
                row.realised_fifo += leg.realised_fifo
                row.fees += leg.fee
        for part in holding.payments:
            if _is_paid_within(part, where):
                _day(days, holding, part.payment.ts_ns).funding += part.amount
    for row in days.values():
        row.net = row.realised + row.funding - row.fees
    return [days[key] for key in sorted(days)]


def _day(days: dict[tuple[str, str, str, str], DailyPnl], holding: Holding, ts_ns: int) -> DailyPnl:
    day = day_of(ts_ns).isoformat()
    key = (day, holding.environment, holding.strategy, holding.key)
    if key not in days:
        days[key] = DailyPnl(
            day=day,
            environment=holding.environment,
            strategy=holding.strategy,
            symbol=holding.key,
            asset=holding.asset,
        )
    return days[key]


def _is_paid_within(part: FundingView, where: Where) -> bool:
    return (where.from_ns is None or part.payment.ts_ns >= where.from_ns) and (
        where.run_id is None or part.run_id == where.run_id
    )


def is_within(where: Where) -> Callable[[FillView], bool]:
    """Whether a fill belongs to the range itself, not only to what led to it."""

    def within(row: FillView) -> bool:
        return (where.from_ns is None or row.fill.ts_ns >= where.from_ns) and (
            where.run_id is None or row.run_id == where.run_id
        )

    return within


def _pnl(
    reader: TradeReaderPort, holding: Holding, within: Callable[[FillView], bool], where: Where
) -> Pnl:
    legs = [leg for leg in holding.legs if within(leg.row)]
    position = holding.position
    price, price_ns = _last_price(reader, holding, where)
    unrealised: Decimal | None = _ZERO
    by_lots: Decimal | None = _ZERO
    if position.quantity:
        unrealised = None if price is None else position.unrealised(price)
        by_lots = None if price is None else holding.lots.unrealised(price)
    realised = sum((leg.realised for leg in legs), _ZERO)
    fees = sum((leg.fee for leg in legs), _ZERO)
    funding = sum((p.amount for p in holding.payments if _is_paid_within(p, where)), _ZERO)
    return Pnl(
        environment=holding.environment,
        strategy=holding.strategy,
        symbol=holding.key,
        asset=holding.asset,
        fills=len(legs),
        volume=sum((leg.volume for leg in legs), _ZERO),
        realised=realised,
        unrealised=unrealised,
        realised_fifo=sum((leg.realised_fifo for leg in legs), _ZERO),
        unrealised_fifo=by_lots,
        fees=fees,
        funding=funding,
        net=realised + (unrealised or _ZERO) + funding - fees,
        position=position.quantity,
        average_price=position.average_price,
        price=price,
        price_time_ns=price_ns,
        fees_unknown=sum(leg.fee_is_unknown for leg in legs),
        dust=holding.dust,
        statistics=statistics_of(_trips_within(holding, legs)),
    )


def _trips_within(holding: Holding, legs: Sequence[Leg]) -> list[Trip]:
    """The trips that were closed in the range."""
    if not legs:
        return []
    begin_ns = min(leg.row.fill.ts_ns for leg in legs)
    return [
        trip
        for trip in trips_of(holding)
        if trip.closed_ns is not None and trip.closed_ns >= begin_ns
    ]


def _last_price(
    reader: TradeReaderPort, holding: Holding, where: Where
) -> tuple[Decimal | None, int | None]:
    """The price of the newest equity row that has one, or of the last fill if that is newer."""
    if not holding.legs:
        return None, None
    newest = holding.legs[-1].row.fill
    rows = reader.equity(
        Where(
            environment=holding.environment,
            strategy=holding.strategy,
            symbol=holding.key,
            to_ns=where.to_ns,
            limit=1,
        )
    )
    for row in rows:
        if row.price is not None and row.ts_ns >= newest.ts_ns:
            return row.price, row.ts_ns
    return newest.price, newest.ts_ns
