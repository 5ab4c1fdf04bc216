"""Orders at Binance futures over REST: the Venue port, for USDⓈ-M or COIN-M."""

from collections.abc import Sequence
from typing import Final

import msgspec

from bot.domain.amendments import SymbolConfigured, SymbolNotConfigured
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
from bot.domain.events import (
    Event,
    OrderCanceled,
    OrderNotFound,
    OrderNotPlaced,
    OrderRejected,
    QueryFailed,
)
from bot.domain.instrument import Instrument
from bot.domain.values import Market
from bot.exchange.allowance import RateLimit
from bot.exchange.futures import rest_decode
from bot.exchange.futures.enquiry import Enquiry
from bot.exchange.futures.instruments import instruments
from bot.exchange.futures.links import Links
from bot.exchange.futures.orderdesk import UNREADABLE, FuturesOrderDesk
from bot.exchange.futures.sweep import PAGE, FuturesSweep
from bot.exchange.futures.wire import FuturesRestWire
from bot.exchange.orderwire import OrderWire
from bot.exchange.session import Session
from bot.ports import Clock

__all__ = ["FuturesVenue"]

_NO_CHANGE: Final = -4046
"""The margin type is what was asked for."""


class FuturesVenue:
    """Sends each order once. An answer that cannot be read is an answer that says nothing."""

    def __init__(
        self,
        session: Session,
        clock: Clock,
        market: Market,
        *,
        links: Links | None = None,
        wire: OrderWire | None = None,
    ) -> None:
        """``links`` is shared with the account's stream; ``wire`` is REST by default."""
        self.market = market
        self._session = session
        self._clock = clock
        self._links = links or Links()
        self._enquiry = Enquiry(session, clock, market, self._links)
        self._orders = FuturesOrderDesk(
            wire or FuturesRestWire(session, market), clock, self._links
        )

    async def submit(self, command: SubmitOrder) -> Sequence[Event]:
        """Place the order, once. See :class:`bot.ports.Venue`."""
        return await self._orders.submit(command)

    async def submit_list(self, command: SubmitList) -> Sequence[Event]:
        """Futures keep no lists: the engine does (``Instrument.lists`` is empty)."""
        return [
            OrderRejected(
                client_order_id=order.client_order_id,
                code=0,
                reason="futures keep no lists of orders",
                recv_ns=self._clock.now_ns(),
            )
            for order in command.orders
        ]

    async def amend(self, command: AmendOrder) -> Sequence[Event]:
        """Change price and quantity; its place in the queue is lost. See the port."""
        return await self._orders.amend(command)

    async def replace(self, command: ReplaceOrder) -> Sequence[Event]:
        """Cancel, and place only if that succeeded: futures have no one request for both."""
        canceled = await self._orders.cancel(command.cancel)
        if any(isinstance(event, OrderCanceled) for event in canceled):
            return [*canceled, *await self._orders.submit(command.order)]
        return [*canceled, self._not_replaced(command)]

    async def configure(self, command: ConfigureSymbol) -> Sequence[Event]:
        """Set leverage and margin type. See :class:`bot.ports.Venue`."""
        symbol = command.symbol
        try:
            if command.margin_type:
                await self._set_margin_type(symbol, command.margin_type)
            if command.leverage is not None:
                params = {"symbol": symbol, "leverage": str(command.leverage)}
                await self._session.futures(self.market, "post", "leverage", params)
        except VenueError as failure:
            now_ns = self._clock.now_ns()
            return [SymbolNotConfigured(symbol=symbol, reason=str(failure), recv_ns=now_ns)]
        return [
            SymbolConfigured(
                symbol=symbol,
                leverage=command.leverage,
                margin_type=command.margin_type,
                recv_ns=self._clock.now_ns(),
            )
        ]

    async def cancel(self, command: CancelOrder) -> Sequence[Event]:
        """Cancel by client id, in whichever service it is. See :class:`bot.ports.Venue`."""
        return await self._orders.cancel(command)

    async def query(self, command: QueryOrder) -> Sequence[Event]:
        """Ask for the order by client id. See :class:`bot.ports.Venue`."""
        cid, asked_ns = command.client_order_id, self._clock.now_ns()
        try:
            found = await self._enquiry.report(command.symbol, cid, conditional=command.conditional)
        except (VenueError, *UNREADABLE) as failure:
            return [self._query_failed(cid, failure)]
        if found is not None:
            return found
        now_ns = self._clock.now_ns()
        return [OrderNotFound(client_order_id=cid, asked_ns=asked_ns, recv_ns=now_ns)]

    async def fetch_fills(self, command: FetchFills) -> Sequence[Event]:
        """The own trades of one order. See :class:`bot.ports.Venue`."""
        cid, symbol = command.client_order_id, command.symbol
        # The algo service's id is not one of the matching engine's.
        order_id = self._links.order_id(symbol, cid) or command.venue_order_id
        params = {"symbol": symbol, "orderId": str(order_id), "limit": str(PAGE)}
        try:
            body = await self._session.futures(self.market, "get", "userTrades", params)
            now_ns = self._clock.now_ns()
            return [
                rest_decode.filled(trade, cid, None, now_ns)
                for trade in rest_decode.trade_bodies(body)
            ]
        except (VenueError, *UNREADABLE) as failure:
            return [self._query_failed(cid, failure)]

    async def sweep(self, command: Sweep) -> Sequence[Event]:
        """Everything the exchange knows. See :class:`bot.domain.commands.Sweep`."""
        sweep = FuturesSweep(self._session, self._clock, self.market, self._links, command)
        return await sweep.run()

    async def instruments(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        """The rules of the symbols. See :class:`bot.ports.Venue`."""
        name = self._session.endpoints.name
        try:
            body = await self._session.futures(self.market, "get", "exchangeInfo", {}, signed=False)
            found = instruments(body, self.market)
            limits = msgspec.convert(body["rateLimits"], list[RateLimit])
            self._session.allowances[self.market].limit(limits)
        except VenueError as failure:
            raise VenueSetupError(
                f"the rules of {', '.join(symbols)} cannot be had from {name}: {failure}; "
                "check the address and the network"
            ) from None
        except UNREADABLE:
            raise VenueSetupError(
                f"{name} does not answer like Binance futures: check the address"
            ) from None
        missing = [symbol for symbol in symbols if symbol not in found]
        if missing:
            raise VenueSetupError(
                f"{self.market} has no such contract: {', '.join(missing)}; "
                f"write it like {next(iter(found), 'BTCUSDT')}"
            )
        return {symbol: found[symbol] for symbol in symbols}

    async def _set_margin_type(self, symbol: str, margin_type: str) -> None:
        params = {"symbol": symbol, "marginType": margin_type}
        try:
            await self._session.futures(self.market, "post", "marginType", params)
        except Rejected as refusal:
            if refusal.code != _NO_CHANGE:
                raise

    def _not_replaced(self, command: ReplaceOrder) -> Event:
        return OrderNotPlaced(
            client_order_id=command.order.client_order_id,
            reason="the order that it was to replace was not cancelled",
            recv_ns=self._clock.now_ns(),
        )

    def _query_failed(self, client_order_id: str, error: Exception) -> QueryFailed:
        return QueryFailed(
            client_order_id=client_order_id, reason=str(error), recv_ns=self._clock.now_ns()
        )
