"""python-binance as it is installed: USDⓈ-M futures, REST, WebSocket API and every socket."""

import asyncio
from decimal import Decimal
from types import SimpleNamespace

import pytest
from binance.async_client import AsyncClient
from binance.enums import ContractType
from binance.exceptions import BinanceAPIException
from binance.ws.streams import BinanceSocketManager

SYMBOL = "BTCUSDT"


@pytest.fixture
async def binance(exchange):
    class Pointed(AsyncClient):
        API_URL = f"{exchange.http}/api"
        FUTURES_URL = f"{exchange.http}/fapi"
        FUTURES_DATA_URL = FUTURES_COIN_DATA_URL = f"{exchange.http}/futures/data"
        WS_FUTURES_URL = f"{exchange.ws}/ws-fapi/v1"

    client = await Pointed.create("sim-key", "sim-secret")
    client.ws_future.TIMEOUT = 0.1  # how long its close() waits for a read
    sockets = BinanceSocketManager(client)
    sockets.FSTREAM_URL = f"{exchange.ws}/"
    yield SimpleNamespace(client=client, sockets=sockets)
    await client.futures_cancel_all_open_orders(symbol=SYMBOL)
    await client.close_connection()
    await client.ws_future.close()


async def _at(client, factor):
    best = Decimal((await client.futures_orderbook_ticker(symbol=SYMBOL))["bidPrice"])
    return str((best * Decimal(factor)).quantize(Decimal("0.1")))


async def _resting(client, factor="0.98", **more):
    return await client.futures_create_order(
        symbol=SYMBOL,
        side="BUY",
        type="LIMIT",
        timeInForce="GTC",
        quantity="0.01",
        price=await _at(client, factor),
        **more,
    )


async def _first(socket, wanted=lambda _: True, seconds=15):
    socket.TIMEOUT = 0.1
    async with asyncio.timeout(seconds), socket as stream:
        while True:
            message = await stream.recv()
            if message and wanted(message):
                return message


async def test_market_data(binance):
    client = binance.client
    assert await client.futures_ping() == {}
    assert (await client.futures_time())["serverTime"] > 0
    info = await client.futures_exchange_info()
    assert {s["contractType"] for s in info["symbols"]} == {"PERPETUAL"}
    book = await client.futures_order_book(symbol=SYMBOL, limit=5)
    assert len(book["bids"]) == 5
    for _ in range(50):
        if await client.futures_recent_trades(symbol=SYMBOL):
            break
        await asyncio.sleep(0.1)
    assert (await client.futures_recent_trades(symbol=SYMBOL))[0]["price"]
    assert (await client.futures_historical_trades(symbol=SYMBOL))[0]["price"]
    assert (await client.futures_aggregate_trades(symbol=SYMBOL))[0]["p"]
    assert len((await client.futures_klines(symbol=SYMBOL, interval="1m"))[0]) == 12
    continuous = {"pair": SYMBOL, "contractType": "PERPETUAL", "interval": "1m"}
    assert len((await client.futures_continuous_klines(**continuous))[0]) == 12
    assert len((await client.futures_mark_price_klines(symbol=SYMBOL, interval="1m"))[0]) == 12
    assert len((await client.futures_index_price_klines(pair=SYMBOL, interval="1m"))[0]) == 12
    mark = await client.futures_mark_price(symbol=SYMBOL)
    assert Decimal(mark["markPrice"]) > 0
    assert isinstance(await client.futures_funding_rate(symbol=SYMBOL), list)
    assert (await client.futures_ticker(symbol=SYMBOL))["symbol"] == SYMBOL
    assert (await client.futures_symbol_ticker(symbol=SYMBOL))["price"]
    assert (await client.futures_orderbook_ticker(symbol=SYMBOL))["bidPrice"]
    assert Decimal((await client.futures_open_interest(symbol=SYMBOL))["openInterest"]) >= 0


async def test_statistics_and_indices(binance):
    client = binance.client
    asked = {"symbol": SYMBOL, "period": "5m", "limit": 3}
    for ask in (
        *(client.futures_open_interest_hist, client.futures_taker_longshort_ratio),
        *(client.futures_top_longshort_account_ratio, client.futures_global_longshort_ratio),
        client.futures_top_longshort_position_ratio,
    ):
        assert len(await ask(**asked)) == 3
    pair = {"pair": "BTCUSD", "contractType": "PERPETUAL", "period": "5m"}
    (row, *_) = await client.futures_coin_open_interest_hist(**pair)
    assert row["pair"] == "BTCUSD"
    assert await client.futures_index_info() == []
    assert (await client.futures_v1_get_asset_index(symbol="BTCUSD"))["index"]


