"""Faults as other clients live through them: what each promises to survive, it survives here."""

import asyncio

import ccxt
import ccxt.pro
import pytest
from binance.async_client import AsyncClient
from binance.exceptions import BinanceAPIException
from binance.ws.streams import BinanceSocketManager
from binance_common.configuration import (
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_common.errors import RateLimitBanError, ServerError, TooManyRequestsError
from binance_sdk_spot.spot import Spot
from test_ccxt_spot import PAIR, pointed

SYMBOL = "BTCUSDT"


@pytest.fixture(autouse=True)
def honest_again(exchange):
    yield
    exchange.clear()


@pytest.fixture
def sdk(exchange):
    configuration = ConfigurationRestAPI(
        api_key="sim-key", api_secret="sim-secret", base_path=exchange.http, retries=1, backoff=10
    )
    api = Spot(config_rest_api=configuration).rest_api
    yield api
    api._session.close()


@pytest.fixture
async def binance(exchange):
    class Pointed(AsyncClient):
        API_URL = f"{exchange.http}/api"

    client = await Pointed.create("sim-key", "sim-secret")
    yield client
    await client.close_connection()


@pytest.fixture
async def pro(exchange):
    client = pointed(exchange, ccxt.pro.binance)
    await client.load_markets()
    yield client
    await client.close()


async def test_python_binance_reconnects_after_a_drop(exchange, binance, within):
    sockets = BinanceSocketManager(binance)
    sockets.STREAM_URL = f"{exchange.ws}/"
    socket = sockets.symbol_book_ticker_socket(SYMBOL)
    socket.TIMEOUT = 0.1

    async def until(wanted):
        while True:
            message = await stream.recv()
            if message and wanted(message):
                return

    async with socket as stream:
        await within(until(lambda m: "u" in m))
        exchange.commit(kind="drop", target="market")
        await within(until(lambda m: m.get("e") == "error"))
        await within(until(lambda m: "u" in m), seconds=30)


async def test_ccxt_tells_of_a_drop_and_watches_on(exchange, pro, within):
    await within(pro.watch_trades(PAIR))
    exchange.commit(kind="drop", target="market")

    async def watch_on():
        while True:
            await pro.watch_trades(PAIR)

    with pytest.raises(ccxt.NetworkError):
        await within(watch_on())
    assert await within(pro.watch_trades(PAIR))


async def test_the_sdk_tells_of_a_drop(exchange, within):
    configuration = ConfigurationWebSocketStreams(stream_url=exchange.ws, reconnect_delay=100)
    streams = Spot(config_ws_streams=configuration).websocket_streams
    await streams.create_connection()
    ended = asyncio.Event()
    streams.on_connection("close", lambda *_: ended.set())
    exchange.commit(kind="drop", target="market")
    await within(ended.wait())
    await streams.close_connection()


async def test_the_sdk_follows_a_shutdown_to_a_new_connection(exchange, within):
    configuration = ConfigurationWebSocketAPI(
        api_key="sim-key", api_secret="sim-secret", stream_url=f"{exchange.ws}/ws-api/v3"
    )
    api = Spot(config_ws_api=configuration).websocket_api
    await api.create_connection()
    again = asyncio.Event()
    api.on_connection("reconnect", lambda *_: again.set())
    exchange.commit(kind="server_shutdown", target="wsapi")
    await within(again.wait())

    async def answered():
        # Until the new connection stands, a request fails or says "Websocket Reconnect".
        while True:
            try:
                return (await api.time()).data().result.server_time
            except (ConnectionError, AttributeError, ValueError):
                await asyncio.sleep(0.2)

    assert await within(answered())
    await api.close_connection()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "rate_limit", "status": 429}, TooManyRequestsError),
        ({"kind": "rate_limit", "status": 418, "retry_after_s": 30}, RateLimitBanError),
        ({"kind": "http", "status": 503, "code": -1007}, ServerError),
        ({"kind": "html_body", "status": 502}, ServerError),
    ],
)
def test_the_sdk_knows_each_refusal(exchange, sdk, fault, error):
    exchange.commit(match="GET /api/v3/account", **fault)
    with pytest.raises(error):
        sdk.get_account()


def test_the_sdk_asks_again_after_a_server_error(exchange, sdk):
    exchange.commit(kind="http", match="GET /api/v3/account", status=503, times=1)
    assert sdk.get_account().data().balances


async def test_python_binance_and_ccxt_know_the_refusals(exchange, binance, pro):
    exchange.commit(kind="rate_limit", match="GET /api/v3/account", status=429)
    with pytest.raises(BinanceAPIException) as refused:
        await binance.get_account()
    assert (refused.value.status_code, refused.value.code) == (429, -1003)
    with pytest.raises(ccxt.DDoSProtection):
        await pro.fetch_balance()


async def test_an_order_whose_answer_is_lost_stands(exchange, pro):
    exchange.commit(kind="http", match="POST /api/v3/order", status=504, when="after", times=1)
    name = "answer-is-lost"
    with pytest.raises(ccxt.RequestTimeout):
        await pro.create_order(PAIR, "market", "buy", 0.001, None, {"newClientOrderId": name})
    found = await pro.fetch_order("", PAIR, {"origClientOrderId": name})
    assert found["status"] == "closed"


async def test_a_clock_that_is_wrong_is_measured(exchange, pro):
    exchange.commit(kind="clock_skew", ms=-30_000)
    with pytest.raises(ccxt.InvalidNonce):
        await pro.fetch_balance()
    await pro.load_time_difference()
    pro.options["adjustForTimeDifference"] = True
    assert (await pro.fetch_balance())["USDT"]["free"] > 0
