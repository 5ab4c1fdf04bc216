"""Orders at Binance spot over REST: the Venue port."""

import json
from collections.abc import Sequence
from typing import Final

import msgspec

from bot.domain.commands import CancelOrder, FetchFills, QueryOrder, SubmitOrder, Sweep
from bot.domain.errors import (
    NotSent,
    Rejected,
    Throttled,
    VenueError,
    VenueSetupError,
)
from bot.domain.events import (
    CancelRejected,
    CancelUnknown,
    Event,
    OrderNotFound,
    OrderNotPlaced,
    OrderRejected,
    OrderUnknown,
    QueryFailed,
)
from bot.domain.instrument import Instrument
from bot.exchange import rest_decode
from bot.exchange.encode import order_params
from bot.exchange.instruments import instruments
from bot.exchange.session import Session
from bot.exchange.sweep import sweep
from bot.ports import Clock

__all__ = ["BinanceVenue"]

_NO_SUCH_ORDER: Final = -2013
_NEW_ORDER_REJECTED: Final = -2010
_BAD_SYMBOL: Final = -1121
_UNREADABLE: Final = (msgspec.ValidationError, ValueError, TypeError)


class BinanceVenue:
    """Sends each order once. An answer that cannot be read is an answer that says nothing."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    async def submit(self, command: SubmitOrder) -> Sequence[Event]:
        """Place the order, once. See :class:`bot.ports.Venue`."""
        client_order_id = command.client_order_id
        try:
            body = await self._session.create_order(**order_params(command))
            return rest_decode.submitted(command, body, self._clock.now_ns())
        except (NotSent, Throttled) as failure:
            now = self._clock.now_ns()
            return [
                OrderNotPlaced(client_order_id=client_order_id, reason=str(failure), recv_ns=now)
            ]
        except Rejected as failure:
            return [_refused(client_order_id, failure, self._clock.now_ns())]
        except VenueError as failure:
            cause = str(failure)
        except _UNREADABLE as error:
            cause = f"the answer cannot be read: {error}"
        now = self._clock.now_ns()
        return [OrderUnknown(client_order_id=client_order_id, cause=cause, recv_ns=now)]

    async def cancel(self, command: CancelOrder) -> Sequence[Event]:
        """Cancel by client id. See :class:`bot.ports.Venue`."""
        client_order_id = command.client_order_id
        try:
            body = await self._session.cancel_order(
                symbol=command.symbol, origClientOrderId=client_order_id
            )
            return [rest_decode.canceled(client_order_id, body, self._clock.now_ns())]
        except Rejected as failure:
            return [
                CancelRejected(
                    client_order_id=client_order_id,
                    code=failure.code,
                    reason=failure.reason,
                    recv_ns=self._clock.now_ns(),
                )
            ]
        except VenueError as failure:
            cause = str(failure)
        except _UNREADABLE as error:
            cause = f"the answer cannot be read: {error}"
        now = self._clock.now_ns()
        return [CancelUnknown(client_order_id=client_order_id, cause=cause, recv_ns=now)]

    async def query(self, command: QueryOrder) -> Sequence[Event]:
        """Ask for the order by client id. See :class:`bot.ports.Venue`."""
        client_order_id = command.client_order_id
        asked_ns = self._clock.now_ns()
        try:
            body = await self._session.get_order(
                symbol=command.symbol, origClientOrderId=client_order_id
            )
            order = rest_decode.order_body(body)
            now = self._clock.now_ns()
            return [rest_decode.reported(order, now, client_order_id=client_order_id)]
        except Rejected as failure:
            now = self._clock.now_ns()
            if failure.code == _NO_SUCH_ORDER:
                return [
                    OrderNotFound(client_order_id=client_order_id, asked_ns=asked_ns, recv_ns=now)
                ]
            return [QueryFailed(client_order_id=client_order_id, reason=str(failure), recv_ns=now)]
        except (VenueError, *_UNREADABLE) as error:
            return [self._query_failed(client_order_id, error)]

    async def fetch_fills(self, command: FetchFills) -> Sequence[Event]:
        """The own trades of one order. See :class:`bot.ports.Venue`."""
        try:
            body = await self._session.get_my_trades(
                symbol=command.symbol, orderId=command.venue_order_id, limit=1000
            )
            now = self._clock.now_ns()
            return [
                rest_decode.filled(trade, command.client_order_id, None, now)
                for trade in rest_decode.trade_bodies(body)
            ]
        except (VenueError, *_UNREADABLE) as error:
            return [self._query_failed(command.client_order_id, error)]

    async def sweep(self, command: Sweep) -> Sequence[Event]:
        """Everything the exchange knows. See :class:`bot.domain.commands.Sweep`."""
        return await sweep(self._session, self._clock, command)

    async def instruments(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        """The rules of the symbols. See :class:`bot.ports.Venue`."""
        listed = ", ".join(symbols)
        wanted = json.dumps(list(symbols), separators=(",", ":"))
        try:
            body = await self._session.get_spot("exchangeInfo", {"symbols": wanted})
            found = instruments(body)
        except Rejected as failure:
            if failure.code == _BAD_SYMBOL:
                raise VenueSetupError(
                    f"Binance has no such symbol among {listed}: check the spelling"
                ) from None
            raise VenueSetupError(f"Binance refused the rules of {listed}: {failure}") from None
        except VenueError as failure:
            raise VenueSetupError(
                f"the rules of {listed} cannot be had from {self._session.endpoints.name}:"
                f" {failure}; check the address and the network"
            ) from None
        except _UNREADABLE:
            raise VenueSetupError(
                f"{self._session.endpoints.name} does not answer like Binance: check the address"
            ) from None
        missing = [symbol for symbol in symbols if symbol not in found]
        if missing:
            raise VenueSetupError(
                f"Binance has no such symbol: {', '.join(missing)}; check the spelling"
            )
        return {symbol: found[symbol] for symbol in symbols}

    def _query_failed(self, client_order_id: str, error: Exception) -> QueryFailed:
        return QueryFailed(
            client_order_id=client_order_id, reason=str(error), recv_ns=self._clock.now_ns()
        )


def _refused(client_order_id: str, failure: Rejected, now: int) -> Event:
    if failure.code == _NEW_ORDER_REJECTED and failure.reason.startswith("Duplicate order"):
        # Our own id rests there already: an earlier attempt of ours got through.
        return OrderUnknown(client_order_id=client_order_id, cause=str(failure), recv_ns=now)
    return OrderRejected(
        client_order_id=client_order_id, code=failure.code, reason=failure.reason, recv_ns=now
    )
