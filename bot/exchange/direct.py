"""A plain, blocking line to the exchange, for when the event loop cannot be relied on.

python-binance's synchronous client with a connection of its own. Use it from a thread that runs
no event loop.
"""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, Final, Self
from urllib.parse import quote

import msgspec
from binance.client import Client

from bot.domain.errors import (
    NotSent,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
    VenueError,
)
from bot.domain.values import Market
from bot.exchange import failures
from bot.exchange.endpoints import Endpoints

__all__ = ["Access", "DirectLine", "Patience"]

_TIMESTAMP_OFF: Final = -1021
_SUCCESS: Final = range(200, 300)
_ROOTS: Final = {Market.SPOT: "api/v3", Market.USDM: "fapi", Market.COINM: "dapi"}
_FIRST_PAUSE_S: Final = 0.25
_LONGEST_PAUSE_S: Final = 5.0


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Where an account is and how to sign for it. Never stored, never shown."""

    endpoints: Endpoints
    api_key: str
    api_secret: str
    recv_window_ms: int = 5000
    market: Market = Market.SPOT

    def __repr__(self) -> str:
        return f"Access({self.endpoints.name})"


class Patience:
    """How long to go on asking, with growing pauses in between."""

    def __init__(
        self,
        seconds: float,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._until = now() + seconds

    @property
    def left_s(self) -> float:
        return self._until - self._now()

    def wait(self, attempt: int, failure: VenueError) -> None:
        """Pause before the next attempt (0 is the first).

        Raises:
            VenueError: ``failure``, where the time is up.
        """
        pause_s = min(_FIRST_PAUSE_S * 2.0**attempt, _LONGEST_PAUSE_S)
        if isinstance(failure, Throttled):
            pause_s = max(pause_s, failure.retry_after_s)
        if pause_s > self.left_s:
            raise failure
        self._sleep(pause_s)

    def pause(self, seconds: float) -> None:
        self._sleep(max(min(seconds, self.left_s), 0.0))


class DirectLine(Client):  # type: ignore[misc]  # python-binance has no types
    """Requests by path that raise :class:`VenueError` and nothing else, to one market's REST."""

    def __init__(self, access: Access, *, timeout_s: float = 5.0) -> None:
        self.market = access.market
        self.API_URL = access.endpoints.spot_rest
        self.FUTURES_URL = access.endpoints.usdm_rest
        self.FUTURES_COIN_URL = access.endpoints.coinm_rest
        self.REQUEST_TIMEOUT = timeout_s
        self.REQUEST_RECVWINDOW = access.recv_window_ms
        # The base class asks the thread for an event loop, which it does not use here.
        unused = asyncio.new_event_loop()
        asyncio.set_event_loop(unused)
        try:
            super().__init__(access.api_key, access.api_secret, ping=False)
        finally:
            asyncio.set_event_loop(None)
            unused.close()
        # As the bot's own session: no proxy that only the environment knows of.
        self.session.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def ask(
        self,
        path: str,
        patience: Patience,
        *,
        signed: bool = True,
        version: int = 0,
        **params: str,
    ) -> Any:
        """A GET, asked again until it is answered or the patience is over."""
        return self._insist("get", path, params, patience, signed=signed, version=version)

    def cancel(self, patience: Patience, **params: str) -> Any:
        """``DELETE order``: see :meth:`remove`."""
        return self.remove("order", patience, **params)

    def remove(self, path: str, patience: Patience, **params: str) -> Any:
        """A DELETE: to cancel twice harms nothing, so it is sent until it is answered."""
        return self._insist("delete", path, params, patience, signed=True)

    def place(self, **params: str) -> Any:
        """``POST order``, once. :class:`OutcomeUnknown`: ask for it, do not send it again."""
        return self.request("post", "order", params, signed=True)

    def request(
        self, method: str, path: str, params: dict[str, str], *, signed: bool, version: int = 0
    ) -> Any:
        """One request; a clock that is off is set, and it is sent again.

        ``version`` is the path's: 0 is the ordinary one, v3 on spot and v1 on futures.
        """
        try:
            return self._once(method, path, params, signed=signed, version=version)
        except Rejected as failure:
            if failure.code != _TIMESTAMP_OFF or not signed:
                raise
        self.sync_clock()
        return self._once(method, path, params, signed=signed, version=version)

    def sync_clock(self) -> int:
        """Measure how far the exchange's clock is ahead of ours, in ms, and sign with it."""
        sent = time.time()
        answer = self._once("get", "time", {}, signed=False)
        offset_ms = float(answer["serverTime"]) - (sent + time.time()) * 500.0
        self.timestamp_offset = round(offset_ms)
        return int(self.timestamp_offset)

    def _insist(
        self,
        method: str,
        path: str,
        params: dict[str, str],
        patience: Patience,
        *,
        signed: bool,
        version: int = 0,
    ) -> Any:
        attempt = 0
        while True:
            try:
                return self.request(method, path, params, signed=signed, version=version)
            except (Throttled, Unavailable, OutcomeUnknown, NotSent) as failure:
                patience.wait(attempt, failure)
            attempt += 1

    def _once(
        self, method: str, path: str, params: dict[str, str], *, signed: bool, version: int = 0
    ) -> Any:
        values = params if signed else {k: quote(v, safe="") for k, v in params.items()}
        data: dict[str, Any] = dict(values)
        kwargs: dict[str, Any] = {"data": data} if data or signed else {}
        failure: VenueError
        try:
            if self.market is Market.SPOT:
                return self._request_api(method, path, signed, version="v3", **kwargs)
            if self.market is Market.USDM:
                return self._request_futures_api(method, path, signed, version or 1, **kwargs)
            return self._request_futures_coin_api(method, path, signed, version or 1, **kwargs)
        except OSError as error:
            # What requests raises; its text may hold the signed address.
            request = failures.Request(method, f"/{_ROOTS[self.market]}/{path}")
            failure = request.unclear(f"no answer ({type(error).__name__})")
        raise failure

    def _handle_response(self, response: Any) -> Any:
        text = response.text
        if response.status_code in _SUCCESS:
            try:
                return json.loads(text) if text else {}
            except ValueError:
                pass
        request = failures.Request(response.request.method, response.url)
        raise failures.of_response(request, response.status_code, response.headers, text)
