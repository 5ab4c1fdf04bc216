"""Orders at Binance spot over REST: the Venue port."""

import json
from collections.abc import Sequence
from typing import Final

import msgspec

from bot.domain.amendments import SymbolNotConfigured
from bot.domain.commands import (
    AmendOrder,
    CancelOrder,
    ConfigureSymbol,
    FetchFills,
    QueryOrder,
    ReplaceOrder,
    SubmitList,
    SubmitOrder,
    Sweep,
)
from bot.domain.errors import Rejected, VenueError, VenueSetupError
from bot.domain.events import Event, OrderNotFound, QueryFailed
from bot.domain.instrument import Instrument
from bot.domain.values import Market
from bot.exchange import rest_decode
from bot.exchange.allowance import RateLimit
from bot.exchange.instruments import instruments
from bot.exchange.orderdesk import OrderDesk
from bot.exchange.orderwire import OrderWire, RestWire
from bot.exchange.session import Session
from bot.exchange.sweep import sweep
from bot.ports import Clock

__all__ = ["BinanceVenue"]

_NO_SUCH_ORDER: Final = -2013
_BAD_SYMBOL: Final = -1121
_UNREADABLE: Final = (msgspec.ValidationError, ValueError, TypeError)


class BinanceVenue:
    """Sends each order once. An answer that cannot be read is an answer that says nothing."""

    def __init__(self, session: Session, clock: Clock, wire: OrderWire | None = None) -> None:
        """``wire`` carries what places, changes and cancels orders; REST by default."""
        self._session = session
        self._clock = clock
        self._orders = OrderDesk(wire or RestWire(session), clock)

    async def submit(self, command: SubmitOrder) -> Sequence[Event]:
        """Place the order, once. See :class:`bot.ports.Venue`."""
        return await self._orders.submit(command)

    async def submit_list(self, command: SubmitList) -> Sequence[Event]:
        """Place the orders as one list, once. See :class:`bot.ports.Venue`."""
        return await self._orders.submit_list(command)

    async def amend(self, command: AmendOrder) -> Sequence[Event]:
        """Lower the quantity, keeping the place in the queue. See :class:`bot.ports.Venue`."""
        return await self._orders.amend(command)

    async def replace(self, command: ReplaceOrder) -> Sequence[Event]:
        """Cancel and place in one request. See :class:`bot.ports.Venue`."""
        return await self._orders.replace(command)

    async def configure(self, command: ConfigureSymbol) -> Sequence[Event]:
        """Spot has neither leverage nor margin types."""
        return [
            SymbolNotConfigured(
                symbol=command.symbol,
                reason="spot has no leverage and no margin types",
                recv_ns=self._clock.now_ns(),
            )
        ]

    async def cancel(self, command: CancelOrder) -> Sequence[Event]:
        """Cancel by client id. See :class:`bot.ports.Venue`."""
        return await self._orders.cancel(command)

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
            limits = msgspec.convert(body.get("rateLimits", []), list[RateLimit])
            self._session.allowances[Market.SPOT].limit(limits)
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
