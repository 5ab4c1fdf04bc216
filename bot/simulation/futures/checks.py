"""The rules that an order must keep, of its contract and of its account's settings."""

from decimal import Decimal
from typing import Final

from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import decimal, parse
from bot.simulation.futures.account import FuturesAccount
from bot.simulation.futures.amounts import plain
from bot.simulation.futures.contracts import Contract

__all__ = [
    "check_band",
    "check_notional",
    "check_price",
    "check_quantity",
    "check_take",
    "position_side",
    "take_limit",
]

_SIDES: Final = frozenset({"BOTH", "LONG", "SHORT"})


def check_price(contract: Contract, price_e8: int) -> None:
    """Range, precision and tick of a limit or trigger price."""
    price = decimal(price_e8)
    if price_e8 % 10 ** (8 - contract.price_places):
        raise _too_precise()
    if price < contract.min_price:
        raise ApiError.bad_request(-4013, "Price less than min price.")
    if price > contract.max_price:
        raise ApiError.bad_request(-4002, "Price greater than max price.")
    if price_e8 % parse(contract.tick):
        raise ApiError.bad_request(-4014, "Price not increased by tick size.")


def check_quantity(contract: Contract, quantity_e8: int, *, is_market: bool) -> None:
    """Range, precision and step of a quantity."""
    if quantity_e8 <= 0:
        raise ApiError.bad_request(-4003, "Quantity less than or equal to zero.")
    if quantity_e8 % 10 ** (8 - contract.quantity_places):
        raise _too_precise()
    quantity = decimal(quantity_e8)
    if quantity < contract.step:
        raise ApiError.bad_request(-4004, "Quantity less than min quantity.")
    most = contract.max_market_quantity if is_market else contract.max_quantity
    if quantity > most:
        raise ApiError.bad_request(-4005, "Quantity greater than max quantity.")
    if quantity_e8 % parse(contract.step):
        raise ApiError.bad_request(-4023, "Qty not increased by step size.")


def check_notional(contract: Contract, value: Decimal) -> None:
    """The least value of an order that is not reduce-only."""
    if value < contract.min_notional:
        msg = (
            f"Order's notional must be no smaller than {plain(contract.min_notional)} (unless you "
            "choose reduce only)."
        )
        raise ApiError.bad_request(-4164, msg)


def check_band(contract: Contract, price_e8: int, mark: Decimal, *, is_buy: bool) -> None:
    """A buy may not be far above the mark price, a sale not far below (PERCENT_PRICE)."""
    if not mark:
        return
    price = decimal(price_e8)
    if is_buy:
        limit = mark * (1 + contract.price_band)
        if price > limit:
            msg = f"Limit price can't be higher than {limit:.{contract.price_places}f}."
            raise ApiError.bad_request(-4016, msg)
    else:
        limit = mark * (1 - contract.price_band)
        if price < limit:
            msg = f"Limit price can't be lower than {limit:.{contract.price_places}f}."
            raise ApiError.bad_request(-4024, msg)


def take_limit(contract: Contract, mark: Decimal, *, is_buy: bool) -> int | None:
    """How far a market order goes (``marketTakeBound``); None while there is no mark price."""
    if not mark:
        return None
    share = 1 + contract.price_band if is_buy else 1 - contract.price_band
    return int(mark * share * 10**8)


def check_take(contract: Contract, best_e8: int, mark: Decimal, *, is_buy: bool) -> None:
    """A market order needs somebody near the mark price (-4131)."""
    limit = take_limit(contract, mark, is_buy=is_buy)
    if limit is None or not best_e8:
        return
    if best_e8 > limit if is_buy else best_e8 < limit:
        msg = "The counterparty's best price does not meet the PERCENT_PRICE filter limit."
        raise ApiError.bad_request(-4131, msg)


def position_side(account: FuturesAccount, sent: str | None, *, reduce_only: bool | None) -> str:
    """The slot that an order is for.

    Raises:
        ApiError: -4060, -4061, or reduceOnly in hedge mode (-1106).
    """
    side = sent or "BOTH"
    if side not in _SIDES:
        raise ApiError.bad_request(-4060, "Invalid position side.")
    if side not in account.sides():
        msg = "Order's position side does not match user's setting."
        raise ApiError.bad_request(-4061, msg)
    if account.is_hedged and reduce_only is not None:
        raise ApiError.not_required("reduceOnly")
    return side


def _too_precise() -> ApiError:
    return ApiError.bad_request(-1111, "Precision is over the maximum defined for this asset.")
