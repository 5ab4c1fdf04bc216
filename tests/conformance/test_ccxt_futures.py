"""ccxt's `binanceusdm`: unified REST calls and what ccxt.pro watches."""

import asyncio

import ccxt
import ccxt.pro
import pytest

PAIR = "BTC/USDT:USDT"


@pytest.fixture
async def binance(exchange):
    client = ccxt.pro.binanceusdm(
        {
            "apiKey": "sim-key",
            "secret": "sim-secret",
            "options": {"fetchCurrencies": False, "fetchMarkets": {"types": ["linear"]}},
            "enableRateLimit": False,
        }
    )
    api = client.urls["api"]
    for name, url in api.items():
        if isinstance(url, str):
            api[name] = exchange.http + "/" + url.split("/", 3)[3]
    api["ws"] |= {"future": f"{exchange.ws}/ws", "ws-api": {"future": f"{exchange.ws}/ws-fapi/v1"}}
    await client.load_markets()
    yield client
    await client.cancel_all_orders(PAIR)
    await client.close()


async def _price(client, factor):
    ticker = await client.fetch_bids_asks([PAIR])
    return float(client.price_to_precision(PAIR, ticker[PAIR]["bid"] * factor))


async def test_markets(binance):
    market = binance.market(PAIR)
    assert (market["id"], market["swap"], market["linear"]) == ("BTCUSDT", True, True)
    assert market["precision"]["price"] == 0.1


async def test_market_data(binance):
    assert (await binance.fetch_order_book(PAIR, 5))["bids"]
    assert (await binance.fetch_ticker(PAIR))["last"] > 0
    assert await binance.fetch_tickers([PAIR])
    assert len((await binance.fetch_ohlcv(PAIR, "1m"))[0]) == 6
    assert isinstance(await binance.fetch_trades(PAIR), list)
    assert (await binance.fetch_funding_rate(PAIR))["markPrice"] > 0
    assert await binance.fetch_funding_rates()
    assert isinstance(await binance.fetch_funding_rate_history(PAIR), list)
    assert (await binance.fetch_mark_price(PAIR))["markPrice"] > 0
    assert await binance.fetch_open_interest(PAIR)
    assert len(await binance.fetch_open_interest_history(PAIR, "5m", limit=3)) == 3
    assert len(await binance.fetch_long_short_ratio_history(PAIR, "5m", limit=3)) == 3


async def test_the_account(binance):
    assert (await binance.fetch_balance())["USDT"]["total"] > 0
    assert (await binance.fetch_leverage_tiers([PAIR]))[PAIR]
    assert (await binance.fetch_trading_fee(PAIR))["taker"] > 0
    assert (await binance.fetch_trading_fees())[PAIR]["taker"] > 0
    assert (await binance.set_leverage(9, PAIR))["leverage"] == "9"
    assert (await binance.fetch_leverage(PAIR))["longLeverage"] == 9
    await binance.set_margin_mode("isolated", "ETH/USDT:USDT")
    assert (await binance.fetch_margin_mode("ETH/USDT:USDT"))["marginMode"] == "isolated"
    assert (await binance.fetch_position_mode())["hedged"] is False
    await binance.set_position_mode(True)
    await binance.set_position_mode(False)


async def test_an_order_from_new_to_its_end(binance):
    low = await _price(binance, 0.98)
    placed = await binance.create_order(PAIR, "limit", "buy", 0.01, low)
    assert placed["status"] == "open"
    assert (await binance.fetch_order(placed["id"], PAIR))["remaining"] == 0.01
    assert [o["id"] for o in await binance.fetch_open_orders(PAIR)] == [placed["id"]]
    assert (await binance.fetch_open_order(placed["id"], PAIR))["id"] == placed["id"]
    edited = await binance.edit_order(placed["id"], PAIR, "limit", "buy", 0.02, low)
    assert edited["amount"] == 0.02
    assert (await binance.cancel_order(placed["id"], PAIR))["status"] == "canceled"
    assert await binance.fetch_orders(PAIR)
    with pytest.raises(ccxt.OrderNotFound):
        await binance.cancel_order("999999", PAIR)


