"""A stream is heard once, in order, whichever connection says it; holes are told."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.commands import StreamKind, Subscription
from bot.domain.streams import stream_name
from bot.exchange.continuity import StreamState
from bot.exchange.decode import FrameDecoder

MINUTE_MS = 60_000
SECOND_NS = 1_000_000_000


class Stream:
    """A stream of BTCUSDT and what came of its frames."""

    def __init__(self, kind, detail=""):
        subscription = Subscription(kind, "BTCUSDT", detail)
        self.jumps = []
        self.state = StreamState(
            stream_name(subscription), subscription, on_jump=lambda *jump: self.jumps.append(jump)
        )
        self.decoder = FrameDecoder()
        self.decoder.add(self.state)
        self.recv_ns = 1_700_000_000_000_000_000

    def say(self, **data):
        self.recv_ns += 1
        frame = json.dumps({"stream": self.state.name, "data": data}, separators=(",", ":"))
        return self.decoder.decode(frame.encode(), self.recv_ns)

    def trade(self, trade_id, time_ms=None, price="1"):
        time_ms = trade_id if time_ms is None else time_ms
        return self.say(t=trade_id, p=price, q="1", T=time_ms, m=True)

    def quote(self, update_id):
        return self.say(u=update_id, b="1", B="1", a="2", A="1")

    def bar(self, minute, event_ms, *, closed=False):
        open_ms = minute * MINUTE_MS
        k = {"t": open_ms, "T": open_ms + MINUTE_MS - 1, "i": "1m", "x": closed, "n": 1}
        return self.say(E=event_ms, k=k | dict.fromkeys("ohlcvqVQ", "1") | {"f": 1, "L": 1})


@pytest.fixture
def trades():
    return Stream(StreamKind.TRADES)


@pytest.fixture
def bars():
    return Stream(StreamKind.BARS, "1m")


def test_a_jump_is_told_before_the_event_after_it(trades):
    trades.trade(5)
    event = trades.trade(9)
    assert trades.jumps == [(trades.state, 6, 8, event)]
    assert trades.state.last_id == 9


def test_the_first_event_tells_no_jump(trades):
    assert trades.trade(1_000).trade_id == 1_000
    assert trades.jumps == []


def test_a_jump_survives_the_connection(trades):
    trades.trade(5)
    trades.decoder = FrameDecoder()
    trades.decoder.add(trades.state)
    trades.trade(8)
    assert [jump[1:3] for jump in trades.jumps] == [(6, 7)]


@given(st.lists(st.integers(0, 40), max_size=60))
@example([3, 1, 2, 4, 4])
def test_ids_never_go_back_and_every_hole_is_told_once(ids):
    stream = Stream(StreamKind.TRADES)
    heard = [event.trade_id for event in map(stream.trade, ids) if event]
    missing = [n for _, first, last, _ in stream.jumps for n in range(first, last + 1)]
    assert heard == sorted(set(heard))
    assert sorted(heard + missing) == (list(range(heard[0], heard[-1] + 1)) if heard else [])
    assert stream.state.duplicates == len(ids) - len(heard)


def test_ids_that_begin_again_later_on_are_a_new_count(trades):
    trades.trade(1_000, time_ms=50)
    assert trades.trade(999, time_ms=49) is None
    assert trades.trade(3, time_ms=60).trade_id == 3
    assert trades.trade(4, time_ms=61).trade_id == 4
    assert trades.jumps == []


def test_quotes_of_spot_begin_anew_when_nothing_newer_came_for_five_seconds():
    quotes = Stream(StreamKind.QUOTES)
    quotes.quote(1_000)
    assert quotes.quote(3) is None
    quotes.recv_ns += 4 * SECOND_NS
    assert quotes.quote(4) is None
    quotes.recv_ns += 2 * SECOND_NS
    assert quotes.quote(5).update_id == 5
    assert quotes.quote(6).update_id == 6


def test_repetitions_of_quotes_stay_repetitions_while_newer_ones_come():
    quotes = Stream(StreamKind.QUOTES)
    for number in range(1, 20):
        assert quotes.quote(number).update_id == number
        quotes.recv_ns += SECOND_NS
        assert quotes.quote(number) is None
    assert quotes.state.duplicates == 19


def test_a_trade_that_was_none_is_not_delivered_and_leaves_no_hole(trades):
    trades.trade(1)
    assert trades.trade(2, price="0") is None
    assert trades.trade(3).trade_id == 3
    assert trades.jumps == []


def test_depth_drops_what_is_not_newer_and_leaves_holes_to_the_book():
    depth = Stream(StreamKind.DEPTH, "100ms")

    def update(first, last):
        return depth.say(E=last, U=first, u=last, b=[], a=[])

    assert [update(*ids) is not None for ids in ((1, 5), (3, 5), (4, 5), (9, 12))] == [
        True,
        False,
        False,
        True,
    ]
    assert depth.jumps == []


# --- bars ----------------------------------------------------------------------------------


def test_a_closed_bar_comes_once_and_nothing_of_it_afterwards(bars):
    said = [
        bars.bar(1, 100),
        bars.bar(1, 100),
        bars.bar(1, 99),
        bars.bar(1, 101, closed=True),
        bars.bar(1, 102, closed=True),
        bars.bar(1, 103),
        bars.bar(2, 101),
    ]
    assert [event is not None for event in said] == [True, False, False, True, False, False, True]
    assert bars.jumps == []
    assert bars.state.duplicates == 4


@pytest.mark.parametrize(
    ("seen", "then", "missing"),
    [
        ((1, False), 2, (1, 1)),
        ((1, False), 4, (1, 3)),
        ((1, True), 2, None),
        ((1, True), 4, (2, 3)),
    ],
)
def test_closed_bars_that_are_missing_are_told_by_their_opening_times(bars, seen, then, missing):
    minute, closed = seen
    bars.bar(minute, 1, closed=closed)
    event = bars.bar(then, 2)
    minute_ns = MINUTE_MS * 1_000_000
    expected = (
        []
        if missing is None
        else [(bars.state, missing[0] * minute_ns, missing[1] * minute_ns, event)]
    )
    assert bars.jumps == expected


def test_bars_of_months_follow_the_calendar():
    stream = Stream(StreamKind.BARS, "1M")
    january, february, may = 1_704_067_200_000, 1_706_745_600_000, 1_714_521_600_000

    def bar(open_ms, event_ms, *, closed):
        k = {"t": open_ms, "T": open_ms + 1, "i": "1M", "x": closed, "n": 1}
        return stream.say(E=event_ms, k=k | dict.fromkeys("ohlcvq", "1"))

    bar(january, 1, closed=True)
    bar(february, 2, closed=True)
    assert stream.jumps == []
    bar(may, 3, closed=False)
    ((_, first, last, _),) = stream.jumps
    assert (first, last) == (1_709_251_200_000_000_000, 1_711_929_600_000_000_000)


# --- garbage -------------------------------------------------------------------------------

NAMES = ("btcusdt@trade", "btcusdt@bookTicker", "btcusdt@kline_1M", "!miniTicker@arr")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from("etETspqmakUuxBAlf") | st.text(max_size=3), inner, max_size=8
        )
    ),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def everything():
    decoder = FrameDecoder()
    for kind, detail in ((StreamKind.TRADES, ""), (StreamKind.QUOTES, ""), (StreamKind.BARS, "1M")):
        subscription = Subscription(kind, "BTCUSDT", detail)
        decoder.add(StreamState(stream_name(subscription), subscription))
    decoder.add(StreamState("!miniTicker@arr", Subscription(StreamKind.MINI_TICKER, "*")))
    return decoder


@given(st.binary(max_size=200))
def test_a_frame_of_garbage_never_raises(everything, frame):
    everything.decode(frame, 1)


@given(st.sampled_from(NAMES), JSON)
@example(
    "btcusdt@kline_1M",
    {"E": 1, "k": {"t": 10**17, "T": 1, "x": True, "n": 1} | dict.fromkeys("ohlcvq", "1")},
)
def test_garbage_in_the_dress_of_a_stream_never_raises(everything, name, data):
    frame = json.dumps({"stream": name, "data": data}, separators=(",", ":"))
    everything.decode(frame.encode(errors="surrogatepass"), 1)


@given(st.binary(max_size=60), st.sampled_from(NAMES))
def test_bytes_after_a_streams_name_never_raise(everything, tail, name):
    everything.decode(b'{"stream":"' + name.encode() + b'","data":' + tail, 1)
