"""Binance's own SDK for spot: its streams, its WebSocket API and the user data on it."""

import asyncio
from decimal import Decimal

import pytest
from binance_common.configuration import (
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_sdk_spot.spot import Spot
from shapes import absent, undeclared

SYMBOL = "BTCUSDT"


@pytest.fixture
async def streams(exchange):
    configuration = ConfigurationWebSocketStreams(stream_url=exchange.ws, reconnect_delay=100)
    streams = Spot(config_ws_streams=configuration).websocket_streams
    await streams.create_connection()
    yield streams
    await streams.close_connection()


@pytest.fixture
async def api(exchange):
    configuration = ConfigurationWebSocketAPI(
        api_key="sim-key",
        api_secret="sim-secret",
        stream_url=f"{exchange.ws}/ws-api/v3",
        reconnect_delay=100,
    )
    api = Spot(config_ws_api=configuration).websocket_api
    await api.create_connection()
    yield api
    await api.close_connection()


async def _first(stream, seconds=15):
    arrived = asyncio.get_running_loop().create_future()
    stream.on("message", lambda message: arrived.done() or arrived.set_result(message))
    return await asyncio.wait_for(arrived, seconds)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("agg_trade", {}),
        ("trade", {}),
        ("kline", {"interval": "1m"}),
        ("kline", {"interval": "1s"}),
        ("kline_offset", {"interval": "1m"}),
        ("mini_ticker", {}),
        ("ticker", {}),
        ("rolling_window_ticker", {"window_size": "1h"}),
        ("book_ticker", {}),
        ("avg_price", {}),
        ("partial_book_depth", {"levels": "5"}),
        ("partial_book_depth", {"levels": "20", "update_speed": "100ms"}),
        ("diff_book_depth", {}),
        ("diff_book_depth", {"update_speed": "100ms"}),
    ],
)
async def test_the_stream_of_a_symbol_fits_its_model(streams, name, arguments):
    message = await _first(await getattr(streams, name)(symbol=SYMBOL.lower(), **arguments))
    missing = {key for key in absent(message) if key not in {"r", "k.B"}}
    assert (missing, undeclared(message)) == (set(), set())


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("all_mini_ticker", {}), ("all_market_rolling_window_ticker", {"window_size": "1h"})],
)
async def test_the_stream_of_all_symbols_is_a_list(streams, name, arguments):
    rows = await _first(await getattr(streams, name)(**arguments))
    assert rows
    assert (absent(rows), undeclared(rows)) == (set(), set())


async def test_streams_are_listed_and_left(streams):
    kept = await streams.book_ticker(symbol=SYMBOL.lower())
    left = await streams.trade(symbol=SYMBOL.lower())
    await left.unsubscribe()
    await _first(kept)
    assert "btcusdt@bookTicker" in str(await streams.list_subscribe())
    assert "btcusdt@trade" not in str(await streams.list_subscribe())


def _result(answer):
    data = answer.data()
    assert not isinstance(data, dict), data
    return getattr(data, "actual_instance", data).result


def _fits(answer, *, without=()):
    result = _result(answer)
    missing = {key for key in absent(result) if key.rpartition(".")[2] not in without}
    assert (missing, undeclared(result)) == (set(), set())
    return result


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("time", {}),
        ("avg_price", {"symbol": SYMBOL}),
        ("depth", {"symbol": SYMBOL}),
        ("ticker24hr", {"symbol": SYMBOL}),
        ("ticker_book", {"symbol": SYMBOL}),
        ("ticker_price", {"symbol": SYMBOL}),
        ("ticker_trading_day", {"symbol": SYMBOL}),
        ("ticker", {"symbol": SYMBOL}),
        ("trades_aggregate", {"symbol": SYMBOL}),
        ("trades_historical", {"symbol": SYMBOL}),
        ("trades_recent", {"symbol": SYMBOL}),
        ("account_status", {}),
        ("account_commission", {"symbol": SYMBOL}),
        ("account_rate_limits_orders", {}),
        ("all_orders", {"symbol": SYMBOL}),
        ("all_order_lists", {}),
        ("open_order_lists_status", {}),
        ("my_trades", {"symbol": SYMBOL}),
        ("session_status", {}),
    ],
)
async def test_the_answer_fits_its_model(api, name, arguments):
    # Before a log-on the session's key and its time are null.
    _fits(await getattr(api, name)(**arguments), without={"apiKey", "authorizedSince"})


