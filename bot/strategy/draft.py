"""An order as a strategy words it: numbers of any kind, not yet on the symbol's grid."""

from dataclasses import dataclass

from bot.domain.instrument import Number
from bot.domain.terms import PositionSide, TriggerBy
from bot.domain.values import OrderType, Side, TimeInForce

__all__ = ["OrderDraft"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDraft:
    """Quantities in base units, prices in quote units; None and False say nothing."""

    symbol: str
    side: Side
    order_type: OrderType
    quantity: Number = 0
    price: Number | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    trigger_price: Number | None = None
    trigger_by: TriggerBy = TriggerBy.LAST
    price_protect: bool = False
    trailing_bips: int | None = None
    activation_price: Number | None = None
    quote_quantity: Number | None = None
    iceberg_quantity: Number | None = None
    good_till_ns: int | None = None
    reduce_only: bool = False
    close_position: bool = False
    position_side: PositionSide = PositionSide.BOTH
    self_trade_prevention: str = ""
