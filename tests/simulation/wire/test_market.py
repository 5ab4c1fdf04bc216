"""Market streams: payloads like Binance's, diffs without gaps, bars that close."""

import asyncio
import json
import time
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from bot.simulation.rules import DEFAULT_SYMBOLS

DATA = Path(__file__).parents[4] / "shared" / "data" / "ws" / "messages_spot.jsonl"

STREAMS = {
    "trade": "btcusdt@trade",
    "aggTrade": "btcusdt@aggTrade",
    "kline": "btcusdt@kline_1m",
    "bookTicker": "btcusdt@bookTicker",
    "depthUpdate": "btcusdt@depth@100ms",
    "partialDepth": "btcusdt@depth5@100ms",
    "24hrMiniTicker": "btcusdt@miniTicker",
    "24hrTicker": "btcusdt@ticker",
    "avgPrice": "btcusdt@avgPrice",
    "24hrMiniTicker[]": "!miniTicker@arr",
    "1hTicker": "btcusdt@ticker_1h",
    "1hTicker[]": "!ticker_1h@arr",
}
# Order ids left the trade stream in 2024; the documentation's avgPrice example has no price.
REMOVED = {"trade": {"a", "b"}}
ADDED = {
    "avgPrice": {"w"},
    # The only recorded list shows nothing but times and trade ids.
    "1hTicker[]": set("pPohlcwvq"),
}


