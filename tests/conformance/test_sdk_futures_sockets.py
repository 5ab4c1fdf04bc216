"""Binance's own SDK for USDⓈ-M futures: streams, user data and the WebSocket API."""

import asyncio
from decimal import Decimal

import pytest
from binance_common.configuration import (
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_sdk_derivatives_trading_usds_futures import (
    derivatives_trading_usds_futures as sdk,
)
from shapes import absent, undeclared

SYMBOL = "BTCUSDT"
KEYS = {"api_key": "sim-key", "api_secret": "sim-secret"}


@pytest.fixture
def composite_exchange(serve):
    return serve("--usdm-symbol", "DEFIUSDT")


@pytest.fixture
async def streams(exchange):
    configuration = ConfigurationWebSocketStreams(stream_url=exchange.ws, reconnect_delay=100)
    client = sdk.DerivativesTradingUsdsFutures(config_ws_streams=configuration)
    await client.websocket_streams.create_connection()
    yield client.websocket_streams
    await client.websocket_streams.close_connection()


@pytest.fixture
async def api(exchange):
    configuration = ConfigurationWebSocketAPI(
        stream_url=f"{exchange.ws}/ws-fapi/v1", reconnect_delay=100, **KEYS
    )
    client = sdk.DerivativesTradingUsdsFutures(config_ws_api=configuration)
    await client.websocket_api.create_connection()
    yield client.websocket_api
    await client.websocket_api.close_connection()


@pytest.fixture
def rest(exchange):
    configuration = ConfigurationRestAPI(base_path=exchange.http, timeout=10_000, **KEYS)
    client = sdk.DerivativesTradingUsdsFutures(config_rest_api=configuration)
    yield client.rest_api
    client.rest_api._session.close()


async def _first(stream, seconds=15):
    arrived = asyncio.get_running_loop().create_future()
    stream.on("message", lambda message: arrived.done() or arrived.set_result(message))
    return await asyncio.wait_for(arrived, seconds)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("aggregate_trade_streams", {}),
        ("mark_price_stream", {"update_speed": "1s"}),
        ("kline_candlestick_streams", {"interval": "1m"}),
        ("individual_symbol_mini_ticker_stream", {}),
        ("individual_symbol_ticker_streams", {}),
        ("individual_symbol_book_ticker_streams", {}),
        ("partial_book_depth_streams", {"levels": "5"}),
        ("partial_book_depth_streams", {"levels": "20", "update_speed": "100ms"}),
        ("diff_book_depth_streams", {}),
        ("diff_book_depth_streams", {"update_speed": "500ms"}),
        ("rpi_diff_book_depth_streams", {}),
    ],
)
async def test_the_stream_of_a_symbol_fits_its_model(streams, name, arguments):
    message = await _first(await getattr(streams, name)(symbol=SYMBOL.lower(), **arguments))
    assert (absent(message), undeclared(message)) == (set(), set())


async def test_bars_of_a_pair_fit_their_model(streams):
    stream = await streams.continuous_contract_kline_candlestick_streams(
        pair="btcusdt", contract_type="perpetual", interval="1m"
    )
    message = await _first(stream)
    assert (absent(message), undeclared(message)) == (set(), set())


@pytest.mark.parametrize(
    "name",
    [
        "mark_price_stream_for_all_market",
        "all_market_mini_tickers_stream",
        "all_market_tickers_streams",
        "all_book_tickers_stream",
    ],
)
async def test_streams_of_all_symbols_fit_their_models(streams, name):
    both = await _first(await getattr(streams, name)())
    # Since the integration of both markets COIN-M symbols come here too, some keys less.
    rows = [row for row in (both if isinstance(both, list) else [both]) if row.st == 1]
    assert rows
    assert (absent(rows), undeclared(rows)) == (set(), set())


async def test_indices_of_assets_fit_their_model(streams):
    rows = await _first(await streams.asset_index())
    assert {row.s for row in rows} >= {"BTCUSD", "USDTUSD"}
    assert (absent(rows), undeclared(rows)) == (set(), set())


async def test_sessions_fit_their_model(streams):
    message = await _first(await streams.trading_session_stream())
    assert message.e.endswith("Update")
    assert (absent(message), undeclared(message)) == (set(), set())


async def test_an_index_of_several_assets_fits_its_model(composite_exchange):
    configuration = ConfigurationWebSocketStreams(stream_url=composite_exchange.ws)
    client = sdk.DerivativesTradingUsdsFutures(config_ws_streams=configuration).websocket_streams
    await client.create_connection()
    stream = await client.composite_index_symbol_information_streams(symbol="defiusdt")
    message = await _first(stream)
    await client.close_connection()
    assert (message.C, {part.q for part in message.c}) == ("baseAsset", {"USDT"})
    assert (absent(message), undeclared(message)) == (set(), set())


