"""What may be traded and in which steps: the one crossing from observation to money."""

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    InvalidOperation,
)
from typing import Final, SupportsFloat

import msgspec

from bot.domain.position import worth_of
from bot.domain.terms import Contingency
from bot.domain.values import Market, OrderType, Side, as_fixed

__all__ = ["Instrument", "Number"]

Number = Decimal | float | int | str

_ZERO = Decimal(0)
_ONE = Decimal(1)
_DIGITS_MAX: Final = 20
"""Digits before the point of a price or quantity; more is a mistake, not a number to trade."""
_WIDE: Final = Context(prec=80, rounding=ROUND_DOWN)
"""A quotient that is rounded up would put a quantity one step above what was asked."""


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """A symbol with its filters, as ``exchangeInfo`` gives them.

    Source of the rules: Binance documentation, "Filters" (spot) and "Exchange Information"
    (USDⓈ-M, COIN-M). A bound of 0 switches a check off, as there.
    """

    symbol: str
    base: str
    quote: str
    status: str = "TRADING"
    order_types: tuple[str, ...] = ("LIMIT", "LIMIT_MAKER", "MARKET")
    # PRICE_FILTER
    tick_size: Decimal
    min_price: Decimal = _ZERO
    max_price: Decimal = _ZERO
    # LOT_SIZE
    step_size: Decimal
    min_quantity: Decimal = _ZERO
    max_quantity: Decimal = _ZERO
    # MARKET_LOT_SIZE
    market_step_size: Decimal = _ZERO
    market_min_quantity: Decimal = _ZERO
    market_max_quantity: Decimal = _ZERO
    # NOTIONAL / MIN_NOTIONAL
    min_notional: Decimal = _ZERO
    max_notional: Decimal = _ZERO
    min_notional_applies_to_market: bool = True
    max_notional_applies_to_market: bool = False
    # PERCENT_PRICE_BY_SIDE / PERCENT_PRICE: multiples of the reference price
    bid_multiplier_up: Decimal = _ZERO
    bid_multiplier_down: Decimal = _ZERO
    ask_multiplier_up: Decimal = _ZERO
    ask_multiplier_down: Decimal = _ZERO
    # MAX_NUM_ORDERS, MAX_NUM_ALGO_ORDERS
    max_orders: int = 0
    max_conditional_orders: int = 0
    # ICEBERG_PARTS
    max_iceberg_parts: int = 0
    # TRAILING_DELTA, in bips: above the market (buy stops, sell profits), below it
    trailing_above: tuple[int, int] = (0, 0)
    trailing_below: tuple[int, int] = (0, 0)
    market: Market = Market.SPOT
    settle: str = ""
    """The asset in which a contract's margin, profit and commission are; '' on spot."""
    contract_size: Decimal = Decimal(1)
    """What one unit of quantity stands for: 1 base unit; on COIN-M so many quote units."""
    inverse: bool = False
    """Whether quantities are contracts of so many quote units, settled in the base (COIN-M)."""
    lists: tuple[Contingency, ...] = ()
    """The lists that the venue keeps for this symbol; the bot keeps the others itself."""
    proceeds_allowed: bool = False
    """Whether a list's later orders may be for what its first one received (OPO, OPOCO)."""
    amend_allowed: bool = False
    replace_allowed: bool = False
    """Whether cancel-and-replace is one request of the venue."""

    @property
    def pnl_asset(self) -> str:
        """What profit, loss and budgets are counted in: the quote, or a contract's settlement."""
        return self.settle or self.quote

    @property
    def held_asset(self) -> str:
        """The asset that a holding is of, and commission may leave it; '' for contracts."""
        return self.base if self.market is Market.SPOT else ""

    def worth(self, quantity: Decimal, price: Decimal) -> Decimal:
        """What a quantity costs at a price, in the PnL asset."""
        return worth_of(quantity, price, inverse=self.inverse, size=self.contract_size)

    def notional(self, quantity: Decimal, price: Decimal) -> Decimal:
        """What a quantity stands for, quote units."""
        amount = quantity * self.contract_size
        return amount if self.inverse else amount * price

    @staticmethod
    def exact(value: Number) -> Decimal:
        """``value`` as it is; a float by its shortest decimal.

        Raises:
            ValueError: it is not a finite number.
        """
        return _exact(value)

    def price(self, value: Number, *, rounding: str = ROUND_HALF_EVEN) -> Decimal:
        """``value`` on the tick grid, quote units.

        A float is read by its shortest decimal (``repr``), so 0.1 is one tenth.
        """
        return _on_grid(_exact(value), self.tick_size, rounding)

    def price_for(self, side: Side, value: Number) -> Decimal:
        """``value`` on the tick grid, never more aggressive than asked: a buy down, a sell up."""
        return self.price(value, rounding=ROUND_FLOOR if side is Side.BUY else ROUND_CEILING)

    def quantity(self, value: Number) -> Decimal:
        """``value`` on the step grid, rounded towards zero, base units."""
        return _on_grid(_exact(value), self.step_size, ROUND_DOWN)

    def quantity_for_notional(self, notional_quote: Number, price: Number) -> Decimal:
        """The largest quantity on the step grid whose notional at ``price`` is within that."""
        at = _exact(price)
        if at <= 0:
            msg = f"{self.symbol}: a price must be above 0, got {at}"
            raise ValueError(msg)
        return self.quantity(_WIDE.divide(_exact(notional_quote), self.notional(_ONE, at)))

    def quantity_for_worth(self, amount: Number, price: Number) -> Decimal:
        """The largest quantity on the step grid that costs no more than that, in the PnL asset."""
        at = _exact(price)
        if at <= 0:
            msg = f"{self.symbol}: a price must be above 0, got {at}"
            raise ValueError(msg)
        return self.quantity(_WIDE.divide(_exact(amount), self.worth(_ONE, at)))

    def violation(
        self,
        *,
        order_type: OrderType,
        side: Side,
        quantity: Decimal,
        price: Decimal | None,
        reference_price: Decimal | None,
    ) -> str | None:
        """Why the venue would refuse the order, or None.

        The text begins with the name of Binance's filter and gives value and bound.
        ``reference_price`` stands in for the price of a market order and is what the
        percent bounds multiply; without it those checks are left to the venue.
        """
        if self.status != "TRADING":
            return f"SYMBOL_STATUS: {self.symbol} is {self.status}"
        if order_type.value not in self.order_types:
            return f"ORDER_TYPE: {self.symbol} does not take {order_type.value} orders"
        return (
            self._quantity_violation(order_type, quantity)
            or (self._price_violation(side, price, reference_price) if price is not None else None)
            or self._notional_violation(order_type, quantity, price, reference_price)
        )

    def _quantity_violation(self, order_type: OrderType, quantity: Decimal) -> str | None:
        reason = _lot("LOT_SIZE", quantity, self.min_quantity, self.max_quantity, self.step_size)
        if reason is None and order_type.is_market:
            reason = _lot(
                "MARKET_LOT_SIZE",
                quantity,
                self.market_min_quantity,
                self.market_max_quantity,
                self.market_step_size,
            )
        return reason

    def _price_violation(
        self, side: Side, price: Decimal, reference_price: Decimal | None
    ) -> str | None:
        if price <= 0:
            return f"PRICE_FILTER: price {as_fixed(price)} is not above 0"
        if self.min_price and price < self.min_price:
            return f"PRICE_FILTER: price {as_fixed(price)} is below {as_fixed(self.min_price)}"
        if self.max_price and price > self.max_price:
            return f"PRICE_FILTER: price {as_fixed(price)} is above {as_fixed(self.max_price)}"
        if self.tick_size and _WIDE.remainder(price, self.tick_size):
            tick = as_fixed(self.tick_size)
            return f"PRICE_FILTER: price {as_fixed(price)} is not on the tick {tick}"
        if reference_price is None:
            return None
        up, down = (
            (self.bid_multiplier_up, self.bid_multiplier_down)
            if side is Side.BUY
            else (self.ask_multiplier_up, self.ask_multiplier_down)
        )
        if up and price > reference_price * up:
            bound = as_fixed(reference_price * up)
            return f"PERCENT_PRICE_BY_SIDE: price {as_fixed(price)} is above {bound}"
        if down and price < reference_price * down:
            bound = as_fixed(reference_price * down)
            return f"PERCENT_PRICE_BY_SIDE: price {as_fixed(price)} is below {bound}"
        return None

    def _notional_violation(
        self,
        order_type: OrderType,
        quantity: Decimal,
        price: Decimal | None,
        reference_price: Decimal | None,
    ) -> str | None:
        is_market = order_type.is_market
        at = reference_price if price is None else price
        if at is None:
            return None
        notional = at * quantity
        applies_min = self.min_notional_applies_to_market or not is_market
        if applies_min and self.min_notional and notional < self.min_notional:
            bound = as_fixed(self.min_notional)
            return f"NOTIONAL: {as_fixed(notional)} {self.quote} is below {bound}"
        applies_max = self.max_notional_applies_to_market or not is_market
        if applies_max and self.max_notional and notional > self.max_notional:
            bound = as_fixed(self.max_notional)
            return f"NOTIONAL: {as_fixed(notional)} {self.quote} is above {bound}"
        return None


