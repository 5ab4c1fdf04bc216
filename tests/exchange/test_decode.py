import json

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.market import QuoteTick, TradeTick
from bot.domain.streams import stream_name
from bot.exchange.continuity import StreamState
from bot.exchange.decode import FrameDecoder

RECV = 1_700_000_000_123_456_789
TRADE = (
    b'{"stream":"btcusdt@trade","data":{"e":"trade","E":1672515782136,"s":"BTCUSDT",'
    b'"t":12345,"p":"0.00100000","q":"100","T":1672515782135,"m":true,"M":true}}'
)


def state_of(kind, symbol, detail=""):
    subscription = Subscription(kind, symbol, detail)
    return StreamState(stream_name(subscription), subscription)


def again(trade_id):
    return TRADE.replace(b"12345", str(trade_id).encode())


@pytest.fixture
def replies():
    return []


@pytest.fixture
def decoder(replies):
    decoder = FrameDecoder(replies.append)
    for kind in (StreamKind.TRADES, StreamKind.QUOTES):
        decoder.add(state_of(kind, "BTCUSDT"))
    return decoder


def test_a_trade_has_the_values_of_the_frame(decoder):
    assert decoder.decode(TRADE, RECV) == TradeTick(
        symbol="BTCUSDT",
        price=0.001,
        size=100.0,
        trade_id=12345,
        buyer_is_maker=True,
        ts_ns=1_672_515_782_135_000_000,
        recv_ns=RECV,
    )


def test_a_quote_without_a_time_has_that_of_its_arrival(decoder):
    frame = (
        b'{"stream":"btcusdt@bookTicker","data":{"u":400900217,"s":"BTCUSDT",'
        b'"b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}}'
    )
    assert decoder.decode(frame, RECV) == QuoteTick(
        "BTCUSDT", 25.3519, 31.21, 25.3652, 40.66, 400900217, RECV, RECV
    )


@pytest.mark.parametrize("change", [{"data_first": True}, {"spaces": True}, {"newline": True}])
def test_a_frame_in_another_dress_is_the_same_event(decoder, change):
    document = json.loads(TRADE)
    if "data_first" in change:
        frame = json.dumps({"data": document["data"], "stream": document["stream"]})
    elif "spaces" in change:
        frame = json.dumps(document, indent=1)
    else:
        frame = "\n" + TRADE.decode() + "\n"
    plain = FrameDecoder()
    plain.add(state_of(StreamKind.TRADES, "BTCUSDT"))
    assert decoder.decode(frame.encode(), RECV) == plain.decode(TRADE, RECV)
    assert decoder.broken == 0


def test_new_keys_and_types_change_nothing_and_are_counted_once_a_stream(decoder):
    frame = TRADE.replace(b'"M":true', b'"M":true,"st":1,"zz":[{"a":null}]')
    frame = frame.replace(b'"e":"trade"', b'"e":"tradeX"')
    assert decoder.decode(frame, RECV).price == 0.001
    assert decoder.decode(frame.replace(b"12345", b"12346"), RECV).price == 0.001
    assert decoder.unfamiliar == {"trades.zz": 1, "trades: tradeX": 1}


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x00\xff",
        b"nothing",
        b"[]",
        TRADE[:-1],
        TRADE.replace(b'"p":"0.00100000",', b""),
        TRADE.replace(b"0.00100000", b"NaN"),
        TRADE.replace(b"0.00100000", b"Infinity"),
        TRADE.replace(b"0.00100000", b"-1"),
        TRADE.replace(b'"t":12345', b'"t":null'),
        b'{"stream":"btcusdt@trade","data":[1,2]}',
        b'{"stream":"btcusdt@trade","data":null}',
        b'{"stream":"btcusdt@trade"}',
        b'{"stream":"btcusdt@trade","data":' + b"[" * 100_000,
    ],
)
def test_a_bad_frame_is_counted_and_the_next_is_decoded(decoder, frame):
    assert decoder.decode(frame, RECV) is None
    assert decoder.broken == 1
    assert decoder.decode(TRADE, RECV) is not None


def test_a_stream_that_nobody_asked_for_is_counted_by_name(decoder):
    assert decoder.decode(TRADE.replace(b"btcusdt@", b"ethusdt@"), RECV) is None
    assert decoder.unknown == {"ethusdt@trade": 1}
    assert decoder.broken == 0


@pytest.mark.parametrize(
    ("frame", "kind", "number"),
    [
        (b'{"result":null,"id":3}', "ack", 3),
        (b'{"code":2,"msg":"Invalid request","id":4}', "error", 4),
        (b'{"error":{"code":3,"msg":"Invalid JSON"}}', "error", None),
        (b'{"e":"serverShutdown","E":1700000000000}', "shutdown", None),
        (
            b'{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1700000000000}}',
            "shutdown",
            None,
        ),
    ],
)
def test_what_is_no_market_event_is_handed_on(decoder, replies, frame, kind, number):
    assert decoder.decode(frame, RECV) is None
    assert [(reply.kind, reply.id) for reply in replies] == [(kind, number)]
    assert decoder.broken == 0


