"""The way that an account's futures orders take: REST, within the limits of the market."""

import asyncio

from bot.domain.events import Event
from bot.domain.values import Market
from bot.exchange.futures.wire import FuturesRestWire
from bot.exchange.orderwire import BudgetedWire
from bot.exchange.session import Session
from bot.exchange.wswire import OnChange

__all__ = ["FuturesOrderEntry"]


class FuturesOrderEntry:
    """As :class:`bot.exchange.orderentry.OrderEntry`, without a connection of its own."""

    def __init__(self, session: Session, market: Market, *, order_max_wait_s: float = 5.0) -> None:
        """``order_max_wait_s``: an order that the limits would hold longer is not placed."""
        self._allowance = session.allowances[market]
        self.wire = BudgetedWire(
            FuturesRestWire(session, market), self._allowance, order_max_wait_s=order_max_wait_s
        )

    @property
    def way(self) -> str:
        """How the next request goes."""
        return "rest"

    @property
    def waits(self) -> int:
        """Requests that had to wait for the exchange's limits."""
        return self._allowance.waits

    def listen(self, on_change: OnChange) -> None:
        """There is no connection that could come and go."""

    def hear(self, event: Event) -> None:
        """Fills give nothing back: futures count every order."""

    async def run(self) -> None:
        """Nothing to keep, until cancelled."""
        await asyncio.get_running_loop().create_future()

    async def roll(self) -> None:
        """Nothing to replace."""
