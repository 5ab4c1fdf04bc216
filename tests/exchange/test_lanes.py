"""Every recorded and documented market message, field by field against its raw values."""

import json
from decimal import Decimal

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.market import WholeMarket
from bot.domain.values import Market
from bot.exchange.continuity import StreamState
from bot.exchange.decode import FrameDecoder

RECV = 1_700_000_000_000_000_001
MS = 1_000_000
READ = {
    "f": float,
    "ms": lambda raw: raw * MS,
    "is": lambda raw: raw,
    "opt": lambda raw: float(raw) if raw else None,
    "levels": lambda raw: tuple((float(p), float(q)) for p, q in raw),
}
OHLC = "open=f:o high=f:h low=f:l close=f:c volume=f:v quote_volume=f:q ts_ns=ms:E"
KLINE = (
    "open=f:k.o high=f:k.h low=f:k.l close=f:k.c volume=f:k.v quote_volume=f:k.q trades=is:k.n "
    "open_ns=ms:k.t close_ns=ms:k.T closed=is:k.x ts_ns=ms:E taker_volume=f:k.V "
    "taker_quote_volume=f:k.Q first_trade_id=is:k.f last_trade_id=is:k.L interval=is:k.i"
)
PRICE_BAR = (
    "open=f:k.o high=f:k.h low=f:k.l close=f:k.c samples=is:k.n interval=is:k.i "
    "open_ns=ms:k.t close_ns=ms:k.T closed=is:k.x ts_ns=ms:E"
)
WINDOW = (
    "last=f:c open=f:o high=f:h low=f:l volume=f:v quote_volume=f:q change=f:p change_percent=f:P "
    "weighted_average=f:w trades=is:n ts_ns=ms:E open_ns=ms:O close_ns=ms:C first_trade_id=is:F "
    "last_trade_id=is:L"
)
DEPTH = "first_update_id=is:U last_update_id=is:u bids=levels:b asks=levels:a ts_ns=ms:E"
# Where Binance's markets differ: fields that one of them lacks, and what the event says then.
OPTIONAL = {
    "agg_id": ("is:a", -1),  # absent in 2019
    "previous_update_id": ("is:pu", -1),
    "bid": ("f:b", 0.0),
    "bid_size": ("f:B", 0.0),
    "ask": ("f:a", 0.0),
    "ask_size": ("f:A", 0.0),
    "previous_close": ("f:x", 0.0),
    "last_size": ("f:Q", 0.0),
    "index": ("opt:i", None),
    "average": ("opt:ap", None),
    "settle_estimate": ("opt:P", None),
    "funding_rate": ("opt:r", None),
    "next_funding_ns": ("ms:T", 0),
    "pair": ("is:ps", ""),
}
TRADE = "price=f:p size=f:q trade_id=is:t buyer_is_maker=is:m ts_ns=ms:T"
# event -> kind, stream suffix, fields that must be there, fields of OPTIONAL
EVENTS = {
    "trade": (StreamKind.TRADES, "trade", TRADE, ""),
    "blockTrade": (StreamKind.BLOCK_TRADES, "blockTrade", TRADE, ""),
    "aggTrade": (
        StreamKind.AGG_TRADES,
        "aggTrade",
        (
            "price=f:p size=f:q first_trade_id=is:f last_trade_id=is:l "
            "buyer_is_maker=is:m ts_ns=ms:T"
        ),
        "agg_id",
    ),
    "bookTicker": (
        StreamKind.QUOTES,
        "bookTicker",
        "bid=f:b bid_size=f:B ask=f:a ask_size=f:A update_id=is:u",
        "",
    ),
    "kline": (StreamKind.BARS, "kline_{i}", KLINE, ""),
    "continuous_kline": (StreamKind.CONTINUOUS_BARS, "continuousKline_{i}", KLINE, ""),
    "markPrice_kline": (StreamKind.MARK_BARS, "markPriceKline_{i}", PRICE_BAR, ""),
    "indexPrice_kline": (StreamKind.INDEX_BARS, "indexPriceKline_{i}", PRICE_BAR, ""),
    "partialDepth": (
        StreamKind.BOOK,
        "depth20@100ms",
        "bids=levels:bids asks=levels:asks update_id=is:lastUpdateId",
        "",
    ),
    "depthUpdate": (StreamKind.DEPTH, "depth@100ms", DEPTH, "previous_update_id"),
    "24hrMiniTicker": (StreamKind.MINI_TICKER, "miniTicker", OHLC, ""),
    "24hrTicker": (
        StreamKind.TICKER,
        "ticker",
        WINDOW,
        "bid bid_size ask ask_size previous_close last_size",
    ),
    "1hTicker": (StreamKind.WINDOW_TICKER, "ticker_1h", WINDOW, ""),
    "avgPrice": (
        StreamKind.AVERAGE_PRICE,
        "avgPrice",
        "price=f:w window=is:i last_trade_ns=ms:T ts_ns=ms:E",
        "",
    ),
    "referencePrice": (StreamKind.REFERENCE_PRICE, "referencePrice", "price=opt:r ts_ns=ms:t", ""),
    "markPriceUpdate": (
        StreamKind.MARK_PRICE,
        "markPrice@1s",
        "mark=f:p ts_ns=ms:E",
        "index average settle_estimate funding_rate next_funding_ns",
    ),
    "indexPriceUpdate": (StreamKind.INDEX_PRICE, "indexPrice@1s", "price=f:p ts_ns=ms:E", ""),
    "forceOrder": (
        StreamKind.LIQUIDATIONS,
        "forceOrder",
        (
            "side=is:o.S size=f:o.q price=f:o.p average_price=f:o.ap last_size=f:o.l "
            "filled_size=f:o.z order_type=is:o.o time_in_force=is:o.f status=is:o.X ts_ns=ms:o.T"
        ),
        "",
    ),
    "contractInfo": (
        StreamKind.CONTRACT_INFO,
        "!contractInfo",
        "contract_type=is:ct status=is:cs delivery_ns=ms:dt onboard_ns=ms:ot ts_ns=ms:E",
        "pair",
    ),
    "compositeIndex": (
        StreamKind.COMPOSITE_INDEX,
        "compositeIndex",
        "price=f:p component_kind=is:C ts_ns=ms:E",
        "",
    ),
    "assetIndexUpdate": (
        StreamKind.ASSET_INDEX,
        "assetIndex",
        (
            "index=f:i bid_buffer=f:b ask_buffer=f:a bid_rate=f:B ask_rate=f:A "
            "auto_exchange_bid_buffer=f:q auto_exchange_ask_buffer=f:g auto_exchange_bid_rate=f:Q "
            "auto_exchange_ask_rate=f:G ts_ns=ms:E"
        ),
        "",
    ),
    "EquityUpdate": (
        StreamKind.TRADING_SESSION,
        "tradingSession",
        "session=is:S begin_ns=ms:t end_ns=ms:T ts_ns=ms:E",
        "",
    ),
}
EVENTS["depthSnapshot"] = EVENTS["partialDepth"]
NOT_OF_THE_MARKET = {"subscribeResponse", "error", "serverShutdown", "eventStreamTerminated"}
UNIVERSE = {Market.USDM: 1, Market.COINM: 2}
WHOLE = {StreamKind.CONTRACT_INFO, StreamKind.TRADING_SESSION}


