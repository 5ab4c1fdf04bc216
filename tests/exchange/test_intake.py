"""The gears of a shard's frames: what may wait, what may be skipped, and in which order."""

import asyncio
import json

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.market import QuoteTick, TradeTick
from bot.domain.values import SECOND_NS
from bot.exchange.continuity import StreamState
from bot.exchange.decode import FrameDecoder
from bot.exchange.intake import Intake

NOW_MS = 1_700_000_000_000
NOW = NOW_MS * 1_000_000


def _frame(stream, **data):
    return json.dumps({"stream": stream, "data": data}, separators=(",", ":")).encode()


def _trade(number):
    return _frame("btcusdt@trade", e="trade", t=number, p="1", q="1", T=NOW_MS, m=False)


def _quote(number, symbol="btcusdt"):
    return _frame(f"{symbol}@bookTicker", u=number, b="1", B="1", a="2", A="1")


class Road:
    """An intake of three streams; :meth:`come` is a frame on the way that is in gear."""

    def __init__(self, collected, tap=None):
        self.now_ns = NOW + SECOND_NS
        self.ages = []
        decoder = FrameDecoder()
        self.intake = Intake(
            decoder,
            collected,
            lambda: self.now_ns,
            gears=self._shift,
            on_age=lambda event, handled_ns: self.ages.append((event, handled_ns)),
            tap=tap,
        )
        self.come = self.intake.way
        for kind, symbol in (
            (StreamKind.TRADES, "BTCUSDT"),
            (StreamKind.QUOTES, "BTCUSDT"),
            (StreamKind.QUOTES, "ETHUSDT"),
        ):
            what = "trade" if kind is StreamKind.TRADES else "bookTicker"
            state = StreamState(f"{symbol.lower()}@{what}", Subscription(kind, symbol))
            decoder.add(state)
            self.intake.add(state)

    def _shift(self, way):
        self.come = way


@pytest.fixture
def road(collected):
    return Road(collected)


def _trades(collected):
    return [tick.trade_id for tick in collected.of(TradeTick)]


async def _idle():
    for _ in range(5):
        await asyncio.sleep(0.02)


async def test_in_the_first_gear_everything_is_handled_as_it_comes(road, collected):
    for number in (1, 2, 3):
        road.come(_quote(number))
    assert [quote.update_id for quote in collected.of(QuoteTick)] == [1, 2, 3]
    assert not road.ages


async def test_one_age_is_taken_and_then_it_is_the_first_gear_again(road, collected):
    road.intake.measure()
    road.come(_quote(1))
    assert not road.ages, "a quote of spot does not tell when it was"
    road.come(_trade(1))
    assert [event.trade_id for event, _ in road.ages] == [1]
    assert road.come is road.intake.way
    road.come(_trade(2))
    assert len(road.ages) == 1
    assert _trades(collected) == [1, 2]


async def test_where_no_frame_tells_the_time_the_search_is_given_up(road):
    road.intake.measure()
    for number in range(20):
        road.come(_quote(number))
    assert road.come is road.intake.way


async def test_of_quotes_the_latest_waits_and_of_trades_each(road, collected):
    road.intake.crowd(0.01)
    for number in range(1, 6):
        for frame in (_quote(number), _quote(number, "ethusdt"), _trade(number)):
            road.come(frame)
    assert not collected
    await _idle()
    assert _trades(collected) == [1, 2, 3, 4, 5]
    quotes = [(quote.symbol, quote.update_id) for quote in collected.of(QuoteTick)]
    assert quotes == [("BTCUSDT", 5), ("ETHUSDT", 5)]
    assert road.intake.conflated == 8


async def test_a_frame_that_waited_keeps_the_time_of_its_arrival(road, collected):
    arrived_ns = road.now_ns
    road.intake.crowd(0.01)
    road.come(_trade(1))
    road.now_ns += SECOND_NS
    await _idle()
    assert collected[0].recv_ns == arrived_ns
    assert road.ages == [(collected[0], arrived_ns + SECOND_NS)]


@pytest.mark.parametrize("ease", [lambda i: i.crowd(0.0), lambda i: (i.crowd(0.0), i.measure())])
async def test_what_waits_goes_before_what_comes_when_the_pressure_is_off(road, collected, ease):
    road.intake.crowd(0.01)
    for number in (1, 2, 3):
        road.come(_trade(number))
    ease(road.intake)
    road.come(_trade(4))
    assert not collected
    await _idle()
    assert _trades(collected) == [1, 2, 3, 4]
    assert road.come is road.intake.way


async def test_a_long_line_is_worked_off_in_slices_with_turns_for_others(road, collected):
    turns = []

    def handle(event):
        collected(event)
        road.now_ns += 4_000_000  # each event takes 4 ms
        if len(collected) == 1:
            asyncio.get_running_loop().call_soon(lambda: turns.append(len(collected)))

    road.intake._emit = handle
    road.intake.crowd(0.01)
    for number in range(10):
        road.come(_trade(number))
    await _idle()
    assert _trades(collected) == list(range(10))
    # After 10 ms, which are three events, somebody else had a turn.
    assert turns == [3]


async def test_a_stream_that_is_dropped_waits_no_longer(road, collected):
    road.intake.crowd(0.01)
    road.come(_quote(1))
    road.intake.remove("btcusdt@bookTicker")
    await _idle()
    assert not collected


async def test_a_tap_hears_every_frame_in_every_gear_once(collected):
    heard = []
    road = Road(collected, tap=lambda recv_ns, frame: heard.append(frame))
    frames = [_quote(1), _quote(2), _quote(3), _trade(1)]
    road.come(frames[0])
    road.intake.measure()
    road.come(frames[1])
    road.intake.crowd(0.01)
    for frame in frames[2:]:
        road.come(frame)
    await _idle()
    assert heard == frames