async def test_an_order_from_new_to_its_end(binance):
    client = binance.client
    placed = await _resting(client)
    assert placed["status"] == "NEW"
    asked = await client.futures_get_order(symbol=SYMBOL, orderId=placed["orderId"])
    assert asked["avgPrice"] in ("0.00", "0.00000", "0")
    assert len(await client.futures_get_open_orders(symbol=SYMBOL)) == 1
    changed = await client.futures_modify_order(
        symbol=SYMBOL,
        side="BUY",
        orderId=placed["orderId"],
        quantity="0.02",
        price=await _at(client, "0.97"),
    )
    assert Decimal(changed["origQty"]) == Decimal("0.02")
    gone = await client.futures_cancel_order(symbol=SYMBOL, orderId=placed["orderId"])
    assert gone["status"] == "CANCELED"
    with pytest.raises(BinanceAPIException) as refused:
        await client.futures_cancel_order(symbol=SYMBOL, orderId=placed["orderId"])
    assert refused.value.code == -2011
    assert await client.futures_get_all_orders(symbol=SYMBOL)
    await client.futures_create_test_order(
        symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01"
    )


async def test_a_position_is_opened_seen_and_closed(binance):
    client = binance.client
    assert (await client.futures_change_leverage(symbol=SYMBOL, leverage=7))["leverage"] == 7
    bought = await client.futures_create_order(
        symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.01", newOrderRespType="RESULT"
    )
    assert bought["status"] == "FILLED"
    (position,) = [
        p
        for p in await client.futures_position_information(symbol=SYMBOL)
        if Decimal(p["positionAmt"])
    ]
    assert Decimal(position["positionAmt"]) == Decimal("0.01")
    account = await client.futures_account()
    assert Decimal(account["totalInitialMargin"]) > 0
    trades = await client.futures_account_trades(symbol=SYMBOL, orderId=bought["orderId"])
    assert sum(Decimal(t["qty"]) for t in trades) == Decimal("0.01")
    await client.futures_create_order(
        symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.01", reduceOnly="true"
    )
    assert not [
        p
        for p in await client.futures_position_information(symbol=SYMBOL)
        if Decimal(p["positionAmt"])
    ]
    kinds = {row["incomeType"] for row in await client.futures_income_history(symbol=SYMBOL)}
    assert {"COMMISSION", "REALIZED_PNL"} <= kinds


async def test_settings_of_the_account(binance):
    client = binance.client
    assert (await client.futures_get_position_mode())["dualSidePosition"] is False
    assert (await client.futures_change_position_mode(dualSidePosition="true"))["code"] == 200
    assert (await client.futures_get_position_mode())["dualSidePosition"] is True
    await client.futures_change_position_mode(dualSidePosition="false")
    with pytest.raises(BinanceAPIException) as same:
        await client.futures_change_position_mode(dualSidePosition="false")
    assert same.value.code == -4059
    changed = await client.futures_change_margin_type(symbol="ETHUSDT", marginType="ISOLATED")
    assert changed["code"] == 200
    with pytest.raises(BinanceAPIException) as kept:
        await client.futures_change_margin_type(symbol="ETHUSDT", marginType="ISOLATED")
    assert kept.value.code == -4046
    assert (await client.futures_get_multi_assets_mode())["multiAssetsMargin"] is False
    assert (await client.futures_leverage_bracket(symbol=SYMBOL))[0]["brackets"]
    assert (await client.futures_commission_rate(symbol=SYMBOL))["takerCommissionRate"]
    assert {b["asset"] for b in await client.futures_account_balance()} >= {"USDT"}
    assert (await client.futures_account_config())["dualSidePosition"] is False
    assert (await client.futures_symbol_config(symbol=SYMBOL))[0]["marginType"] == "CROSSED"
    assert (await client.futures_countdown_cancel_all(symbol=SYMBOL, countdownTime=0))[
        "symbol"
    ] == SYMBOL


async def test_conditional_orders_go_to_the_algo_service(binance):
    client = binance.client
    stop = await client.futures_create_order(
        symbol=SYMBOL,
        side="BUY",
        type="STOP_MARKET",
        quantity="0.01",
        stopPrice=await _at(client, "1.05"),
    )
    assert stop["algoStatus"] == "NEW"
    assert [a["algoId"] for a in await client.futures_get_open_algo_orders()] == [stop["algoId"]]
    assert await client.futures_get_open_orders(symbol=SYMBOL) == []
    asked = await client.futures_get_algo_order(algoId=stop["algoId"])
    assert asked["clientAlgoId"] == stop["clientAlgoId"]
    gone = await client.futures_cancel_algo_order(algoId=stop["algoId"])
    assert gone["code"] in (200, "200")
    trailing = await client.futures_create_order(
        symbol=SYMBOL, side="SELL", type="TRAILING_STOP_MARKET", quantity="0.01", callbackRate="5"
    )
    assert trailing["orderType"] == "TRAILING_STOP_MARKET"
    await client.futures_cancel_all_algo_open_orders(symbol=SYMBOL)
    assert len(await client.futures_get_all_algo_orders(symbol=SYMBOL)) >= 2


