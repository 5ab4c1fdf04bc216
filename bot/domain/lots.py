"""First in, first out: what a position realised if the oldest lot is sold first."""

from collections import deque
from decimal import Decimal
from typing import Final

import msgspec

from bot.domain.fill import Fill
from bot.domain.position import EXACT, to_unit, worth_of

__all__ = ["Lot", "Lots"]

_ZERO: Final = Decimal(0)


class Lot(msgspec.Struct):
    """What is left of one entry."""

    quantity: Decimal
    """Signed, base units (contracts on COIN-M)."""
    cost: Decimal
    """With the sign of the quantity, in the PnL asset."""
    ts_ns: int
    """When it was entered, the exchange's time."""


class Lots:
    """The open lots of one position, oldest first.

    Beside :class:`bot.domain.position.Position`, which counts average cost: the sum of
    realised and unrealised is the same in both at any price, only its parts differ.
    """

    def __init__(self, *, inverse: bool = False, size: Decimal = Decimal(1)) -> None:
        self.open: deque[Lot] = deque()
        self.realised = _ZERO
        """Before fees and funding, in the PnL asset."""
        self._inverse = inverse
        self._size = size

    @property
    def quantity(self) -> Decimal:
        """Signed."""
        total = _ZERO
        for lot in self.open:
            total = EXACT.add(total, lot.quantity)
        return total

    @property
    def cost(self) -> Decimal:
        """Of all open lots, with the sign of the quantity."""
        total = _ZERO
        for lot in self.open:
            total = EXACT.add(total, lot.cost)
        return total

    def apply(self, fill: Fill, *, base: str) -> Decimal:
        """Fold one fill in; the PnL that it realised. ``base`` as of the position."""
        realised = self._trade(fill.side.sign * fill.quantity, fill.price, fill.ts_ns)
        if fill.commission and fill.commission_asset == base:
            commission = self._trade(-fill.commission, fill.price, fill.ts_ns)
            realised = EXACT.add(realised, commission)
        self.realised = EXACT.add(self.realised, realised)
        return realised

    def unrealised(self, price: Decimal) -> Decimal:
        """What closing all lots at ``price`` would realise."""
        gain = EXACT.subtract(self._worth(self.quantity, price), self.cost)
        return -gain if self._inverse else gain

    def _trade(self, signed: Decimal, price: Decimal, ts_ns: int) -> Decimal:
        realised = _ZERO
        while signed and self.open and (self.open[0].quantity > 0) != (signed > 0):
            lot = self.open[0]
            closed = lot.quantity if abs(lot.quantity) <= abs(signed) else -signed
            cost = lot.cost
            if closed != lot.quantity:
                cost = to_unit(EXACT.divide(EXACT.multiply(lot.cost, closed), lot.quantity))
            gain = EXACT.subtract(self._worth(closed, price), cost)
            realised = EXACT.add(realised, -gain if self._inverse else gain)
            signed = EXACT.add(signed, closed)
            if closed == lot.quantity:
                self.open.popleft()
            else:
                lot.quantity = EXACT.subtract(lot.quantity, closed)
                lot.cost = EXACT.subtract(lot.cost, cost)
        if signed:
            self.open.append(Lot(signed, self._worth(signed, price), ts_ns))
        return realised

    def _worth(self, quantity: Decimal, price: Decimal) -> Decimal:
        return worth_of(quantity, price, inverse=self._inverse, size=self._size)
