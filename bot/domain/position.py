"""What a strategy holds of a symbol: a fold over its fills, exact."""

from decimal import Decimal

import msgspec

from bot.domain.fill import Fill

__all__ = ["Position"]

_ZERO = Decimal(0)


class Position(msgspec.Struct, kw_only=True):
    """A signed holding with average cost.

    ``quantity`` is the sum of signed fills less the commission taken in the base asset, so
    that the positions of all strategies and *external* add up to the account. The base
    commission leaves at the fill's price and is counted once, as a fee: realised + unrealised
    - fees is the change of equity. Definition of average cost: buys add at their price, sells
    realise against the average and leave it as it is; crossing zero starts a new average.
    """

    strategy_id: str
    symbol: str
    quantity: Decimal = _ZERO
    """Base units; below zero: sold more than bought."""
    average_price: Decimal = _ZERO
    """Quote units per base unit of what is held; 0 when flat."""
    realised: Decimal = _ZERO
    """Quote units, before fees."""
    fees: Decimal = _ZERO
    """Quote units, of all commissions whose value was known at the time."""
    fills: int = 0

    def apply(self, fill: Fill, *, base: str, fee_quote: Decimal | None) -> Decimal:
        """Fold one fill in; the PnL that it realised, quote units, before fees.

        ``base`` is the base asset of the symbol. ``fee_quote`` is the commission in quote
        units, None if no price was known for its asset.
        """
        signed = fill.side.sign * fill.quantity
        realised = self._trade(signed, fill.price)
        if fill.commission and fill.commission_asset == base:
            realised += self._trade(-fill.commission, fill.price)
        self.realised += realised
        self.fees += fee_quote or _ZERO
        self.fills += 1
        return realised

    def unrealised(self, price: Decimal) -> Decimal:
        """What closing at ``price`` would realise, quote units, before fees."""
        return (price - self.average_price) * self.quantity

    def net(self, price: Decimal | None) -> Decimal:
        """Realised + unrealised (at ``price``, if known) - fees, quote units."""
        open_pnl = self.unrealised(price) if price is not None else _ZERO
        return self.realised + open_pnl - self.fees

    def _trade(self, signed: Decimal, price: Decimal) -> Decimal:
        held = self.quantity
        after = held + signed
        realised = _ZERO
        if held == 0 or (held > 0) == (signed > 0):
            total = abs(held) + abs(signed)
            if total:
                self.average_price = (self.average_price * abs(held) + price * abs(signed)) / total
        else:
            closed = min(abs(held), abs(signed))
            direction = 1 if held > 0 else -1
            realised = (price - self.average_price) * closed * direction
            if after == 0:
                self.average_price = _ZERO
            elif (after > 0) != (held > 0):
                self.average_price = price
        self.quantity = after
        return realised
