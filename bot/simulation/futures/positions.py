"""A position in one contract: how fills change it, and what it has won. Exact decimals."""

from dataclasses import dataclass
from decimal import Decimal

from bot.simulation.futures.amounts import ZERO, rounded
from bot.simulation.futures.contracts import Contract

__all__ = ["Position"]


@dataclass(slots=True, eq=False)
class Position:
    """``side`` is BOTH (one-way), LONG or SHORT (hedge mode)."""

    contract: Contract
    side: str
    amount: Decimal = ZERO
    """Contracts, negative when short."""
    cost: Decimal = ZERO
    """What the amount was worth when it was traded, in the margin asset, signed as the amount."""
    toll: Decimal = ZERO
    """Commission paid less profit realised since the position was opened: for the break-even."""
    realised: Decimal = ZERO
    """Profit realised in this slot for ever, before commission: ``cr`` of ACCOUNT_UPDATE."""
    isolated_wallet: Decimal = ZERO
    """The part of the wallet that stands behind an isolated position alone."""
    update_ms: int = 0

    @property
    def entry(self) -> Decimal:
        """The average price at which the amount was opened; 0 when flat."""
        if not self.amount:
            return ZERO
        if self.contract.size is not None:
            return self.amount * self.contract.size / self.cost
        return self.cost / self.amount

    @property
    def break_even(self) -> Decimal:
        """The price at which closing pays what opening cost; 0 when flat."""
        if not self.amount:
            return ZERO
        if self.contract.size is not None:
            return self.amount * self.contract.size / (self.cost - self.toll)
        return (self.cost + self.toll) / self.amount

    def notional(self, mark: Decimal) -> Decimal:
        """Its value at that price, signed."""
        return self.contract.value(self.amount, mark)

    def profit(self, price: Decimal) -> Decimal:
        """What closing all of it at that price would realise."""
        return self._gain(self.notional(price), self.cost)

    def trade(self, quantity: Decimal, price: Decimal) -> Decimal:
        """Count a fill in (``quantity`` negative for a sale). The profit that it realises."""
        before = self.amount
        closed = ZERO
        if before and (quantity < 0) != (before < 0):
            closed = min(abs(quantity), abs(before)).copy_sign(quantity)
        gain = ZERO
        if closed:
            share = self.cost if closed == -before else self.cost * -closed / before
            gain = rounded(self._gain(self.contract.value(-closed, price), share))
            self.amount += closed
            self.cost -= share
            self.isolated_wallet -= rounded(self.isolated_wallet * -closed / before)
            self.realised += gain
            self.toll -= gain
        if not self.amount:
            self.cost = self.toll = self.isolated_wallet = ZERO
        opened = quantity - closed
        self.amount += opened
        self.cost += self.contract.value(opened, price)
        return gain

    def gain(self, worth: Decimal) -> Decimal:
        """What closing all of it would realise if that is what it fetches, signed as the amount."""
        return self._gain(worth, self.cost)

    def _gain(self, worth: Decimal, cost: Decimal) -> Decimal:
        # An inverse contract is worth less coin the higher the price.
        return cost - worth if self.contract.is_inverse else worth - cost
