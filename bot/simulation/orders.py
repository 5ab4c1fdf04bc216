"""A client's order: what it asks for and how far it has come."""

from dataclasses import dataclass, field
from typing import Final

from bot.simulation.book import Resting

__all__ = ["ALGO_TYPES", "Order", "is_algo", "is_priceless", "party_of", "triggers_above"]

ALGO_TYPES: Final = ("STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")
"""Types that wait for a trade at some price."""

_PRICELESS: Final = frozenset({"MARKET", "STOP_LOSS", "TAKE_PROFIT"})


def is_algo(order_type: str) -> bool:
    """Whether such an order waits for a trade at some price first."""
    return order_type in ALGO_TYPES


def is_priceless(order_type: str) -> bool:
    """Whether such an order trades at any price."""
    return order_type in _PRICELESS


def party_of(account: str, trade_group: int) -> str:
    """The account by itself, or all of its trade group. No account's key has a space in it."""
    return account if trade_group < 0 else f"group {trade_group}"


def triggers_above(order_type: str, *, is_buy: bool) -> bool:
    """Whether a stop price lies above the market: on which side it triggers."""
    return order_type.startswith("STOP_LOSS") == is_buy


@dataclass(slots=True, kw_only=True, eq=False)
class Order:
    """One order of one account; amounts in units of 1e-8."""

    account: str
    symbol: str
    order_id: int
    client_order_id: str
    is_buy: bool
    order_type: str
    time_in_force: str
    price_e8: int
    """0 for orders that trade at any price."""
    quantity_e8: int
    """0 while the pending order of an OPO list waits for its quantity."""
    quote_wanted_e8: int = 0
    """``quoteOrderQty``."""
    stop_e8: int = 0
    trailing_delta: int | None = None
    """In basis points."""
    trailing_ms: int = -1
    """Since when the price is tracked."""
    extreme_e8: int = 0
    """The best price since then: highest of a sell, lowest of a buy."""
    iceberg_e8: int = 0
    peg_type: str = ""
    """PRIMARY_PEG or MARKET_PEG."""
    peg_offset: int | None = None
    """In price levels."""
    pegged_e8: int = 0
    list_id: int = -1
    is_pending: bool = False
    """Waits in an order list until another order is filled."""
    working_ms: int = -1
    """Since when it is at work; -1: it waits."""
    executed_e8: int = 0
    quote_e8: int = 0
    """``cummulativeQuoteQty``."""
    prevented_e8: int = 0
    """What did not trade because the other side was one's own."""
    prevented_id: int | None = None
    """The id of the last prevented match."""
    locked_e8: int = 0
    """What it still holds of the quote asset (buy) or the base asset (sell)."""
    closed_as: str = ""
    """CANCELED, EXPIRED, EXPIRED_IN_MATCH or REJECTED."""
    expiry_reason: str = ""
    reject_reason: str = ""
    time_ms: int = 0
    update_ms: int = 0
    amended: int = 0
    """How often its quantity was reduced."""
    used_sor: bool = False
    working_floor: str = ""
    """Where a routed order was last at work: SOR, or EXCHANGE for the book of its symbol."""
    stp_mode: str = ""
    trade_group: int = -1
    """That of its account; -1: none."""
    strategy_id: int | None = None
    strategy_type: int | None = None
    resting: Resting | None = field(default=None, repr=False)

    @property
    def party(self) -> str:
        """Whose orders must not trade with it: its account, or its account's trade group."""
        return party_of(self.account, self.trade_group)

    @property
    def side(self) -> str:
        return "BUY" if self.is_buy else "SELL"

    @property
    def limit_e8(self) -> int:
        """The price that it trades at; 0: any."""
        return self.pegged_e8 or self.price_e8

    @property
    def remaining_e8(self) -> int:
        return self.quantity_e8 - self.executed_e8 - self.prevented_e8

    @property
    def is_open(self) -> bool:
        return not self.closed_as and (self.is_pending or self.remaining_e8 > 0)

    @property
    def is_working(self) -> bool:
        return self.working_ms >= 0

    @property
    def waits_for_price(self) -> bool:
        """A stop order that was not triggered yet."""
        return self.is_open and not self.is_pending and not self.is_working

    @property
    def status(self) -> str:
        if self.closed_as:
            return self.closed_as
        if self.is_pending:
            return "PENDING_NEW"
        if not self.executed_e8:
            return "NEW"
        return "PARTIALLY_FILLED" if self.is_open else "FILLED"
