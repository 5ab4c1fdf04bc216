"""Round trips: from flat to flat."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from bot.review.legs import Holding, Leg

__all__ = ["Trip", "TripStatistics", "statistics_of", "trips_of"]

_ZERO: Final = Decimal(0)
_DUST: Final = Decimal("0.01")
"""Of the closing order: a fee taken in the base asset leaves what cannot be sold."""


class Trip(msgspec.Struct, kw_only=True):
    """From flat to flat, or to now. The view ``v_trades`` follows the same definition."""

    environment: str
    strategy: str
    symbol: str
    trade: int
    """Counts from 1 for each strategy and symbol."""
    direction: str
    """``LONG`` or ``SHORT``."""
    status: str = "OPEN"
    opened_ns: int
    closed_ns: int | None = None
    fills: int = 0
    peak_quantity: Decimal = _ZERO
    """The most that was held, base units, without sign."""
    realised: Decimal = _ZERO
    """Quote units, before fees."""
    fees: Decimal = _ZERO
    net: Decimal = _ZERO
    asset: str


class TripStatistics(msgspec.Struct, frozen=True, kw_only=True):
    """Of closed trips, by their net result. Averages and ratios are None where undefined."""

    trips: int
    wins: int
    losses: int
    """A trip that ends at exactly 0 is neither."""
    win_rate: float | None
    profit_factor: float | None
    """Sum of wins over sum of losses."""
    average_win: Decimal | None
    average_loss: Decimal | None
    best: Decimal | None
    worst: Decimal | None


def trips_of(holding: Holding) -> list[Trip]:
    """The trips of one strategy on one symbol, oldest first; the last may be open.

    Flat is a position of 0, a change of sign (the fill that crosses zero ends one trip, with
    all its money, and begins the next), or a remainder too small to matter: after the last
    fill of an order that closes, less than 1 % of that order.
    """
    trips: list[Trip] = []
    current: Trip | None = None
    for leg in holding.legs:
        if current is None:
            side = leg.before or leg.row.fill.side.sign * leg.row.fill.quantity
            current = _begun(holding, leg, len(trips) + 1, side)
            trips.append(current)
        crosses = leg.after * leg.before < 0
        _add(current, leg)
        if leg.after == 0 or crosses or _leaves_dust(leg):
            current.status = "CLOSED"
            current.closed_ns = leg.row.fill.ts_ns
            current = None
        if crosses:
            current = _begun(holding, leg, len(trips) + 1, leg.after)
            current.fills = 1
            current.peak_quantity = abs(leg.after)
            trips.append(current)
    return trips


def statistics_of(trips: Iterable[Trip]) -> TripStatistics:
    """The statistics of the closed ones among the trips."""
    results = [trip.net for trip in trips if trip.status == "CLOSED"]
    wins = [net for net in results if net > 0]
    losses = [net for net in results if net < 0]
    lost = -sum(losses, _ZERO)
    return TripStatistics(
        trips=len(results),
        wins=len(wins),
        losses=len(losses),
        win_rate=len(wins) / len(results) if results else None,
        profit_factor=float(sum(wins, _ZERO) / lost) if lost else None,
        average_win=sum(wins, _ZERO) / len(wins) if wins else None,
        average_loss=sum(losses, _ZERO) / len(losses) if losses else None,
        best=max(results, default=None),
        worst=min(results, default=None),
    )


def _begun(holding: Holding, leg: Leg, number: int, held: Decimal) -> Trip:
    return Trip(
        environment=holding.environment,
        strategy=holding.strategy,
        symbol=holding.key,
        trade=number,
        direction="LONG" if held > 0 else "SHORT",
        opened_ns=leg.row.fill.ts_ns,
        asset=holding.asset,
    )


def _add(trip: Trip, leg: Leg) -> None:
    trip.fills += 1
    trip.realised += leg.realised
    trip.fees += leg.fee
    trip.net = trip.realised - trip.fees
    ends = leg.after * leg.before < 0
    held = abs(leg.before) if ends else max(abs(leg.before), abs(leg.after))
    trip.peak_quantity = max(trip.peak_quantity, held)


def _leaves_dust(leg: Leg) -> bool:
    return (
        leg.ends_order
        and abs(leg.after) < abs(leg.before)
        and abs(leg.after) < _DUST * leg.order_filled
    )
