"""python-binance as it is installed: spot REST, WebSocket API and every spot socket."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace

import pytest
from binance.async_client import AsyncClient
from binance.client import Client
from binance.exceptions import BinanceAPIException
from binance.ws.depthcache import DepthCacheManager
from binance.ws.streams import BinanceSocketManager

SYMBOL = "BTCUSDT"


@pytest.fixture
async def binance(exchange):
    class Pointed(AsyncClient):
        API_URL = f"{exchange.http}/api"
        FUTURES_URL = f"{exchange.http}/fapi"
        WS_API_URL = f"{exchange.ws}/ws-api/v3"

    client = await Pointed.create("sim-key", "sim-secret")
    client.ws_api.TIMEOUT = 0.1  # how long its close() waits for a read
    sockets = BinanceSocketManager(client)
    sockets.STREAM_URL = f"{exchange.ws}/"
    yield SimpleNamespace(client=client, sockets=sockets)
    await client.cancel_all_open_orders(symbol=SYMBOL) if await _open(client) else None
    await client.close_connection()
    await client.ws_future.close()


async def _open(client):
    return await client.get_open_orders(symbol=SYMBOL)


async def _price(client):
    return Decimal((await client.get_orderbook_ticker(symbol=SYMBOL))["bidPrice"])


async def _far_below(client):
    """A price that rests: 2 % below the market, on the tick."""
    return str((await _price(client) * Decimal("0.98")).quantize(Decimal("0.01")))


async def _far_above(client, factor="1.02"):
    return str((await _price(client) * Decimal(factor)).quantize(Decimal("0.01")))


async def _first(socket, wanted=lambda _: True, seconds=15):
    socket.TIMEOUT = 0.1
    async with asyncio.timeout(seconds), socket as stream:
        while True:
            message = await stream.recv()
            if message and wanted(message):
                return message


async def test_general_and_market_data(binance):
    client = binance.client
    assert await client.ping() == {}
    assert (await client.get_server_time())["serverTime"] > 0
    info = await client.get_exchange_info()
    assert {s["symbol"] for s in info["symbols"]} == {"BTCUSDT", "ETHUSDT", "BNBUSDT"}
    assert (await client.get_symbol_info(SYMBOL))["baseAsset"] == "BTC"
    book = await client.get_order_book(symbol=SYMBOL, limit=5)
    assert len(book["bids"]) == len(book["asks"]) == 5
    assert Decimal(book["bids"][0][0]) < Decimal(book["asks"][0][0])
    for _ in range(50):
        if await client.get_recent_trades(symbol=SYMBOL):
            break
        await asyncio.sleep(0.1)
    (trade, *_) = await client.get_recent_trades(symbol=SYMBOL)
    assert set(trade) >= {"id", "price", "qty", "quoteQty", "time", "isBuyerMaker"}
    assert (await client.get_historical_trades(symbol=SYMBOL, limit=1))[0]["id"] >= trade["id"]
    assert (await client.get_aggregate_trades(symbol=SYMBOL))[0]["p"]
    assert len((await client.get_klines(symbol=SYMBOL, interval="1m"))[0]) == 12
    assert await client.get_ui_klines(symbol=SYMBOL, interval="1m")
    assert [k async for k in await client.get_historical_klines_generator(SYMBOL, "1m", 0)]
    assert Decimal((await client.get_avg_price(symbol=SYMBOL))["price"]) > 0
    assert len(await client.get_ticker()) == 3
    assert (await client.get_ticker(symbol=SYMBOL))["symbol"] == SYMBOL
    assert len(await client.get_all_tickers()) == 3
    assert (await client.get_symbol_ticker(symbol=SYMBOL))["symbol"] == SYMBOL
    assert len(await client.get_orderbook_tickers()) == 3


async def test_the_ticker_of_the_trading_day(binance):
    client = binance.client
    assert (await client.v3_get_ticker_trading_day(symbol=SYMBOL))["symbol"] == SYMBOL


async def test_orders_are_placed_asked_for_and_cancelled(binance):
    client = binance.client
    await client.create_test_order(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.001")
    bought = await client.order_market_buy(symbol=SYMBOL, quantity="0.001")
    assert bought["status"] == "FILLED"
    assert sum(Decimal(f["qty"]) for f in bought["fills"]) == Decimal("0.001")
    assert (await client.order_market_sell(symbol=SYMBOL, quoteOrderQty="50"))["fills"]
    resting = await client.order_limit_buy(
        symbol=SYMBOL, quantity="0.001", price=await _far_below(client)
    )
    assert resting["status"] == "NEW"
    asked = await client.get_order(symbol=SYMBOL, orderId=resting["orderId"])
    assert asked["clientOrderId"] == resting["clientOrderId"]
    assert [o["orderId"] for o in await _open(client)] == [resting["orderId"]]
    canceled = await client.cancel_order(symbol=SYMBOL, orderId=resting["orderId"])
    assert canceled["status"] == "CANCELED"
    assert len(await client.get_all_orders(symbol=SYMBOL)) >= 3
    trades = await client.get_my_trades(symbol=SYMBOL, orderId=bought["orderId"])
    assert sum(Decimal(t["qty"]) for t in trades) == Decimal("0.001")
    with pytest.raises(BinanceAPIException) as refused:
        await client.cancel_order(symbol=SYMBOL, orderId=resting["orderId"])
    assert refused.value.code == -2011


async def test_the_account(binance):
    client = binance.client
    account = await client.get_account()
    assert account["canTrade"] is True
    assert Decimal((await client.get_asset_balance(asset="USDT"))["free"]) > 0
    assert (await client.v3_get_rate_limit_order())[0]["rateLimitType"] == "ORDERS"


async def test_stop_orders_wait_for_their_price(binance):
    client = binance.client
    stop = await client.create_order(
        symbol=SYMBOL,
        side="SELL",
        type="STOP_LOSS_LIMIT",
        timeInForce="GTC",
        quantity="0.001",
        price=await _far_below(client),
        stopPrice=await _far_below(client),
        newOrderRespType="RESULT",
    )
    assert stop["status"] == "NEW"
    asked = await client.get_order(symbol=SYMBOL, orderId=stop["orderId"])
    assert (asked["type"], asked["isWorking"]) == ("STOP_LOSS_LIMIT", False)
    await client.cancel_order(symbol=SYMBOL, orderId=stop["orderId"])


async def test_an_oco_is_one_list_of_two(binance):
    client = binance.client
    below, above = await _far_below(client), await _far_above(client)
    placed = await client.create_oco_order(
        symbol=SYMBOL,
        side="SELL",
        quantity="0.001",
        aboveType="LIMIT_MAKER",
        abovePrice=above,
        belowType="STOP_LOSS_LIMIT",
        belowPrice=below,
        belowStopPrice=below,
        belowTimeInForce="GTC",
    )
    assert (placed["contingencyType"], placed["listOrderStatus"]) == ("OCO", "EXECUTING")
    assert len(placed["orders"]) == len(placed["orderReports"]) == 2
    legs = await _open(client)
    assert {o["orderListId"] for o in legs} == {placed["orderListId"]}
    await client.cancel_order(symbol=SYMBOL, orderId=legs[0]["orderId"])
    assert not await _open(client)


async def test_an_order_is_replaced_and_amended(binance):
    client = binance.client
    price = await _far_below(client)
    first = await client.order_limit_buy(symbol=SYMBOL, quantity="0.002", price=price)
    replaced = await client.cancel_replace_order(
        symbol=SYMBOL,
        side="BUY",
        type="LIMIT",
        timeInForce="GTC",
        quantity="0.003",
        price=price,
        cancelReplaceMode="STOP_ON_FAILURE",
        cancelOrderId=first["orderId"],
    )
    assert (replaced["cancelResult"], replaced["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    (left,) = await _open(client)
    assert left["origQty"] == "0.00300000"
    all_gone = await client.cancel_all_open_orders(symbol=SYMBOL)
    assert [o["status"] for o in all_gone] == ["CANCELED"]


async def test_the_websocket_api_answers_as_rest_does(binance):
    client = binance.client
    assert (await client.ws_get_time())["serverTime"] > 0
    assert (await client.ws_get_exchange_info(symbol=SYMBOL))["symbols"][0]["symbol"] == SYMBOL
    assert (await client.ws_get_order_book(symbol=SYMBOL))["bids"]
    assert (await client.ws_get_recent_trades(symbol=SYMBOL))[0]["price"]
    assert (await client.ws_get_historical_trades(symbol=SYMBOL))[0]["price"]
    assert (await client.ws_get_aggregate_trades(symbol=SYMBOL))[0]["p"]
    assert (await client.ws_get_klines(symbol=SYMBOL, interval="1m"))[0]
    assert (await client.ws_get_uiKlines(symbol=SYMBOL, interval="1m"))[0]
    assert (await client.ws_get_avg_price(symbol=SYMBOL))["price"]
    assert (await client.ws_get_ticker(symbol=SYMBOL))["symbol"] == SYMBOL
    assert (await client.ws_get_symbol_ticker(symbol=SYMBOL))["price"]
    assert (await client.ws_get_orderbook_ticker(symbol=SYMBOL))["bidPrice"]
    assert (await client.ws_get_symbol_ticker_window(symbol=SYMBOL))["symbol"] == SYMBOL
    price = await _far_below(client)
    await client.ws_create_test_order(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.001")
    placed = await client.ws_order_limit_buy(symbol=SYMBOL, quantity="0.001", price=price)
    assert placed["status"] == "NEW"
    asked = await client.ws_get_order(symbol=SYMBOL, orderId=placed["orderId"])
    assert asked["status"] == "NEW"
    assert len(await client.ws_get_open_orders(symbol=SYMBOL)) == 1
    assert (await client.ws_cancel_order(symbol=SYMBOL, orderId=placed["orderId"]))["orderId"]
    await client.ws_order_limit_buy(symbol=SYMBOL, quantity="0.001", price=price)
    assert len(await client.ws_cancel_all_open_orders(symbol=SYMBOL)) == 1
    assert (await client.ws_get_account())["balances"]
    assert (await client.ws_get_account_rate_limits_orders())[0]["limit"]
    assert await client.ws_get_all_orders(symbol=SYMBOL)
    assert isinstance(await client.ws_get_my_trades(symbol=SYMBOL), list)


async def test_order_lists_and_replacements_over_the_websocket_api(binance):
    client = binance.client
    low, high = await _far_below(client), await _far_above(client)
    placed = await client.ws_create_oco_order(
        symbol=SYMBOL,
        side="SELL",
        quantity="0.001",
        aboveType="LIMIT_MAKER",
        abovePrice=high,
        belowType="STOP_LOSS_LIMIT",
        belowPrice=low,
        belowStopPrice=low,
        belowTimeInForce="GTC",
    )
    asked = await client.ws_get_oco_order(orderListId=placed["orderListId"])
    assert asked["listOrderStatus"] == "EXECUTING"
    assert len(await client.ws_get_oco_open_orders()) == 1
    gone = await client.ws_cancel_oco_order(symbol=SYMBOL, orderListId=placed["orderListId"])
    assert gone["listOrderStatus"] == "ALL_DONE"
    resting = await client.ws_order_limit_buy(symbol=SYMBOL, quantity="0.001", price=low)
    replaced = await client.ws_cancel_and_replace_order(
        symbol=SYMBOL,
        side="BUY",
        type="LIMIT",
        timeInForce="GTC",
        quantity="0.002",
        price=low,
        cancelReplaceMode="STOP_ON_FAILURE",
        cancelOrderId=resting["orderId"],
    )
    assert replaced["newOrderResult"] == "SUCCESS"


@pytest.mark.parametrize(
    ("name", "arguments", "key"),
    [
        ("trade_socket", (SYMBOL,), "t"),
        ("aggtrade_socket", (SYMBOL,), "a"),
        ("kline_socket", (SYMBOL, "1m"), "k"),
        ("symbol_ticker_socket", (SYMBOL,), "w"),
        ("symbol_miniticker_socket", (SYMBOL,), "c"),
        ("symbol_book_ticker_socket", (SYMBOL,), "u"),
        ("depth_socket", (SYMBOL,), "U"),
        ("depth_socket", (SYMBOL, "10"), "lastUpdateId"),
    ],
)
async def test_the_socket_of_a_symbol_gives_its_event(binance, name, arguments, key):
    message = await _first(getattr(binance.sockets, name)(*arguments))
    assert key in message, message


async def test_the_mini_tickers_of_all_symbols_are_a_list(binance):
    message = await _first(binance.sockets.miniticker_socket())
    assert {row["e"] for row in message} == {"24hrMiniTicker"}


async def test_several_streams_come_wrapped_in_their_names(binance):
    names = ["btcusdt@bookTicker", "ethusdt@bookTicker"]
    message = await _first(binance.sockets.multiplex_socket(names), lambda m: "stream" in m)
    assert message["stream"] in names


async def test_the_user_socket_tells_an_order_from_new_to_filled(binance):
    socket = binance.sockets.user_socket()
    socket.TIMEOUT = 0.1
    async with asyncio.timeout(20), socket as stream:
        placed = await binance.client.order_market_buy(symbol=SYMBOL, quantity="0.001")
        told = []
        while not told or told[-1]["e"] != "outboundAccountPosition":
            message = await stream.recv()
            if message:
                told.append(message.get("event", message))
    reports = [m for m in told if m["e"] == "executionReport"]
    assert {m["i"] for m in reports} == {placed["orderId"]}
    assert (reports[0]["x"], reports[-1]["X"]) == ("NEW", "FILLED")


async def test_the_depth_cache_follows_the_book(binance):
    manager = DepthCacheManager(binance.client, SYMBOL, bm=binance.sockets, refresh_interval=0)
    async with asyncio.timeout(20), manager as caches:
        caches_seen = [await caches.recv() for _ in range(3)]
    last = caches_seen[-1]
    assert last.get_bids()[0][0] < last.get_asks()[0][0]


def test_the_blocking_client_speaks_too(exchange):
    class Pointed(Client):
        API_URL = f"{exchange.http}/api"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("binance.base_client.get_loop", asyncio.new_event_loop)
        client = Pointed("sim-key", "sim-secret")
    client.loop.close()
    assert client.get_symbol_info(SYMBOL)["status"] == "TRADING"
    placed = client.order_market_buy(symbol=SYMBOL, quantity="0.001")
    assert placed["status"] == "FILLED"
    client.close_connection()
