"""Fills folded into positions: what each fill did to what was held."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from bot.domain.position import Position
from bot.domain.values import EXTERNAL
from bot.review.assets import base_of, quote_of
from bot.review.port import FillView

__all__ = ["Holding", "Leg", "holdings_of"]

_ZERO = Decimal(0)
_ROUNDING = Decimal("1E-9")


class Leg(msgspec.Struct, frozen=True):
    """One fill, and the position before and after it (base units)."""

    row: FillView
    before: Decimal
    after: Decimal
    realised: Decimal
    """Quote units, before fees."""
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
    """All fills of one strategy on one symbol, in the order in which they reached us."""

    environment: str
    strategy: str
    symbol: str
    asset: str
    """The quote asset; '' if it cannot be told."""
    position: Position
    """As it stands after the last leg."""
    legs: tuple[Leg, ...]

    @property
    def is_external(self) -> bool:
        """None of our strategies asked for it."""
        return self.strategy == EXTERNAL


def holdings_of(rows: Iterable[FillView]) -> list[Holding]:
    """The fold over fills that begin at the beginning, by environment, strategy and symbol."""
    groups: dict[tuple[str, str, str], list[FillView]] = {}
    for row in rows:
        groups.setdefault((row.environment, row.strategy_id, row.fill.symbol), []).append(row)
    return [_holding(key, group) for key, group in sorted(groups.items())]


def _holding(key: tuple[str, str, str], rows: list[FillView]) -> Holding:
    environment, strategy, symbol = key
    # A late fill is folded in when it arrives, as the engine did it.
    rows = sorted(rows, key=lambda row: row.fill.recv_ns)
    assets = {row.fill.commission_asset for row in rows if row.fill.commission_asset}
    position = Position(strategy_id=strategy, symbol=symbol)
    base = base_of(symbol, assets)
    last, filled = _by_order(rows)
    legs = []
    for index, row in enumerate(rows):
        before = position.quantity
        realised = position.apply(row.fill, base=base, fee_quote=row.fee_quote)
        order = row.fill.client_order_id
        legs.append(
            Leg(row, before, position.quantity, realised, last[order] == index, filled[order])
        )
    return Holding(environment, strategy, symbol, quote_of(symbol, assets), position, tuple(legs))


def _by_order(rows: Sequence[FillView]) -> tuple[dict[str, int], dict[str, Decimal]]:
    """The index of the last fill of each order, and how much it filled."""
    last: dict[str, int] = {}
    filled: dict[str, Decimal] = {}
    for index, row in enumerate(rows):
        order = row.fill.client_order_id
        last[order] = index
        filled[order] = filled.get(order, _ZERO) + row.fill.quantity
    return last, filled
