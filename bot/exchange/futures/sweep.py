"""Everything the exchange knows of a futures account, in the order in which it must be told."""

from collections.abc import AsyncIterator
from typing import Final

import msgspec

from bot.domain.commands import OrderRef, Sweep
from bot.domain.errors import VenueError
from bot.domain.events import (
    Event,
    OrderDetails,
    OrderNotFound,
    SweepCompleted,
    SweepFailed,
)
from bot.domain.values import Market
from bot.exchange.futures import rest_decode
from bot.exchange.futures.account import AccountReader
from bot.exchange.futures.enquiry import Enquiry
from bot.exchange.futures.links import Links
from bot.exchange.futures.rest_decode import TradeBody
from bot.exchange.session import Session
from bot.ports import Clock

__all__ = ["PAGE", "FuturesSweep", "own_trades"]

PAGE: Final = 1000
"""Rows of a full page of ``userTrades`` and ``allOrders``."""


async def own_trades(
    session: Session, market: Market, symbol: str, from_id: int
) -> AsyncIterator[list[TradeBody]]:
    """Pages of own trades with an id of at least ``from_id``, ascending. Weight 5 a page.

    By id and not by time: windows of time end after seven days.

    Raises:
        VenueError: a page cannot be had.
    """
    last: set[tuple[int, str]] = set()
    while True:
        params = {"symbol": symbol, "fromId": str(max(from_id, 0)), "limit": str(PAGE)}
        body = await session.futures(market, "get", "userTrades", params)
        page = sorted(rest_decode.trade_bodies(body), key=lambda trade: trade.id)
        yield [trade for trade in page if (trade.id, trade.side) not in last]
        if len(page) < PAGE:
            return
        # A match of two orders of one account is two rows: a page may end between them.
        from_id = page[-1].id
        last = {(trade.id, trade.side) for trade in page[-2:]}


class FuturesSweep:
    """One run. What was gathered before a failure is told too: these are facts.

    Weight: 7 for a symbol and 1 for an order that is not open any more, 40 for the account.
    """

    def __init__(
        self, session: Session, clock: Clock, market: Market, links: Links, command: Sweep
    ) -> None:
        self._session = session
        self._clock = clock
        self._market = market
        self._links = links
        self._command = command
        self._enquiry = Enquiry(session, clock, market, links)
        self._account = AccountReader(session, clock, market)
        self._events: list[Event] = []
        self._told: set[tuple[str, str]] = set()
        self._owners: dict[tuple[str, int], tuple[str, OrderDetails | None]] = {
            (ref.symbol, ref.venue_order_id): (ref.client_order_id, None)
            for ref in command.orders
            if ref.venue_order_id is not None and not ref.conditional
        }
        self._linked: set[str] = set()
        self._last_trade_ids: dict[str, int] = {}

    async def run(self) -> list[Event]:
        """The events of :class:`bot.domain.commands.Sweep`."""
        command, asked_ns = self._command, self._clock.now_ns()
        try:
            for symbol in command.symbols:
                await self._waiting(symbol)
            # What was set off unseen: its fills are told under its own name then.
            for ref in command.orders:
                if ref.conditional:
                    await self._report(ref)
            for symbol in command.symbols:
                await self._trades(symbol)
            for symbol in command.symbols:
                await self._open_orders(symbol)
            for ref in command.orders:
                await self._report(ref)
            since_ns = command.funding_since_ns
            if since_ns is not None:
                self._events.extend(await self._account.funding(since_ns))
            self._events.append(await self._account.balances())
            self._events.append(await self._account.positions())
        except (VenueError, msgspec.ValidationError, ValueError) as error:
            failed = SweepFailed(
                generation=command.generation, reason=str(error), recv_ns=self._clock.now_ns()
            )
            return [*self._events, failed]
        completed = SweepCompleted(
            generation=command.generation,
            last_trade_ids=self._last_trade_ids,
            asked_ns=asked_ns,
            recv_ns=self._clock.now_ns(),
        )
        return [*self._events, completed]

    async def _waiting(self, symbol: str) -> None:
        """Conditional orders that wait for their price."""
        body = await self._session.futures(
            self._market, "get", "openAlgoOrders", {"symbol": symbol}
        )
        for algo in rest_decode.algo_bodies(body):
            report = rest_decode.algo_reported(algo, self._clock.now_ns(), source="sweep")
            self._events.append(report)
            self._told.add((symbol, algo.client_algo_id))

    async def _trades(self, symbol: str) -> None:
        since = self._command.since.get(symbol)
        if since is None:
            params = {"symbol": symbol, "limit": "1"}
            body = await self._session.futures(self._market, "get", "userTrades", params)
            newest = rest_decode.trade_bodies(body)
            self._last_trade_ids[symbol] = newest[-1].id if newest else -1
            return
        self._last_trade_ids[symbol] = since
        async for page in own_trades(self._session, self._market, symbol, since + 1):
            for trade in page:
                owner, details = await self._owner(trade)
                self._events.append(rest_decode.filled(trade, owner, details, self._clock.now_ns()))
                self._last_trade_ids[symbol] = trade.id

    async def _owner(self, trade: TradeBody) -> tuple[str, OrderDetails | None]:
        key = (trade.symbol, trade.order_id)
        linked = self._links.owner(*key)
        if linked is not None:
            return linked, None
        if key not in self._owners:
            self._owners[key] = await self._ask_owner(trade)
        return self._owners[key]

    async def _ask_owner(self, trade: TradeBody) -> tuple[str, OrderDetails | None]:
        order = await self._enquiry.by_id(trade.symbol, trade.order_id)
        if order is None:
            # Its trades are known and it is not: nothing of ours is ever that old.
            return f"venue-{trade.order_id}", None
        if order.was_conditional and trade.symbol not in self._linked:
            self._linked.add(trade.symbol)
            await self._enquiry.learn_links(trade.symbol)
        owner = self._links.owner(trade.symbol, trade.order_id)
        return owner or order.client_order_id, order.details

    async def _open_orders(self, symbol: str) -> None:
        body = await self._session.futures(self._market, "get", "openOrders", {"symbol": symbol})
        now_ns = self._clock.now_ns()
        for order in rest_decode.order_bodies(body):
            owner = self._links.owner(symbol, order.order_id) or order.client_order_id
            if (symbol, owner) in self._told:
                continue
            self._told.add((symbol, owner))
            self._events.append(
                rest_decode.reported(order, now_ns, client_order_id=owner, source="sweep")
            )

    async def _report(self, ref: OrderRef) -> None:
        """Of our order, if nothing was said of it yet."""
        if (ref.symbol, ref.client_order_id) in self._told:
            return
        self._told.add((ref.symbol, ref.client_order_id))
        asked_ns = self._clock.now_ns()
        found = await self._enquiry.report(
            ref.symbol, ref.client_order_id, conditional=ref.conditional, source="sweep"
        )
        if found is None:
            now_ns = self._clock.now_ns()
            found = [
                OrderNotFound(
                    client_order_id=ref.client_order_id, asked_ns=asked_ns, recv_ns=now_ns
                )
            ]
        self._events.extend(found)
