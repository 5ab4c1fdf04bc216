"""``exchangeInfo`` to instruments. Source: Binance spot documentation, "Filters"."""

from decimal import Decimal
from typing import Any

import msgspec

from bot.domain.instrument import Instrument
from bot.domain.terms import Contingency
from bot.domain.values import OrderType
from bot.exchange.encode import spot_type

__all__ = ["instruments"]

_ZERO = Decimal(0)


class _Filter(msgspec.Struct, rename="camel", kw_only=True):
    """The keys of all filters that matter to us; each filter has some of them."""

    filter_type: str
    min_price: Decimal = _ZERO
    max_price: Decimal = _ZERO
    tick_size: Decimal = _ZERO
    min_qty: Decimal = _ZERO
    max_qty: Decimal = _ZERO
    step_size: Decimal = _ZERO
    min_notional: Decimal = _ZERO
    max_notional: Decimal = _ZERO
    apply_to_market: bool = True
    apply_min_to_market: bool = True
    apply_max_to_market: bool = False
    multiplier_up: Decimal = _ZERO
    multiplier_down: Decimal = _ZERO
    bid_multiplier_up: Decimal = _ZERO
    bid_multiplier_down: Decimal = _ZERO
    ask_multiplier_up: Decimal = _ZERO
    ask_multiplier_down: Decimal = _ZERO
    max_num_orders: int = 0
    max_num_algo_orders: int = 0
    limit: Any = 0
    """Parts of an iceberg; an amount in the filters of other names."""
    min_trailing_above_delta: int = 0
    max_trailing_above_delta: int = 0
    min_trailing_below_delta: int = 0
    max_trailing_below_delta: int = 0


class _Symbol(msgspec.Struct, rename="camel", kw_only=True):
    symbol: str
    status: str
    base_asset: str
    quote_asset: str
    order_types: list[str]
    filters: list[_Filter]
    oco_allowed: bool = False
    oto_allowed: bool = False
    opo_allowed: bool = False
    amend_allowed: bool = False
    cancel_replace_allowed: bool = False
    allow_trailing_stop: bool = False


class _Info(msgspec.Struct):
    symbols: list[_Symbol]


def instruments(body: Any) -> dict[str, Instrument]:
    """The instruments by symbol; raises msgspec.ValidationError if the body is something else."""
    info = msgspec.convert(body, _Info, strict=False)
    return {symbol.symbol: _instrument(symbol) for symbol in info.symbols}


def _instrument(symbol: _Symbol) -> Instrument:
    by_type = {one.filter_type: one for one in symbol.filters}
    nothing = _Filter(filter_type="")
    price = by_type.get("PRICE_FILTER", nothing)
    lot = by_type.get("LOT_SIZE", nothing)
    market_lot = by_type.get("MARKET_LOT_SIZE", nothing)
    notional = by_type.get("NOTIONAL")
    min_notional = by_type.get("MIN_NOTIONAL", nothing)
    sided = by_type.get("PERCENT_PRICE_BY_SIDE")
    percent = by_type.get("PERCENT_PRICE", nothing)
    trail = by_type.get("TRAILING_DELTA", nothing)
    return Instrument(
        symbol=symbol.symbol,
        base=symbol.base_asset,
        quote=symbol.quote_asset,
        status=symbol.status,
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
        min_notional=(notional or min_notional).min_notional,
        max_notional=notional.max_notional if notional else _ZERO,
        min_notional_applies_to_market=(
            notional.apply_min_to_market if notional else min_notional.apply_to_market
        ),
        max_notional_applies_to_market=notional.apply_max_to_market if notional else False,
        bid_multiplier_up=sided.bid_multiplier_up if sided else percent.multiplier_up,
        bid_multiplier_down=sided.bid_multiplier_down if sided else percent.multiplier_down,
        ask_multiplier_up=sided.ask_multiplier_up if sided else percent.multiplier_up,
        ask_multiplier_down=sided.ask_multiplier_down if sided else percent.multiplier_down,
        max_orders=by_type.get("MAX_NUM_ORDERS", nothing).max_num_orders,
        max_conditional_orders=by_type.get("MAX_NUM_ALGO_ORDERS", nothing).max_num_algo_orders,
        max_iceberg_parts=int(by_type.get("ICEBERG_PARTS", nothing).limit or 0),
        trailing_above=(trail.min_trailing_above_delta, trail.max_trailing_above_delta),
        trailing_below=(trail.min_trailing_below_delta, trail.max_trailing_below_delta),
        lists=_lists(symbol),
        proceeds_allowed=symbol.opo_allowed,
        amend_allowed=symbol.amend_allowed,
        replace_allowed=symbol.cancel_replace_allowed,
    )


def _types(symbol: _Symbol) -> tuple[str, ...]:
    """The order types in our words."""
    types = dict.fromkeys(spot_type(name) for name in symbol.order_types)
    if symbol.allow_trailing_stop and "STOP_LOSS" in symbol.order_types:
        types[OrderType.TRAILING_STOP_MARKET.value] = None
    return tuple(types)


def _lists(symbol: _Symbol) -> tuple[Contingency, ...]:
    lists = [Contingency.OCO] if symbol.oco_allowed else []
    lists += [Contingency.OTO] if symbol.oto_allowed else []
    lists += [Contingency.OTOCO] if symbol.oco_allowed and symbol.oto_allowed else []
    return tuple(lists)
