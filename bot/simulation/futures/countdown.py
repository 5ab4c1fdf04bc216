"""The dead man's switch: open orders that are cancelled unless somebody says otherwise in time."""

from typing import Any

from bot.simulation.errors import ApiError
from bot.simulation.futures.desk import OrderDesk
from bot.simulation.parameters import Params, integer, required

__all__ = ["Countdown"]


class Countdown:
    """``POST countdownCancelAll``, for each account and symbol."""

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk
        self._deadlines: dict[tuple[str, str], int] = {}

    def set(self, account: str, params: Params, now_ms: int) -> dict[str, Any]:
        """Start it again, or stop it with a time of 0."""
        symbol = self._desk.listing(required(params, "symbol")).rules.symbol
        countdown = integer(params, "countdownTime")
        if countdown is None:
            raise ApiError.missing("countdownTime")
        if countdown:
            self._deadlines[account, symbol] = now_ms + countdown
        else:
            self._deadlines.pop((account, symbol), None)
        return {"symbol": symbol, "countdownTime": str(countdown)}

    def next_ms(self) -> int | None:
        """When the next one ends; None: none runs."""
        return min(self._deadlines.values(), default=None)

    def expire(self, now_ms: int) -> None:
        """Cancel the orders of those that ended."""
        ended = [key for key, deadline in self._deadlines.items() if deadline <= now_ms]
        for account, symbol in ended:
            del self._deadlines[account, symbol]
            self._desk.cancel_all(account, symbol, now_ms)
