"""The dead man's switch: open orders that are cancelled unless somebody says otherwise in time."""

from typing import Any

from bot.simulation.errors import ApiError
from bot.simulation.futures.desk import OrderDesk
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.parameters import Params, integer, required

__all__ = ["Countdown"]


class Countdown:
    """``POST countdownCancelAll``, for each account and symbol."""

    def __init__(self, floor: FuturesFloor, desk: OrderDesk) -> None:
        self._floor = floor
        self._desk = desk
        self._deadlines = floor.deadlines

    def set(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """Start it again, or stop it with a time of 0."""
        listing = self._desk.listing(required(params, "symbol"))
        symbol = listing.rules.symbol
        countdown = integer(params, "countdownTime")
        if countdown is None:
            raise ApiError.missing("countdownTime")
        if countdown:
            self._deadlines[account, symbol] = now_ms + countdown
        else:
            self._deadlines.pop((account, symbol), None)
        self._floor.log.countdown(account, symbol, now_ms + countdown if countdown else 0)
        self._floor.settle(listing, now_ms)
        return {"symbol": symbol, "countdownTime": str(countdown)}

    def next_ms(self) -> int | None:
        """When the next one ends; None: none runs."""
        return min(self._deadlines.values(), default=None)

    def expire(self, now_ms: int) -> None:
        """Cancel the orders of those that ended."""
        ended = [key for key, deadline in self._deadlines.items() if deadline <= now_ms]
        for account, symbol in ended:
            del self._deadlines[account, symbol]
            self._floor.log.countdown(account, symbol, 0)
            self._desk.cancel_all(account, symbol, now_ms)
