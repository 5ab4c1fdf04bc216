"""Events of a futures account, key for key, as far as they become events of ours.

Source: Binance USDⓈ-M documentation, "User Data Streams". Names are the wire's; keys that are
not here are skipped. Keys that appear only now and then have defaults.
"""

from decimal import Decimal

import msgspec

__all__ = [
    "AccountUpdate",
    "AlgoUpdate",
    "ConfigUpdate",
    "MarginCall",
    "Named",
    "OrderUpdate",
    "TradeLite",
]

_ZERO = Decimal(0)


class Named(msgspec.Struct):
    e: str


class Order(msgspec.Struct):
    """``o`` of ORDER_TRADE_UPDATE."""

    s: str
    c: str
    S: str
    o: str
    f: str
    q: Decimal
    p: Decimal
    x: str
    X: str
    i: int
    l: Decimal  # noqa: E741 - Binance's key
    z: Decimal
    L: Decimal
    T: int
    t: int = 0
    n: Decimal | None = None
    N: str | None = None
    m: bool = False
    ot: str = ""
    ps: str = "BOTH"


class OrderUpdate(msgspec.Struct):
    o: Order


class TradeLite(msgspec.Struct):
    """A fill in brief: it lacks the commission, so it only announces what is to come."""

    s: str
    t: int
    S: str


class Algo(msgspec.Struct):
    """``o`` of ALGO_UPDATE."""

    caid: str
    aid: int
    o: str
    s: str
    S: str
    f: str
    q: Decimal
    X: str
    ai: str | int | None = None
    aq: Decimal = _ZERO
    p: Decimal = _ZERO
    rm: str = ""

    @property
    def order_id(self) -> int | None:
        """The matching engine's id of what became of it; None while it waits."""
        text = str(self.ai)
        return int(text) or None if text.isdigit() else None


class AlgoUpdate(msgspec.Struct):
    o: Algo
    T: int


class Asset(msgspec.Struct):
    a: str
    wb: Decimal


class Position(msgspec.Struct):
    s: str
    pa: Decimal
    ep: Decimal
    up: Decimal = _ZERO
    mt: str = ""
    iw: Decimal = _ZERO
    ps: str = "BOTH"


class Account(msgspec.Struct):
    """``a`` of ACCOUNT_UPDATE."""

    m: str
    B: list[Asset] = []
    P: list[Position] = []


class AccountUpdate(msgspec.Struct):
    a: Account
    T: int


class CalledPosition(msgspec.Struct):
    s: str
    ps: str
    pa: Decimal
    up: Decimal = _ZERO
    mt: str = ""
    iw: Decimal = _ZERO
    mm: Decimal = _ZERO


class MarginCall(msgspec.Struct):
    E: int
    p: list[CalledPosition] = []


class SymbolSettings(msgspec.Struct):
    s: str
    l: int  # noqa: E741 - Binance's key


class ConfigUpdate(msgspec.Struct):
    """ACCOUNT_CONFIG_UPDATE: leverage of a symbol, or something of the whole account."""

    ac: SymbolSettings | None = None
