"""python-binance's REST client with answers that say what to do next."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import orjson
from binance.async_client import AsyncClient

from bot.domain.errors import Rejected, Throttled, VenueError, VenueSetupError
from bot.domain.values import Market
from bot.exchange import failures
from bot.exchange.allowance import Allowance
from bot.exchange.endpoints import Endpoints
from bot.exchange.throttle import ConnectBudget, Gate, Usage
from bot.exchange.weight import LIMITS, WeightBudget, market_of

__all__ = ["Session"]

_TIMESTAMP_OFF: Final = -1021
_NO_KEY: Final = -2014
_SUCCESS: Final = range(200, 300)
_SAMPLES: Final = 3
_ONLY_ORDERS: Final = b'"code":%d' % failures.ORDER_RATE
"""In a 429 that concerns new orders and no other request."""


class Session(AsyncClient):  # type: ignore[misc]  # python-binance has no types
    """One account at one environment. Make it inside the running loop; close it.

    All methods of python-binance work. They raise :class:`bot.domain.errors.VenueError`
    and nothing else: NotSent, Rejected, Throttled, OutcomeUnknown; for a GET Unavailable
    in place of NotSent and OutcomeUnknown. No text holds a parameter, a key or a signature.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        *,
        api_key: str = "",
        api_secret: str = "",
        private_key: str | None = None,
        private_key_pass: str | None = None,
        recv_window_ms: int = 5000,
        timeout_s: float = 10.0,
        longest_wait_s: float = 10.0,
        home: Market = Market.SPOT,
        on_headers: Callable[[Mapping[str, str]], object] | None = None,
    ) -> None:
        asyncio.get_running_loop()  # a client made outside of it never works
        self.endpoints = endpoints
        self._home = home
        self.API_URL = endpoints.spot_rest
        self.FUTURES_URL = endpoints.usdm_rest
        self.FUTURES_COIN_URL = endpoints.coinm_rest
        self.WS_API_URL = endpoints.spot_ws_api
        self.WS_FUTURES_URL = endpoints.usdm_ws_api
        self.REQUEST_RECVWINDOW = recv_window_ms
        self.REQUEST_TIMEOUT = aiohttp.ClientTimeout(
            total=timeout_s, sock_connect=min(5.0, timeout_s)
        )
        self.usage = Usage()
        self.gate = Gate(longest_wait_s)
        self.weights = {market: WeightBudget(limit) for market, limit in LIMITS.items()}
        """What questions about the market may weigh, by product line."""
        self.allowances = {
            market: Allowance(self.gate, now_s=self._exchange_s) for market in LIMITS
        }
        """What orders may weigh and how many there may be, by product line."""
        self._syncing: asyncio.Task[int] | None = None
        self.connects = ConnectBudget()
        """Of all WebSocket connections made with this session."""
        self._on_headers = on_headers
        super().__init__(
            api_key or None,
            api_secret or None,
            private_key=private_key,
            private_key_pass=private_key_pass,
        )

    async def sync_clock(self) -> int:
        """Measure how far the exchange's clock is ahead of ours, in ms, and sign with it.

        The midpoint of the quickest of three round trips; who asks meanwhile gets the same.

        Raises:
            VenueError: the exchange does not answer.
        """
        if self._syncing is None:
            self._syncing = asyncio.create_task(self._measure_clock(), name="clock offset")
            self._syncing.add_done_callback(self._synced)
        return await asyncio.shield(self._syncing)

    def _synced(self, task: "asyncio.Task[int]") -> None:
        self._syncing = None
        if not task.cancelled():
            task.exception()  # those who waited have it; nobody may have

    async def _measure_clock(self) -> int:
        best: tuple[float, float] | None = None
        for _ in range(_SAMPLES):
            sent = time.time()
            answer = await self._server_time()
            received = time.time()
            offset_ms = float(answer["serverTime"]) - (sent + received) * 500.0
            sample = (received - sent, offset_ms)
            best = min(best, sample) if best else sample
        assert best is not None
        self.timestamp_offset = round(best[1])
        return int(self.timestamp_offset)

    async def _server_time(self) -> Any:
        """Each product line has servers, and so a clock, of its own."""
        if self._home is Market.SPOT:
            return await self.get_server_time()
        return await self.futures(self._home, "get", "time", {}, signed=False)

    async def get_spot(self, path: str, params: Mapping[str, str]) -> Any:
        """An unsigned ``GET /api/v3/<path>``; values are percent-encoded here."""
        data = {name: quote(value, safe="") for name, value in params.items()}
        return await self._get(path, data=data)

    async def signed(self, method: str, path: str, params: Mapping[str, str]) -> Any:
        """A signed request to ``/api/v3/<path>``.

        Raises:
            VenueError: by what to do next; see :mod:`bot.exchange.failures`.
        """
        return await self._request_api(method, path, signed=True, data=dict(params))

    async def futures(
        self,
        market: Market,
        method: str,
        path: str,
        params: Mapping[str, str],
        *,
        version: int = 1,
        signed: bool = True,
    ) -> Any:
        """A request to ``/fapi/v<version>/<path>`` or ``/dapi/...``.

        Raises:
            VenueError: by what to do next; see :mod:`bot.exchange.failures`.
        """
        ask = self._request_futures_api if market is Market.USDM else self._request_futures_coin_api
        return await ask(method, path, signed, version, data=dict(params))

    def sign_ws(self, params: dict[str, Any]) -> dict[str, Any]:
        """The parameters of a WebSocket-API request with key, timestamp and signature.

        Raises:
            VenueSetupError: no key is set.
        """
        if not (self.API_KEY and (self.API_SECRET or self.PRIVATE_KEY)):
            raise VenueSetupError("the account's stream needs an API key and its secret: set both")
        signed: dict[str, Any] = self._sign_ws_params(params, self._generate_ws_api_signature)
        return signed

    def signature_of(self, payload: str) -> str:
        """The signature of a WebSocket-API payload by whichever key there is; base64 or hex."""
        by_key = self._rsa_signature if self._is_rsa else self._ed25519_signature
        return str(by_key(payload) if self.PRIVATE_KEY else self._hmac_signature(payload))

    @property
    def can_log_on(self) -> bool:
        """Whether its key is of the kind that authorises a whole WebSocket-API connection."""
        return bool(self.PRIVATE_KEY) and not self._is_rsa

    def note_throttle(self, throttled: Throttled) -> None:
        """An answer that did not come over REST wants silence of all requests."""
        if throttled.code != failures.ORDER_RATE:
            self.gate.close_for(throttled.retry_after_s)

    def _exchange_s(self) -> float:
        return time.time() + float(self.timestamp_offset) / 1000

    async def close(self) -> None:
        """Close every connection, the two that the base class forgets as well."""
        if self._syncing is not None:
            self._syncing.cancel()
        await self.session.close()
        for api in (self.ws_api, self.ws_future):
            await api.close()

    async def close_connection(self) -> None:
        """As :meth:`close`."""
        await self.close()

    def _init_session(self) -> aiohttp.ClientSession:
        # aiohttp drops idle connections after 15 s; an order should not pay for a handshake.
        return aiohttp.ClientSession(
            headers=self._get_headers(),
            connector=aiohttp.TCPConnector(keepalive_timeout=300, limit=0),
        )

    async def _request(
        self, method: str, uri: str, signed: bool, force_params: bool = False, **kwargs: Any
    ) -> Any:
        request = failures.Request(method, uri)
        failure = await self._attempt(request, uri, signed, force_params, kwargs)
        if not isinstance(failure, VenueError):
            return failure
        if isinstance(failure, Rejected) and failure.code == _TIMESTAMP_OFF and signed:
            # Refused before it was looked at: to send it again cannot do it twice.
            await self._sync_quietly()
            failure = await self._attempt(request, uri, signed, force_params, kwargs)
            if not isinstance(failure, VenueError):
                return failure
        raise failure

    async def _attempt(
        self,
        request: failures.Request,
        uri: str,
        signed: bool,
        force_params: bool,
        kwargs: dict[str, Any],
    ) -> Any:
        """The decoded body, or the failure as a value, so that no exception is chained to it."""
        if self.session.closed:
            return failures.closed(request)
        if signed:
            if not (self.API_SECRET or self.PRIVATE_KEY):
                return Rejected(_NO_KEY, "no API key is set")
            # The base class writes timestamp and signature into this very dict.
            kwargs = {**kwargs, "data": dict(kwargs.get("data") or {})}
        # aiohttp's time-outs belong to the current task: a sender's first step is none.
        await asyncio.sleep(0)
        try:
            await self.gate.passed(urgent=request.method == "DELETE")
            return await super()._request(
                request.method.lower(), uri, signed, force_params, **kwargs
            )
        except Throttled as throttled:
            return throttled
        except _Refused as refused:
            return failures.of_response(request, refused.status, refused.headers, refused.body)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return failures.of_exception(request, error)

    async def _handle_response(self, response: aiohttp.ClientResponse) -> Any:
        self.usage.read(response.headers)
        market = market_of(response.url.path)
        self.weights[market].read(response.headers)
        self.allowances[market].read_headers(response.headers)
        if self._on_headers is not None:
            self._on_headers(response.headers)
        body = await response.read()
        if response.status in {418, 429} and _ONLY_ORDERS not in body:
            self.gate.close_for(failures.retry_after_s(response.status, response.headers))
        if response.status in _SUCCESS:
            try:
                return orjson.loads(body) if body else {}
            except ValueError:
                pass
        raise _Refused(response.status, response.headers, body.decode(errors="replace"))

    async def _sync_quietly(self) -> None:
        try:
            await self.sync_clock()
        except VenueError:
            return  # the second attempt will say what is wrong


class _Refused(Exception):
    """An answer that is no success; never leaves this module."""

    def __init__(self, status: int, headers: Mapping[str, str], body: str) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers
        self.body = body
