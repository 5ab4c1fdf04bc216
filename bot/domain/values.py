"""The small closed vocabularies, and the exact forms of numbers."""

from decimal import Decimal
from enum import StrEnum
from typing import Final

__all__ = [
    "CLIENT_ORDER_ID_PATTERN",
    "EXTERNAL",
    "MS_NS",
    "SECOND_NS",
    "WHOLE_MARKET",
    "Market",
    "OrderStatus",
    "OrderType",
    "Side",
    "TimeInForce",
    "as_fixed",
    "split_symbol",
    "symbol_key",
]

MS_NS: Final = 1_000_000
SECOND_NS: Final = 1_000_000_000

CLIENT_ORDER_ID_PATTERN: Final = r"^[A-Za-z0-9_-]{1,36}$"
"""What spot and futures both accept."""

EXTERNAL: Final = "external"
"""The owner of orders and fills on the account that no strategy of ours asked for."""


WHOLE_MARKET: Final = "*"
"""The symbol that stands for all symbols of a market."""


class Market(StrEnum):
    """The Binance product line: spot, USDⓈ-margined or coin-margined futures."""

    SPOT = "spot"
    USDM = "usdm"
    COINM = "coinm"


_MARKETS: Final = {market.value: market for market in Market}


def split_symbol(key: str, home: Market) -> tuple[Market, str]:
    """``usdm:BTCUSDT`` gives USDM and ``BTCUSDT``; a plain symbol is one of ``home``."""
    head, colon, symbol = key.partition(":")
    market = _MARKETS.get(head) if colon else None
    return (home, key) if market is None else (market, symbol)


def symbol_key(market: Market, symbol: str, home: Market) -> str:
    """The opposite of :func:`split_symbol`: plain at home, else with the market in front."""
    return symbol if market is home else f"{market.value}:{symbol}"


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    LIMIT = "LIMIT"
    MARKET = "MARKET"
    LIMIT_MAKER = "LIMIT_MAKER"
    """A limit order that the venue refuses rather than let it take: post-only."""
    STOP_MARKET = "STOP_MARKET"
    """A market order once the price has moved against its side (spot: STOP_LOSS)."""
    STOP_LIMIT = "STOP_LIMIT"
    """The same with a limit (spot: STOP_LOSS_LIMIT, futures: STOP)."""
    TAKE_PROFIT_MARKET = "TAKE_PROFIT_MARKET"
    """A market order once the price has moved in its favour (spot: TAKE_PROFIT)."""
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"
    """The same with a limit (futures: TAKE_PROFIT)."""
    TRAILING_STOP_MARKET = "TRAILING_STOP_MARKET"
    """A stop that follows the market at a distance (spot: STOP_LOSS with trailingDelta)."""

    @property
    def is_conditional(self) -> bool:
        """Waits for a price before it can trade."""
        return self in _CONDITIONAL

    @property
    def is_stop(self) -> bool:
        """Set off by a move against its side; a take-profit by one in its favour."""
        return self in _STOPS

    @property
    def is_market(self) -> bool:
        """Takes whatever price there is, now or once it is set off."""
        return self in _AT_MARKET


class TimeInForce(StrEnum):
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"
    """Until a time (futures)."""


class OrderStatus(StrEnum):
    """Where an order stands, as far as we know."""

    INTENT = "INTENT"
    """Approved by risk; to be written down, not yet sent."""
    SUBMITTED = "SUBMITTED"
    """Handed to the network; no answer yet."""
    UNKNOWN = "UNKNOWN"
    """The answer was ambiguous or never came; being asked for by client order id."""
    OPEN = "OPEN"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    """The venue said no."""
    REFUSED = "REFUSED"
    """Our own risk gate said no; it was never sent."""
    NOT_PLACED = "NOT_PLACED"
    """It is certain that the request never reached the exchange."""

    @property
    def is_terminal(self) -> bool:
        return self in _TERMINAL

    @property
    def is_working(self) -> bool:
        """Known to rest at the exchange."""
        return self in {OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED}


_CONDITIONAL: Final = frozenset(
    {
        OrderType.STOP_MARKET,
        OrderType.STOP_LIMIT,
        OrderType.TAKE_PROFIT_MARKET,
        OrderType.TAKE_PROFIT_LIMIT,
        OrderType.TRAILING_STOP_MARKET,
    }
)
_STOPS: Final = frozenset(
    {OrderType.STOP_MARKET, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP_MARKET}
)
_AT_MARKET: Final = frozenset(
    {
        OrderType.MARKET,
        OrderType.STOP_MARKET,
        OrderType.TAKE_PROFIT_MARKET,
        OrderType.TRAILING_STOP_MARKET,
    }
)
_TERMINAL: Final = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
        OrderStatus.REJECTED,
        OrderStatus.REFUSED,
        OrderStatus.NOT_PLACED,
    }
)


def as_fixed(value: Decimal) -> str:
    """The decimal in fixed notation: ``Decimal("1E-8")`` gives ``"0.00000001"``.

    Binance refuses exponents, and so does a text column that people sort by eye.
    """
    return format(value, "f")
