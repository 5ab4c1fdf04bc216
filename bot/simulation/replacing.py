"""Cancel-replace: one order out and another in, with every way in which half of it can fail."""

from dataclasses import dataclass
from typing import Any, Final

from bot.simulation.desk import RESTRICTIONS, OrderDesk
from bot.simulation.errors import ApiError
from bot.simulation.floor import Floor
from bot.simulation.orderform import OrderForm, read_order_form
from bot.simulation.parameters import Params, client_id, optional, required
from bot.simulation.permissions import check_feature

__all__ = ["Replacing"]

_OWN: Final = frozenset(
    {
        "cancelReplaceMode",
        "cancelNewClientOrderId",
        "cancelOrigClientOrderId",
        "cancelOrderId",
        "cancelRestrictions",
        "orderRateLimitExceededMode",
    }
)
_SUCCESS, _FAILURE, _NOT_ATTEMPTED = "SUCCESS", "FAILURE", "NOT_ATTEMPTED"


@dataclass(frozen=True, slots=True)
class _Half:
    """What became of the cancellation or of the new order."""

    result: str
    response: dict[str, Any] | None


_SKIPPED: Final = _Half(_NOT_ATTEMPTED, None)


class Replacing:
    """``POST /api/v3/order/cancelReplace``."""

    def __init__(self, floor: Floor, desk: OrderDesk) -> None:
        self._floor = floor
        self._desk = desk

    def replace(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """Cancel, then place.

        Raises:
            ApiError: 400 or 429 before anything was done; 409 (-2021) if one half was done;
                400 (-2022) if none was.
        """
        mode = _one_of(params, "cancelReplaceMode", ("STOP_ON_FAILURE", "ALLOW_FAILURE"))
        cancel_only = (
            "orderRateLimitExceededMode" in params
            and _one_of(params, "orderRateLimitExceededMode", ("DO_NOTHING", "CANCEL_ONLY"))
            == "CANCEL_ONLY"
        )
        form = read_order_form({k: v for k, v in params.items() if k not in _OWN})
        cancel = _cancellation(params)
        # Filters and order count come before anything is done.
        self._desk.check(account, form, now_ms)
        check_feature(self._floor.listings[form.symbol].rules, "cancelReplace")
        too_many = self._too_many(account, now_ms)
        if too_many is not None and not cancel_only:
            raise too_many
        canceled = self._try_cancel(account, cancel, now_ms)
        stops = mode == "STOP_ON_FAILURE"
        if stops and canceled.result == _FAILURE:
            placed = _SKIPPED
            if too_many is None:
                self._floor.counts.placed(account, now_ms)
        elif too_many is not None:
            placed = _Half(_FAILURE, too_many.body)
        else:
            placed = self._try_place(account, form, now_ms)
        return _answer(canceled, placed, status=429 if too_many is not None and stops else 0)

    def _too_many(self, account: str, now_ms: int) -> ApiError | None:
        try:
            self._floor.counts.check(account, now_ms)
        except ApiError as refused:
            return refused
        return None

    def _try_cancel(self, account: str, cancel: Params, now_ms: int) -> _Half:
        try:
            return _Half(_SUCCESS, self._desk.cancel(account, cancel, now_ms))
        except ApiError as refused:
            return _Half(_FAILURE, refused.body)

    def _try_place(self, account: str, form: OrderForm, now_ms: int) -> _Half:
        try:
            return _Half(_SUCCESS, self._desk.submit(account, form, now_ms))
        except ApiError as refused:
            return _Half(_FAILURE, refused.body)


def _cancellation(params: Params) -> Params:
    """The parameters of the cancellation by itself; refused if they are no such thing."""
    if not params.get("cancelOrderId") and not params.get("cancelOrigClientOrderId"):
        raise ApiError.missing_both("cancelOrigClientOrderId", "cancelOrderId")
    restriction = optional(params, "cancelRestrictions")
    if restriction is not None and restriction not in RESTRICTIONS:
        raise ApiError.bad_request(-1145, "Invalid cancelRestrictions")
    client_id(params, "cancelNewClientOrderId")
    names = {
        "symbol": "symbol",
        "orderId": "cancelOrderId",
        "origClientOrderId": "cancelOrigClientOrderId",
        "newClientOrderId": "cancelNewClientOrderId",
        "cancelRestrictions": "cancelRestrictions",
    }
    return {name: params[sent] for name, sent in names.items() if sent in params}


def _one_of(params: Params, name: str, values: tuple[str, ...]) -> str:
    value = required(params, name)
    if value not in values:
        raise ApiError.invalid(name)
    return value


def _answer(canceled: _Half, placed: _Half, *, status: int) -> dict[str, Any]:
    """The body if both halves were done, else the refusal. ``status`` 0: as usual."""
    body = {
        "cancelResult": canceled.result,
        "newOrderResult": placed.result,
        "cancelResponse": canceled.response,
        "newOrderResponse": placed.response,
    }
    done = [canceled.result, placed.result].count(_SUCCESS)
    if done == 2:  # noqa: PLR2004 - both halves
        return body
    if done:
        raise ApiError(status or 409, -2021, "Order cancel-replace partially failed.", body)
    raise ApiError(status or 400, -2022, "Order cancel-replace failed.", body)
