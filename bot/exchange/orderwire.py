"""The way that order requests take: by name and parameters, over one transport or another."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec

from bot.domain.errors import NotSent, Rejected, Throttled
from bot.exchange.allowance import Allowance, Ask
from bot.exchange.failures import ORDER_RATE
from bot.exchange.session import Session

__all__ = ["BudgetedWire", "OrderWire", "RestWire"]


class OrderWire(Protocol):
    """Requests have the names of Binance's WebSocket API."""

    async def send(self, request: str, params: Mapping[str, str], *, urgent: bool = False) -> Any:
        """The ``result`` (or REST body) of a request that is signed on the way.

        ``urgent``: it reduces what is at risk, and goes before what does not.

        Raises:
            VenueError: by what to do next; see :mod:`bot.exchange.failures`.
        """
        ...


class RestWire:
    """Spot REST. Source of the paths: Binance spot documentation, "Trading endpoints"."""

    _PATHS: Final = {
        "order.place": ("post", "order"),
        "order.test": ("post", "order/test"),
        "order.cancel": ("delete", "order"),
        "order.status": ("get", "order"),
        "order.cancelReplace": ("post", "order/cancelReplace"),
        "order.amend.keepPriority": ("put", "order/amend/keepPriority"),
        "orderList.place.oco": ("post", "orderList/oco"),
        "orderList.place.oto": ("post", "orderList/oto"),
        "orderList.place.otoco": ("post", "orderList/otoco"),
        "orderList.place.opo": ("post", "orderList/opo"),
        "orderList.place.opoco": ("post", "orderList/opoco"),
        "orderList.cancel": ("delete", "orderList"),
        "openOrders.cancelAll": ("delete", "openOrders"),
    }

    def __init__(self, session: Session) -> None:
        self._session = session

    async def send(self, request: str, params: Mapping[str, str], *, urgent: bool = False) -> Any:
        """As :class:`OrderWire` says."""
        del urgent  # Session knows cancels by their method
        method, path = self._PATHS[request]
        return await self._session.signed(method, path, params)


class BudgetedWire:
    """Sends over another wire as fast as the exchange's limits allow, the urgent first.

    What would have to wait for longer than it may is Throttled and was not sent.
    """

    # Weight of failures; what is accepted weighs nothing. Source: Binance spot changelog of
    # 2026-03-27, and "Trading endpoints" for how many orders each request counts.
    _WEIGHTS: Final = {"order.amend.keepPriority": 4, "order.status": 4}
    _ORDERS: Final = {
        "order.place": 1,
        "order.cancelReplace": 1,
        "orderList.place.oco": 2,
        "orderList.place.oto": 2,
        "orderList.place.opo": 2,
        "orderList.place.otoco": 3,
        "orderList.place.opoco": 3,
        # Futures.
        "order.modify": 1,
        "algoOrder.place": 1,
    }
    _URGENT: Final = frozenset(
        {"order.cancel", "orderList.cancel", "openOrders.cancelAll", "algoOrder.cancel"}
    )

    def __init__(
        self, wire: OrderWire, allowance: Allowance, *, order_max_wait_s: float = 5.0
    ) -> None:
        self._wire = wire
        self._allowance = allowance
        self._order_max_wait_s = order_max_wait_s
        self._asks: dict[tuple[str, bool], Ask] = {}

    async def send(self, request: str, params: Mapping[str, str], *, urgent: bool = False) -> Any:
        """As :class:`OrderWire` says."""
        ask = self._asks.get((request, urgent)) or self._ask(request, urgent=urgent)
        await self._allowance.passed(ask)
        counted = True
        try:
            body = await self._wire.send(request, params, urgent=ask.urgent)
            counted = False  # the answer says how many there are now
        except Throttled as throttled:
            counted = False
            if throttled.code == ORDER_RATE:
                self._allowance.exhausted(throttled.retry_after_s)
            raise
        except (NotSent, Rejected):
            counted = False
            raise
        finally:
            self._allowance.settled(ask, counted=counted)
        return body

    def _ask(self, request: str, *, urgent: bool) -> Ask:
        orders = self._ORDERS.get(request, 0)
        ask = Ask(
            weight=self._WEIGHTS.get(request, 1),
            orders=orders,
            urgent=urgent or request in self._URGENT,
            what=request,
        )
        if orders:
            ask = msgspec.structs.replace(ask, longest_wait_s=self._order_max_wait_s)
        self._asks[request, urgent] = ask
        return ask
