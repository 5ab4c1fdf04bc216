"""The small closed vocabularies, and the exact forms of numbers."""

from decimal import Decimal
from enum import StrEnum
from typing import Final

__all__ = [
    "CLIENT_ORDER_ID_PATTERN",
    "EXTERNAL",
    "MS_NS",
    "SECOND_NS",
    "Market",
    "OrderStatus",
    "OrderType",
    "Side",
    "TimeInForce",
    "as_fixed",
]

MS_NS: Final = 1_000_000
SECOND_NS: Final = 1_000_000_000

CLIENT_ORDER_ID_PATTERN: Final = r"^[A-Za-z0-9_-]{1,36}$"
"""What spot and futures both accept."""

EXTERNAL: Final = "external"
"""The owner of orders and fills on the account that no strategy of ours asked for."""


class Market(StrEnum):
    """The Binance product line: spot, USDⓈ-margined or coin-margined futures."""

    SPOT = "spot"
    USDM = "usdm"
    COINM = "coinm"


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


class TimeInForce(StrEnum):
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


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
