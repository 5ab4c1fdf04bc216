"""Every recorded frame of spot has the keys, types and forms of one of the exchange's own."""

import asyncio
import json
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bot.simulation.rules import DEFAULT_SYMBOLS, symbol_rules

PATH = Path(__file__).parents[5] / "shared" / "data" / "ws" / "messages_spot.jsonl"
ROWS = [json.loads(line) for line in PATH.read_text().splitlines()] if PATH.exists() else []
STREAMS = {
    "trade": "btcusdt@trade",
    "aggTrade": "btcusdt@aggTrade",
    "kline": "btcusdt@kline_1s",
    "bookTicker": "btcusdt@bookTicker",
    "depthUpdate": "btcusdt@depth@100ms",
    "partialDepth": "btcusdt@depth5@100ms",
    "24hrMiniTicker": "btcusdt@miniTicker",
    "24hrTicker": "btcusdt@ticker",
    "avgPrice": "btcusdt@avgPrice",
    "24hrMiniTicker[]": "!miniTicker@arr",
    "1hTicker": "btcusdt@ticker_1h",
    "1hTicker[]": "!ticker_1h@arr",
    "referencePrice": "btcusdt@referencePrice",
}
SYMBOLS = [*DEFAULT_SYMBOLS, symbol_rules("BTCUSDC", tick="0.01", step="0.00001")]
ACCOUNT = ("executionReport", "outboundAccountPosition", "balanceUpdate", "listStatus")
ACCOUNT += ("externalLockUpdate", "eventStreamTerminated")
NOT_EMITTED = {
    "MARGIN_LEVEL_STATUS_CHANGE": "margin is not simulated",
    "USER_LIABILITY_CHANGE": "margin is not simulated",
    "outboundAccountInfo": "of before 2020",
    "blockTrade": "nobody here trades in blocks",
    "serverShutdown": "walked by test_faults.py in its three shapes",
    "subscribeResponse": "walked by test_control.py with all other replies",
    "error": "walked by test_control.py with all other errors",
    "depthSnapshot": "an answer of REST: walked by test_answers.py",
}
LEFT = {
    # Order ids left the trade stream in 2024.
    "trade": {"a", "b"},
}
"""Keys that Binance no longer sends."""
SINCE = {
    "executionReport": {"V", "W", "u", "v", "A", "B", "U", "Cs", "pl", "pL", "pY", "eR"},
}
"""Keys that recorded frames may lack: they are older."""
ABRIDGED = "binance/binance-connector-python"
"""Whose examples show integers only: times, ids and counts."""
OF_FUTURES = {"a5fc91babe69"}
"""Recorded on a futures stream, though kept with spot's."""

# Fixtures are not walked: they were written, or changed, by the tests of other projects.
pytestmark = pytest.mark.skipif(not PATH.exists(), reason=f"no recorded messages at {PATH}")


def payload(message):
    """Without what a stream or a subscription wraps it in."""
    if isinstance(message, dict):
        return message.get("data", message.get("event", message))
    return message


def form(value):
    if isinstance(value, list):
        return [form(item) for item in value[:1]]
    if isinstance(value, dict):
        return {key: form(item) for key, item in value.items()}
    if not isinstance(value, str):
        return type(value).__name__
    try:
        Decimal(value)
    except ArithmeticError:
        return "text"
    return "decimal"


def whole_numbers(document):
    """What an abridged example shows of it."""
    if isinstance(document, dict):
        shown = {key: whole_numbers(value) for key, value in document.items()}
        return {k: v for k, v in shown.items() if not isinstance(v, str) or k in "esi"}
    return document


def unlike(row, ours):
    """Where our frame is not of the recorded form."""
    event, known = row["event"], payload(row["msg"])
    if isinstance(known, list):
        known, ours = known[0], ours[0]
    if row["source"]["repo"] == ABRIDGED:
        ours = whole_numbers(ours)
    known = {key: value for key, value in known.items() if key not in LEFT.get(event, ())}
    missing = [f"{key} is missing" for key in known if key not in ours]
    new = [f"{key} is new" for key in ours.keys() - known.keys() - SINCE.get(event, set())]
    both = [key for key in known if key in ours]
    kinds = [
        f"{key}: {form(known[key])} is {form(ours[key])}"
        for key in both
        if [] not in (known[key], ours[key]) and form(known[key]) != form(ours[key])
    ]
    order = [] if missing or both == [key for key in ours if key in known] else ["in other order"]
    return missing + sorted(new) + kinds + order


