"""Unmodified python-binance, pointed at the simulated futures markets by its URL attributes."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from binance.async_client import AsyncClient
from binance.enums import FuturesType
from binance.exceptions import BinanceAPIException
from binance.ws.streams import BinanceSocketManager

from bot.simulation.futures.account import opened
from bot.simulation.futures.exchange import DEFAULT_CONTRACTS, FuturesExchange
from bot.simulation.market import SeededMarket
from bot.simulation.stillmarket import StillMarket

BOOKS = {
    "usdm": ({"BTCUSDT": [("50000", "5")]}, {"BTCUSDT": [("50001", "5"), ("50002", "5")]}),
    "coinm": ({"BTCUSD_PERP": [("50000", "500")]}, {"BTCUSD_PERP": [("50001", "500")]}),
}
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}


def still(kind):
    return StillMarket(*BOOKS[kind])


def lively(kind):
    del kind
    return SeededMarket(seed=5, rate=50.0)


def impatient(socket):
    """Its close() waits for a read to time out; the default is ten seconds."""
    socket.TIMEOUT = 0.1
    return socket


@pytest.fixture
async def start_binance(start_sim):
    """``await start_binance(source_of_kind)``: a client before the real core."""
    opened_clients = []

    async def start(source=still, **options):
        markets = [
            FuturesExchange(
                market=kind,
                symbols=DEFAULT_CONTRACTS[kind][:1],
                accounts=[opened("sim-key", "sim-secret", kind, {})],
                source=source(kind),
                start_ms=int(time.time() * 1000),
            )
            for kind in ("usdm", "coinm")
        ]
        sim = await start_sim(futures=markets, **options)
        client = AsyncClient("sim-key", "sim-secret")
        opened_clients.append(client)
        client.FUTURES_URL, client.FUTURES_COIN_URL = f"{sim.http}/fapi", f"{sim.http}/dapi"
        client.ws_future._url = f"{sim.ws}/ws-fapi/v1"
        impatient(client.ws_future)
        sockets = BinanceSocketManager(client)
        sockets.FSTREAM_URL, sockets.DSTREAM_URL = f"{sim.ws}/", f"{sim.ws}/dstream/"
        return SimpleNamespace(client=client, sockets=sockets, sim=sim)

    yield start
    for client in opened_clients:
        await client.close_connection()
        await client.ws_future.close()


@pytest.fixture
async def binance(start_binance):
    return await start_binance()


async def read(socket, count, seconds=5):
    async with asyncio.timeout(seconds):
        return [await socket.recv() for _ in range(count)]


async def test_an_order_opens_a_position_which_the_account_shows(binance):
    client = binance.client
    filled = await client.futures_create_order(
        **ORDER, quantity="0.5", price="50001", newOrderRespType="RESULT"
    )
    assert (filled["status"], filled["executedQty"]) == ("FILLED", "0.500")
    assert not {"avgPrice", "cumQuote"} & filled.keys()
    (position,) = await client.futures_position_information(symbol="BTCUSDT")
    assert position["positionAmt"] == "0.500"
    (trade,) = await client.futures_account_trades(symbol="BTCUSDT")
    assert (trade["price"], trade["qty"]) == ("50001.00", "0.500")
    (balance,) = await client.futures_account_balance()
    assert balance["asset"] == "USDT"
    assert float(balance["balance"]) == pytest.approx(100_000 - 0.5 * 50_001 * 0.0005)


async def test_orders_rest_and_are_modified_asked_and_cancelled(binance):
    client = binance.client
    resting = await client.futures_create_order(
        **ORDER, quantity="0.5", price="49000", newClientOrderId="mine"
    )
    assert resting["status"] == "NEW"
    changed = await client.futures_modify_order(
        symbol="BTCUSDT", side="BUY", orderId=resting["orderId"], quantity="0.6", price="49100"
    )
    assert (changed["origQty"], changed["price"]) == ("0.600", "49100.00")
    (found,) = await client.futures_get_open_orders(symbol="BTCUSDT")
    assert found["clientOrderId"] == "mine"
    gone = await client.futures_cancel_order(symbol="BTCUSDT", origClientOrderId="mine")
    assert gone["status"] == "CANCELED"
    with pytest.raises(BinanceAPIException) as caught:
        await client.futures_cancel_order(symbol="BTCUSDT", origClientOrderId="mine")
    assert caught.value.code == -2011


async def test_batches_are_placed_and_cancelled(binance):
    client = binance.client
    orders = [ORDER | {"quantity": "0.1", "price": price} for price in ("49000", "48900")]
    placed = await client.futures_place_batch_order(batchOrders=orders)
    assert [order["status"] for order in placed] == ["NEW", "NEW"]
    numbers = [order["orderId"] for order in placed]
    gone = await client.futures_cancel_orders(symbol="BTCUSDT", orderidlist=numbers)
    assert [order["status"] for order in gone] == ["CANCELED", "CANCELED"]


async def test_conditional_orders_live_on_the_algo_endpoints(binance):
    client = binance.client
    stop = await client.futures_create_order(
        symbol="BTCUSDT",
        side="SELL",
        type="STOP_MARKET",
        quantity="0.1",
        stopPrice="49000",
        workingType="MARK_PRICE",
    )
    assert stop["algoStatus"] == "NEW"
    assert await client.futures_get_open_orders(symbol="BTCUSDT") == []
    (found,) = await client.futures_get_open_orders(symbol="BTCUSDT", conditional=True)
    assert found["algoId"] == stop["algoId"]
    await client.futures_cancel_order(algoId=stop["algoId"])
    assert await client.futures_get_open_orders(symbol="BTCUSDT", conditional=True) == []


async def test_the_user_socket_tells_of_orders_and_account(binance):
    client = binance.client
    async with impatient(binance.sockets.futures_user_socket()) as user:
        await client.futures_create_order(**ORDER, quantity="0.5", price="50001")
        events = await read(user, 4)
    assert sorted(event["e"] for event in events) == [
        "ACCOUNT_UPDATE",
        "ORDER_TRADE_UPDATE",
        "ORDER_TRADE_UPDATE",
        "TRADE_LITE",
    ]
    states = [event["o"]["X"] for event in events if event["e"] == "ORDER_TRADE_UPDATE"]
    assert states == ["NEW", "FILLED"]


async def test_the_coin_margined_market_trades_beside(binance):
    client = binance.client
    async with impatient(binance.sockets.coin_futures_user_socket()) as user:
        placed = await client.futures_coin_create_order(
            symbol="BTCUSD_PERP", side="BUY", type="MARKET", quantity="10"
        )
        events = await read(user, 4)
    assert placed["pair"] == "BTCUSD"
    assert "ACCOUNT_UPDATE" in {event["e"] for event in events}
    (position,) = [
        row
        for row in await client.futures_coin_position_information(pair="BTCUSD")
        if row["positionAmt"] != "0"
    ]
    assert position["positionAmt"] == "10"
    assert (await client.futures_position_information(symbol="BTCUSDT")) == []


async def test_an_expired_key_is_told_on_the_user_socket(binance):
    async with impatient(binance.sockets.futures_user_socket()) as user:
        binance.sim.post({"kind": "listen_key_expired"})
        (event,) = await read(user, 1)
    assert event["e"] == "listenKeyExpired"


async def test_multiplexed_sockets_of_each_category(start_binance):
    binance = await start_binance(lively)
    sockets = binance.sockets
    wanted = {
        "public": ["btcusdt@depth@100ms", "btcusdt@bookTicker"],
        "market": ["btcusdt@aggTrade", "btcusdt@markPrice@1s", "btcusdt@kline_1m"],
    }
    for category, names in wanted.items():
        socket = impatient(sockets.futures_multiplex_socket(names, category=category))
        seen = {}
        async with socket, asyncio.timeout(10):
            while len(seen) < len(names):
                message = await socket.recv()
                seen.setdefault(message["stream"], message["data"])
        assert {data["s"] for data in seen.values()} == {"BTCUSDT"}
        # The library takes sockets of two categories for one; forget the first.
        sockets._conns.clear()


async def test_coin_margined_sockets_speak_on_dstream(start_binance):
    binance = await start_binance(lively)
    names = ["btcusd_perp@aggTrade", "btcusd_perp@depth@100ms"]
    socket = impatient(
        binance.sockets.futures_multiplex_socket(names, futures_type=FuturesType.COIN_M)
    )
    seen = {}
    async with socket, asyncio.timeout(10):
        while len(seen) < 2:
            message = await socket.recv()
            seen.setdefault(message["stream"], message["data"])
    assert {data["st"] for data in seen.values()} == {2}


async def test_a_live_book_is_a_chain_that_fits_its_snapshot(start_binance):
    binance = await start_binance(lively)
    socket = impatient(
        binance.sockets.futures_multiplex_socket(["btcusdt@depth@100ms"], category="public")
    )
    async with socket, asyncio.timeout(10):
        first = (await socket.recv())["data"]
        book = await binance.client.futures_order_book(symbol="BTCUSDT", limit=1000)
        event = first
        while event["u"] < book["lastUpdateId"]:
            event = (await socket.recv())["data"]
        assert event["U"] <= book["lastUpdateId"] or event["pu"] <= book["lastUpdateId"]
        sides = {"b": dict(book["bids"]), "a": dict(book["asks"])}
        for _ in range(10):
            for side, levels in sides.items():
                levels.update(event[side])
            following = (await socket.recv())["data"]
            assert following["pu"] == event["u"]
            event = following
        best = {
            "b": max(float(price) for price, quantity in sides["b"].items() if float(quantity)),
            "a": min(float(price) for price, quantity in sides["a"].items() if float(quantity)),
        }
    assert 0 < best["a"] - best["b"] < 500


async def test_the_websocket_api_places_modifies_and_cancels(binance):
    client = binance.client
    placed = await client.ws_futures_create_order(**ORDER, quantity="0.5", price="49000")
    assert placed["status"] == "NEW"
    changed = await client.ws_futures_edit_order(
        symbol="BTCUSDT", side="BUY", orderId=placed["orderId"], quantity="0.6", price="49000"
    )
    assert changed["origQty"] == "0.600"
    asked = await client.ws_futures_get_order(symbol="BTCUSDT", orderId=placed["orderId"])
    assert asked["origQty"] == "0.600"
    gone = await client.ws_futures_cancel_order(symbol="BTCUSDT", orderId=placed["orderId"])
    assert gone["status"] == "CANCELED"
    assert (await client.ws_futures_v2_account_balance())[0]["asset"] == "USDT"


async def test_the_state_has_positions_of_clients(binance):
    await binance.client.futures_create_order(**ORDER, quantity="0.5", price="50001")
    _, state = await binance.sim.get("/sim/state")
    (position,) = state["futures"]["usdm"]["positions"]
    assert (position["symbol"], position["account"]) == ("BTCUSDT", "sim-key")
    assert state["futures"]["coinm"]["positions"] == []
