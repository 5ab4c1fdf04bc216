"""ccxt's `binance`, spot: its unified REST calls and what ccxt.pro watches."""

import asyncio

import ccxt
import ccxt.pro
import pytest

PAIR = "BTC/USDT"


def pointed(exchange, kind):
    """A client of that class whose every address is the served exchange."""
    client = kind(
        {
            "apiKey": "sim-key",
            "secret": "sim-secret",
            # Coins, networks and margin pairs are on /sapi, which is not simulated.
            "options": {
                "fetchCurrencies": False,
                "fetchMargins": False,
                "fetchMarkets": {"types": ["spot"]},
            },
            "enableRateLimit": False,
        }
    )
    api = client.urls["api"]
    for name, url in api.items():
        if isinstance(url, str):
            api[name] = exchange.http + "/" + url.split("/", 3)[3]
    if "ws" in api:
        api["ws"] |= {"spot": f"{exchange.ws}/ws", "ws-api": {"spot": f"{exchange.ws}/ws-api/v3"}}
    return client


@pytest.fixture
async def binance(exchange):
    client = pointed(exchange, ccxt.pro.binance)
    await client.load_markets()
    yield client
    await client.close()


async def _resting(client, side="buy"):
    ticker = await client.fetch_ticker(PAIR)
    price = client.price_to_precision(PAIR, ticker["bid"] * (0.98 if side == "buy" else 1.02))
    return await client.create_order(PAIR, "limit", side, 0.001, price)


async def test_markets_and_their_precision(binance):
    market = binance.market(PAIR)
    assert (market["id"], market["active"], market["spot"]) == ("BTCUSDT", True, True)
    assert (market["precision"]["price"], market["precision"]["amount"]) == (0.01, 0.00001)
    assert market["limits"]["cost"]["min"] == 5
    assert abs(await binance.fetch_time() - binance.milliseconds()) < 5_000


async def test_market_data(binance):
    book = await binance.fetch_order_book(PAIR, limit=5)
    assert book["bids"][0][0] < book["asks"][0][0]
    assert (await binance.fetch_ticker(PAIR))["last"] > 0
    assert len(await binance.fetch_tickers()) == 3
    assert (await binance.fetch_bids_asks())[PAIR]["bid"] > 0
    assert (await binance.fetch_last_prices())[PAIR]["price"] > 0
    assert all(row["symbol"] == PAIR for row in await binance.fetch_trades(PAIR))
    assert len((await binance.fetch_ohlcv(PAIR, "1m"))[0]) == 6


async def test_balances_are_told_and_fees_by_the_raw_call(binance):
    balance = await binance.fetch_balance()
    assert balance["USDT"]["free"] > 0
    with pytest.raises(ccxt.ExchangeNotAvailable):
        await binance.fetch_trading_fee(PAIR)  # asks /sapi
    fees = await binance.privateGetAccountCommission({"symbol": "BTCUSDT"})
    assert fees["standardCommission"]["taker"] == "0.00100000"


async def test_orders_from_their_test_to_their_end(binance):
    await binance.create_order(PAIR, "market", "buy", 0.001, params={"test": True})
    bought = await binance.create_order(PAIR, "market", "buy", 0.001)
    assert (bought["status"], bought["filled"]) == ("closed", 0.001)
    spent = await binance.create_market_buy_order_with_cost(PAIR, 50)
    assert 49 < spent["cost"] <= 50
    assert bought["trades"][0]["fee"]["currency"] == "BTC"
    resting = await _resting(binance)
    assert resting["status"] == "open"
    assert (await binance.fetch_order(resting["id"], PAIR))["remaining"] == 0.001
    assert [o["id"] for o in await binance.fetch_open_orders(PAIR)] == [resting["id"]]
    assert (await binance.cancel_order(resting["id"], PAIR))["status"] == "canceled"
    assert {o["status"] for o in await binance.fetch_orders(PAIR)} >= {"closed", "canceled"}
    assert await binance.fetch_closed_orders(PAIR)
    trades = await binance.fetch_my_trades(PAIR)
    assert sum(t["amount"] for t in trades if t["order"] == bought["id"]) == pytest.approx(0.001)
    assert (await binance.fetch_order_trades(bought["id"], PAIR))[0]["order"] == bought["id"]


async def test_refusals_are_ccxts_own_errors(binance):
    with pytest.raises(ccxt.OrderNotFound):
        await binance.cancel_order("999999", PAIR)
    everything = (await binance.fetch_balance())["BTC"]["total"]
    high = binance.price_to_precision(PAIR, (await binance.fetch_ticker(PAIR))["ask"] * 1.02)
    with pytest.raises(ccxt.InsufficientFunds):
        await binance.create_order(PAIR, "limit", "sell", everything + 1, high)
    with pytest.raises(ccxt.InvalidOrder):
        await binance.create_order(PAIR, "limit", "buy", 0.00001, 10_000)


