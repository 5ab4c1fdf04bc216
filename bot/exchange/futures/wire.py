"""The way that order requests of futures take: by name and parameters, over REST."""

from collections.abc import Mapping
from typing import Any, Final

from bot.domain.values import Market
from bot.exchange.session import Session

__all__ = ["FuturesRestWire"]


class FuturesRestWire:
    """As :class:`bot.exchange.orderwire.OrderWire` says, for one of the futures markets.

    python-binance's ``futures_create_order`` sends conditional types elsewhere under an id of
    its own making; here each request says itself which service it is for. Source of the paths:
    Binance USDⓈ-M documentation, "Trade".
    """

    _PATHS: Final = {
        "order.place": ("post", "order"),
        "order.test": ("post", "order/test"),
        "order.modify": ("put", "order"),
        "order.cancel": ("delete", "order"),
        "order.status": ("get", "order"),
        "algoOrder.place": ("post", "algoOrder"),
        "algoOrder.cancel": ("delete", "algoOrder"),
        "algoOrder.status": ("get", "algoOrder"),
        "openOrders.cancelAll": ("delete", "allOpenOrders"),
        "openAlgoOrders.cancelAll": ("delete", "algoOpenOrders"),
    }

    def __init__(self, session: Session, market: Market) -> None:
        self._session = session
        self._market = market

    async def send(self, request: str, params: Mapping[str, str], *, urgent: bool = False) -> Any:
        """As :class:`bot.exchange.orderwire.OrderWire` says."""
        del urgent  # Session knows cancels by their method
        method, path = self._PATHS[request]
        return await self._session.futures(self._market, method, path, params)
