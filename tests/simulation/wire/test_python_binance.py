"""Unmodified python-binance, pointed at the simulated exchange by its URL attributes."""

import asyncio
from types import SimpleNamespace

import pytest
from binance.async_client import AsyncClient
from binance.exceptions import BinanceAPIException
from binance.ws.streams import BinanceSocketManager

from bot.simulation.market import SeededMarket


def impatient(socket):
    """Its close() waits for a read to time out; the default is ten seconds."""
    socket.TIMEOUT = 0.1
    return socket


@pytest.fixture
async def binance(start_sim):
    sim = await start_sim()
    client = AsyncClient("sim-key", "sim-secret")
    client.API_URL = f"{sim.http}/api"
    client.ws_api._url = f"{sim.ws}/ws-api/v3"
    impatient(client.ws_api)
    sockets = BinanceSocketManager(client)
    sockets.STREAM_URL = f"{sim.ws}/"
    yield SimpleNamespace(client=client, sockets=sockets, sim=sim)
    await client.close_connection()
    await client.ws_future.close()


async def order(client, **params):
    fields = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    return await client.create_order(**fields | params)


async def test_create_pings_and_measures_the_clock(start_sim):
    sim = await start_sim()

    class Pointed(AsyncClient):
        API_URL = f"{sim.http}/api"

    client = await Pointed.create("sim-key", "sim-secret")
    assert abs(client.timestamp_offset) < 1000
    await client.close_connection()


async def test_the_account_trades_and_asks(binance):
    client = binance.client
    placed = await order(client, quantity="0.5", price="50001", newClientOrderId="first")
    assert placed["status"] == "FILLED"
    assert placed["fills"][0]["price"] == "50001.00000000"
    resting = await order(client, quantity="0.5", price="40000")
    assert [o["orderId"] for o in await client.get_open_orders()] == [resting["orderId"]]
    canceled = await client.cancel_order(symbol="BTCUSDT", orderId=resting["orderId"])
    assert canceled["status"] == "CANCELED"
    asked = await client.get_order(symbol="BTCUSDT", origClientOrderId="first")
    assert asked["executedQty"] == "0.50000000"
    assert len(await client.get_all_orders(symbol="BTCUSDT")) == 2
    (trade,) = await client.get_my_trades(symbol="BTCUSDT")
    assert trade["qty"] == "0.50000000"
    balances = {b["asset"]: b for b in (await client.get_account())["balances"]}
    assert balances["BTC"]["free"] == "10.49950000"
    with pytest.raises(BinanceAPIException) as caught:
        await client.cancel_order(symbol="BTCUSDT", orderId=resting["orderId"])
    assert (caught.value.status_code, caught.value.code) == (400, -2011)


async def test_public_data(binance):
    client = binance.client
    info = await client.get_exchange_info()
    assert [s["symbol"] for s in info["symbols"]] == list(binance.sim.exchange.symbols)
    assert (await client.get_symbol_info("BTCUSDT"))["quoteAsset"] == "USDT"
    assert (await client.get_order_book(symbol="BTCUSDT"))["bids"][0][0] == "50000.00000000"
    await order(client, quantity="0.5", price="50001")
    assert len(await client.get_recent_trades(symbol="BTCUSDT")) == 1
    assert len(await client.get_klines(symbol="BTCUSDT", interval="1m")) == 1
    assert (await client.get_orderbook_ticker(symbol="BTCUSDT"))["askQty"] == "0.50000000"
    assert (await client.get_symbol_ticker(symbol="BTCUSDT"))["price"] == "50001.00000000"


async def test_sockets_deliver_trades_depth_klines_and_user_events(binance):
    client, sockets = binance.client, binance.sockets
    names = ["btcusdt@trade", "btcusdt@depth@100ms", "btcusdt@kline_1s"]
    market = impatient(sockets.multiplex_socket(names))
    async with market, sockets.user_socket() as user:
        await order(client, quantity="0.5", price="50001")
        seen = {}
        async with asyncio.timeout(10):
            while len(seen) < len(names):
                message = await market.recv()
                seen.setdefault(message["stream"], message["data"])
            events = [await user.recv() for _ in range(3)]
    assert seen["btcusdt@trade"]["q"] == "0.50000000"
    assert seen["btcusdt@kline_1s"]["k"]["s"] == "BTCUSDT"
    assert [(e["e"], e.get("x")) for e in events] == [
        ("executionReport", "NEW"),
        ("executionReport", "TRADE"),
        ("outboundAccountPosition", None),
    ]


async def test_orders_over_the_websocket_api(binance):
    client = binance.client
    placed = await client.ws_create_order(
        symbol="BTCUSDT",
        side="BUY",
        type="LIMIT",
        timeInForce="GTC",
        quantity="0.5",
        price="40000",
        newClientOrderId="over-ws",
    )
    assert placed["status"] == "NEW"
    asked = await client.ws_get_order(symbol="BTCUSDT", origClientOrderId="over-ws")
    assert asked["orderId"] == placed["orderId"]
    canceled = await client.ws_cancel_order(symbol="BTCUSDT", origClientOrderId="over-ws")
    assert canceled["status"] == "CANCELED"
    assert (await client.ws_get_account())["canTrade"]


async def test_a_live_market_flows_through_a_depth_socket(start_sim):
    sim = await start_sim(market=SeededMarket(seed=3, rate=50.0))
    client = AsyncClient("sim-key", "sim-secret")
    client.API_URL = f"{sim.http}/api"
    sockets = BinanceSocketManager(client)
    sockets.STREAM_URL = f"{sim.ws}/"
    socket = impatient(sockets.depth_socket("BTCUSDT", interval=100))
    last = None
    async with socket, asyncio.timeout(10):
        for _ in range(10):
            event = await socket.recv()
            assert last is None or event["U"] == last + 1
            last = event["u"]
    await client.close_connection()
