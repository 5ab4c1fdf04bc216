"""Futures' ``exchangeInfo`` to instruments.

Source: Binance USDⓈ-M and COIN-M documentation, "Exchange Information".
"""

from decimal import Decimal
from typing import Any, Final

import msgspec

from bot.domain.instrument import Instrument
from bot.domain.values import Market, OrderType
from bot.exchange.futures.encode import futures_type

__all__ = ["instruments"]

_ZERO: Final = Decimal(0)
_POST_ONLY: Final = "GTX"
# callbackRate: 0.1 % to 20 % in steps of 0.1 % (since 2026-10-23).
_TRAILING_BIPS: Final = (10, 2000)


class _Filter(msgspec.Struct, rename="camel", kw_only=True):
    filter_type: str
    min_price: Decimal = _ZERO
    max_price: Decimal = _ZERO
    tick_size: Decimal = _ZERO
    min_qty: Decimal = _ZERO
    max_qty: Decimal = _ZERO
    step_size: Decimal = _ZERO
    notional: Decimal = _ZERO
    multiplier_up: Decimal = _ZERO
    multiplier_down: Decimal = _ZERO
    limit: int = 0


class _Symbol(msgspec.Struct, rename="camel", kw_only=True):
    symbol: str
    base_asset: str
    quote_asset: str
    margin_asset: str
    order_types: list[str]
    time_in_force: list[str]
    filters: list[_Filter]
    status: str = ""
    contract_status: str = ""
    contract_size: Decimal = _ZERO


class _Info(msgspec.Struct):
    symbols: list[_Symbol]


def instruments(body: Any, market: Market) -> dict[str, Instrument]:
    """The instruments by symbol; raises msgspec.ValidationError if the body is something else."""
    info = msgspec.convert(body, _Info, strict=False)
    return {symbol.symbol: _instrument(symbol, market) for symbol in info.symbols}


def _instrument(symbol: _Symbol, market: Market) -> Instrument:
    by_type = {one.filter_type: one for one in symbol.filters}
    nothing = _Filter(filter_type="")
    price = by_type.get("PRICE_FILTER", nothing)
    lot = by_type.get("LOT_SIZE", nothing)
    market_lot = by_type.get("MARKET_LOT_SIZE", nothing)
    percent = by_type.get("PERCENT_PRICE", nothing)
    return Instrument(
        symbol=symbol.symbol,
        base=symbol.base_asset,
        quote=symbol.quote_asset,
        status=symbol.status or symbol.contract_status,
        order_types=_types(symbol),
        tick_size=price.tick_size,
        min_price=price.min_price,
        max_price=price.max_price,
        step_size=lot.step_size,
        min_quantity=lot.min_qty,
        max_quantity=lot.max_qty,
        market_step_size=market_lot.step_size,
        market_min_quantity=market_lot.min_qty,
        market_max_quantity=market_lot.max_qty,
        min_notional=by_type.get("MIN_NOTIONAL", nothing).notional,
        # Of the mark price; a buy must not be far above it, a sell not far below.
        bid_multiplier_up=percent.multiplier_up,
        ask_multiplier_down=percent.multiplier_down,
        max_orders=by_type.get("MAX_NUM_ORDERS", nothing).limit,
        max_conditional_orders=by_type.get("MAX_NUM_ALGO_ORDERS", nothing).limit,
        trailing_above=_TRAILING_BIPS,
        trailing_below=_TRAILING_BIPS,
        market=market,
        settle=symbol.margin_asset,
        contract_size=symbol.contract_size or Decimal(1),
        inverse=bool(symbol.contract_size),
        amend_allowed=True,
    )


def _types(symbol: _Symbol) -> tuple[str, ...]:
    """The order types in our words."""
    types = dict.fromkeys(futures_type(name) for name in symbol.order_types)
    if _POST_ONLY in symbol.time_in_force:
        types[OrderType.LIMIT_MAKER.value] = None
    return tuple(types)
