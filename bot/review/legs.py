"""Fills folded into positions: what each fill did to what was held."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from bot.domain.instrument import Instrument
from bot.domain.lots import Lots
from bot.domain.position import Position
from bot.domain.terms import PositionSide
from bot.domain.values import EXTERNAL
from bot.review.assets import base_of, quote_of
from bot.review.port import FillView, FundingView

__all__ = ["Holding", "Leg", "holdings_of"]

_ZERO = Decimal(0)
_ROUNDING = Decimal("1E-9")


class Leg(msgspec.Struct, frozen=True):
    """One fill, and the position before and after it (base units)."""

    row: FillView
    before: Decimal
    after: Decimal
    realised: Decimal
    """By average cost, before fees."""
    realised_fifo: Decimal
    """The oldest first, before fees."""
    volume: Decimal
    """What changed hands, quote units."""
    ends_order: bool
    """It is the last fill of its order."""
    order_filled: Decimal
    """Base units that its order filled in all."""

    @property
    def fee(self) -> Decimal:
        """Quote units; 0 where no price of the commission's asset was known."""
        return self.row.fee_quote or _ZERO

    @property
    def fee_is_unknown(self) -> bool:
        return self.row.fee_quote is None and self.row.fill.commission != 0

    @property
    def differs(self) -> bool:
        """What is stored with the fill is not what the fold gives."""
        # An average has more digits than a column of PostgreSQL keeps.
        error = abs(self.realised - self.row.realised_quote)
        return self.after != self.row.position_after or error > _ROUNDING


class Holding(msgspec.Struct, frozen=True):
    """All fills of one strategy on one symbol, in the order in which they reached us.

    In hedge mode the two positions of a symbol are two holdings.
    """

    environment: str
    strategy: str
    symbol: str
    asset: str
    """What its money is in: the quote asset, on COIN-M the settlement asset; '' if it cannot be
    told."""
    position: Position
    """As it stands after the last leg."""
    lots: Lots
    """The same, first in first out."""
    legs: tuple[Leg, ...]
    payments: tuple[FundingView, ...] = ()
    instrument: Instrument | None = None
    """None for what was traded before instruments were stored."""

    @property
    def key(self) -> str:
        """The symbol, and in hedge mode the side."""
        return self.position.key

    @property
    def dust(self) -> Decimal:
        """What of the position is less than a step, so that no order can sell it."""
        if self.instrument is None or not self.instrument.step_size:
            return _ZERO
        return abs(self.position.quantity) % self.instrument.step_size

    @property
    def is_external(self) -> bool:
        """None of our strategies asked for it."""
        return self.strategy == EXTERNAL


_Key = tuple[str, str, str, PositionSide]


def holdings_of(
    rows: Iterable[FillView],
    instruments: Mapping[tuple[str, str], Instrument] | None = None,
    payments: Iterable[FundingView] = (),
) -> list[Holding]:
    """The fold over fills that begin at the beginning, by environment, strategy and position.

    ``instruments`` by environment and symbol; a symbol that is not there is judged by its name.
    """
    fills: dict[_Key, list[FillView]] = {}
    for row in rows:
        side = row.fill.position_side
        key = (row.environment, row.strategy_id, row.fill.symbol, side)
        fills.setdefault(key, []).append(row)
    paid: dict[_Key, list[FundingView]] = {}
    for part in payments:
        key = (part.environment, part.strategy_id, part.payment.symbol, part.position_side)
        paid.setdefault(key, []).append(part)
    known = instruments or {}
    return [
        _holding(key, fills.get(key, []), paid.get(key, []), known.get((key[0], key[2])))
        for key in sorted({*fills, *paid})
    ]


def _holding(
    key: _Key,
    rows: list[FillView],
    payments: list[FundingView],
    instrument: Instrument | None,
) -> Holding:
    environment, strategy, symbol, side = key
    # A late fill is folded in when it arrives, as the engine did it.
    rows = sorted(rows, key=lambda row: row.fill.recv_ns)
    assets = {row.fill.commission_asset for row in rows if row.fill.commission_asset}
    position = Position(strategy_id=strategy, symbol=symbol, side=side)
    base, asset = base_of(symbol, assets), quote_of(symbol, assets)
    if instrument is not None:
        position.inverse, position.size = instrument.inverse, instrument.contract_size
        base, asset = instrument.held_asset, instrument.pnl_asset
    lots = Lots(inverse=position.inverse, size=position.size)
    last, filled = _by_order(rows)
    legs = []
    for index, row in enumerate(rows):
        before, fill = position.quantity, row.fill
        volume = fill.notional
        if instrument is not None:
            volume = instrument.notional(fill.quantity, fill.price)
        legs.append(
            Leg(
                row,
                before,
                realised=position.apply(fill, base=base, fee_quote=row.fee_quote),
                realised_fifo=lots.apply(fill, base=base),
                after=position.quantity,
                volume=volume,
                ends_order=last[fill.client_order_id] == index,
                order_filled=filled[fill.client_order_id],
            )
        )
    for part in payments:
        position.receive(part.amount)
    return Holding(
        environment,
        strategy,
        symbol,
        asset,
        position,
        lots,
        tuple(legs),
        payments=tuple(payments),
        instrument=instrument,
    )


def _by_order(rows: Sequence[FillView]) -> tuple[dict[str, int], dict[str, Decimal]]:
    """The index of the last fill of each order, and how much it filled."""
    last: dict[str, int] = {}
    filled: dict[str, Decimal] = {}
    for index, row in enumerate(rows):
        order = row.fill.client_order_id
        last[order] = index
        filled[order] = filled.get(order, _ZERO) + row.fill.quantity
    return last, filled