async def test_the_exchange_info_comes_though_its_model_overlooks_the_envelope(api):
    # The SDK's model expects the keys of the result beside `id` and `status`.
    data = (await api.exchange_info(symbol=SYMBOL)).data()
    assert data.symbols is None
    assert data.additional_properties["result"]["symbols"][0]["symbol"] == SYMBOL


async def _resting(api):
    best = Decimal(_result(await api.ticker_book(symbol=SYMBOL)).bid_price)
    placed = await api.order_place(
        symbol=SYMBOL,
        side="BUY",
        type="LIMIT",
        time_in_force="GTC",
        quantity=0.001,
        price=float((best * Decimal("0.98")).quantize(Decimal("0.01"))),
        new_order_resp_type="RESULT",
    )
    return _result(placed)


async def test_an_order_from_its_test_to_its_end(api):
    tested = await api.order_test(symbol=SYMBOL, side="BUY", type="MARKET", quantity=0.001)
    assert _result(tested) is not None
    placed = await _resting(api)
    asked = _result(await api.order_status(symbol=SYMBOL, order_id=placed.order_id))
    assert (asked.status, asked.orig_qty) == ("NEW", "0.00100000")
    assert len(_result(await api.open_orders_status(symbol=SYMBOL))) == 1
    gone = _result(await api.order_cancel(symbol=SYMBOL, order_id=placed.order_id))
    assert gone.status == "CANCELED"
    await _resting(api)
    assert len(_result(await api.open_orders_cancel_all(symbol=SYMBOL))) == 1


async def test_a_refusal_is_an_error_with_its_code(api):
    answer = await api.order_cancel(symbol=SYMBOL, order_id=999_999)
    assert answer.data()["error"]["code"] == -2011


async def test_the_limits_are_told_with_each_answer(api):
    (weight, *_) = (await api.time()).rate_limits
    assert (weight.rateLimitType, weight.interval) == ("REQUEST_WEIGHT", "MINUTE")


async def test_user_events_fit_their_models(api):
    subscribed = await api.user_data_stream_subscribe_signature()
    told, done = [], asyncio.Event()

    def heard(event):
        told.append(event.actual_instance)
        if type(told[-1]).__name__ == "OutboundAccountPosition":
            done.set()

    subscribed.stream.on("message", heard)
    await api.order_place(symbol=SYMBOL, side="BUY", type="MARKET", quantity=0.001)
    await asyncio.wait_for(done.wait(), 10)
    names = [type(event).__name__ for event in told]
    assert set(names[:-1]) == {"ExecutionReport"}
    assert (told[0].x, told[-2].X) == ("NEW", "FILLED")
    for event in told:
        assert undeclared(event) == set()
    (listed,) = _result(await api.session_subscriptions())
    assert listed.subscription_id == 0
    assert await api.user_data_stream_unsubscribe(subscription_id=0)


async def test_an_ed25519_key_logs_on_and_subscribes(tmp_path):
    from conftest import ServedExchange
    from cryptography.hazmat.primitives import serialization as pem
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    public = tmp_path / "public.pem"
    public.write_bytes(
        key.public_key().public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo)
    )
    private = tmp_path / "private.pem"
    private.write_bytes(
        key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption())
    )
    served = ServedExchange("--account", f"ed:@{public}")
    try:
        configuration = ConfigurationWebSocketAPI(
            api_key="ed", private_key=str(private), stream_url=f"{served.ws}/ws-api/v3"
        )
        api = Spot(config_ws_api=configuration).websocket_api
        await api.create_connection()
        assert _result(await api.session_logon()).api_key == "ed"
        subscribed = await api.user_data_stream_subscribe()
        order = asyncio.ensure_future(_first(subscribed.stream))
        await api.order_place(symbol=SYMBOL, side="BUY", type="MARKET", quantity=0.001)
        assert (await order).actual_instance.x == "NEW"
        await api.session_logout()
        await api.close_connection()
    finally:
        served.stop()
