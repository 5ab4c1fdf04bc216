"""What places, changes and cancels spot orders: one request each, its answer as events."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from bot.domain.amendments import AmendRejected, AmendUnknown
from bot.domain.commands import AmendOrder, CancelOrder, ReplaceOrder, SubmitList, SubmitOrder
from bot.domain.errors import NotSent, Rejected, Throttled, VenueError
from bot.domain.events import (
    CancelRejected,
    CancelUnknown,
    Event,
    OrderNotPlaced,
    OrderRejected,
    OrderUnknown,
)
from bot.exchange import rest_decode
from bot.exchange.encode import (
    amend_params,
    list_params,
    list_request,
    order_params,
    replace_params,
)
from bot.exchange.orderwire import OrderWire
from bot.ports import Clock

__all__ = ["OrderDesk"]

_NEW_ORDER_REJECTED: Final = -2010
_HALF_REPLACED: Final = -2021
_NOT_REPLACED: Final = -2022
_UNREADABLE: Final = (msgspec.ValidationError, ValueError, TypeError, KeyError)


class OrderDesk:
    """Each request leaves once. An answer that cannot be read is one that says nothing."""

    def __init__(self, wire: OrderWire, clock: Clock) -> None:
        self._wire = wire
        self._clock = clock

    async def submit(self, command: SubmitOrder) -> Sequence[Event]:
        """OrderAccepted (+ OrderFilled...), OrderRejected, OrderNotPlaced or OrderUnknown."""
        try:
            body = await self._wire.send(
                "order.place", order_params(command), urgent=command.terms.reduce_only
            )
            return rest_decode.submitted(command, body, self._clock.now_ns())
        except (VenueError, *_UNREADABLE) as failure:
            return [self._not_submitted(command, failure)]

    async def submit_list(self, command: SubmitList) -> Sequence[Event]:
        """For each order what :meth:`submit` gives: a list is taken whole or not at all."""
        try:
            body = await self._wire.send(list_request(command), list_params(command))
            return rest_decode.list_submitted(command, body, self._clock.now_ns())
        except (VenueError, *_UNREADABLE) as failure:
            return [self._not_submitted(order, failure) for order in command.orders]

    async def cancel(self, command: CancelOrder) -> Sequence[Event]:
        """OrderCanceled, CancelRejected or CancelUnknown; a list goes as a whole."""
        params = {"symbol": command.symbol, "origClientOrderId": command.client_order_id}
        try:
            body = await self._wire.send("order.cancel", params)
            now_ns = self._clock.now_ns()
            return rest_decode.list_canceled(command.client_order_id, body, now_ns)
        except (VenueError, *_UNREADABLE) as failure:
            return [self._not_canceled(command, failure)]

    async def amend(self, command: AmendOrder) -> Sequence[Event]:
        """OrderAmended, AmendRejected or AmendUnknown."""
        cid = command.client_order_id
        try:
            body = await self._wire.send("order.amend.keepPriority", amend_params(command))
            return [rest_decode.amended(cid, body, self._clock.now_ns())]
        except (NotSent, Throttled) as failure:
            code, reason = 0, str(failure)
        except Rejected as failure:
            code, reason = failure.code, failure.reason
        except (VenueError, *_UNREADABLE) as failure:
            return [
                AmendUnknown(
                    client_order_id=cid, cause=_words(failure), recv_ns=self._clock.now_ns()
                )
            ]
        return [
            AmendRejected(
                client_order_id=cid, code=code, reason=reason, recv_ns=self._clock.now_ns()
            )
        ]

    async def replace(self, command: ReplaceOrder) -> Sequence[Event]:
        """What :meth:`cancel` gives for the old order and :meth:`submit` for the new one."""
        try:
            body = await self._wire.send("order.cancelReplace", replace_params(command))
            return self._halves(command, body)
        except Rejected as failure:
            if failure.code in {_HALF_REPLACED, _NOT_REPLACED}:
                try:
                    return self._halves(command, failure.data)
                except _UNREADABLE as error:
                    return self._neither(command, error)
            # Refused before either half was tried: filters, limits, parameters.
            return [
                self._not_submitted(command.order, failure),
                self._not_canceled(command.cancel, failure),
            ]
        except (VenueError, *_UNREADABLE) as failure:
            return self._neither(command, failure)

    def _halves(self, command: ReplaceOrder, body: Any) -> list[Event]:
        """The four outcomes. Source: Binance spot documentation, "Cancel and replace"."""
        now_ns = self._clock.now_ns()
        cid = command.cancel.client_order_id
        events: list[Event] = []
        if body["cancelResult"] == "SUCCESS":
            events += rest_decode.list_canceled(cid, body["cancelResponse"], now_ns)
        else:
            events.append(self._not_canceled(command.cancel, _refusal(body["cancelResponse"])))
        placed = body["newOrderResult"]
        if placed == "SUCCESS":
            events += rest_decode.submitted(command.order, body["newOrderResponse"], now_ns)
        elif placed == "NOT_ATTEMPTED":
            reason = "the order that it was to replace was not cancelled"
            events.append(
                OrderNotPlaced(
                    client_order_id=command.order.client_order_id, reason=reason, recv_ns=now_ns
                )
            )
        else:
            refusal = _refusal(body["newOrderResponse"])
            events.append(self._not_submitted(command.order, refusal))
        return events

    def _neither(self, command: ReplaceOrder, failure: Exception) -> list[Event]:
        return [
            self._not_canceled(command.cancel, failure),
            self._not_submitted(command.order, failure),
        ]

    def _not_submitted(self, command: SubmitOrder, failure: Exception) -> Event:
        cid, now_ns = command.client_order_id, self._clock.now_ns()
        if isinstance(failure, NotSent | Throttled):
            return OrderNotPlaced(client_order_id=cid, reason=str(failure), recv_ns=now_ns)
        if isinstance(failure, Rejected):
            return _refused(cid, failure, now_ns)
        return OrderUnknown(client_order_id=cid, cause=_words(failure), recv_ns=now_ns)

    def _not_canceled(self, command: CancelOrder, failure: Exception) -> Event:
        cid, now_ns = command.client_order_id, self._clock.now_ns()
        if isinstance(failure, Rejected):
            return CancelRejected(
                client_order_id=cid, code=failure.code, reason=failure.reason, recv_ns=now_ns
            )
        return CancelUnknown(client_order_id=cid, cause=_words(failure), recv_ns=now_ns)


def _words(failure: Exception) -> str:
    if isinstance(failure, VenueError):
        return str(failure)
    return f"the answer cannot be read: {failure}"


def _refusal(body: Any) -> Rejected:
    """The half of a cancel-and-replace that says no."""
    return Rejected(int(body["code"]), str(body["msg"]))


def _refused(client_order_id: str, failure: Rejected, now_ns: int) -> Event:
    if failure.code == _NEW_ORDER_REJECTED and failure.reason.startswith("Duplicate order"):
        # Our own id rests there already: an earlier attempt of ours got through.
        return OrderUnknown(client_order_id=client_order_id, cause=str(failure), recv_ns=now_ns)
    return OrderRejected(
        client_order_id=client_order_id, code=failure.code, reason=failure.reason, recv_ns=now_ns
    )