def at(payload, path):
    for key in path.split("."):
        payload = payload[key]
    return payload


def expected_of(event_name, payload, market=Market.USDM):
    """What the event's fields must be; KeyError if the message lacks one of them."""
    _, _, fields, optional = EVENTS[event_name]
    expected = {}
    for field, _, rule in (field.partition("=") for field in fields.split()):
        how, path = rule.split(":")
        expected[field] = READ[how](at(payload, path))
    for field in optional.split():
        (how, path), default = OPTIONAL[field][0].split(":"), OPTIONAL[field][1]
        expected[field] = READ[how](payload[path]) if path in payload else default
    if event_name == "bookTicker":
        # Spot's tells no time; two of the examples among its messages are of futures.
        has_time = "E" in payload and market is not Market.SPOT
        expected["ts_ns"] = payload["E"] * MS if has_time else RECV
    return expected


def symbol_in(payload):
    return payload.get("s") or payload.get("o", {}).get("s") or payload.get("i") or ""


def decode_one(event_name, payload, market):
    kind, suffix, *_ = EVENTS[event_name]
    detail = payload["k"]["i"] if "k" in payload else "1h" if event_name == "1hTicker" else ""
    symbol = "*" if kind in WHOLE else symbol_in(payload) or "ANY"
    name = suffix.format(i=detail)
    name = name if kind in WHOLE else f"{symbol.lower()}@{name}"
    decoder = FrameDecoder()
    decoder.add(StreamState(name, Subscription(kind, symbol, detail), market))
    frame = json.dumps({"stream": name, "data": payload}, separators=(",", ":"))
    event = decoder.decode(frame.encode(), RECV)
    assert decoder.broken + decoder.unknown.total() == (event is None)
    (event,) = event.events if isinstance(event, WholeMarket) else (event,)
    return event, symbol


def messages(shared_data, market):
    """(event, payload, whether it was seen on the wire) of each message of the market."""
    with (shared_data / "ws" / f"messages_{market.value}.jsonl").open() as lines:
        for line in lines:
            record = json.loads(line)
            payload = record["msg"]
            if record["event"] == "contractInfo":
                payload["st"] = UNIVERSE[market]  # the examples of both markets say 1
            if isinstance(payload, dict):
                payload = payload.get("data", payload)
            yield record["event"], payload, record["nature"] == "captured"


