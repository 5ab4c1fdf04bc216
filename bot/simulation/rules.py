"""What may be traded, and how: the rules of a symbol and their form in exchangeInfo."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from bot.simulation.fixedpoint import ONE, parse, text
from bot.simulation.orders import ALGO_TYPES

__all__ = ["DEFAULT_SYMBOLS", "STP_MODES", "SymbolRules", "observed_rules", "symbol_rules"]

ORDER_TYPES: Final = ("LIMIT", "LIMIT_MAKER", "MARKET", *ALGO_TYPES)
STP_MODES: Final = (
    "EXPIRE_TAKER",
    "EXPIRE_MAKER",
    "EXPIRE_BOTH",
    "DECREMENT",
    "TRANSFER",
)
DEFAULT_STP: Final = "EXPIRE_MAKER"
FEATURES: Final = {
    "iceberg": "icebergAllowed",
    "oco": "ocoAllowed",
    "oto": "otoAllowed",
    "opo": "opoAllowed",
    "quoteOrderQty": "quoteOrderQtyMarketAllowed",
    "trailingStop": "allowTrailingStop",
    "cancelReplace": "cancelReplaceAllowed",
    "amend": "amendAllowed",
    "peg": "pegInstructionsAllowed",
}
"""What a symbol may or may not support, and exchangeInfo's key for it."""
_STRAYS: Final = 0.05

_QUOTES: Final = (
    "FDUSD",
    "USDT",
    "USDC",
    "TUSD",
    "BUSD",
    "DAI",
    "BTC",
    "ETH",
    "BNB",
    "EUR",
    "TRY",
    "BRL",
    "AUD",
    "USD",
)


@dataclass(frozen=True, slots=True)
class SymbolRules:
    """One symbol as exchangeInfo describes it."""

    symbol: str
    base: str
    quote: str
    filters: tuple[Mapping[str, Any], ...]
    """In Binance's form: ``{"filterType": ..., decimal strings and integers}``."""
    execution_rule: Mapping[str, Any] | None = None
    """In Binance's form: ``{"ruleType": "PRICE_RANGE", "bidLimitMultUp": "1.0001", ...}``."""
    reference_seconds: int = 0
    """The reference price is the mean of so many seconds; 0: there is none."""
    unsupported: frozenset[str] = frozenset()
    """Order types, and of :data:`FEATURES`, what is not to be had on this symbol."""
    stp_modes: tuple[str, ...] = ("NONE", *STP_MODES)
    """The self-trade prevention modes that an order may ask for."""
    tick_e8: int = field(init=False)
    step_e8: int = field(init=False)

    def __post_init__(self) -> None:
        price = self.filter("PRICE_FILTER") or {}
        lot = self.filter("LOT_SIZE") or {}
        object.__setattr__(self, "tick_e8", parse(price.get("tickSize", "0")) or 1)
        object.__setattr__(self, "step_e8", parse(lot.get("stepSize", "0")) or 1)

    def filter(self, name: str) -> Mapping[str, Any] | None:
        return next((f for f in self.filters if f["filterType"] == name), None)

    def exchange_info(self) -> dict[str, Any]:
        """The entry of ``symbols`` in ``GET /api/v3/exchangeInfo``."""
        return {
            "symbol": self.symbol,
            "status": "TRADING",
            "baseAsset": self.base,
            "baseAssetPrecision": 8,
            "quoteAsset": self.quote,
            "quotePrecision": 8,
            "quoteAssetPrecision": 8,
            "baseCommissionPrecision": 8,
            "quoteCommissionPrecision": 8,
            "orderTypes": [kind for kind in ORDER_TYPES if kind not in self.unsupported],
            **{key: feature not in self.unsupported for feature, key in FEATURES.items()},
            "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": False,
            "filters": [dict(f) for f in self.filters],
            "permissions": [],
            "permissionSets": [["SPOT"]],
            "defaultSelfTradePreventionMode": DEFAULT_STP,
            "allowedSelfTradePreventionModes": list(self.stp_modes),
        }


def symbol_rules(
    symbol: str,
    *,
    tick: str,
    step: str,
    min_notional: str = "5",
    base: str = "",
    quote: str = "",
    max_quantity: str = "9000",
    max_price: str = "1000000",
) -> SymbolRules:
    """Rules with the filters that Binance's large spot symbols have."""
    if not base:
        base, quote = split_symbol(symbol)
    tick_text, step_text = text(parse(tick)), text(parse(step))
    filters: tuple[dict[str, Any], ...] = (
        {
            "filterType": "PRICE_FILTER",
            "minPrice": tick_text,
            "maxPrice": text(parse(max_price)),
            "tickSize": tick_text,
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": step_text,
            "maxQty": text(parse(max_quantity)),
            "stepSize": step_text,
        },
        {"filterType": "ICEBERG_PARTS", "limit": 100},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": text(0),
            "maxQty": text(parse(max_quantity) // 50),
            "stepSize": text(0),
        },
        {
            "filterType": "TRAILING_DELTA",
            "minTrailingAboveDelta": 10,
            "maxTrailingAboveDelta": 2000,
            "minTrailingBelowDelta": 10,
            "maxTrailingBelowDelta": 2000,
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": "5",
            "bidMultiplierDown": "0.2",
            "askMultiplierUp": "5",
            "askMultiplierDown": "0.2",
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": text(parse(min_notional)),
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 20},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": 10},
    )
    return SymbolRules(symbol, base, quote, filters)


def split_symbol(symbol: str) -> tuple[str, str]:
    """Base and quote asset, by the known quote assets: ``BTCUSDT`` gives ``("BTC", "USDT")``."""
    for quote in _QUOTES:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return symbol[: -len(quote)], quote
    return symbol[:-3] or symbol, symbol[-3:]


def observed_rules(
    symbol: str, prices: Collection[Decimal], quantities: Collection[Decimal]
) -> SymbolRules:
    """Rules that fit what was seen: the coarsest tick and step on whose grid the values lie.

    A few quantities off the grid are let pass: orders of a time when the step was finer stay
    in the book for years.
    """
    ticks, steps = [parse(p) for p in prices], [parse(q) for q in quantities]
    known = next((rules for rules in DEFAULT_SYMBOLS if rules.symbol == symbol), None)
    if known and _fits(ticks, known.tick_e8, 0.0) and _fits(steps, known.step_e8, _STRAYS):
        return known
    return symbol_rules(
        symbol,
        tick=text(_grid(ticks, 0.0)),
        step=text(_grid(steps, _STRAYS)),
        max_quantity="90000000",
        min_notional="0.0001" if split_symbol(symbol)[1] in {"BTC", "ETH", "BNB"} else "5",
    )


def _grid(values: Sequence[int], strays: float) -> int:
    power = ONE
    while power > 1 and not _fits(values, power, strays):
        power //= 10
    return power


def _fits(values: Sequence[int], grid: int, strays: float) -> bool:
    return sum(1 for value in values if value % grid) <= strays * len(values)


DEFAULT_SYMBOLS: Final = (
    symbol_rules("BTCUSDT", tick="0.01", step="0.00001"),
    symbol_rules("ETHUSDT", tick="0.01", step="0.0001"),
    symbol_rules("BNBUSDT", tick="0.01", step="0.001", max_quantity="900000"),
)
"""What ``bot sim`` trades unless told otherwise."""
