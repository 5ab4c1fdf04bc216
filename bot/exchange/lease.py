"""How long a user stream stays valid, and what keeps it so.

Three policies (Binance, "User Data Stream" of each product):

* *connection* (spot): a signed subscription lives as long as its connection, at most 24 hours.
* *key* (futures, portfolio margin, options): a listenKey is valid for 60 minutes from its last
  POST or PUT; when it is gone (-1125) a new one must be made and connected to.
* *token* (margin): a listenToken ends at a known time and is replaced before it.

Renewal has one owner, the scheduler; it calls :meth:`Lease.renew` every half hour.
"""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from bot.domain.errors import Rejected
from bot.domain.values import SECOND_NS
from bot.ports import Clock

__all__ = ["ConnectionLease", "KeyLease", "Lease"]

_NO_SUCH_KEY: Final = -1125
_REPLACE_AFTER_S: Final = 23 * 3600.0


class Lease(Protocol):
    async def renew(self) -> None:
        """Keep the stream valid until well after the next call.

        Raises:
            VenueError: it could not be renewed now; it is still valid for a while.
        """
        ...


class ConnectionLease:
    """Replaces a connection before the exchange's 24 hours cut it at a moment of its choosing."""

    def __init__(
        self,
        *,
        clock: Clock,
        up_since_ns: Callable[[], int | None],
        reconnect: Callable[[str], object],
        replace_after_s: float = _REPLACE_AFTER_S,
    ) -> None:
        self._clock = clock
        self._up_since_ns = up_since_ns
        self._reconnect = reconnect
        self._replace_after_ns = int(replace_after_s * SECOND_NS)

    async def renew(self) -> None:
        """Reconnect if the connection is old; it counts as a gap, so a sweep follows."""
        since_ns = self._up_since_ns()
        if since_ns is not None and self._clock.now_ns() - since_ns > self._replace_after_ns:
            self._reconnect("replaced before its 24 hours are over")


class KeyLease:
    """Holds a listenKey.

    Args:
        create: POST; gives the key. While one is valid Binance gives the same and prolongs it.
        prolong: PUT.
        on_new_key: called with each key that differs from the last: connect to it, then sweep.
    """

    def __init__(
        self,
        *,
        create: Callable[[], Awaitable[str]],
        prolong: Callable[[str], Awaitable[object]],
        on_new_key: Callable[[str], object],
    ) -> None:
        self.key = ""
        self._create = create
        self._prolong = prolong
        self._on_new_key = on_new_key

    async def acquire(self) -> str:
        """The key to connect with, valid for an hour from now."""
        self._take(await self._create())
        return self.key

    async def renew(self) -> None:
        """Prolong the key; make a new one if it is gone (-1125)."""
        if not self.key:
            await self.acquire()
            return
        try:
            await self._prolong(self.key)
        except Rejected as refusal:
            if refusal.code != _NO_SUCH_KEY:
                raise
            await self.acquire()

    async def expired(self) -> None:
        """``listenKeyExpired`` arrived: the connection may stay open and silent for ever."""
        # The old one is kept meanwhile: whoever connects now must not do so without any.
        await self.acquire()

    def _take(self, key: str) -> None:
        if key != self.key:
            self.key = key
            self._on_new_key(key)
