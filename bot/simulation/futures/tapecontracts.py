"""The contracts of a tape: as its exchangeInfo describes them, or as what is on it fits them."""

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from bot.simulation.futures.amounts import ZERO
from bot.simulation.futures.brackets import Brackets
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS, Contract, Kind
from bot.simulation.rules import observed_rules, split_symbol

__all__ = ["observed_contract", "read_contracts", "sized"]

_DELIVERED: Final = re.compile(r"_(\d{6})$")
_DELIVERY_HOURS: Final = timedelta(hours=8)
_QUARTER_MS: Final = 92 * 86_400_000
# The contracts of a coin without anything known of it: brackets and limits of a small one.
_TEMPLATES: Final = {kind: contracts[-1] for kind, contracts in DEFAULT_CONTRACTS.items()}
_KNOWN: Final = {
    (kind, contract.symbol): contract
    for kind, contracts in DEFAULT_CONTRACTS.items()
    for contract in contracts
}
_MOST: Final = Decimal(100_000_000)
_SIZE: Final = {"BTC": Decimal(100)}
_OTHER_SIZE: Final = Decimal(10)
_BITCOIN: Final = Decimal(60_000)
"""What a bitcoin is worth where its brackets, which are in coins, are those of another coin."""


class _Symbol(msgspec.Struct):
    symbol: str
    pair: str
    filters: list[dict[str, Any]]
    kind: str = msgspec.field(name="contractType")
    base: str = msgspec.field(name="baseAsset")
    quote: str = msgspec.field(name="quoteAsset")
    price_places: int = msgspec.field(name="pricePrecision")
    quantity_places: int = msgspec.field(name="quantityPrecision")
    delivery_ms: int | None = msgspec.field(default=None, name="deliveryDate")
    size: int | None = msgspec.field(default=None, name="contractSize")
    liquidation_fee: str = msgspec.field(default="0.0125", name="liquidationFee")


class _ExchangeInfo(msgspec.Struct):
    symbols: list[_Symbol]


_INFO: Final = msgspec.json.Decoder(_ExchangeInfo)


def read_contracts(kind: Kind, stream: str, data: bytes) -> dict[str, Contract]:
    """The contracts by symbol, if the frame is an exchangeInfo answer."""
    if not stream.partition("?")[0].endswith("/exchangeInfo"):
        return {}
    try:
        return {one.symbol: _recorded(kind, one) for one in _INFO.decode(data).symbols}
    except (msgspec.MsgspecError, ValueError, KeyError, InvalidOperation):
        return {}


def observed_contract(
    kind: Kind,
    symbol: str,
    prices: Collection[Decimal],
    quantities: Collection[Decimal],
    *,
    at_ms: int,
) -> Contract:
    """What fits what was seen: a known contract, or the coarsest tick and step of all values."""
    known = _KNOWN.get((kind, symbol))
    if known is not None and _fits(prices, known.tick) and _fits(quantities, known.step):
        return known
    rules = observed_rules(symbol, prices, quantities)
    tick = Decimal(rules.tick_e8).scaleb(-8)
    step = Decimal(rules.step_e8).scaleb(-8)
    pair = symbol.partition("_")[0]
    base, quote = split_symbol(pair)
    delivery_ms = _delivery_ms(symbol)
    named = replace(
        known or _TEMPLATES[kind],
        symbol=symbol,
        pair=pair,
        base=base,
        quote=quote,
        tick=tick,
        step=step,
        price_places=_places(tick),
        quantity_places=_places(step),
        min_price=tick,
        max_quantity=_MOST,
        max_market_quantity=_MOST,
    )
    if kind == "coinm":
        named = replace(named, size=_SIZE.get(base, _OTHER_SIZE))
    if delivery_ms is None:
        return named
    is_near = delivery_ms - at_ms <= _QUARTER_MS
    which = "CURRENT_QUARTER" if is_near else "NEXT_QUARTER"
    return replace(named, kind=which, delivery_ms=delivery_ms)


def sized(contract: Contract, price: Decimal) -> Contract:
    """With brackets that are worth as much as bitcoin's, if it is of a coin without its own."""
    if not contract.is_inverse or ("coinm", f"{contract.pair}_PERP") in _KNOWN or not price:
        return contract
    factor = _BITCOIN / price
    steps = (
        (step.leverage, str((step.cap * factor).to_integral_value(ROUND_CEILING)), str(step.ratio))
        for step in contract.brackets.steps
    )
    return replace(contract, brackets=Brackets(steps))


def _recorded(kind: Kind, one: _Symbol) -> Contract:
    filters = {row["filterType"]: row for row in one.filters}
    price, lot = filters["PRICE_FILTER"], filters["LOT_SIZE"]
    template = _KNOWN.get((kind, one.symbol), _TEMPLATES[kind])
    band = filters.get("PERCENT_PRICE", {}).get("multiplierUp")
    market_lot = filters.get("MARKET_LOT_SIZE", lot)
    notional = filters.get("MIN_NOTIONAL", {})
    return replace(
        template,
        symbol=one.symbol,
        pair=one.pair,
        base=one.base,
        quote=one.quote,
        tick=Decimal(price["tickSize"]),
        step=Decimal(lot["stepSize"]),
        price_places=one.price_places,
        quantity_places=one.quantity_places,
        max_quantity=Decimal(lot["maxQty"]),
        max_market_quantity=Decimal(market_lot["maxQty"]),
        min_price=Decimal(price["minPrice"]),
        max_price=Decimal(price["maxPrice"]),
        min_notional=Decimal(notional.get("notional", ZERO)),
        price_band=template.price_band if band is None else Decimal(band) - 1,
        liquidation_fee=Decimal(one.liquidation_fee),
        kind=one.kind or "PERPETUAL",
        delivery_ms=one.delivery_ms or template.delivery_ms,
        size=Decimal(one.size) if one.size is not None else template.size,
    )


def _fits(values: Collection[Decimal], grid: Decimal) -> bool:
    return all(value % grid == 0 for value in values)


def _places(grid: Decimal) -> int:
    exponent = grid.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _delivery_ms(symbol: str) -> int | None:
    """08:00 UTC of the day in the symbol's name; None of a perpetual."""
    found = _DELIVERED.search(symbol)
    if found is None:
        return None
    try:
        day = datetime.strptime(found[1], "%y%m%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int((day + _DELIVERY_HOURS).timestamp() * 1000)
