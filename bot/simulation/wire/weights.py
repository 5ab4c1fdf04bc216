"""What each spot request weighs.

Source: Binance spot documentation, "REST API" and "WebSocket API" (weights of 2026).
"""

from collections.abc import Callable, Mapping
from typing import Final

__all__ = [
    "Weight",
    "depth",
    "execution_rules",
    "flat",
    "open_orders",
    "order_test",
    "prevented_matches",
    "price",
    "ticker",
    "trades_of_mine",
    "window",
]

Params = Mapping[str, str]
Weight = Callable[[Params], int]

_LONGEST_LIMIT: Final = 8


def flat(weight: int) -> Weight:
    """The same for every form of the request."""
    return lambda _: weight


def depth(params: Params) -> int:
    """By how many levels it asks for."""
    limit = params.get("limit", "100")
    is_number = limit.isascii() and limit.isdigit() and len(limit) <= _LONGEST_LIMIT
    # Any bad limit is the exchange's to refuse.
    levels = int(limit) if is_number else 100
    return next((w for bound, w in ((100, 5), (500, 25), (1000, 50)) if levels <= bound), 250)


def ticker(params: Params) -> int:
    """``ticker/24hr``: by how many symbols it covers."""
    if "symbol" in params:
        return 2
    if "symbols" not in params:
        return 80
    return next((w for bound, w in ((20, 2), (100, 40)) if _symbols(params) <= bound), 80)


def window(params: Params) -> int:
    """``ticker`` and ``ticker/tradingDay``: 4 a symbol, up to 200."""
    return min(200, 4 * _symbols(params))


def price(params: Params) -> int:
    """``ticker/price`` and ``ticker/bookTicker``."""
    return 2 if "symbol" in params else 4


def execution_rules(params: Params) -> int:
    """2 a symbol, up to 40; all symbols of a status weigh the most."""
    if "symbol" in params or "symbols" in params:
        return min(40, 2 * _symbols(params))
    return 40


def open_orders(params: Params) -> int:
    """All symbols weigh a lot."""
    return 6 if "symbol" in params else 80


def trades_of_mine(params: Params) -> int:
    """Those of one order weigh less."""
    return 5 if "orderId" in params else 20


def prevented_matches(params: Params) -> int:
    """One match weighs less."""
    return 2 if "preventedMatchId" in params else 20


def order_test(params: Params) -> int:
    """Commission rates weigh more."""
    return 20 if params.get("computeCommissionRates", "").lower() == "true" else 1


def _symbols(params: Params) -> int:
    return params["symbols"].count(",") + 1 if "symbols" in params else 1