async def test_a_halt_is_told_to_those_who_watch_contracts(streams, exchange):
    stream = await streams.contract_info_stream()
    scene = {"kind": "halt", "symbol": "BNBUSDT", "for_s": 1}
    exchange.stage(scene)
    message = await _first(stream)
    assert (message.s, message.cs, message.st) == ("BNBUSDT", "CLOSE", 1)
    assert absent(message) == {"bks"}


async def test_user_events_fit_their_models(streams, rest):
    key = rest.start_user_data_stream().data().listen_key
    told, done = [], asyncio.Event()

    def heard(event):
        told.append(event.actual_instance)
        if {type(e).__name__ for e in told} >= {"OrderTradeUpdate", "AccountUpdate", "TradeLite"}:
            done.set()

    (await streams.user_data(key)).on("message", heard)
    for side in ("BUY", "SELL"):
        rest.new_order(symbol=SYMBOL, side=side, type="MARKET", quantity=0.01)
    rest.change_initial_leverage(symbol=SYMBOL, leverage=3)
    stop = rest.new_algo_order(
        algo_type="CONDITIONAL",
        symbol=SYMBOL,
        side="SELL",
        type="TRAILING_STOP_MARKET",
        quantity=0.01,
        callback_rate=5,
    ).data()
    rest.cancel_algo_order(algo_id=stop.algo_id)
    await asyncio.wait_for(done.wait(), 10)
    await asyncio.sleep(0.5)
    assert {type(e).__name__ for e in told} >= {"AccountConfigUpdate", "AlgoUpdate"}
    for event in told:
        assert undeclared(event) == set(), type(event).__name__


def _fits(answer, *, without=()):
    data = answer.data()
    assert not isinstance(data, dict), data
    result = getattr(data, "actual_instance", data).result
    missing = {key for key in absent(result) if key.rpartition(".")[2] not in without}
    # The model of a book has no levels.
    assert (missing, undeclared(result) - {"bids", "asks"}) == (set(), set())
    return result


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("order_book", {"symbol": SYMBOL}),
        ("symbol_order_book_ticker", {"symbol": SYMBOL}),
        ("symbol_price_ticker", {"symbol": SYMBOL}),
        ("account_information", {}),
        ("account_information_v2", {}),
        ("futures_account_balance", {}),
        ("futures_account_balance_v2", {}),
        ("position_information", {}),
        ("position_information_v2", {}),
    ],
)
async def test_the_answer_fits_its_model(api, name, arguments):
    # Recorded accounts do not have it.
    _fits(await getattr(api, name)(**arguments), without={"marginAvailable"})


async def test_an_order_from_new_to_its_end(api):
    best = Decimal(_fits(await api.symbol_order_book_ticker(symbol=SYMBOL)).bid_price)
    low = float((best * Decimal("0.98")).quantize(Decimal("0.1")))
    # Keys that only trailing orders, COIN-M or named modifications have.
    rare = {"activatePrice", "priceRate", "modifyId", "pair", "avgPrice", "cumQuote", "cumBase"}
    placed = _fits(
        await api.new_order(
            symbol=SYMBOL, side="BUY", type="LIMIT", time_in_force="GTC", quantity=0.01, price=low
        ),
        without=rare,
    )
    _fits(await api.query_order(symbol=SYMBOL, order_id=placed.order_id), without=rare)
    changed = _fits(
        await api.modify_order(
            symbol=SYMBOL, side="BUY", order_id=placed.order_id, quantity=0.02, price=low
        ),
        without=rare,
    )
    assert Decimal(changed.orig_qty) == Decimal("0.02")
    gone = _fits(await api.cancel_order(symbol=SYMBOL, order_id=placed.order_id), without=rare)
    assert gone.status == "CANCELED"
    stop = await api.new_algo_order(
        algo_type="CONDITIONAL",
        symbol=SYMBOL,
        side="SELL",
        type="TRAILING_STOP_MARKET",
        quantity=0.01,
        callback_rate=5,
    )
    algo = _fits(stop, without={"icebergQuantity"})
    _fits(await api.cancel_algo_order(algo_id=algo.algo_id))


async def test_a_user_stream_is_a_listen_key(api):
    key = _fits(await api.start_user_data_stream()).listen_key
    assert _fits(await api.keepalive_user_data_stream()).listen_key == key
    await api.close_user_data_stream()
