import json

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.market import QuoteTick, TradeTick
from bot.exchange.decode import FrameDecoder

RECV = 1_700_000_000_123_456_789
TRADE = (
    b'{"stream":"btcusdt@trade","data":{"e":"trade","E":1672515782136,"s":"BTCUSDT",'
    b'"t":12345,"p":"0.00100000","q":"100","T":1672515782135,"m":true,"M":true}}'
)


@pytest.fixture
def replies():
    return []


@pytest.fixture
def decoder(replies):
    decoder = FrameDecoder(replies.append)
    decoder.add(Subscription(StreamKind.TRADES, "BTCUSDT"))
    decoder.add(Subscription(StreamKind.QUOTES, "BTCUSDT"))
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
    assert decoder.decode(frame.encode(), RECV) == decoder.decode(TRADE, RECV)
    assert decoder.broken == 0


def test_new_keys_change_nothing(decoder):
    frame = TRADE.replace(b'"M":true', b'"M":true,"st":1,"zz":[{"a":null}]')
    assert decoder.decode(frame, RECV) == decoder.decode(TRADE, RECV)


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


def test_the_cell_of_a_stream_holds_the_time_of_its_newest_good_frame():
    decoder = FrameDecoder()
    heard = decoder.add(Subscription(StreamKind.TRADES, "BTCUSDT"))
    assert heard == [0]
    decoder.decode(TRADE, 5)
    decoder.decode(TRADE[:-1], 6)
    assert heard == [5]


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
    assert decoder.decode(TRADE, 2).recv_ns == 2
    assert calls == [1]


def test_a_symbol_that_is_not_ascii_has_a_lane():
    decoder = FrameDecoder()
    decoder.add(Subscription(StreamKind.TRADES, "这是测试币456"))
    frame = TRADE.replace(b"btcusdt", "这是测试币456".encode())
    assert decoder.decode(frame, RECV).symbol == "这是测试币456"
