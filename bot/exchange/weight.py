"""What questions about the market may weigh, so that orders never have to wait for them.

Binance counts the weight of requests by address and product line, each minute by the clock
anew, and says the count in ``X-MBX-USED-WEIGHT-1M``. Source: Binance's general information
pages, "Limits", and the weights of each endpoint there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from bot.domain.values import Market

__all__ = ["LIMITS", "WeightBudget", "market_of"]

LIMITS: Final = {Market.SPOT: 6000, Market.USDM: 2400, Market.COINM: 2400}
"""Weight a minute."""

_MINUTE_S: Final = 60
_PATIENT_SHARE: Final = 2 / 3
_LATE_S: Final = 0.1
"""The exchange's minute may begin a little after ours."""


class WeightBudget:
    """Lets questions through while the minute's count stays below a share of the limit.

    The rest is for orders, cancels and the account, which do not ask here. Of the share a third
    is kept from patient questions, such as those for late trades: a book or the bars that a
    strategy waits for go before them. Otherwise first come, first served.
    """

    def __init__(
        self,
        limit: int,
        *,
        share: float = 0.5,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.most = int(limit * share)
        """Questions wait for the next minute once the count would be above this."""
        self.most_patient = int(limit * share * _PATIENT_SHARE)
        """The same for patient ones."""
        self.used = 0
        """In this minute: our own count or the exchange's, whichever is higher."""
        self._minute = -1
        self._now = now
        self._sleep = sleep
        self._turns = {patient: asyncio.Lock() for patient in (False, True)}

    async def spend(self, weight: int, *, patient: bool = False) -> None:
        """Return when a question of that weight may be asked; it is counted as asked."""
        most = self.most_patient if patient else self.most
        async with self._turns[patient]:
            self._turn_minute()
            # A question that is heavier than the share is asked in a fresh minute.
            while self.used and self.used + weight > most:
                await self._sleep((self._minute + 1) * _MINUTE_S + _LATE_S - self._now())
                self._turn_minute()
            self.used += weight

    def read(self, headers: Mapping[str, str]) -> None:
        """Take over the exchange's own count from an answer."""
        text = headers.get("X-MBX-USED-WEIGHT-1M", "")
        if text.isdigit():
            self._turn_minute()
            self.used = max(self.used, int(text))

    def _turn_minute(self) -> None:
        minute = int(self._now() // _MINUTE_S)
        if minute != self._minute:
            self._minute, self.used = minute, 0


def market_of(path: str) -> Market:
    """The product line whose limits a REST path counts against."""
    if "/fapi/" in path:
        return Market.USDM
    return Market.COINM if "/dapi/" in path else Market.SPOT