def test_the_state_of_a_stream_holds_the_time_and_id_of_its_newest_good_frame():
    decoder = FrameDecoder()
    state = state_of(StreamKind.TRADES, "BTCUSDT")
    decoder.add(state)
    assert (state.heard_ns, state.last_id) == (0, -1)
    decoder.decode(TRADE, 5)
    decoder.decode(again(12346)[:-1], 6)
    assert (state.heard_ns, state.last_id) == (5, 12345)


def test_a_removed_stream_is_unknown_and_what_was_broken_stays_counted(decoder):
    decoder.decode(TRADE[:-1], RECV)
    decoder.remove("btcusdt@trade")
    assert decoder.decode(TRADE, RECV) is None
    assert decoder.unknown == {"btcusdt@trade": 1}
    assert decoder.broken == 1


def test_two_decoders_of_one_state_deliver_each_event_once():
    state = state_of(StreamKind.TRADES, "BTCUSDT")
    one, other = FrameDecoder(), FrameDecoder()
    for decoder in (one, other):
        decoder.add(state)
    events = [
        decoder.decode(again(trade_id), RECV)
        for trade_id, decoder in ((1, one), (1, other), (2, other), (2, one), (3, one))
    ]
    assert [event and event.trade_id for event in events] == [1, None, 2, None, 3]
    assert state.duplicates == 2


def test_an_intercepted_lane_is_back_after_its_restore(decoder):
    calls = []

    def wrap(lane, restore):
        def once(frame, recv_ns):
            calls.append(recv_ns)
            restore()
            return lane(frame, recv_ns)

        return once

    decoder.intercept("btcusdt@trade", wrap)
    assert decoder.decode(TRADE, 1).recv_ns == 1
    assert decoder.decode(again(12346), 2).recv_ns == 2
    assert calls == [1]


def test_a_symbol_that_is_not_ascii_has_a_lane():
    decoder = FrameDecoder()
    decoder.add(state_of(StreamKind.TRADES, "这是测试币456"))
    frame = TRADE.replace(b"btcusdt", "这是测试币456".encode())
    assert decoder.decode(frame, RECV).symbol == "这是测试币456"


def test_streams_whose_names_begin_alike_are_told_apart():
    names = ("btcusdt@kline_1m", "btcusdt@kline_1M", "btcusdt@kline_1m@+08:00", "a@kline_1m")
    details = ("1m", "1M", "1m@+08:00", "1m")
    gone = ("btcusdt@kline_1d@+08:00", "ab@kline_1m")
    heard = []
    decoder = FrameDecoder()
    for name, detail in zip(names, details, strict=True):
        symbol = name.partition("@")[0].upper()
        decoder.add(StreamState(name, Subscription(StreamKind.BARS, symbol, detail)))
    for name in gone:
        decoder.add(StreamState(name, Subscription(StreamKind.BARS, "X", "1d")))
        decoder.remove(name)
    way = decoder.way(heard.append, lambda: RECV)
    k = {"t": 1, "T": 2, "n": 1, "x": False} | dict.fromkeys("ohlcvq", "1")
    for event_ms in (1, 2, 3):
        for name in (*names, *gone):
            data = {"stream": name, "data": {"E": event_ms, "k": k}}
            way(json.dumps(data, separators=(",", ":")).encode())
    assert [(bar.symbol, bar.interval) for bar in heard] == [
        ("BTCUSDT", "1m"),
        ("BTCUSDT", "1M"),
        ("BTCUSDT", "1m@+08:00"),
        ("A", "1m"),
    ] * 3
    assert decoder.unknown == dict.fromkeys(gone, 3)


def test_the_short_ways_and_the_long_one_say_the_same(replies):
    frames = [TRADE, again(12345), again(12347), TRADE[:-1], b"", b"nothing", b'{"id":3}']
    frames += [json.dumps(json.loads(again(12348)), indent=1).encode(), again(12349)]
    heard, tapped = [], []
    for how in ("way", "tapped", "decode"):
        decoder = FrameDecoder(replies.append)
        decoder.add(state_of(StreamKind.TRADES, "BTCUSDT"))
        events = []
        tap = (lambda *seen: tapped.append(seen)) if how == "tapped" else None
        way = decoder.way(events.append, lambda: RECV, tap)
        for frame in frames:
            if how == "decode":
                events += filter(None, [decoder.decode(frame, RECV)])
            else:
                way(frame)
        heard.append((events, decoder.broken, decoder.unknown))
    assert heard[0] == heard[1] == heard[2]
    assert [event.trade_id for event in heard[0][0]] == [12345, 12347, 12348, 12349]
    assert len(replies) == 3
    assert tapped == [(RECV, frame) for frame in frames]