def shape(value):
    """Keys and kinds of value, whatever the values are."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value[:1]]
    if isinstance(value, str):
        try:
            Decimal(value)
        except ArithmeticError:
            return "text"
        return "decimal"
    return type(value).__name__


def recorded(event):
    rows = [json.loads(line) for line in DATA.read_text().splitlines()]
    matching = [row for row in rows if row["event"] == event]
    # The documentation has some examples of the times only.
    captured = [row["msg"] for row in matching if row["nature"] == "captured"]
    message = captured[0] if captured else max((row["msg"] for row in matching), key=len)
    return message["data"] if "stream" in message else message


async def one_of_each(sim, query=""):
    socket = await sim.connect(f"/stream?streams={'/'.join(STREAMS.values())}{query}")
    await sim.order("BUY", "0.4", "50001")
    seen = {}
    async with asyncio.timeout(10):
        while len(seen) < len(STREAMS):
            message = await socket.next(5)
            seen.setdefault(message["stream"], message["data"])
    return {event: seen[name] for event, name in STREAMS.items()}


@pytest.mark.skipif(not DATA.exists(), reason=f"no recorded messages at {DATA}")
async def test_every_payload_has_the_keys_and_types_that_binance_sends(sim):
    for event, payload in (await one_of_each(sim)).items():
        known = recorded(event)
        ours = payload[0] if isinstance(payload, list) else payload
        known = known[0] if isinstance(known, list) else known
        for key in REMOVED.get(event, ()):
            known.pop(key, None)
        keys = [key for key in ours if key not in ADDED.get(event, ())]
        assert keys == list(known), event
        empty = {key for key in keys if ours[key] == [] or known[key] == []}
        keys = [key for key in keys if key not in empty]
        assert shape({k: ours[k] for k in keys}) == shape({k: known[k] for k in keys}), event


async def test_microseconds_scale_every_time_and_nothing_else(sim):
    millis = (await one_of_each(sim))["trade"]
    micros = await one_of_each(sim, "&timeUnit=MICROSECOND")
    assert micros["trade"]["T"] > millis["T"] * 1000
    assert micros["trade"]["t"] == millis["t"] + 1
    bar = micros["kline"]["k"]
    assert bar["T"] - bar["t"] == 60_000_000 - 1
    assert micros["24hrTicker"]["C"] - micros["24hrTicker"]["O"] == 86_400_000_000
    status, body = await sim.get("/stream?streams=a&timeUnit=WEEK")
    assert (status, body["code"]) == (400, -1194)


async def test_raw_streams_have_no_wrapper_and_several_may_stand_in_the_path(sim):
    socket = await sim.connect("/ws/btcusdt@trade/ethusdt@trade")
    await sim.order("BUY", "0.1", "50001")
    await sim.order("BUY", "0.1", "3001", symbol="ETHUSDT")
    assert [(await socket.next())["s"] for _ in range(2)] == ["BTCUSDT", "ETHUSDT"]


async def test_diffs_follow_each_other_without_gaps_and_rebuild_the_book(sim):
    socket = await sim.connect("/ws/btcusdt@depth@100ms")
    snapshot = (await sim.get("/api/v3/depth?symbol=BTCUSDT&limit=5000"))[1]
    book = {side: {level[0]: level[1] for level in snapshot[side]} for side in ("bids", "asks")}
    last = snapshot["lastUpdateId"]
    for step in range(6):
        await sim.order("BUY", "0.3", str(49_990 - step))
        await sim.order("BUY", "0.1", "50001")
        event = await socket.next()
        assert event["U"] == last + 1
        last = event["u"]
        for side, key in (("bids", "b"), ("asks", "a")):
            book[side].update(dict(event[key]))
    after = (await sim.get("/api/v3/depth?symbol=BTCUSDT&limit=5000"))[1]
    assert after["lastUpdateId"] == last
    for side in ("bids", "asks"):
        left = {price: quantity for price, quantity in book[side].items() if Decimal(quantity)}
        assert left == {level[0]: level[1] for level in after[side]}


async def test_a_bar_is_sent_once_more_when_it_has_closed(sim):
    socket = await sim.connect("/ws/btcusdt@kline_1s")
    await sim.order("BUY", "0.1", "50001")
    bars = [(await socket.next())["k"] for _ in range(5)]
    closed = [bar["t"] for bar in bars if bar["x"]]
    assert closed == sorted(set(closed))
    assert len(closed) >= 2
    for before, after in pairwise(bars):
        assert before["t"] == after["t"] or (before["x"] and after["t"] == before["t"] + 1000)


async def test_all_mini_tickers_tell_only_what_changed(sim):
    socket = await sim.connect("/ws/!miniTicker@arr")
    assert len(await socket.next()) == len(sim.exchange.symbols)
    await sim.order("BUY", "0.1", "50001")
    changed = await socket.next()
    assert [row["s"] for row in changed] == ["BTCUSDT"]


@pytest.mark.parametrize(
    ("name", "opens_at"),
    [("btcusdt@kline_1d@+08:00", 16), ("btcusdt@kline_1d", 0), ("btcusdt@kline_12h@+08:00", 4)],
)
async def test_bars_of_the_other_time_zone_begin_eight_hours_earlier(sim, name, opens_at):
    socket = await sim.connect(f"/stream?streams={name}")
    await sim.order("BUY", "0.1", "50001")
    message = await socket.next()
    bar = message["data"]["k"]
    assert message["stream"] == name
    assert bar["i"] in ("1d", "12h")
    span_ms = bar["T"] + 1 - bar["t"]
    assert bar["t"] % span_ms == opens_at * 3_600_000
    assert (bar["v"], bar["n"]) == ("0.10000000", 1)
    assert bar["t"] <= message["data"]["E"] <= bar["T"]


@pytest.mark.parametrize("window", ["1h", "4h", "1d"])
async def test_a_rolling_window_begins_at_a_whole_minute(sim, window):
    socket = await sim.connect(f"/ws/btcusdt@ticker_{window}")
    await sim.order("BUY", "0.1", "50001")
    ticker = await socket.until(lambda message: message["n"] == 1)
    assert ticker["e"] == f"{window}Ticker"
    assert ticker["O"] % 60_000 == 0
    span_ms = {"1h": 1, "4h": 4, "1d": 24}[window] * 3_600_000
    assert span_ms <= ticker["C"] - ticker["O"] < span_ms + 60_000
    assert (ticker["c"], ticker["v"]) == ("50001.00000000", "0.10000000")


@pytest.mark.parametrize("speed", ["", "@100ms"])
@pytest.mark.parametrize("levels", [5, 10, 20])
async def test_partial_books_are_the_best_levels_at_both_speeds(sim, levels, speed):
    for step in range(25):
        sim.exchange.place_order("sim-key", bid(49_000 - step), int(time.time() * 1000))
    socket = await sim.connect(f"/ws/btcusdt@depth{levels}{speed}")
    book = await socket.next()
    assert list(book) == ["lastUpdateId", "bids", "asks"]
    assert len(book["bids"]) == levels
    assert book["bids"][:3] == [
        ["50000.00000000", "1.00000000"],
        ["49999.00000000", "2.00000000"],
        ["49000.00000000", "0.00100000"],
    ]


def bid(price):
    return {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.001",
        "price": str(price),
    }


async def test_a_reference_price_is_null_until_there_is_one(start_sim):
    referred = [replace(one, reference_seconds=10) for one in DEFAULT_SYMBOLS]
    sim = await start_sim(symbols=referred)
    socket = await sim.connect("/ws/btcusdt@referencePrice")
    first = await socket.next()
    assert list(first) == ["e", "s", "r", "t"]
    assert (first["e"], first["s"], first["r"]) == ("referencePrice", "BTCUSDT", None)
    await sim.order("BUY", "0.1", "50001")
    later = await socket.until(lambda message: message["r"] is not None)
    assert later["r"] == "50001.00000000"
    assert later["t"] > first["t"]


async def test_all_windows_tell_only_what_changed(sim):
    socket = await sim.connect("/ws/!ticker_4h@arr")
    assert len(await socket.next()) == len(sim.exchange.symbols)
    await sim.order("BUY", "0.1", "3001", symbol="ETHUSDT")
    assert [(row["e"], row["s"]) for row in await socket.next()] == [("4hTicker", "ETHUSDT")]


async def test_unknown_and_retired_streams_are_accepted_and_silent(sim):
    names = (
        *("BTCUSDT@trade", "xyz@trade", "!ticker@arr", "btcusdt@tradex", "!bookTicker"),
        *("btcusdt@blockTrade", "btcusdt@referencePrice", "btcusdt@ticker_2h"),
        *("btcusdt@kline_1d@+09:00", "listenKey0123456789"),
    )
    socket = await sim.connect(f"/stream?streams={'/'.join(names)}")
    await sim.order("BUY", "0.1", "50001")
    assert await socket.is_silent(1.2)


async def test_encoded_names_in_the_url_are_read(sim):
    socket = await sim.connect("/stream?streams=btcusdt%40trade%2Fethusdt%40trade")
    await sim.order("BUY", "0.1", "50001")
    assert (await socket.next())["stream"] == "btcusdt@trade"
