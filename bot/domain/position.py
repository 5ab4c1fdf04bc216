"""What a strategy holds of a symbol: a fold over its fills and fundings, exact."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

import msgspec

from bot.domain.fill import Fill
from bot.domain.terms import PositionSide

__all__ = ["EXACT", "UNIT", "Position", "position_key", "to_unit", "worth_of"]

_ZERO: Final = Decimal(0)
EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""Wide enough that sums of money never round."""
UNIT: Final = Decimal("1E-18")
"""What cannot be divided evenly (the cost of a part, the worth of an inverse contract) is rounded
to this, and the rest stays where it was taken from: nothing is lost."""


def position_key(symbol: str, side: PositionSide = PositionSide.BOTH) -> str:
    """``BTCUSDT``, and in hedge mode ``BTCUSDT/LONG``: the positions of a symbol apart."""
    return symbol if side is PositionSide.BOTH else f"{symbol}/{side.value}"


def to_unit(value: Decimal) -> Decimal:
    """Rounded to :data:`UNIT`, without the zeros that are then at its end."""
    short = value.quantize(UNIT, context=EXACT).normalize(EXACT)
    exponent = short.as_tuple().exponent
    return short if isinstance(exponent, int) and exponent <= 0 else short.quantize(Decimal(1))


def worth_of(quantity: Decimal, price: Decimal, *, inverse: bool, size: Decimal) -> Decimal:
    """What a quantity costs at a price, in the asset that PnL is in.

    Linear: quantity x size x price, quote units, exact. Inverse (COIN-M): quantity x size /
    price, base units, to 18 digits. Source of the latter: Binance COIN-M documentation,
    "PnL = contracts x contract size x (1/entry - 1/exit)".
    """
    amount = EXACT.multiply(quantity, size)
    if not inverse:
        return EXACT.multiply(amount, price)
    return to_unit(EXACT.divide(amount, price)) if price else _ZERO


class Position(msgspec.Struct, kw_only=True):
    """A signed holding with average cost.

    ``quantity`` is the sum of signed fills less the commission taken in the base asset, so
    that the positions of all strategies and *external* add up to the account. The base
    commission leaves at the fill's price and is counted once, as a fee: realised + unrealised
    + funding - fees is the change of equity. Definition of average cost: buys add at their
    price, sells realise against the average and leave it as it is; crossing zero starts a new
    average. What is kept is the cost, not the average, so that after any number of fills
    realised - cost is exactly the cash that moved.

    Money is in the symbol's PnL asset: quote units, on COIN-M units of the settlement asset.
    """

    strategy_id: str
    symbol: str
    side: PositionSide = PositionSide.BOTH
    """LONG or SHORT in hedge mode."""
    quantity: Decimal = _ZERO
    """Base units (contracts on COIN-M); below zero: sold more than bought."""
    cost: Decimal = _ZERO
    """What is held has cost, with the sign of the quantity."""
    realised: Decimal = _ZERO
    """Before fees and funding."""
    fees: Decimal = _ZERO
    """Of all commissions whose value is known."""
    funding: Decimal = _ZERO
    """Received, less paid."""
    fills: int = 0
    inverse: bool = False
    size: Decimal = Decimal(1)
    """The contract's."""

    @property
    def key(self) -> str:
        """See :func:`position_key`."""
        return position_key(self.symbol, self.side)

    @property
    def average_price(self) -> Decimal:
        """What is held was entered at, quote units per base unit; 0 when flat.

        On an inverse contract the harmonic mean, as Binance gives it.
        """
        if not self.quantity:
            return _ZERO
        amount = self.quantity * self.size
        return amount / self.cost if self.inverse else self.cost / amount

    def apply(self, fill: Fill, *, base: str, fee_quote: Decimal | None) -> Decimal:
        """Fold one fill in; the PnL that it realised, before fees.

        ``base`` is the base asset of a spot symbol ('' on contracts, of which no commission
        is taken). ``fee_quote`` is the commission in the PnL asset, None if no price was
        known for its asset.
        """
        signed = fill.side.sign * fill.quantity
        realised = self._trade(signed, fill.price)
        if fill.commission and fill.commission_asset == base:
            realised = EXACT.add(realised, self._trade(-fill.commission, fill.price))
        self.realised = EXACT.add(self.realised, realised)
        self.charge(fee_quote or _ZERO)
        self.fills += 1
        return realised

    def charge(self, fee: Decimal) -> None:
        """A commission whose value has become known."""
        self.fees = EXACT.add(self.fees, fee)

    def receive(self, funding: Decimal) -> None:
        """A funding payment, or a part of one; below 0 it was paid."""
        self.funding = EXACT.add(self.funding, funding)

    def unrealised(self, price: Decimal) -> Decimal:
        """What closing at ``price`` would realise, before fees."""
        worth = worth_of(self.quantity, price, inverse=self.inverse, size=self.size)
        gain = EXACT.subtract(worth, self.cost)
        return -gain if self.inverse else gain

    def net(self, price: Decimal | None) -> Decimal:
        """Realised + unrealised (at ``price``, if known) + funding - fees."""
        open_pnl = self.unrealised(price) if price is not None else _ZERO
        return EXACT.add(self.booked, open_pnl)

    @property
    def booked(self) -> Decimal:
        """What is settled, whatever happens to the price: realised + funding - fees."""
        return EXACT.subtract(EXACT.add(self.realised, self.funding), self.fees)

    def _trade(self, signed: Decimal, price: Decimal) -> Decimal:
        held, after = self.quantity, EXACT.add(self.quantity, signed)
        if not signed:
            return _ZERO
        realised = _ZERO
        if held and (held > 0) != (signed > 0):
            realised = self._close(min(abs(held), abs(signed)), price)
        opened = signed if not held or (held > 0) == (signed > 0) else after
        if opened and (opened > 0) == (signed > 0):
            worth = worth_of(opened, price, inverse=self.inverse, size=self.size)
            self.cost = EXACT.add(self.cost, worth)
        self.quantity = after
        return realised

    def _close(self, closed: Decimal, price: Decimal) -> Decimal:
        """Take the cost of a part out; the PnL of closing it."""
        held = abs(self.quantity)
        cost = self.cost
        if closed < held:
            cost = to_unit(EXACT.divide(EXACT.multiply(self.cost, closed), held))
        self.cost = EXACT.subtract(self.cost, cost)
        part = closed if self.quantity > 0 else -closed
        worth = worth_of(part, price, inverse=self.inverse, size=self.size)
        gain = EXACT.subtract(worth, cost)
        return -gain if self.inverse else gain
