"""What an order may say besides its side, type, quantity and price."""

from decimal import Decimal
from enum import StrEnum

import msgspec

__all__ = ["PLAIN", "Contingency", "ListRole", "OrderTerms", "PositionSide", "TriggerBy"]


class TriggerBy(StrEnum):
    """Which price sets a conditional order off. Spot knows the last price only."""

    LAST = "LAST"
    MARK = "MARK"


class PositionSide(StrEnum):
    """Which position of a contract an order changes: BOTH in one-way mode."""

    BOTH = "BOTH"
    LONG = "LONG"
    SHORT = "SHORT"


class Contingency(StrEnum):
    """How the orders of a list depend on each other.

    Source of the names: Binance spot documentation, "Order lists".
    """

    OCO = "OCO"
    """Two orders; when one trades or triggers the other is cancelled."""
    OTO = "OTO"
    """A working order; a second is placed when the first is filled."""
    OTOCO = "OTOCO"
    """A working order; an OCO is placed when it is filled. Also called a bracket."""


class ListRole(StrEnum):
    """An order's place in its list."""

    WORKING = "WORKING"
    """Rests from the start; the others wait until it is filled."""
    TAKE_PROFIT = "TAKE_PROFIT"
    STOP_LOSS = "STOP_LOSS"
    PENDING = "PENDING"
    """The second order of an OTO."""


class OrderTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Conditions of an order; each default means that nothing is said about it.

    Sources: Binance documentation, "New order" (spot) and "New order", "New algo order"
    (USDⓈ-M futures).
    """

    trigger_price: Decimal | None = None
    """The price that sets a conditional order off, quote units."""
    trigger_by: TriggerBy = TriggerBy.LAST
    price_protect: bool = False
    """Is not set off while last price and mark price are far apart (futures)."""
    trailing_bips: int | None = None
    """How far the price must turn back, in hundredths of a per cent of the extreme."""
    activation_price: Decimal | None = None
    """The price from which a trailing stop follows the market."""
    quote_quantity: Decimal | None = None
    """A market order by its cost: quote units to spend or to get (spot)."""
    iceberg_quantity: Decimal | None = None
    """Base units that are shown of a limit order (spot)."""
    good_till_ns: int | None = None
    """When an order with time in force GTD expires (futures); seconds precision there."""
    reduce_only: bool = False
    """May only make the position smaller (futures)."""
    close_position: bool = False
    """Closes the whole position when it is set off (futures, conditional orders)."""
    position_side: PositionSide = PositionSide.BOTH
    self_trade_prevention: str = ""
    """Binance's name of the mode, as EXPIRE_MAKER; '' leaves it to the symbol's default."""
    list_id: str = ""
    """The name of the list that the order belongs to: the same pattern as an order's id."""
    contingency: Contingency | None = None
    list_role: ListRole | None = None

    @property
    def sized_by_venue(self) -> bool:
        """Its quantity is what the venue makes of it: a cost, a position, or proceeds."""
        return (
            self.quote_quantity is not None
            or self.close_position
            or (
                self.contingency in {Contingency.OTO, Contingency.OTOCO}
                and self.list_role is not ListRole.WORKING
            )
        )


PLAIN = OrderTerms()
"""Nothing but side, type, quantity and price."""