async def test_a_position_is_opened_seen_and_closed(binance):
    bought = await binance.create_order(PAIR, "market", "buy", 0.01)
    (position,) = await binance.fetch_positions([PAIR])
    assert (position["side"], position["contracts"]) == ("long", 0.01)
    assert position["entryPrice"] > 0
    trades = await binance.fetch_my_trades(PAIR)
    assert [t["amount"] for t in trades if t["order"] == bought["id"]]
    await binance.create_order(PAIR, "market", "sell", 0.01, params={"reduceOnly": True})
    assert not [p for p in await binance.fetch_positions([PAIR]) if p["contracts"]]
    assert await binance.fetch_ledger("USDT")


async def test_conditional_orders(binance):
    high = await _price(binance, 1.05)
    stop = await binance.create_order(PAIR, "market", "buy", 0.01, params={"triggerPrice": high})
    (found,) = await binance.fetch_open_orders(PAIR, params={"trigger": True})
    assert (found["id"], found["triggerPrice"]) == (stop["id"], high)
    await binance.cancel_order(stop["id"], PAIR, {"trigger": True})
    assert await binance.fetch_open_orders(PAIR, params={"trigger": True}) == []


async def test_orders_in_batches(binance):
    low = await _price(binance, 0.98)
    rows = [
        {"symbol": PAIR, "type": "limit", "side": "buy", "amount": 0.01, "price": low}
        for _ in range(2)
    ]
    placed = await binance.create_orders(rows)
    assert [o["status"] for o in placed] == ["open", "open"]
    gone = await binance.cancel_orders([o["id"] for o in placed], PAIR)
    assert [o["status"] for o in gone] == ["canceled", "canceled"]


async def test_the_markets_streams_are_watched(binance, within):
    assert (await within(binance.watch_trades(PAIR)))[-1]["symbol"] == PAIR
    for _ in range(5):
        book = await within(binance.watch_order_book(PAIR))
        assert book["bids"][0][0] < book["asks"][0][0]
    assert (await within(binance.watch_ticker(PAIR)))["last"] > 0
    assert (await within(binance.watch_bids_asks([PAIR])))[PAIR]["bid"] > 0
    assert (await within(binance.watch_mark_price(PAIR)))["markPrice"] > 0
    assert len((await within(binance.watch_ohlcv(PAIR, "1m")))[-1]) == 6


async def test_orders_fills_positions_and_balances_are_watched(binance, within):
    # What there was before is asked for over REST, which is not what is tested here.
    quiet = {"fetchPositionsSnapshot": False, "fetchBalanceSnapshot": False}
    binance.options["watchPositions"] = binance.options["watchBalance"] = quiet
    watching = [
        asyncio.ensure_future(call)
        for call in (
            binance.watch_orders(PAIR),
            binance.watch_my_trades(PAIR),
            binance.watch_positions([PAIR]),
            binance.watch_balance(),
        )
    ]
    await asyncio.sleep(2)
    bought = await binance.create_order(PAIR, "market", "buy", 0.01)
    orders, trades, positions, balance = [await within(task) for task in watching]
    assert orders[-1]["id"] == trades[-1]["order"] == bought["id"]
    assert positions[-1]["symbol"] == PAIR
    assert balance["USDT"]["total"] > 0
    await binance.create_order(PAIR, "market", "sell", 0.01, params={"reduceOnly": True})


async def test_the_websocket_api_takes_orders(binance, within):
    assert (await within(binance.fetch_order_book_ws(PAIR)))["bids"]
    assert (await within(binance.fetch_ticker_ws(PAIR)))["info"]["bidPrice"]
    assert (await within(binance.fetch_balance_ws()))["USDT"]["total"] > 0
    assert isinstance(await within(binance.fetch_positions_ws([PAIR])), list)
    low = await _price(binance, 0.98)
    placed = await within(binance.create_order_ws(PAIR, "limit", "buy", 0.01, low))
    asked = await within(binance.fetch_order_ws(placed["id"], PAIR))
    assert asked["status"] == "open"
    edited = await within(binance.edit_order_ws(placed["id"], PAIR, "limit", "buy", 0.02, low))
    assert edited["amount"] == 0.02
    assert (await within(binance.cancel_order_ws(placed["id"], PAIR)))["status"] == "canceled"
