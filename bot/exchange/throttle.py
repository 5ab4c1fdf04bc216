"""What the exchange lets us send: its counters, and the silence that it asks for."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Final

import msgspec

from bot.domain.errors import Throttled

__all__ = ["ConnectBudget", "Gate", "Usage"]

# Binance allows 300 attempts in 5 minutes from an address; others may share ours.
_CONNECTS: Final = 280
_CONNECTS_WINDOW_S: Final = 300.0
_RESERVE: Final = 40


class Usage(msgspec.Struct):
    """The newest values of Binance's counters; -1 before the first answer."""

    weight_1m: int = -1
    orders_10s: int = -1
    orders_1d: int = -1

    def read(self, headers: Mapping[str, str]) -> None:
        """Take over what an answer's headers say."""
        self.weight_1m = _number(headers, "X-MBX-USED-WEIGHT-1M", self.weight_1m)
        self.orders_10s = _number(headers, "X-MBX-ORDER-COUNT-10S", self.orders_10s)
        self.orders_1d = _number(headers, "X-MBX-ORDER-COUNT-1D", self.orders_1d)


class Gate:
    """Holds requests back while the exchange wants silence; cancels go first when it opens.

    A request that would have to wait longer than ``longest_wait_s`` is turned away: an
    order decided minutes ago is not wanted any more.
    """

    def __init__(self, longest_wait_s: float = 10.0) -> None:
        self._longest_wait_s = longest_wait_s
        self._opens_at = 0.0
        self._urgent = 0
        self._nothing_urgent = asyncio.Event()
        self._nothing_urgent.set()

    @property
    def closed_for_s(self) -> float:
        """How much longer it stays shut; 0 when it is open."""
        if not self._opens_at:
            return 0.0
        left_s = self._opens_at - asyncio.get_running_loop().time()
        if left_s > 0:
            return left_s
        self._opens_at = 0.0
        return 0.0

    def close_for(self, seconds: float) -> None:
        """Let nothing through for that long."""
        opens_at = asyncio.get_running_loop().time() + seconds
        self._opens_at = max(self._opens_at, opens_at)

    async def passed(self, *, urgent: bool) -> None:
        """Return when a request may be sent.

        Raises:
            Throttled: the gate stays shut for longer than a request may wait.
        """
        if urgent:
            self._urgent += 1
            self._nothing_urgent.clear()
        try:
            await self._wait(urgent=urgent)
        finally:
            if urgent:
                self._urgent -= 1
                if not self._urgent:
                    self._nothing_urgent.set()

    async def _wait(self, *, urgent: bool) -> None:
        loop = asyncio.get_running_loop()
        while True:
            left_s = self._opens_at - loop.time()
            if left_s > self._longest_wait_s:
                raise Throttled(left_s, "the exchange asked for silence")
            if left_s > 0:
                await asyncio.sleep(left_s)
            elif self._urgent and not urgent:
                await self._nothing_urgent.wait()
            else:
                return


class ConnectBudget:
    """Attempts to connect of one process: a limit for all its connections together.

    The last ``reserve`` of them are for what is urgent, such as the account's own stream.
    """

    def __init__(
        self,
        most: int = _CONNECTS,
        window_s: float = _CONNECTS_WINDOW_S,
        *,
        reserve: int = _RESERVE,
    ) -> None:
        self._most = most
        self._window_s = window_s
        self._reserve = reserve
        self._recent: deque[float] = deque()

    async def spent(self, *, urgent: bool = False) -> None:
        """Return when one more attempt may be made, which is then counted."""
        loop = asyncio.get_running_loop()
        most = max(1, self._most if urgent else self._most - self._reserve)
        while True:
            now = loop.time()
            while self._recent and now - self._recent[0] >= self._window_s:
                self._recent.popleft()
            if len(self._recent) < most:
                self._recent.append(now)
                return
            await asyncio.sleep(self._recent[len(self._recent) - most] + self._window_s - now)


def _number(headers: Mapping[str, str], name: str, otherwise: int) -> int:
    text = headers.get(name, "")
    return int(text) if text.isdigit() else otherwise
