"""What a client writes on the form of a conditional order."""

from decimal import Decimal, InvalidOperation
from typing import Final

from bot.simulation.errors import ApiError
from bot.simulation.futures.account import FuturesAccount
from bot.simulation.futures.algos import LIMITS, AlgoOrder
from bot.simulation.futures.checks import check_price, check_quantity, position_side
from bot.simulation.futures.contracts import Contract
from bot.simulation.futures.orderform import (
    CONDITIONAL,
    flag,
    read_good_till,
    read_price,
    read_side,
    read_stp_mode,
    read_time_in_force,
)
from bot.simulation.futures.pricematch import NO_MATCH, read_price_match
from bot.simulation.parameters import Params, amount, optional, required

__all__ = ["read_algo"]

_WORKING_TYPES: Final = frozenset({"MARK_PRICE", "CONTRACT_PRICE"})
_CLOSING: Final = frozenset({"STOP_MARKET", "TAKE_PROFIT_MARKET"})
_CALLBACK_MOST: Final = 20


def read_algo(
    account: FuturesAccount, contract: Contract, params: Params, now_ms: int
) -> AlgoOrder:
    """The conditional order that is asked for, without ids.

    Raises:
        ApiError: as Binance words it.
    """
    order_type = required(params, "type")
    if order_type not in CONDITIONAL:
        raise ApiError.bad_request(-1116, "Invalid orderType.")
    reduce_only, close = flag(params, "reduceOnly"), bool(flag(params, "closePosition"))
    side = position_side(account, optional(params, "positionSide"), reduce_only=reduce_only)
    working_type = optional(params, "workingType") or "CONTRACT_PRICE"
    if working_type not in _WORKING_TYPES:
        raise ApiError.bad_request(-4031, "Invalid parameter working type")
    time_in_force = read_time_in_force(params, "GTC")
    algo = AlgoOrder(
        account=account.key,
        symbol=contract.symbol,
        contract=contract,
        algo_id=0,
        client_algo_id="",
        is_buy=read_side(params),
        order_type=order_type,
        position_side=side,
        time_in_force=time_in_force,
        quantity_e8=_quantity(contract, params, order_type, close=close),
        working_type=working_type,
        price_protect=bool(flag(params, "priceProtect")),
        close_position=close,
        reduce_only=bool(reduce_only),
        stp_mode=read_stp_mode(params),
        good_till_ms=read_good_till(params, time_in_force, now_ms),
        price_match=read_price_match(params, order_type, LIMITS),
        create_ms=now_ms,
        update_ms=now_ms,
    )
    _read_prices(algo, params)
    return algo


def _quantity(contract: Contract, params: Params, order_type: str, *, close: bool) -> int:
    quantity = amount(params, "quantity")
    if close:
        if order_type not in _CLOSING:
            msg = f"Target strategy invalid for orderType {order_type},closePosition true"
            raise ApiError.bad_request(-4136, msg)
        if quantity:
            msg = "Quantity must be zero with closePosition equals true"
            raise ApiError.bad_request(-4137, msg)
        return 0
    if quantity is None:
        raise ApiError.missing("quantity")
    check_quantity(contract, quantity, is_market=False)
    return quantity


def _read_prices(algo: AlgoOrder, params: Params) -> None:
    contract = algo.contract
    if algo.order_type == "TRAILING_STOP_MARKET":
        algo.callback_rate = _callback_rate(required(params, "callbackRate"))
        algo.activate_e8 = amount(params, "activatePrice") or 0
        if algo.activate_e8:
            check_price(contract, algo.activate_e8)
        return
    algo.trigger_e8 = read_price(params, "triggerPrice")
    check_price(contract, algo.trigger_e8)
    if algo.order_type in LIMITS and algo.price_match == NO_MATCH:
        algo.price_e8 = read_price(params)
        check_price(contract, algo.price_e8)


def _callback_rate(text: str) -> Decimal:
    """Percent, in steps of 0.1."""
    try:
        rate = Decimal(text)
    except InvalidOperation:
        raise ApiError.invalid("callbackRate") from None
    if not (rate.is_finite() and Decimal("0.1") <= rate <= _CALLBACK_MOST):
        raise ApiError.bad_request(-2007, "Invalid callBack rate.")
    return rate
