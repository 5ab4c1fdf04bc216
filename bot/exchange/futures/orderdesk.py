"""What places, changes and cancels futures orders: one request each, its answer as events."""

from collections.abc import Sequence
from typing import Final

import msgspec

from bot.domain.amendments import AmendRejected, AmendUnknown
from bot.domain.commands import AmendOrder, CancelOrder, SubmitOrder
from bot.domain.errors import NotSent, Rejected, Throttled, VenueError
from bot.domain.events import (
    CancelRejected,
    CancelUnknown,
    Event,
    OrderCanceled,
    OrderNotPlaced,
    OrderRejected,
    OrderUnknown,
)
from bot.exchange.futures import rest_decode
from bot.exchange.futures.encode import amend_params, order_params, order_request
from bot.exchange.futures.links import Links
from bot.exchange.orderwire import OrderWire
from bot.ports import Clock

__all__ = ["UNREADABLE", "FuturesOrderDesk"]

UNREADABLE: Final = (msgspec.ValidationError, ValueError, TypeError, KeyError)
"""What decoding raises at an answer that is none."""

_NOT_OPEN: Final = -2011
_DUPLICATE_ID: Final = -4116


class FuturesOrderDesk:
    """Each request leaves once. An answer that cannot be read is one that says nothing."""

    def __init__(self, wire: OrderWire, clock: Clock, links: Links) -> None:
        self._wire = wire
        self._clock = clock
        self._links = links

    async def submit(self, command: SubmitOrder) -> Sequence[Event]:
        """OrderAccepted and how it stands, OrderRejected, OrderNotPlaced or OrderUnknown."""
        try:
            body = await self._wire.send(
                order_request(command), order_params(command), urgent=_only_reduces(command)
            )
            now_ns = self._clock.now_ns()
            if command.order_type.is_conditional:
                return [rest_decode.algo_accepted(command, body, now_ns)]
            return rest_decode.submitted(command, body, now_ns)
        except (VenueError, *UNREADABLE) as failure:
            return [self._not_submitted(command, failure)]

    async def amend(self, command: AmendOrder) -> Sequence[Event]:
        """OrderAmended, OrderCanceled, AmendRejected or AmendUnknown."""
        cid = command.client_order_id
        try:
            params = amend_params(command)
        except ValueError as wrong:
            return [self._not_amended(cid, 0, str(wrong))]
        try:
            body = await self._wire.send("order.modify", params)
            return rest_decode.amended(cid, body, self._clock.now_ns())
        except (NotSent, Throttled) as failure:
            code, reason = 0, str(failure)
        except Rejected as failure:
            code, reason = failure.code, failure.reason
        except (VenueError, *UNREADABLE) as failure:
            cause = _words(failure)
            return [AmendUnknown(client_order_id=cid, cause=cause, recv_ns=self._clock.now_ns())]
        return [self._not_amended(cid, code, reason)]

    async def cancel(self, command: CancelOrder) -> Sequence[Event]:
        """OrderCanceled, CancelRejected or CancelUnknown.

        OrderTriggered before it where the order has meanwhile been set off: the algo service
        has let go of it then, and the matching engine's order is what there is to cancel.
        """
        if not command.conditional:
            return [await self._cancel_order(command)]
        try:
            body = await self._wire.send("algoOrder.cancel", _named(command))
            return [self._algo_canceled(command, int(body["algoId"]))]
        except Rejected as failure:
            if failure.code != _NOT_OPEN:
                return [self._not_canceled(command, failure)]
            return await self._cancel_set_off(command, failure)
        except (VenueError, *UNREADABLE) as failure:
            return [self._not_canceled(command, failure)]

    async def _cancel_set_off(self, command: CancelOrder, refusal: Rejected) -> list[Event]:
        try:
            body = await self._wire.send("algoOrder.status", _named(command))
            algo = rest_decode.algo_body(body)
        except (VenueError, *UNREADABLE):
            return [self._not_canceled(command, refusal)]
        order_id = algo.order_id
        if order_id is None:
            return [self._not_canceled(command, refusal)]
        self._links.learn(command.symbol, order_id, command.client_order_id)
        now_ns = self._clock.now_ns()
        triggered = rest_decode.triggered(algo, order_id, now_ns, source="response")
        return [triggered, await self._cancel_order(command)]

    async def _cancel_order(self, command: CancelOrder) -> Event:
        params = {"symbol": command.symbol}
        order_id = self._links.order_id(command.symbol, command.client_order_id)
        if order_id is None:
            params["origClientOrderId"] = command.client_order_id
        else:
            params["orderId"] = str(order_id)
        try:
            body = await self._wire.send("order.cancel", params)
            now_ns = self._clock.now_ns()
            return rest_decode.canceled(command.client_order_id, body, now_ns)
        except (VenueError, *UNREADABLE) as failure:
            return self._not_canceled(command, failure)

    def _algo_canceled(self, command: CancelOrder, algo_id: int) -> OrderCanceled:
        now_ns = self._clock.now_ns()
        return OrderCanceled(
            client_order_id=command.client_order_id,
            venue_order_id=algo_id,
            ts_ns=now_ns,
            recv_ns=now_ns,
            source="response",
        )

    def _not_amended(self, client_order_id: str, code: int, reason: str) -> AmendRejected:
        return AmendRejected(
            client_order_id=client_order_id,
            code=code,
            reason=reason,
            recv_ns=self._clock.now_ns(),
        )

    def _not_submitted(self, command: SubmitOrder, failure: Exception) -> Event:
        cid, now_ns = command.client_order_id, self._clock.now_ns()
        if isinstance(failure, NotSent | Throttled):
            return OrderNotPlaced(client_order_id=cid, reason=str(failure), recv_ns=now_ns)
        if isinstance(failure, Rejected) and failure.code != _DUPLICATE_ID:
            return OrderRejected(
                client_order_id=cid, code=failure.code, reason=failure.reason, recv_ns=now_ns
            )
        # Or our own id rests there already: an earlier attempt of ours got through.
        return OrderUnknown(client_order_id=cid, cause=_words(failure), recv_ns=now_ns)

    def _not_canceled(self, command: CancelOrder, failure: Exception) -> Event:
        cid, now_ns = command.client_order_id, self._clock.now_ns()
        if isinstance(failure, Rejected):
            return CancelRejected(
                client_order_id=cid, code=failure.code, reason=failure.reason, recv_ns=now_ns
            )
        return CancelUnknown(client_order_id=cid, cause=_words(failure), recv_ns=now_ns)


def _only_reduces(command: SubmitOrder) -> bool:
    return command.terms.reduce_only or command.terms.close_position


def _named(command: CancelOrder) -> dict[str, str]:
    # python-binance's own cancel of such orders sends the symbol too; it is not asked for.
    return {"symbol": command.symbol, "clientAlgoId": command.client_order_id}


def _words(failure: Exception) -> str:
    if isinstance(failure, VenueError):
        return str(failure)
    return f"the answer cannot be read: {failure}"
