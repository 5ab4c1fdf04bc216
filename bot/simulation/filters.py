"""The filters of exchangeInfo, compiled to checks on integers (filters.md)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.simulation.fixedpoint import ONE, notional, parse
from bot.simulation.orders import is_algo, is_priceless, triggers_above

__all__ = ["Candidate", "Check", "compile_filters", "exceeds_asset_limits"]

_AVERAGE_MINUTES = 5


@dataclass(slots=True)
class Candidate:
    """An order that wants in, and what the filters ask about its surroundings."""

    order_type: str
    is_buy: bool
    price_e8: int
    """0 for orders that trade at any price."""
    quantity_e8: int
    reference_e8: Callable[[int], int]
    """The average price of the last minutes, 0 if there is none."""
    quote_e8: int = 0
    """``quoteOrderQty``: the notional that a MARKET order asks for itself."""
    stop_e8: int = 0
    trailing_delta: int | None = None
    iceberg_e8: int = 0
    open_orders: int = 0
    """On the symbol, without this one."""
    open_algos: int = 0
    open_icebergs: int = 0
    open_lists: int = 0
    in_list: bool = False
    account_orders: int = 0
    account_algos: int = 0
    account_icebergs: int = 0
    account_lists: int = 0
    base_held_e8: int = 0
    """Free and locked."""
    open_buys_e8: int = 0
    """Unfilled base quantity of open buys, without this one."""

    @property
    def is_market(self) -> bool:
        return is_priceless(self.order_type)


Check = Callable[[Candidate], bool]
"""True if the order passes."""

_Maker = Callable[[Mapping[str, Any]], Check]


def compile_filters(filters: Iterable[Mapping[str, Any]]) -> list[tuple[str, Check]]:
    """(name, check) of each filter that concerns a single order.

    The number of amendments is checked where these are made.
    """
    makers = _MAKERS
    return [
        (f["filterType"], makers[f["filterType"]](f)) for f in filters if f["filterType"] in makers
    ]


def _price_filter(f: Mapping[str, Any]) -> Check:
    low, high, tick = parse(f["minPrice"]), parse(f["maxPrice"]), parse(f["tickSize"])

    def fits(price: int) -> bool:
        if (low and price < low) or (high and price > high):
            return False
        return not tick or price % tick == 0

    def check(order: Candidate) -> bool:
        if order.stop_e8 and not fits(order.stop_e8):
            return False
        return order.is_market or fits(order.price_e8)

    return check


def _lot(f: Mapping[str, Any], *, market_only: bool) -> Check:
    low, high, step = parse(f["minQty"]), parse(f["maxQty"]), parse(f["stepSize"])

    def fits(quantity: int) -> bool:
        if quantity < low or (high and quantity > high):
            return False
        return not step or quantity % step == 0

    def check(order: Candidate) -> bool:
        if market_only:
            return order.order_type != "MARKET" or fits(order.quantity_e8)
        if order.iceberg_e8 and not fits(order.iceberg_e8):
            return False
        return fits(order.quantity_e8)

    return check


def _percent_price(f: Mapping[str, Any]) -> Check:
    up, down = parse(f["multiplierUp"]), parse(f["multiplierDown"])
    minutes = int(f["avgPriceMins"])

    def check(order: Candidate) -> bool:
        return _within(order, up, down, minutes)

    return check


def _percent_price_by_side(f: Mapping[str, Any]) -> Check:
    bid = parse(f["bidMultiplierUp"]), parse(f["bidMultiplierDown"])
    ask = parse(f["askMultiplierUp"]), parse(f["askMultiplierDown"])
    minutes = int(f["avgPriceMins"])

    def check(order: Candidate) -> bool:
        up, down = bid if order.is_buy else ask
        return _within(order, up, down, minutes)

    return check


def _within(order: Candidate, up: int, down: int, minutes: int) -> bool:
    if order.is_market:
        return True
    reference = order.reference_e8(minutes)
    price = order.price_e8 * ONE
    return not reference or reference * down <= price <= reference * up


def _min_notional(f: Mapping[str, Any]) -> Check:
    low, to_market = parse(f["minNotional"]), bool(f["applyToMarket"])
    minutes = int(f.get("avgPriceMins", 5))

    def check(order: Candidate) -> bool:
        if order.is_market and not to_market:
            return True
        value = _value(order, minutes)
        return value is None or value >= low

    return check


def _notional(f: Mapping[str, Any]) -> Check:
    low, high = parse(f["minNotional"]), parse(f["maxNotional"])
    min_to_market, max_to_market = bool(f["applyMinToMarket"]), bool(f["applyMaxToMarket"])
    minutes = int(f["avgPriceMins"])

    def check(order: Candidate) -> bool:
        value = _value(order, minutes)
        if value is None:
            return True
        if value < low and (min_to_market or not order.is_market):
            return False
        return value <= high or (order.is_market and not max_to_market)

    return check


def _value(order: Candidate, minutes: int) -> int | None:
    if not order.is_market:
        return notional(order.price_e8, order.quantity_e8)
    if order.quote_e8:
        return order.quote_e8
    reference = order.reference_e8(minutes)
    return notional(reference, order.quantity_e8) if reference else None


def exceeds_asset_limits(
    order: Candidate, *, base_limit_e8: int | None, quote_limit_e8: int | None
) -> bool:
    """Whether MAX_ASSET of the base asset, or of the quote asset, is against the order."""
    if base_limit_e8 is not None and order.quantity_e8 > base_limit_e8:
        return True
    value = _value(order, _AVERAGE_MINUTES) if quote_limit_e8 is not None else None
    return value is not None and quote_limit_e8 is not None and value > quote_limit_e8


def _iceberg_parts(f: Mapping[str, Any]) -> Check:
    limit = int(f["limit"])

    def check(order: Candidate) -> bool:
        return not order.iceberg_e8 or -(-order.quantity_e8 // order.iceberg_e8) <= limit

    return check


def _trailing_delta(f: Mapping[str, Any]) -> Check:
    above = int(f["minTrailingAboveDelta"]), int(f["maxTrailingAboveDelta"])
    below = int(f["minTrailingBelowDelta"]), int(f["maxTrailingBelowDelta"])

    def check(order: Candidate) -> bool:
        if order.trailing_delta is None:
            return True
        is_above = triggers_above(order.order_type, is_buy=order.is_buy)
        low, high = above if is_above else below
        return low <= order.trailing_delta <= high

    return check


def _count(field: str, key: str, concerns: Callable[[Candidate], bool]) -> _Maker:
    """A filter on how many of a kind are open already."""

    def make(f: Mapping[str, Any]) -> Check:
        limit = int(f[key])
        return lambda order: not concerns(order) or getattr(order, field) < limit

    return make


def _any_order(order: Candidate) -> bool:
    return bool(order.order_type)


def _algo(order: Candidate) -> bool:
    return is_algo(order.order_type)


def _listed(order: Candidate) -> bool:
    return order.in_list


def _iceberg(order: Candidate) -> bool:
    return order.iceberg_e8 > 0


def _max_position(f: Mapping[str, Any]) -> Check:
    limit = parse(f["maxPosition"])

    def check(order: Candidate) -> bool:
        after = order.base_held_e8 + order.open_buys_e8 + order.quantity_e8
        return not order.is_buy or after <= limit

    return check


_MAKERS: Mapping[str, Callable[[Mapping[str, Any]], Check]] = {
    "PRICE_FILTER": _price_filter,
    "PERCENT_PRICE": _percent_price,
    "PERCENT_PRICE_BY_SIDE": _percent_price_by_side,
    "LOT_SIZE": lambda f: _lot(f, market_only=False),
    "MARKET_LOT_SIZE": lambda f: _lot(f, market_only=True),
    "MIN_NOTIONAL": _min_notional,
    "NOTIONAL": _notional,
    "ICEBERG_PARTS": _iceberg_parts,
    "TRAILING_DELTA": _trailing_delta,
    "MAX_NUM_ORDERS": _count("open_orders", "maxNumOrders", _any_order),
    "MAX_NUM_ALGO_ORDERS": _count("open_algos", "maxNumAlgoOrders", _algo),
    "MAX_NUM_ORDER_LISTS": _count("open_lists", "maxNumOrderLists", _listed),
    "MAX_NUM_ICEBERG_ORDERS": _count("open_icebergs", "maxNumIcebergOrders", _iceberg),
    "MAX_POSITION": _max_position,
    "EXCHANGE_MAX_NUM_ORDERS": _count("account_orders", "maxNumOrders", _any_order),
    "EXCHANGE_MAX_NUM_ALGO_ORDERS": _count("account_algos", "maxNumAlgoOrders", _algo),
    "EXCHANGE_MAX_NUM_ORDER_LISTS": _count("account_lists", "maxNumOrderLists", _listed),
    "EXCHANGE_MAX_NUM_ICEBERG_ORDERS": _count("account_icebergs", "maxNumIcebergOrders", _iceberg),
}