async def test_orders_in_batches(binance):
    client = binance.client
    orders = [
        {
            "symbol": SYMBOL,
            "side": "BUY",
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": "0.01",
            "price": await _at(client, factor),
        }
        for factor in ("0.98", "0.97")
    ]
    placed = await client.futures_place_batch_order(batchOrders=orders)
    assert [o["status"] for o in placed] == ["NEW", "NEW"]
    gone = await client.futures_cancel_orders(
        symbol=SYMBOL, orderidlist=[o["orderId"] for o in placed]
    )
    assert [o["status"] for o in gone] == ["CANCELED", "CANCELED"]


async def test_the_websocket_api_answers_as_rest_does(binance):
    client = binance.client
    assert (await client.ws_futures_get_order_book(symbol=SYMBOL))["bids"]
    assert await client.ws_futures_get_all_tickers()
    assert (await client.ws_futures_get_order_book_ticker(symbol=SYMBOL))["bidPrice"]
    placed = await client.ws_futures_create_order(
        symbol=SYMBOL,
        side="BUY",
        type="LIMIT",
        timeInForce="GTC",
        quantity="0.01",
        price=await _at(client, "0.98"),
    )
    edited = await client.ws_futures_edit_order(
        symbol=SYMBOL,
        side="BUY",
        orderId=placed["orderId"],
        quantity="0.02",
        price=await _at(client, "0.97"),
    )
    assert Decimal(edited["origQty"]) == Decimal("0.02")
    asked = await client.ws_futures_get_order(symbol=SYMBOL, orderId=placed["orderId"])
    assert asked["status"] == "NEW"
    gone = await client.ws_futures_cancel_order(symbol=SYMBOL, orderId=placed["orderId"])
    assert gone["status"] == "CANCELED"
    stop = await client.ws_futures_create_algo_order(
        symbol=SYMBOL,
        algoType="CONDITIONAL",
        side="BUY",
        type="STOP_MARKET",
        quantity="0.01",
        triggerPrice=await _at(client, "1.05"),
    )
    await client.ws_futures_cancel_algo_order(algoId=stop["algoId"])
    for ask in (
        client.ws_futures_account_balance,
        client.ws_futures_v2_account_balance,
        client.ws_futures_account_status,
        client.ws_futures_v2_account_status,
    ):
        assert await ask()
    assert isinstance(await client.ws_futures_v2_account_position(), list)
    assert isinstance(await client.ws_futures_account_position(), list)


@pytest.mark.parametrize(
    ("name", "arguments", "event"),
    [
        ("aggtrade_futures_socket", (SYMBOL,), "aggTrade"),
        ("kline_futures_socket", (SYMBOL, "1m", 1, ContractType.PERPETUAL), "continuous_kline"),
        ("symbol_mark_price_socket", (SYMBOL,), "markPriceUpdate"),
        ("symbol_ticker_futures_socket", (SYMBOL,), "bookTicker"),
        ("individual_symbol_ticker_futures_socket", (SYMBOL,), "24hrTicker"),
        ("futures_depth_socket", (SYMBOL,), "depthUpdate"),
        ("futures_rpi_depth_socket", (SYMBOL,), "depthUpdate"),
        ("all_mark_price_socket", (), "markPriceUpdate"),
        ("all_ticker_futures_socket", (), "bookTicker"),
        ("futures_ticker_socket", (), "24hrTicker"),
        ("futures_multiplex_socket", (["btcusdt@aggTrade", "ethusdt@aggTrade"],), "aggTrade"),
    ],
)
async def test_the_socket_gives_its_event(binance, name, arguments, event):
    if name == "kline_futures_socket":
        symbol, interval, _, contract = arguments
        socket = binance.sockets.kline_futures_socket(
            symbol, interval=interval, contract_type=contract
        )
    else:
        socket = getattr(binance.sockets, name)(*arguments)
    message = await _first(socket)
    data = message.get("data", message) if isinstance(message, dict) else message
    row = data[0] if isinstance(data, list) else data
    assert row["e"] == event


async def test_the_user_socket_tells_orders_and_the_account(binance):
    socket = binance.sockets.futures_user_socket()
    socket.TIMEOUT = 0.1
    told = []
    async with asyncio.timeout(20), socket as stream:
        for side in ("BUY", "SELL"):
            placed = await binance.client.futures_create_order(
                symbol=SYMBOL, side=side, type="MARKET", quantity="0.01"
            )
            while not any(
                m["e"] == "ORDER_TRADE_UPDATE"
                and (m["o"]["i"], m["o"]["X"]) == (placed["orderId"], "FILLED")
                for m in told
            ):
                message = await stream.recv()
                if message:
                    told.append(message.get("data", message))
    assert {m["e"] for m in told} >= {"ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "TRADE_LITE"}
    assert [m["o"]["x"] for m in told if m["e"] == "ORDER_TRADE_UPDATE"][:2] == ["NEW", "TRADE"]


async def test_a_listen_key_is_renewed_and_ended(binance):
    client = binance.client
    key = await client.futures_stream_get_listen_key()
    assert await client.futures_stream_get_listen_key() == key
    await client.futures_stream_keepalive(key)
    await client.futures_stream_close(key)
    with pytest.raises(BinanceAPIException) as gone:
        await client.futures_stream_keepalive(key)
    assert gone.value.code == -1125