async def frames_of_the_market(sim):
    """One frame of each stream."""
    socket = await sim.connect(f"/stream?streams={'/'.join(STREAMS.values())}")
    names = {stream: event for event, stream in STREAMS.items()}
    seen = {}
    async with asyncio.timeout(15):
        while len(seen) < len(STREAMS):
            message = await socket.next()
            if message["stream"].endswith(("miniTicker", "@depth5@100ms")) or not seen:
                # Both sides of the book change, and a trade is made.
                await sim.order("BUY", "0.001", "50001")
                await sim.order("BUY", "0.001", "49000")
            event, data = names[message["stream"]], message["data"]
            # A frame that shows everything: both sides of a book, a price.
            if event == "depthUpdate" and not (data["b"] and data["a"]):
                continue
            if event != "referencePrice" or data["r"]:
                seen.setdefault(event, data)
    return seen


OCO = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.01", "aboveType": "LIMIT_MAKER"}
OCO |= {"abovePrice": "60000", "belowType": "STOP_LOSS", "belowStopPrice": "45000"}


async def events_of_accounts(sim):
    """Events of an account's life: every kind of report that was ever recorded."""
    stream = await sim.user_stream()
    limit = {"symbol": "BTCUSDT", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
    near = limit | {"price": "50000.50"}
    await sim.call("POST", "order", side="BUY", **limit, price="50001")
    await sim.call("POST", "order", side="BUY", **near, newClientOrderId="mine")
    await sim.call(
        "PUT",
        "order/amend/keepPriority",
        symbol="BTCUSDT",
        origClientOrderId="mine",
        newQty="0.005",
        newClientOrderId="less",
    )
    await sim.call("DELETE", "order", symbol="BTCUSDT", origClientOrderId="less")
    await sim.call("POST", "order", side="BUY", **near)
    await sim.call("POST", "order", side="SELL", **near, selfTradePreventionMode="DECREMENT")
    await sim.call("POST", "order", side="BUY", **near)
    await sim.call("POST", "order", key="other", secret="hush", side="SELL", **near)
    await sim.call("POST", "order", side="SELL", symbol="BTCUSDT", type="MARKET", quantity="5")
    await sim.call("POST", "orderList/oco", **OCO)
    await sim.call("DELETE", "openOrders", symbol="BTCUSDT")
    stop = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS", "quantity": "0.01"}
    stop |= {"strategyId": 7, "strategyType": 1_000_000, "trailingDelta": 100}
    await sim.call("POST", "order", **stop)
    await sim.call("POST", "order", side="SELL", **limit, price="60000")
    peg = {"pegPriceType": "PRIMARY_PEG", "pegOffsetType": "PRICE_LEVEL", "pegOffsetValue": 1}
    await sim.call("POST", "order", side="SELL", **limit, **peg)
    await sim.call("POST", "sor/order", side="BUY", **limit, price="50001")
    for lock in (False, True):
        sim.exchange.move_funds("sim-key", "BTC", Decimal(1), int(time.time() * 1000), as_lock=lock)
    await sim.call("GET", "account")
    reply = {"id": 9, "method": "userDataStream.unsubscribe"}
    await stream.raw.send_str(json.dumps(reply))
    seen = []
    async with asyncio.timeout(15):
        while not seen or seen[-1]["e"] != "eventStreamTerminated":
            message = await stream.next()
            if "event" in message:
                seen.append(message["event"])
    return seen


def test_every_kind_is_emitted_or_named():
    kinds = {row["event"] for row in ROWS}
    assert len(ROWS) == 265
    assert kinds == {*STREAMS, *ACCOUNT, *NOT_EMITTED}
    assert not {*STREAMS, *ACCOUNT} & set(NOT_EMITTED)


async def test_every_recorded_frame_of_the_market_is_like_ours(start_sim):
    sim = await start_sim(
        symbols=[replace(DEFAULT_SYMBOLS[0], reference_seconds=10), *DEFAULT_SYMBOLS[1:]]
    )
    ours = await frames_of_the_market(sim)
    found = {}
    for row in ROWS:
        event = row["event"]
        if event in STREAMS and row["nature"] != "fixture" and row["id"] not in OF_FUTURES:
            differences = unlike(row, ours[event])
            if differences:
                found[event, row["id"]] = differences
    assert not found, json.dumps({str(k): v for k, v in found.items()})


async def test_every_recorded_event_of_an_account_is_like_one_of_ours(start_sim):
    sim = await start_sim(symbols=SYMBOLS)
    ours = await events_of_accounts(sim)
    found = {}
    for row in ROWS:
        event = row["event"]
        if event in ACCOUNT and row["nature"] != "fixture":
            alike = [one for one in ours if one["e"] == event]
            each = [unlike(row, one) for one in alike]
            closest = min(each, key=len, default=["never sent"])
            if closest:
                found[event, row["id"]] = closest
    assert not found, json.dumps({str(k): v for k, v in found.items()})