@pytest.mark.parametrize(("market", "least"), [("spot", 190), ("usdm", 180), ("coinm", 75)])
def test_every_message_decodes_to_the_values_of_its_raw_frame(shared_data, market, least):
    seen = 0
    for name, payload, captured in messages(shared_data, Market(market)):
        if name not in EVENTS:
            assert name.endswith("[]") or name in NOT_OF_THE_MARKET or _is_of_the_account(name)
            continue
        try:
            expected = expected_of(name, payload, Market(market))
        except (KeyError, ValueError):
            # Some examples of documentation leave out half of the keys or of the levels.
            assert not captured, payload
            continue
        event, symbol = decode_one(name, payload, Market(market))
        assert event is not None, payload
        assert {field: getattr(event, field) for field in expected} == expected
        assert event.recv_ns == RECV
        assert symbol in {"*", event.symbol}
        seen += 1
    assert seen >= least, seen


def _is_of_the_account(name):
    return name.isupper() or name in {
        "executionReport",
        "outboundAccountPosition",
        "outboundAccountInfo",
        "balanceUpdate",
        "listStatus",
        "externalLockUpdate",
    }


# --- whole markets ---------------------------------------------------------------------------

ARRAYS = {
    "24hrMiniTicker[]": ("!miniTicker@arr", ""),
    "24hrTicker[]": ("!ticker@arr", ""),
    "1hTicker[]": ("!ticker_1h@arr", "1h"),
    "markPriceUpdate[]": ("!markPrice@arr@1s", "1s"),
    "indexPriceUpdate[]": ("!indexPrice@arr@1s", "1s"),
    "assetIndexUpdate[]": ("!assetIndex@arr", ""),
}


@pytest.mark.parametrize("market", Market)
def test_every_element_of_an_array_is_an_event_with_its_values(shared_data, market):
    seen = 0
    for name, payload, _ in messages(shared_data, market):
        if name not in ARRAYS or (name == "1hTicker[]" and "c" not in payload[0]):
            continue  # the one documented example has half of the keys
        stream, detail = ARRAYS[name]
        kind = EVENTS[name.removesuffix("[]")][0]
        decoder = FrameDecoder()
        decoder.add(StreamState(stream, Subscription(kind, "usdm:*", detail), market))
        frame = json.dumps({"stream": stream, "data": payload}).encode()
        whole = decoder.decode(frame, RECV)
        assert whole.symbol == "usdm:*"
        assert len(whole.events) == len(payload)
        for event, element in zip(whole.events, payload, strict=True):
            expected = expected_of(name.removesuffix("[]"), element)
            assert {field: getattr(event, field) for field in expected} == expected
            assert event.symbol == f"usdm:{symbol_in(element)}"
            assert event.from_array
            seen += 1
        assert decoder.decode(frame, RECV) is None
        assert decoder.broken == 0
    assert seen >= 4


def mini(symbol, event_ms, **changes):
    return {"E": event_ms, "s": symbol, **dict.fromkeys("cohlvq", "1")} | changes


def test_elements_of_the_other_universe_are_left_out():
    decoder = FrameDecoder()
    subscription = Subscription(StreamKind.MINI_TICKER, "*")
    decoder.add(StreamState("!miniTicker@arr", subscription, Market.USDM))
    data = [mini("BTCUSDT", 1, st=1), mini("BTCUSD_PERP", 1, st=2), mini("OLD", 1)]
    event = decoder.decode(json.dumps({"stream": "!miniTicker@arr", "data": data}).encode(), RECV)
    assert [one.symbol for one in event.events] == ["BTCUSDT", "OLD"]


def test_a_bad_element_of_an_array_costs_that_element_only():
    decoder = FrameDecoder()
    subscription = Subscription(StreamKind.MINI_TICKER, "*")
    decoder.add(StreamState("!miniTicker@arr", subscription))
    data = [mini("A", 1), mini("B", 1, c="NaN"), mini("", 1), [], mini("C", 1)]
    event = decoder.decode(json.dumps({"stream": "!miniTicker@arr", "data": data}).encode(), RECV)
    assert [one.symbol for one in event.events] == ["A", "C"]
    assert decoder.broken == 3


def test_each_symbol_of_an_array_is_delivered_once_for_each_of_its_times():
    decoder = FrameDecoder()
    state = StreamState("!miniTicker@arr", Subscription(StreamKind.MINI_TICKER, "*"))
    decoder.add(state)
    frames = [[mini("A", 5), mini("B", 4)], [mini("A", 5), mini("B", 6)], [mini("A", 4)]]
    heard = [
        decoder.decode(json.dumps({"stream": state.name, "data": data}).encode(), RECV)
        for data in frames
    ]
    assert [[e.symbol for e in one.events] for one in heard if one] == [["A", "B"], ["B"]]
    assert (state.duplicates, state.last_id) == (2, 6)


@pytest.mark.parametrize("text", ["0.1", "0.00000001", "92233720368.54775807", "61234.56000000"])
def test_a_price_is_the_float_nearest_to_its_text(text):
    decoder = FrameDecoder()
    decoder.add(StreamState("x@miniTicker", Subscription(StreamKind.MINI_TICKER, "X")))
    frame = json.dumps({"stream": "x@miniTicker", "data": mini("X", 1, c=text)})
    event = decoder.decode(frame.encode(), RECV)
    assert event.close == float(Decimal(text))
