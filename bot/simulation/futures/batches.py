"""Several orders in one request: each is answered by itself."""

import json
from collections.abc import Callable
from typing import Any, Final

from bot.simulation.errors import ApiError
from bot.simulation.parameters import Params, optional, required

__all__ = ["each_order", "each_to_cancel"]

_MOST: Final = 5
_MOST_CANCELLED: Final = 10

Answer = Callable[[dict[str, str]], dict[str, Any]]


def each_order(params: Params, answer: Answer) -> list[dict[str, Any]]:
    """``batchOrders`` is a JSON list of the parameters of single orders.

    Raises:
        ApiError: the list itself is not legal.
    """
    try:
        wishes = json.loads(required(params, "batchOrders"))
    except ValueError:
        raise ApiError.invalid("batchOrders") from None
    if not isinstance(wishes, list) or not all(isinstance(wish, dict) for wish in wishes):
        raise ApiError.invalid("batchOrders")
    if not 0 < len(wishes) <= _MOST:
        raise ApiError.bad_request(-4082, f"Invalid number of batch place orders: 1 to {_MOST}.")
    return [_answered(answer, _texts(wish)) for wish in wishes]


def each_to_cancel(params: Params, answer: Answer) -> list[dict[str, Any]]:
    """``orderIdList`` or ``origClientOrderIdList`` of one ``symbol``."""
    symbol = required(params, "symbol")
    for name, single in (
        ("orderIdList", "orderId"),
        ("origClientOrderIdList", "origClientOrderId"),
    ):
        listed = optional(params, name)
        if listed is None:
            continue
        try:
            ids = json.loads(listed)
        except ValueError:
            raise ApiError.invalid(name) from None
        if not isinstance(ids, list) or not 0 < len(ids) <= _MOST_CANCELLED:
            raise ApiError.bad_request(-4032, "Exceed maximum cancel order size.")
        return [_answered(answer, {"symbol": symbol, single: str(one)}) for one in ids]
    msg = "Param 'origClientOrderIdList' or 'orderIdList' must be sent, but both were empty/null!"
    raise ApiError.bad_request(-1102, msg)


def _answered(answer: Answer, params: dict[str, str]) -> dict[str, Any]:
    try:
        return answer(params)
    except ApiError as e:
        return e.body


def _texts(wish: dict[str, Any]) -> dict[str, str]:
    """Values as they would stand in a query."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in wish.items()
        if value is not None
    }
