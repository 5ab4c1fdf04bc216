"""What we have written down of a futures account, compared with what the exchange says."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from bot.domain.errors import Unavailable
from bot.domain.fill import Fill
from bot.domain.order import Order
from bot.domain.values import MS_NS, SECOND_NS, Market, OrderStatus
from bot.exchange.futures import rest_decode
from bot.exchange.futures.rest_decode import AlgoBody, OrderBody, TradeBody
from bot.exchange.futures.sweep import PAGE
from bot.exchange.reconcile import Difference, ListedOrder, compare_fills, compare_orders
from bot.exchange.session import Session
from bot.exchange.user_decode import STATUSES
from bot.ports import Clock

__all__ = ["FuturesReconciler"]

_WEEK_MS: Final = 7 * 86_400_000
_FORGOTTEN_NS: Final = 3 * 86_400 * SECOND_NS
"""Orders that ended without a fill are not listed for longer."""
_ALGO_STATUSES: Final = {
    "NEW": OrderStatus.OPEN,
    "TRIGGERING": OrderStatus.OPEN,
    "CANCELED": OrderStatus.CANCELED,
    "EXPIRED": OrderStatus.EXPIRED,
    # Taken, and refused when it was set off: it is over, and was not when it was placed.
    "REJECTED": OrderStatus.EXPIRED,
    "FINISHED": OrderStatus.EXPIRED,
}


class FuturesReconciler:
    """Compares orders and fills, symbol by symbol.

    Lists are asked for in windows of seven days, weight 5 for each thousand rows of a window.
    """

    def __init__(self, session: Session, clock: Clock, market: Market) -> None:
        self._session = session
        self._clock = clock
        self._market = market

    async def differences(
        self,
        *,
        orders: Iterable[Order],
        fills: Iterable[Fill],
        symbols: Sequence[str],
        prefix: str | tuple[str, ...] = "",
    ) -> list[Difference]:
        """Every difference of what begins with a ``prefix``.

        Raises:
            VenueError: the exchange could not be asked in full.
        """
        stored_orders = [o for o in orders if o.client_order_id.startswith(prefix)]
        stored_fills = [f for f in fills if f.client_order_id.startswith(prefix)]
        found: list[Difference] = []
        try:
            for symbol in symbols:
                mine = [order for order in stored_orders if order.symbol == symbol]
                held = [fill for fill in stored_fills if fill.symbol == symbol]
                start_ms = self._start_ms(mine)
                listed, own_ids = await self._listed(symbol, start_ms, prefix)
                trades = [t async for t in self._trades(symbol, start_ms) if t.order_id in own_ids]
                found.extend(compare_orders(symbol, self._kept(mine, listed), listed))
                theirs = [rest_decode.filled(trade, "", None, 0).fill for trade in trades]
                found.extend(compare_fills(symbol, held, theirs))
        except msgspec.ValidationError as error:
            raise Unavailable(f"the exchange's answer cannot be read: {error}") from None
        return found

    def _start_ms(self, orders: Sequence[Order]) -> int:
        now_ns = self._clock.now_ns()
        return min((order.created_ns for order in orders), default=now_ns) // MS_NS - 60_000

    def _kept(self, orders: Sequence[Order], listed: Sequence[ListedOrder]) -> list[Order]:
        """Without those that the exchange has forgotten, as it does."""
        names = {order.client_order_id for order in listed}
        old_ns = self._clock.now_ns() - _FORGOTTEN_NS
        return [
            order
            for order in orders
            if order.client_order_id in names
            or order.filled
            or not order.status.is_terminal
            or order.updated_ns > old_ns
        ]

    async def _listed(
        self, symbol: str, start_ms: int, prefix: str | tuple[str, ...]
    ) -> tuple[list[ListedOrder], set[int]]:
        """Our orders under the names that we gave them, and the ids that their trades have."""
        listed: list[ListedOrder] = []
        became: dict[int, str] = {}
        async for algo in self._algos(symbol, start_ms):
            if not algo.client_algo_id.startswith(prefix):
                continue
            if algo.order_id is None:
                listed.append(_algo_listed(algo))
            else:
                became[algo.order_id] = algo.client_algo_id
        own_ids: set[int] = set()
        async for order in self._orders(symbol, start_ms):
            name = became.get(order.order_id, order.client_order_id)
            if name.startswith(prefix):
                own_ids.add(order.order_id)
                listed.append(_order_listed(order, name))
        return listed, own_ids

    async def _orders(self, symbol: str, start_ms: int) -> AsyncIterator[OrderBody]:
        rows = self._windows(symbol, "allOrders", start_ms, rest_decode.order_bodies)
        seen: set[int] = set()
        async for order in rows:
            if order.order_id not in seen:
                seen.add(order.order_id)
                yield order

    async def _algos(self, symbol: str, start_ms: int) -> AsyncIterator[AlgoBody]:
        seen: set[int] = set()
        rows = self._windows(symbol, "allAlgoOrders", start_ms, rest_decode.algo_bodies)
        async for algo in rows:
            if algo.algo_id not in seen:
                seen.add(algo.algo_id)
                yield algo

    async def _trades(self, symbol: str, start_ms: int) -> AsyncIterator[TradeBody]:
        seen: set[tuple[int, str]] = set()
        rows = self._windows(symbol, "userTrades", start_ms, rest_decode.trade_bodies)
        async for trade in rows:
            if (trade.id, trade.side) not in seen:
                seen.add((trade.id, trade.side))
                yield trade

    async def _windows(
        self, symbol: str, path: str, start_ms: int, decode: Callable[[Any], list[Any]]
    ) -> AsyncIterator[Any]:
        """All rows from then on; those at the seams come twice."""
        now_ms = self._clock.now_ns() // MS_NS + 60_000
        while start_ms < now_ms:
            end_ms = min(start_ms + _WEEK_MS, now_ms)
            params = {
                "symbol": symbol,
                "startTime": str(start_ms),
                "endTime": str(end_ms),
                "limit": str(PAGE),
            }
            page = decode(await self._session.futures(self._market, "get", path, params))
            for row in page:
                yield row
            if len(page) < PAGE:
                start_ms = end_ms
            else:
                newest_ms = max(_began_ms(row) for row in page)
                start_ms = max(newest_ms, start_ms + 1)


def _began_ms(row: OrderBody | AlgoBody | TradeBody) -> int:
    return row.create_time if isinstance(row, AlgoBody) else row.time


def _order_listed(order: OrderBody, name: str) -> ListedOrder:
    status = STATUSES.get(order.status)
    return ListedOrder(
        client_order_id=name,
        status=status.value if status else order.status,
        side=order.side,
        filled=order.executed_qty,
        quantity=order.orig_qty,
        price=order.price or None,
    )


def _algo_listed(algo: AlgoBody) -> ListedOrder:
    status = _ALGO_STATUSES.get(algo.algo_status)
    return ListedOrder(
        client_order_id=algo.client_algo_id,
        status=status.value if status else algo.algo_status,
        side=algo.side,
        filled=Decimal(0),
        # One that closes a position learns how large that is when it is set off.
        quantity=algo.quantity or None,
        price=algo.price or None,
    )
