"""A simulated exchange on a real port, and clients that speak to it without a library."""

import asyncio
import contextlib
import hashlib
import hmac
import time
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
import pytest

from bot.simulation.account import AccountSpec
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.faults import FaultPlan, parse_faults
from bot.simulation.rules import DEFAULT_SYMBOLS
from bot.simulation.stillmarket import StillMarket
from bot.simulation.wire.rules import WireRules
from bot.simulation.wire.server import SimServer, serve

PATIENCE_S = 20.0
"""How long a test waits for what must come: it fails late, and never because of a slow machine."""
KEY, SECRET = "sim-key", "sim-secret"
FIRST, OTHER = AccountSpec(KEY, SECRET), AccountSpec("other", "hush")
BIDS = {"BTCUSDT": [("50000", "1"), ("49999", "2")], "ETHUSDT": [("3000", "5")]}
ASKS = {"BTCUSDT": [("50001", "1"), ("50002", "2")], "ETHUSDT": [("3001", "5")]}


class Socket:
    """A WebSocket client that reads JSON and notes how the connection ended."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.raw = socket

    async def ask(self, document: Any) -> Any:
        await self.raw.send_str(orjson.dumps(document).decode())
        return await self.next()

    async def tell(self, text: str) -> Any:
        await self.raw.send_str(text)
        return await self.next()

    async def next(self, timeout_s: float = PATIENCE_S) -> Any:
        message = await self.raw.receive(timeout_s)
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return orjson.loads(message.data)

    async def is_silent(self, for_s: float = 0.15) -> bool:
        try:
            # A timeout of receive() itself would begin anew at each ping.
            async with asyncio.timeout(for_s):
                await self.raw.receive()
        except TimeoutError:
            return True
        return False

    async def until(self, wanted: Any, timeout_s: float = PATIENCE_S) -> Any:
        """The next message for which ``wanted(message)`` holds."""
        async with asyncio.timeout(timeout_s):
            while True:
                message = await self.next(timeout_s)
                if wanted(message):
                    return message

    async def until_reply(self, request: dict[str, Any]) -> Any:
        """Ask, and pass over the events that come before the answer."""
        await self.raw.send_str(orjson.dumps(request).decode())
        return await self.until(lambda message: message.get("id") == request["id"])

    async def ended(self, timeout_s: float = PATIENCE_S) -> int | None:
        """Wait for the end; its close code, or None where there was no close frame."""
        async with asyncio.timeout(timeout_s):
            while True:
                message = await self.raw.receive()
                if message.type is aiohttp.WSMsgType.CLOSE:
                    return message.data
                if message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR):
                    code = self.raw.close_code
                    return None if code == 1006 else code

    def cut(self) -> None:
        """Let go of the connection, also where aiohttp does not: after a reset."""
        self.raw._response.close()


class Sim:
    """The running exchange and its clients."""

    def __init__(self, server: SimServer, exchange: SimulatedExchange, plan: FaultPlan) -> None:
        self.server = server
        self.exchange = exchange
        self.plan = plan
        self.http = f"http://127.0.0.1:{server.port}"
        self.ws = f"ws://127.0.0.1:{server.port}"
        self.session = aiohttp.ClientSession()
        self._sockets: list[Socket] = []

    async def close(self) -> None:
        for socket in self._sockets:
            socket.cut()
        await self.session.close()
        await self.server.close()

    def sign(self, payload: str, secret: str = SECRET) -> str:
        return hmac_hex(secret, payload)

    def signed(self, *, secret: str = SECRET, **params: Any) -> str:
        params.setdefault("timestamp", int(time.time() * 1000))
        query = urlencode({k: v for k, v in params.items() if v is not None})
        return f"{query}&signature={hmac_hex(secret, query)}"

    def ws_signed(self, *, key: str = KEY, secret: str = SECRET, **params: Any) -> dict[str, Any]:
        params |= {"apiKey": key, "timestamp": int(time.time() * 1000)}
        payload = "&".join(f"{k}={v}" for k, v in sorted(params.items()))
        return params | {"signature": hmac_hex(secret, payload)}

    async def call(
        self, method: str, path: str, *, key: str = KEY, secret: str = SECRET, **params: Any
    ) -> tuple[int, Any]:
        query = self.signed(secret=secret, **params)
        url = f"{self.http}/api/v3/{path}?{query}"
        headers = {"X-MBX-APIKEY": key}
        async with self.session.request(method, url, headers=headers) as response:
            return response.status, orjson.loads(await response.read())

    async def order(self, side: str, quantity: str, price: str, **params: Any) -> dict[str, Any]:
        status, body = await self.call(
            *("POST", "order"),
            symbol=params.pop("symbol", "BTCUSDT"),
            side=side,
            type="LIMIT",
            timeInForce="GTC",
            quantity=quantity,
            price=price,
            **params,
        )
        assert status == 200, body
        return body

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.session.get(f"{self.http}{path}") as response:
            return response.status, await response.json()

    async def connect(self, path: str, **options: Any) -> Socket:
        self._sockets.append(Socket(await self.session.ws_connect(f"{self.ws}{path}", **options)))
        return self._sockets[-1]

    async def user_stream(self) -> Socket:
        socket = await self.connect("/ws-api/v3")
        reply = await socket.ask(
            {"id": 1, "method": "userDataStream.subscribe.signature", "params": self.ws_signed()}
        )
        assert reply["status"] == 200, reply
        return socket

    def post(self, *faults: dict[str, Any]) -> None:
        """Commit the faults from now on."""
        self.plan.add(parse_faults(list(faults)), int(time.time() * 1000))

    def let_pass(self, seconds: float) -> None:
        """Move the exchange's clock; it stands there until the real one has caught up."""
        clock = self.server._parts.clock
        clock._last_ms = clock.now_ms() + round(seconds * 1000)

    async def struck(self) -> None:
        """Wait until every fault that strikes connections has done so."""
        async with asyncio.timeout(PATIENCE_S):
            while self.plan.next_due_ms(0) is not None:
                await asyncio.sleep(0.01)

    async def connections(self) -> list[dict[str, Any]]:
        return (await self.get("/sim/state"))[1]["connections"]


def hmac_hex(secret: str, payload: str) -> str:
    return hmac.new(secret.encode(), payload.encode(), hashlib.sha256).hexdigest()


@pytest.fixture
async def start_sim():
    """``await start_sim(...)`` opens an exchange with a quiet book; it is closed at the end."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(
            *,
            rules: WireRules | None = None,
            admin: bool = True,
            time_scale: float = 1.0,
            accounts: tuple[AccountSpec, ...] = (),
            market: Any = None,
            symbols: Any = DEFAULT_SYMBOLS,
            first: AccountSpec = FIRST,
            other: AccountSpec = OTHER,
            exchange_filters: Any = (),
            **futures: Any,
        ) -> Sim:
            # `futures` and `futures_rules`, as the server takes them.
            now_ms = int(time.time() * 1000)
            exchange = SimulatedExchange(
                symbols=symbols,
                accounts=[first, other, *accounts],
                market=market or StillMarket(BIDS, ASKS),
                start_ms=now_ms,
                exchange_filters=exchange_filters,
            )
            plan = FaultPlan(now_ms=now_ms)
            server = await serve(
                exchange, admin=admin, faults=plan, rules=rules, time_scale=time_scale, **futures
            )
            sim = Sim(server, exchange, plan)
            stack.push_async_callback(sim.close)
            return sim

        yield start


@pytest.fixture
async def sim(start_sim):
    """An exchange with Binance's own limits."""
    return await start_sim()
