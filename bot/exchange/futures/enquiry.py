"""Questions about orders of a futures account, in whichever service they are."""

from typing import Final

from bot.domain.errors import Rejected
from bot.domain.events import Event
from bot.domain.values import Market
from bot.exchange.futures import rest_decode
from bot.exchange.futures.links import Links
from bot.exchange.futures.rest_decode import AlgoBody, OrderBody
from bot.exchange.session import Session
from bot.ports import Clock

__all__ = ["Enquiry"]

_UNKNOWN: Final = frozenset({-2013, -2026, -2011})
"""The service does not know such an order (any more)."""
_ALGOS: Final = 1000


class Enquiry:
    """Raises VenueError, msgspec.ValidationError, or ValueError for a word that is new."""

    def __init__(self, session: Session, clock: Clock, market: Market, links: Links) -> None:
        self._session = session
        self._clock = clock
        self._market = market
        self._links = links

    async def report(
        self, symbol: str, client_order_id: str, *, conditional: bool, source: str = "query"
    ) -> list[Event] | None:
        """How the order of that name stands; None if no service knows it.

        ``conditional`` says where to look first: an order may have been set off since, and one
        that was set off may have another name in the matching engine.
        """
        if not conditional:
            order = await self.order(symbol, client_order_id)
            if order is not None:
                return [self._reported(order, client_order_id, source)]
        algo = await self.algo(symbol, client_order_id)
        if algo is None:
            order = await self.order(symbol, client_order_id) if conditional else None
            return None if order is None else [self._reported(order, client_order_id, source)]
        return await self.algo_report(algo, source=source)

    async def algo_report(self, algo: AlgoBody, *, source: str) -> list[Event]:
        """How a conditional order stands, with what became of it."""
        now_ns = self._clock.now_ns()
        order_id = algo.order_id
        if order_id is None:
            return [rest_decode.algo_reported(algo, now_ns, source=source)]
        self._links.learn(algo.symbol, order_id, algo.client_algo_id)
        triggered = rest_decode.triggered(algo, order_id, now_ns, source=source)
        order = await self.order(algo.symbol, algo.client_algo_id)
        if order is None:
            return [triggered]
        return [triggered, self._reported(order, algo.client_algo_id, source)]

    async def order(self, symbol: str, client_order_id: str) -> OrderBody | None:
        """The matching engine's order of that name, or of what became of it. Weight 1."""
        order_id = self._links.order_id(symbol, client_order_id)
        if order_id is not None:
            return await self.by_id(symbol, order_id)
        return await self._ask_order({"symbol": symbol, "origClientOrderId": client_order_id})

    async def by_id(self, symbol: str, order_id: int) -> OrderBody | None:
        """The matching engine's order with that id. Weight 1."""
        return await self._ask_order({"symbol": symbol, "orderId": str(order_id)})

    async def algo(self, symbol: str, client_order_id: str) -> AlgoBody | None:
        """The algo service's order of that name. Weight 1."""
        params = {"symbol": symbol, "clientAlgoId": client_order_id}
        try:
            body = await self._session.futures(self._market, "get", "algoOrder", params)
        except Rejected as failure:
            if failure.code not in _UNKNOWN:
                raise
            return None
        return rest_decode.algo_body(body)

    async def learn_links(self, symbol: str) -> None:
        """What became of the conditional orders of the last days. Weight 5."""
        params = {"symbol": symbol, "limit": str(_ALGOS)}
        body = await self._session.futures(self._market, "get", "allAlgoOrders", params)
        for algo in rest_decode.algo_bodies(body):
            if algo.order_id is not None:
                self._links.learn(symbol, algo.order_id, algo.client_algo_id)

    async def _ask_order(self, params: dict[str, str]) -> OrderBody | None:
        try:
            body = await self._session.futures(self._market, "get", "order", params)
        except Rejected as failure:
            if failure.code not in _UNKNOWN:
                raise
            return None
        return rest_decode.order_body(body)

    def _reported(self, order: OrderBody, client_order_id: str, source: str) -> Event:
        return rest_decode.reported(
            order, self._clock.now_ns(), client_order_id=client_order_id, source=source
        )
