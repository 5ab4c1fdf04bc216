"""The way that order requests take: by name and parameters, over one transport or another."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from bot.exchange.session import Session

__all__ = ["OrderWire", "RestWire"]


class OrderWire(Protocol):
    """Requests have the names of Binance's WebSocket API."""

    async def send(self, request: str, params: Mapping[str, str]) -> Any:
        """The ``result`` (or REST body) of a request that is signed on the way.

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

    async def send(self, request: str, params: Mapping[str, str]) -> Any:
        """As :class:`OrderWire` says."""
        method, path = self._PATHS[request]
        return await self._session.signed(method, path, params)
