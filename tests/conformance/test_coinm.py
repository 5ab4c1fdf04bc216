"""COIN-M futures: python-binance's own calls and ccxt's `binancecoinm`."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace

import ccxt.pro
import pytest
from binance.async_client import AsyncClient
from binance.ws.streams import BinanceSocketManager

SYMBOL = "BTCUSD_PERP"
PAIR = "BTC/USD:BTC"


@pytest.fixture
async def binance(exchange):
    class Pointed(AsyncClient):
        API_URL = f"{exchange.http}/api"
        FUTURES_COIN_URL = f"{exchange.http}/dapi"

    client = await Pointed.create("sim-key", "sim-secret")
    sockets = BinanceSocketManager(client)
    sockets.DSTREAM_URL = f"{exchange.ws}/dstream/"
    yield SimpleNamespace(client=client, sockets=sockets)
    await client.close_connection()


@pytest.fixture
async def coinm(exchange):
    client = ccxt.pro.binancecoinm(
        {
            "apiKey": "sim-key",
            "secret": "sim-secret",
            "options": {"fetchCurrencies": False, "fetchMarkets": {"types": ["inverse"]}},
            "enableRateLimit": False,
        }
    )
    api = client.urls["api"]
    for name, url in api.items():
        if isinstance(url, str):
            api[name] = exchange.http + "/" + url.split("/", 3)[3]
    api["ws"] |= {"delivery": f"{exchange.ws}/dstream/ws"}
    await client.load_markets()
    yield client
    await client.close()


async def test_python_binance_trades_a_position(binance):
    client = binance.client
    info = await client.futures_coin_exchange_info()
    assert SYMBOL in {s["symbol"] for s in info["symbols"]}
    assert (await client.futures_coin_order_book(symbol=SYMBOL, limit=5))["bids"]
    assert len((await client.futures_coin_klines(symbol=SYMBOL, interval="1m"))[0]) == 12
    assert Decimal((await client.futures_coin_mark_price(symbol=SYMBOL))[0]["markPrice"]) > 0
    await client.futures_coin_change_leverage(symbol=SYMBOL, leverage=5)
    for side in ("BUY", "SELL"):
        done = await client.futures_coin_create_order(
            symbol=SYMBOL, side=side, type="MARKET", quantity="2", newOrderRespType="RESULT"
        )
        assert done["status"] == "FILLED"
        held = [
            Decimal(p["positionAmt"])
            for p in await client.futures_coin_position_information()
            if p["symbol"] == SYMBOL
        ]
        assert sum(held) == (2 if side == "BUY" else 0)
    assert {b["asset"] for b in await client.futures_coin_account_balance()} >= {"BTC"}
    assert (await client.futures_coin_account())["assets"]
    assert await client.futures_coin_account_trades(symbol=SYMBOL)


async def test_python_binance_hears_of_it(binance):
    socket = binance.sockets.coin_futures_user_socket()
    socket.TIMEOUT = 0.1
    told = []
    async with asyncio.timeout(20), socket as stream:
        await binance.client.futures_coin_create_order(
            symbol=SYMBOL, side="BUY", type="MARKET", quantity="1"
        )
        while not {"ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"} <= set(told):
            message = await stream.recv()
            if message:
                told.append(message["e"])
    await binance.client.futures_coin_create_order(
        symbol=SYMBOL, side="SELL", type="MARKET", quantity="1"
    )


async def test_python_binance_hears_the_market(binance):
    async with asyncio.timeout(20), binance.sockets.futures_coin_ticker_socket() as stream:
        message = await stream.recv()
    rows = message.get("data", message) if isinstance(message, dict) else message
    assert {row["e"] for row in rows} == {"24hrTicker"}


async def test_ccxt_trades_and_watches(coinm, within):
    assert coinm.market(PAIR)["inverse"]
    assert (await coinm.fetch_order_book(PAIR, 5))["bids"]
    assert (await coinm.fetch_ticker(PAIR))["last"] > 0
    assert (await coinm.fetch_balance())["BTC"]["total"] > 0
    bought = await coinm.create_order(PAIR, "market", "buy", 3)
    assert (await coinm.fetch_order(bought["id"], PAIR))["status"] == "closed"
    (position,) = [p for p in await coinm.fetch_positions([PAIR]) if p["contracts"]]
    assert (position["side"], position["contracts"]) == ("long", 3)
    await coinm.create_order(PAIR, "market", "sell", 3, params={"reduceOnly": True})
    assert (await within(coinm.watch_trades(PAIR)))[-1]["symbol"] == PAIR
    book = await within(coinm.watch_order_book(PAIR))
    assert book["bids"][0][0] < book["asks"][0][0]
    watching = asyncio.ensure_future(coinm.watch_orders(PAIR))
    await asyncio.sleep(1)
    sold = await coinm.create_order(PAIR, "market", "sell", 1)
    assert (await within(watching))[-1]["id"] == sold["id"]
    await coinm.create_order(PAIR, "market", "buy", 1, params={"reduceOnly": True})
