"""Everything the exchange knows of our account, in the order in which it must be told."""

from collections.abc import AsyncIterator
from typing import Final

import msgspec

from bot.domain.commands import OrderRef, Sweep
from bot.domain.errors import Rejected, VenueError
from bot.domain.events import (
    Event,
    OrderDetails,
    OrderNotFound,
    SweepCompleted,
    SweepFailed,
)
from bot.exchange import rest_decode
from bot.exchange.rest_decode import TradeBody
from bot.exchange.session import Session
from bot.ports import Clock

__all__ = ["PAGE", "own_trades", "sweep"]

PAGE: Final = 1000
"""Rows of a full page of ``myTrades`` and ``allOrders``."""

_NO_SUCH_ORDER: Final = -2013
_ARCHIVED: Final = -2026


async def sweep(session: Session, clock: Clock, command: Sweep) -> list[Event]:
    """Carry the command out. What was gathered before a failure is returned too: they are facts.

    Weight: 26 for a symbol, 4 for an order that is not open any more, 20 for the account.
    """
    return await _Sweep(session, clock, command).run()


async def own_trades(session: Session, symbol: str, from_id: int) -> AsyncIterator[list[TradeBody]]:
    """Pages of own trades with an id of at least ``from_id``, ascending.

    Raises:
        VenueError: a page cannot be had.
    """
    last: set[tuple[int, bool]] = set()
    while True:
        body = await session.get_my_trades(symbol=symbol, fromId=from_id, limit=PAGE)
        page = rest_decode.trade_bodies(body)
        yield [trade for trade in page if (trade.id, trade.is_buyer) not in last]
        if len(page) < PAGE:
            return
        # A match of two orders of one account is two rows: a page may end between them.
        from_id = page[-1].id
        last = {(trade.id, trade.is_buyer) for trade in page[-2:]}


class _Sweep:
    """One run: the events so far and the owners of orders as they become known."""

    def __init__(self, session: Session, clock: Clock, command: Sweep) -> None:
        self._session = session
        self._clock = clock
        self._command = command
        self._events: list[Event] = []
        self._owners: dict[tuple[str, int], tuple[str, OrderDetails | None]] = {
            (ref.symbol, ref.venue_order_id): (ref.client_order_id, None)
            for ref in command.orders
            if ref.venue_order_id is not None
        }
        self._last_trade_ids: dict[str, int] = {}

    async def run(self) -> list[Event]:
        asked_ns = self._clock.now_ns()
        try:
            for symbol in self._command.symbols:
                await self._trades(symbol)
            open_ids: set[tuple[str, str]] = set()
            for symbol in self._command.symbols:
                open_ids |= await self._open_orders(symbol)
            for ref in self._command.orders:
                if (ref.symbol, ref.client_order_id) not in open_ids:
                    await self._order(ref)
            body = await self._session.get_account(omitZeroBalances="true")
            self._events.append(rest_decode.account(body, self._clock.now_ns()))
        except (VenueError, msgspec.ValidationError, ValueError) as error:
            return [
                *self._events,
                SweepFailed(
                    generation=self._command.generation,
                    reason=str(error),
                    recv_ns=self._clock.now_ns(),
                ),
            ]
        completed = SweepCompleted(
            generation=self._command.generation,
            last_trade_ids=self._last_trade_ids,
            asked_ns=asked_ns,
            recv_ns=self._clock.now_ns(),
        )
        return [*self._events, completed]

    async def _trades(self, symbol: str) -> None:
        since = self._command.since.get(symbol)
        if since is None:
            body = await self._session.get_my_trades(symbol=symbol, limit=1)
            newest = rest_decode.trade_bodies(body)
            self._last_trade_ids[symbol] = newest[-1].id if newest else -1
            return
        self._last_trade_ids[symbol] = since
        async for page in own_trades(self._session, symbol, since + 1):
            for trade in page:
                owner, details = await self._owner(trade)
                self._events.append(rest_decode.filled(trade, owner, details, self._clock.now_ns()))
                self._last_trade_ids[symbol] = trade.id

    async def _owner(self, trade: TradeBody) -> tuple[str, OrderDetails | None]:
        key = (trade.symbol, trade.order_id)
        if key not in self._owners:
            self._owners[key] = await self._ask_owner(trade)
        return self._owners[key]

    async def _ask_owner(self, trade: TradeBody) -> tuple[str, OrderDetails | None]:
        try:
            body = await self._session.get_order(symbol=trade.symbol, orderId=trade.order_id)
        except Rejected as failure:
            if failure.code not in {_NO_SUCH_ORDER, _ARCHIVED}:
                raise
            # Its trades are known and it is not: nothing of ours is ever that old.
            return f"venue-{trade.order_id}", None
        order = rest_decode.order_body(body)
        return order.client_order_id, order.details

    async def _open_orders(self, symbol: str) -> set[tuple[str, str]]:
        orders = rest_decode.order_bodies(await self._session.get_open_orders(symbol=symbol))
        now = self._clock.now_ns()
        self._events.extend(rest_decode.reported(order, now, source="sweep") for order in orders)
        return {(symbol, order.client_order_id) for order in orders}

    async def _order(self, ref: OrderRef) -> None:
        asked_ns = self._clock.now_ns()
        try:
            body = await self._session.get_order(
                symbol=ref.symbol, origClientOrderId=ref.client_order_id
            )
        except Rejected as failure:
            if failure.code != _NO_SUCH_ORDER:
                raise
            now = self._clock.now_ns()
            self._events.append(
                OrderNotFound(client_order_id=ref.client_order_id, asked_ns=asked_ns, recv_ns=now)
            )
            return
        order = rest_decode.order_body(body)
        self._events.append(
            rest_decode.reported(
                order,
                self._clock.now_ns(),
                client_order_id=ref.client_order_id,
                source="sweep",
            )
        )
