"""Every recorded and documented market message, field by field against its raw values."""

import json
from decimal import Decimal

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.exchange.decode import FrameDecoder

RECV = 1_700_000_000_000_000_001
MS = 1_000_000

# Domain field -> how to read it from the raw payload.
F = {
    StreamKind.TRADES: {
        "price": lambda d: float(d["p"]),
        "size": lambda d: float(d["q"]),
        "trade_id": lambda d: d["t"],
        "buyer_is_maker": lambda d: d["m"],
        "ts_ns": lambda d: d["T"] * MS,
    },
    StreamKind.AGG_TRADES: {
        "price": lambda d: float(d["p"]),
        "size": lambda d: float(d["q"]),
        "agg_id": lambda d: d["a"],
        "first_trade_id": lambda d: d["f"],
        "last_trade_id": lambda d: d["l"],
        "buyer_is_maker": lambda d: d["m"],
        "ts_ns": lambda d: d["T"] * MS,
    },
    StreamKind.QUOTES: {
        "bid": lambda d: float(d["b"]),
        "bid_size": lambda d: float(d["B"]),
        "ask": lambda d: float(d["a"]),
        "ask_size": lambda d: float(d["A"]),
        "update_id": lambda d: d["u"],
        "ts_ns": lambda d: d["E"] * MS if "E" in d else RECV,
    },
    StreamKind.BARS: {
        "interval": lambda d: d["k"]["i"],
        "open": lambda d: float(d["k"]["o"]),
        "high": lambda d: float(d["k"]["h"]),
        "low": lambda d: float(d["k"]["l"]),
        "close": lambda d: float(d["k"]["c"]),
        "volume": lambda d: float(d["k"]["v"]),
        "quote_volume": lambda d: float(d["k"]["q"]),
        "trades": lambda d: d["k"]["n"],
        "open_ns": lambda d: d["k"]["t"] * MS,
        "close_ns": lambda d: d["k"]["T"] * MS,
        "closed": lambda d: d["k"]["x"],
        "ts_ns": lambda d: d["E"] * MS,
    },
    StreamKind.BOOK: {
        "bids": lambda d: tuple((float(p), float(q)) for p, q in d["bids"]),
        "asks": lambda d: tuple((float(p), float(q)) for p, q in d["asks"]),
        "update_id": lambda d: d["lastUpdateId"],
        "ts_ns": lambda d: RECV,
    },
    StreamKind.MINI_TICKER: {
        "open": lambda d: float(d["o"]),
        "high": lambda d: float(d["h"]),
        "low": lambda d: float(d["l"]),
        "close": lambda d: float(d["c"]),
        "volume": lambda d: float(d["v"]),
        "quote_volume": lambda d: float(d["q"]),
        "ts_ns": lambda d: d["E"] * MS,
    },
    StreamKind.TICKER: {
        "last": lambda d: float(d["c"]),
        "bid": lambda d: float(d["b"]),
        "ask": lambda d: float(d["a"]),
        "open": lambda d: float(d["o"]),
        "high": lambda d: float(d["h"]),
        "low": lambda d: float(d["l"]),
        "volume": lambda d: float(d["v"]),
        "quote_volume": lambda d: float(d["q"]),
        "change": lambda d: float(d["p"]),
        "change_percent": lambda d: float(d["P"]),
        "weighted_average": lambda d: float(d["w"]),
        "trades": lambda d: d["n"],
        "ts_ns": lambda d: d["E"] * MS,
    },
}
EVENTS = {
    "trade": (StreamKind.TRADES, "trade"),
    "aggTrade": (StreamKind.AGG_TRADES, "aggTrade"),
    "bookTicker": (StreamKind.QUOTES, "bookTicker"),
    "kline": (StreamKind.BARS, "kline_1m"),
    "partialDepth": (StreamKind.BOOK, "depth20@100ms"),
    "depthSnapshot": (StreamKind.BOOK, "depth20@100ms"),
    "24hrMiniTicker": (StreamKind.MINI_TICKER, "miniTicker"),
    "24hrTicker": (StreamKind.TICKER, "ticker"),
}


def _messages(shared_data):
    """(kind, stream suffix, raw payload) of each spot message of a kind that we subscribe to."""
    with (shared_data / "ws" / "messages_spot.jsonl").open() as lines:
        for line in lines:
            record = json.loads(line)
            if record["event"] in EVENTS:
                payload = record["msg"]
                yield *EVENTS[record["event"]], payload.get("data", payload)


def _is_whole(kind, payload):
    """Some documentation examples leave out half of the keys."""
    try:
        for read in F[kind].values():
            read(payload)
    except KeyError:
        return False
    return True


def test_every_whole_message_decodes_to_the_values_of_its_raw_frame(shared_data):
    seen = dict.fromkeys(StreamKind, 0)
    for kind, suffix, payload in _messages(shared_data):
        if not _is_whole(kind, payload):
            continue
        symbol = payload.get("s", "ANY")
        decoder = FrameDecoder()
        decoder.add(Subscription(kind, symbol))
        frame = json.dumps(
            {"stream": f"{symbol.lower()}@{suffix}", "data": payload}, separators=(",", ":")
        )
        event = decoder.decode(frame.encode(), RECV)
        assert event is not None, frame
        assert event.symbol == symbol
        assert event.recv_ns == RECV
        expected = {field: read(payload) for field, read in F[kind].items()}
        assert {field: getattr(event, field) for field in expected} == expected
        assert set(expected) | {"symbol", "recv_ns"} == set(event.__struct_fields__)
        seen[kind] += 1
    assert all(seen.values()), seen
    assert sum(seen.values()) >= 130


def test_a_message_that_lacks_keys_is_counted_as_broken(shared_data):
    parts = [m for m in _messages(shared_data) if not _is_whole(m[0], m[2])]
    assert parts
    for kind, suffix, payload in parts:
        symbol = payload.get("s", "ANY")
        decoder = FrameDecoder()
        decoder.add(Subscription(kind, symbol))
        frame = json.dumps({"stream": f"{symbol.lower()}@{suffix}", "data": payload})
        assert decoder.decode(frame.encode(), RECV) is None
        assert decoder.broken == 1


@pytest.mark.parametrize("text", ["0.1", "0.00000001", "92233720368.54775807", "61234.56000000"])
def test_a_price_is_the_float_nearest_to_its_text(text):
    decoder = FrameDecoder()
    decoder.add(Subscription(StreamKind.MINI_TICKER, "X"))
    data = {"E": 1, "c": text, "o": "1", "h": "1", "l": "1", "v": "1", "q": "1"}
    frame = json.dumps({"stream": "x@miniTicker", "data": data})
    event = decoder.decode(frame.encode(), RECV)
    assert event.close == float(Decimal(text))