def _lot(
    name: str, quantity: Decimal, minimum: Decimal, maximum: Decimal, step: Decimal
) -> str | None:
    if quantity <= 0:
        return f"{name}: quantity {as_fixed(quantity)} is not above 0"
    if minimum and quantity < minimum:
        return f"{name}: quantity {as_fixed(quantity)} is below {as_fixed(minimum)}"
    if maximum and quantity > maximum:
        return f"{name}: quantity {as_fixed(quantity)} is above {as_fixed(maximum)}"
    if step and _WIDE.remainder(quantity, step):
        return f"{name}: quantity {as_fixed(quantity)} is not on the step {as_fixed(step)}"
    return None


def _exact(value: Number | SupportsFloat) -> Decimal:
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, float):
        # Not repr(): the floats of numpy are floats whose repr() is "np.float64(0.1)".
        number = Decimal(float.__repr__(value))
    elif isinstance(value, int | str):
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise ValueError(f"a price or quantity must be a number, got {value!r}") from None
    else:
        number = Decimal(float.__repr__(float(value)))
    if not number.is_finite():
        raise ValueError(f"a price or quantity must be a finite number, got {value!r}")
    if number.adjusted() >= _DIGITS_MAX:
        raise ValueError(f"a price or quantity of {value!r} is beyond anything that is traded")
    return number


def _on_grid(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    if not step:
        return value
    steps = _WIDE.divide(value, step).to_integral_value(rounding=rounding)
    return _WIDE.multiply(steps, step)