async def test_post_only_and_immediate_orders(binance):
    ticker = await binance.fetch_ticker(PAIR)
    low = binance.price_to_precision(PAIR, ticker["bid"] * 0.98)
    maker = await binance.create_order(PAIR, "limit", "buy", 0.001, low, {"postOnly": True})
    await binance.cancel_order(maker["id"], PAIR)
    gone = await binance.create_order(PAIR, "limit", "buy", 0.001, low, {"timeInForce": "IOC"})
    assert gone["status"] == "expired"
    high = binance.price_to_precision(PAIR, ticker["ask"] * 1.02)
    with pytest.raises(ccxt.OrderImmediatelyFillable):
        await binance.create_order(PAIR, "limit", "buy", 0.001, high, {"postOnly": True})


async def test_stops_rest_and_orders_are_edited(binance):
    ticker = await binance.fetch_ticker(PAIR)
    low = binance.price_to_precision(PAIR, ticker["bid"] * 0.98)
    stop = await binance.create_order(PAIR, "limit", "sell", 0.001, low, {"stopLossPrice": low})
    asked = await binance.fetch_order(stop["id"], PAIR)
    assert (asked["status"], asked["triggerPrice"]) == ("open", float(low))
    await binance.cancel_all_orders(PAIR)
    resting = await _resting(binance)
    edited = await binance.edit_order(resting["id"], PAIR, "limit", "buy", 0.002, float(low))
    assert edited["amount"] == 0.002
    await binance.cancel_all_orders(PAIR)
    assert not await binance.fetch_open_orders(PAIR)


async def test_the_markets_streams_are_watched(binance, within):
    trades = await within(binance.watch_trades(PAIR))
    assert trades[-1]["symbol"] == PAIR
    book = await within(binance.watch_order_book(PAIR))
    assert book["bids"][0][0] < book["asks"][0][0]
    assert (await within(binance.watch_ticker(PAIR)))["last"] > 0
    assert await within(binance.watch_tickers([PAIR, "ETH/USDT"]))
    assert (await within(binance.watch_bids_asks([PAIR])))[PAIR]["bid"] > 0
    assert len((await within(binance.watch_ohlcv(PAIR, "1m")))[-1]) == 6
    assert await within(binance.watch_trades_for_symbols([PAIR, "ETH/USDT"]))
    assert await within(binance.watch_order_book_for_symbols([PAIR, "ETH/USDT"]))


async def test_a_watched_book_stays_whole(binance, within):
    for _ in range(20):
        book = await within(binance.watch_order_book(PAIR))
        assert book["bids"][0][0] < book["asks"][0][0]


async def test_streams_are_left(binance, within):
    await within(binance.watch_trades(PAIR))
    await within(binance.un_watch_trades(PAIR))


async def test_orders_fills_and_balances_are_watched(binance, within):
    watching = [
        asyncio.ensure_future(call)
        for call in (binance.watch_orders(PAIR), binance.watch_my_trades(PAIR))
    ]
    balances = asyncio.ensure_future(binance.watch_balance())
    await asyncio.sleep(1)
    bought = await binance.create_order(PAIR, "market", "buy", 0.001)
    orders, trades = [await within(task) for task in watching]
    assert orders[-1]["id"] == trades[-1]["order"] == bought["id"]
    assert (await within(balances))["BTC"]["free"] > 0
    while (await binance.fetch_order(bought["id"], PAIR))["status"] != "closed":
        await asyncio.sleep(0.1)


async def test_the_websocket_api_takes_orders(binance, within):
    assert await within(binance.fetch_ohlcv_ws(PAIR, "1m"))
    assert await within(binance.fetch_trades_ws(PAIR))
    # It looks for the balances of futures; the answer is a whole account all the same.
    assert "USDT" not in await within(binance.fetch_balance_ws())
    low = float(binance.price_to_precision(PAIR, (await binance.fetch_ticker(PAIR))["bid"] * 0.98))
    placed = await within(binance.create_order_ws(PAIR, "limit", "buy", 0.001, low))
    assert placed["status"] == "open"
    assert (await within(binance.fetch_order_ws(placed["id"], PAIR)))["id"] == placed["id"]
    assert len(await within(binance.fetch_open_orders_ws(PAIR))) == 1
    edited = await within(binance.edit_order_ws(placed["id"], PAIR, "limit", "buy", 0.002, low))
    assert edited["amount"] == 0.002
    assert (await within(binance.cancel_order_ws(edited["id"], PAIR)))["status"] == "canceled"
    assert await within(binance.fetch_orders_ws(PAIR))
    assert isinstance(await within(binance.fetch_my_trades_ws(PAIR)), list)


def test_the_blocking_client_speaks_too(exchange):
    client = pointed(exchange, ccxt.binance)
    assert client.fetch_ticker(PAIR)["last"] > 0
    assert client.create_order(PAIR, "market", "buy", 0.001)["status"] == "closed"
