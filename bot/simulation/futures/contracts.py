"""What may be traded on the futures exchange: contracts, and their form in exchangeInfo."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Literal

from bot.simulation.fixedpoint import decimal, parse
from bot.simulation.futures.amounts import ZERO, fixed
from bot.simulation.futures.brackets import Brackets
from bot.simulation.rules import SymbolRules

__all__ = ["DEFAULT_CONTRACTS", "Contract", "Kind"]

Kind = Literal["usdm", "coinm"]

ORDER_TYPES: Final = (
    "LIMIT",
    "MARKET",
    "STOP",
    "STOP_MARKET",
    "TAKE_PROFIT",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
)
TIMES_IN_FORCE: Final = ("GTC", "IOC", "FOK", "GTX", "GTD")
_NEVER_MS: Final = 4_133_404_800_000
_ONBOARD_MS: Final = 1_569_398_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """One perpetual contract. Linear (PnL in quote) or, with a ``size``, inverse (PnL in base)."""

    symbol: str
    pair: str
    base: str
    quote: str
    tick: Decimal
    step: Decimal
    price_places: int
    quantity_places: int
    brackets: Brackets = field(repr=False)
    max_quantity: Decimal
    max_market_quantity: Decimal
    min_price: Decimal
    max_price: Decimal
    min_notional: Decimal = ZERO
    """0 where there is no such filter (COIN-M)."""
    price_band: Decimal = Decimal("0.05")
    """How far from the mark price a limit order may be."""
    trigger_protect: Decimal = Decimal("0.05")
    """How far apart mark and last price may be for a protected order to be triggered."""
    max_orders: int = 200
    max_algos: int = 200
    liquidation_fee: Decimal = Decimal("0.0125")
    funding_hours: int = 8
    size: Decimal | None = None
    """What one inverse contract is worth in the quote asset; None: linear."""
    kind: str = "PERPETUAL"
    """Or ``CURRENT_QUARTER`` and its like, which are delivered."""
    delivery_ms: int = _NEVER_MS
    underlying: str = "COIN"
    """``underlyingType`` of exchangeInfo: ``INDEX`` is an index of several assets."""
    rules: SymbolRules = field(init=False, repr=False)

    def __post_init__(self) -> None:
        grid = (self._price_filter(), self._lot_filter())
        object.__setattr__(self, "rules", SymbolRules(self.symbol, self.base, self.quote, grid))

    @property
    def is_perpetual(self) -> bool:
        return self.kind == "PERPETUAL"

    @property
    def is_inverse(self) -> bool:
        return self.size is not None

    @property
    def margin_asset(self) -> str:
        return self.base if self.is_inverse else self.quote

    def value(self, quantity: Decimal, price: Decimal) -> Decimal:
        """What so many contracts are worth in the margin asset; signed as the quantity."""
        if self.size is None:
            return quantity * price
        return quantity * self.size / price if price else ZERO

    def value_e8(self, price_e8: int, quantity_e8: int) -> int:
        """As :meth:`value`, in units of 1e-8, cut."""
        if self.size is None:
            return price_e8 * quantity_e8 // 10**8
        return quantity_e8 * parse(self.size) // price_e8 if price_e8 else 0

    def price_text(self, price_e8: int) -> str:
        return fixed(decimal(price_e8), self.price_places)

    def quantity_text(self, quantity_e8: int) -> str:
        return fixed(decimal(quantity_e8), self.quantity_places)

    def average_text(self, price: Decimal) -> str:
        """An average has more places than a price on USDⓈ-M."""
        return fixed(price, self.price_places + (0 if self.is_inverse else 3))

    def exchange_info(self, *, is_open: bool = True) -> dict[str, Any]:
        """The entry of ``symbols`` in ``GET exchangeInfo``."""
        status = "TRADING" if is_open else "CLOSE"
        body: dict[str, Any] = {
            "symbol": self.symbol,
            "pair": self.pair,
            "contractType": self.kind,
            "deliveryDate": self.delivery_ms,
            "onboardDate": _ONBOARD_MS,
        }
        if self.size is None:
            body["status"] = status
        else:
            body |= {"contractStatus": status, "contractSize": int(self.size)}
        body |= {
            "maintMarginPercent": "2.5000",
            "requiredMarginPercent": "5.0000",
            "baseAsset": self.base,
            "quoteAsset": self.quote,
            "marginAsset": self.margin_asset,
            "pricePrecision": self.price_places,
            "quantityPrecision": self.quantity_places,
            "baseAssetPrecision": 8,
            "quotePrecision": 8,
            "underlyingType": self.underlying,
            "underlyingSubType": ["PoW"] if self.underlying == "COIN" else ["Index"],
            "triggerProtect": fixed(self.trigger_protect, 4),
            "liquidationFee": fixed(self.liquidation_fee, 6),
            "marketTakeBound": fixed(self.price_band, 2),
            "maxMoveOrderLimit": 10_000,
            "filters": self._filters(),
            "orderTypes": list(ORDER_TYPES),
            "timeInForce": list(TIMES_IN_FORCE),
        }
        if self.size is None:
            body["settlePlan"] = 0
        else:
            body["equalQtyPrecision"] = 4
        return body

    def stream_info(self, *, is_open: bool, with_brackets: bool) -> dict[str, Any]:
        """What the ``contractInfo`` stream says of it, after its names."""
        body: dict[str, Any] = {
            "ct": self.kind,
            "dt": self.delivery_ms,
            "ot": _ONBOARD_MS,
            "cs": "TRADING" if is_open else "CLOSE",
        }
        if with_brackets:
            body["bks"] = self.brackets.steps_of_info()
        return body

    def _price_filter(self) -> dict[str, Any]:
        return {
            "filterType": "PRICE_FILTER",
            "minPrice": format(self.min_price, "f"),
            "maxPrice": format(self.max_price, "f"),
            "tickSize": fixed(self.tick, self.price_places),
        }

    def _lot_filter(self) -> dict[str, Any]:
        return {
            "filterType": "LOT_SIZE",
            "minQty": fixed(self.step, self.quantity_places),
            "maxQty": format(self.max_quantity, "f"),
            "stepSize": fixed(self.step, self.quantity_places),
        }

    def _filters(self) -> list[dict[str, Any]]:
        filters = [
            self._price_filter(),
            self._lot_filter(),
            {
                **self._lot_filter(),
                "filterType": "MARKET_LOT_SIZE",
                "maxQty": format(self.max_market_quantity, "f"),
            },
            {"filterType": "MAX_NUM_ORDERS", "limit": self.max_orders},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": self.max_algos},
        ]
        if self.min_notional:
            text = format(self.min_notional, "f")
            filters.append({"filterType": "MIN_NOTIONAL", "notional": text})
        filters.append(
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": fixed(1 + self.price_band, 4),
                "multiplierDown": fixed(1 - self.price_band, 4),
                "multiplierDecimal": "4",
            }
        )
        return filters


_MAJOR: Final = (
    (125, "300000", "0.004"),
    (100, "800000", "0.005"),
    (75, "3000000", "0.0065"),
    (50, "12000000", "0.01"),
    (25, "70000000", "0.02"),
    (20, "100000000", "0.025"),
    (10, "230000000", "0.05"),
    (5, "480000000", "0.1"),
    (4, "600000000", "0.125"),
    (3, "800000000", "0.15"),
    (2, "1200000000", "0.25"),
    (1, "1800000000", "0.5"),
)
_MINOR: Final = (
    (75, "10000", "0.005"),
    (50, "50000", "0.006"),
    (40, "200000", "0.01"),
    (25, "1500000", "0.02"),
    (20, "3000000", "0.025"),
    (10, "15000000", "0.05"),
    (5, "30000000", "0.1"),
    (4, "37500000", "0.125"),
    (2, "75000000", "0.25"),
    (1, "150000000", "0.5"),
)
_COIN: Final = (
    (125, "5", "0.004"),
    (100, "10", "0.005"),
    (50, "20", "0.01"),
    (20, "50", "0.025"),
    (10, "100", "0.05"),
    (5, "200", "0.1"),
    (4, "400", "0.125"),
    (3, "1000", "0.15"),
    (2, "1500", "0.25"),
    (1, "3000", "0.5"),
)


def _linear(
    base: str,
    tick: str,
    step: str,
    places: tuple[int, int],
    brackets: tuple[tuple[int, str, str], ...],
    min_notional: str,
) -> Contract:
    return Contract(
        symbol=f"{base}USDT",
        pair=f"{base}USDT",
        base=base,
        quote="USDT",
        tick=Decimal(tick),
        step=Decimal(step),
        price_places=places[0],
        quantity_places=places[1],
        brackets=Brackets(brackets),
        max_quantity=Decimal(10_000),
        max_market_quantity=Decimal(2000),
        min_price=Decimal(tick),
        max_price=Decimal(1_000_000),
        min_notional=Decimal(min_notional),
    )


def _inverse(base: str, tick: str, places: int, size: str) -> Contract:
    return Contract(
        symbol=f"{base}USD_PERP",
        pair=f"{base}USD",
        base=base,
        quote="USD",
        tick=Decimal(tick),
        step=Decimal(1),
        price_places=places,
        quantity_places=0,
        brackets=Brackets(_COIN),
        max_quantity=Decimal(1_000_000),
        max_market_quantity=Decimal(60_000),
        min_price=Decimal(tick),
        max_price=Decimal(1_000_000),
        size=Decimal(size),
    )


DEFAULT_CONTRACTS: Final[Mapping[Kind, tuple[Contract, ...]]] = {
    "usdm": (
        _linear("BTC", "0.10", "0.001", (2, 3), _MAJOR, "100"),
        _linear("ETH", "0.01", "0.001", (2, 3), _MAJOR, "20"),
        _linear("BNB", "0.010", "0.01", (3, 2), _MINOR, "5"),
    ),
    "coinm": (_inverse("BTC", "0.1", 1, "100"), _inverse("ETH", "0.01", 2, "10")),
}
"""What ``bot sim`` trades unless told otherwise."""
