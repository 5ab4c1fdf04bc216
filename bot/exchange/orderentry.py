"""The way that an account's spot orders take: which transport, within which limits."""

import asyncio
from typing import Literal

from bot.domain.events import Event, OrderFilled
from bot.domain.values import Market
from bot.exchange.orderwire import BudgetedWire, RestWire
from bot.exchange.session import Session
from bot.exchange.unfilled import FirstFills
from bot.exchange.wswire import OnChange, WsWire, WsWireOptions

__all__ = ["OrderEntry"]


class OrderEntry:
    """``wire`` is for the venue. It works at once, over REST until :meth:`run` has connected."""

    def __init__(
        self,
        session: Session,
        kind: Literal["ws", "rest"] = "ws",
        *,
        order_max_wait_s: float = 5.0,
        options: WsWireOptions | None = None,
    ) -> None:
        """``order_max_wait_s``: an order that the limits would hold longer is not placed."""
        self._allowance = session.allowances[Market.SPOT]
        self._first_fills = FirstFills()
        rest = RestWire(session)
        self._ws: WsWire | None = None
        if kind == "ws":
            self._ws = WsWire(
                session,
                session.endpoints.spot_ws_api,
                rest,
                options=options,
                on_limits=self._allowance.read,
            )
        self.wire = BudgetedWire(
            self._ws or rest, self._allowance, order_max_wait_s=order_max_wait_s
        )

    @property
    def way(self) -> str:
        """How the next request goes: ``ws`` or ``rest``."""
        return "ws" if self._ws is not None and self._ws.up else "rest"

    @property
    def waits(self) -> int:
        """Requests that had to wait for the exchange's limits."""
        return self._allowance.waits

    def listen(self, on_change: OnChange) -> None:
        """Who hears when the connection comes and goes."""
        if self._ws is not None:
            self._ws.on_change = on_change

    def hear(self, event: Event) -> None:
        """An event of the account: first fills give back some of the order counts."""
        if isinstance(event, OrderFilled) and self._first_fills.is_first(event.fill):
            self._allowance.first_fill(is_maker=event.fill.maker)

    async def run(self) -> None:
        """Keep the connection, where there is to be one, until cancelled."""
        if self._ws is not None:
            await self._ws.run()
        else:
            await asyncio.get_running_loop().create_future()

    async def roll(self) -> None:
        """Replace the connection before the exchange ends it."""
        if self._ws is not None:
            await self._ws.roll()
