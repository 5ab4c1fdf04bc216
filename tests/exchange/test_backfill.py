"""Holes: told at once, filled in order, closed whatever comes of it."""

import asyncio
from typing import NamedTuple

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.errors import Rejected, Throttled, Unavailable
from bot.domain.events import FeedChanged, FeedState
from bot.domain.market import AggTrade, Bar, TradeTick
from bot.exchange.backfill import Backfill, BackfillOptions
from bot.exchange.backoff import Backoff

MINUTE_NS = 60 * 10**9
QUICK = Backoff(least_s=0.0, first_limit_s=0.001, most_s=0.001)


class Stream(NamedTuple):
    """What the backfill asks of a stream."""

    name: str
    subscription: Subscription


TRADES = Stream("btcusdt@trade", Subscription(StreamKind.TRADES, "BTCUSDT"))
ETH_TRADES = Stream("ethusdt@trade", Subscription(StreamKind.TRADES, "ETHUSDT"))
AGG_TRADES = Stream("btcusdt@aggTrade", Subscription(StreamKind.AGG_TRADES, "BTCUSDT"))
BARS = Stream("btcusdt@kline_1m", Subscription(StreamKind.BARS, "BTCUSDT", "1m"))
QUOTES = Stream("btcusdt@bookTicker", Subscription(StreamKind.QUOTES, "BTCUSDT"))


def trade(number, symbol="BTCUSDT"):
    return TradeTick(*(symbol, 1.0, 1.0, number, False, number, number), late=True)


def bar(number, *, closed=True):
    open_ns = number * MINUTE_NS
    return Bar(
        *("BTCUSDT", "1m", 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1, open_ns, open_ns + MINUTE_NS - 1),
        *(closed, open_ns, open_ns),
        late=True,
    )


class History:
    """Has every trade but the ``lost`` ones, and every bar; or fails as it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.lost: set[int] = set()
        self.failures: list[Exception] = []
        self.appears_after = 0
        self.open_gate = asyncio.Event()
        self.open_gate.set()

    async def trades(self, symbol, from_id, to_id):
        await self._ask("trades", symbol, from_id, to_id)
        if len(self.asked) <= self.appears_after:
            return []
        return [trade(n, symbol) for n in range(from_id, to_id + 1) if n not in self.lost]

    async def agg_trades(self, symbol, from_id, to_id):
        await self._ask("agg_trades", symbol, from_id, to_id)
        return [
            AggTrade(*(symbol, 1.0, 1.0, n, n, n, False, n, n), late=True)
            for n in range(from_id, to_id + 1)
        ]

    async def bars(self, symbol, interval, start_ns, end_ns, limit):
        await self._ask("bars", symbol, interval, start_ns, end_ns, limit)
        first = start_ns // MINUTE_NS
        last = end_ns // MINUTE_NS
        still_forms = len(self.asked) <= self.appears_after
        return [bar(n, closed=n < last or not still_forms) for n in range(first, last + 1)]

    async def _ask(self, *what):
        self.asked.append(what)
        await self.open_gate.wait()
        if self.failures:
            raise self.failures.pop(0)


class Clock:
    def now_ns(self) -> int:
        return 7


@pytest.fixture
def past() -> History:
    return History()


@pytest.fixture
async def filling(past, collected):
    """A running backfill that does not wait long between its tries."""
    backfill = Backfill(
        past,
        collected,
        Clock(),
        options=BackfillOptions(most=5000, waiting_most=3, rest_s=0.0, backoff=QUICK),
    )
    task = asyncio.create_task(backfill.run())
    yield backfill
    task.cancel()
    await asyncio.wait([task])


async def healings(collected, count=1):
    for number in range(count):
        await collected.state(FeedState.HEALED, count=number + 1)
    return [e.healed_by for e in collected.of(FeedChanged) if e.state is FeedState.HEALED]


async def test_a_hole_is_told_before_the_event_after_it_and_closed_after_the_late_ones(
    filling, collected
):
    filling.jumped(TRADES, 101, 112, trade(113))
    collected("the event after the hole")

    assert await healings(collected) == ["backfill of 12 trades"]
    gap, after, *late, healed = collected
    assert (gap.state, gap.name, gap.stream) == (FeedState.GAP, "btcusdt@trade", "btcusdt@trade")
    assert gap.cause == "12 trades missing: 101 to 112"
    assert (gap.from_id, gap.to_id, gap.from_ns, gap.symbols) == (101, 112, None, ("BTCUSDT",))
    assert after == "the event after the hole"
    assert late == [trade(number) for number in range(101, 113)]
    assert (healed.from_id, healed.to_id, healed.recv_ns) == (101, 112, 7)
    assert (filling.holes, filling.filled) == (1, 12)


async def test_aggregate_trades_are_asked_for_by_their_own_ids(filling, collected, past):
    filling.jumped(AGG_TRADES, 5, 5, trade(6))

    assert await healings(collected) == ["backfill of 1 aggregate trade"]
    assert past.asked == [("agg_trades", "BTCUSDT", 5, 5)]
    assert collected[0].cause == "1 aggregate trade missing: 5"


async def test_missing_bars_are_fetched_by_time(filling, collected, past):
    filling.bars_missed(BARS, 3 * MINUTE_NS, 5 * MINUTE_NS, 3)

    assert await healings(collected) == ["backfill of 3 bars"]
    assert collected.of(Bar) == [bar(3), bar(4), bar(5)]
    assert past.asked == [("bars", "BTCUSDT", "1m", 3 * MINUTE_NS, 5 * MINUTE_NS, 3)]
    assert (collected[0].from_ns, collected[0].to_ns) == (3 * MINUTE_NS, 5 * MINUTE_NS)
    assert "1970-01-01T00:03:00" in collected[0].cause


async def test_a_bar_that_still_forms_is_waited_for(filling, collected, past):
    past.appears_after = 2
    filling.bars_missed(BARS, 3 * MINUTE_NS, 4 * MINUTE_NS, 2)

    assert await healings(collected) == ["backfill of 2 bars"]
    assert collected.of(Bar) == [bar(3), bar(4)]
    assert len(past.asked) == 3


async def test_what_is_not_there_yet_is_asked_for_again(filling, collected, past):
    past.appears_after = 3
    filling.jumped(TRADES, 1, 2, trade(3))

    assert await healings(collected) == ["backfill of 2 trades"]
    assert len(past.asked) == 4


async def test_what_never_comes_is_said(filling, collected, past):
    past.lost = {2}
    filling.jumped(TRADES, 1, 3, trade(4))

    assert await healings(collected) == ["not healed: backfill of 2 of 3 trades only"]
    assert collected.of(TradeTick) == [trade(1), trade(3)]
    past.lost = {7}
    filling.jumped(TRADES, 7, 7, trade(8))
    assert (await healings(collected, 2))[1] == "not healed: the exchange does not have them"


@pytest.mark.parametrize(
    "failure", [Unavailable("no answer"), Throttled(0.001, "too fast")], ids=["silence", "429"]
)
async def test_a_question_without_an_answer_is_asked_again(filling, collected, past, failure):
    past.failures = [failure, failure]
    filling.jumped(TRADES, 1, 2, trade(3))

    assert await healings(collected) == ["backfill of 2 trades"]
    assert len(past.asked) == 3


async def test_a_refusal_is_final_and_an_outage_ends_in_words(filling, collected, past):
    past.failures = [Rejected(-2014, "API-key format invalid.")]
    filling.jumped(TRADES, 1, 2, trade(3))
    assert await healings(collected) == ["not healed: API-key format invalid. (-2014)"]
    past.failures = [Unavailable("no answer in time")] * 8
    filling.jumped(TRADES, 4, 5, trade(6))
    assert (await healings(collected, 2))[1] == "not healed: no answer in time"


async def test_a_bug_closes_its_hole_and_stops_no_other(filling, collected, past):
    past.failures = [ZeroDivisionError("x")]
    filling.jumped(TRADES, 1, 2, trade(3))
    filling.jumped(ETH_TRADES, 1, 2, trade(3))

    assert sorted(await healings(collected, 2)) == [
        "backfill of 2 trades",
        "not healed: ZeroDivisionError: x",
    ]


async def test_a_hole_that_is_too_big_is_not_filled_and_says_so(filling, collected, past):
    filling.jumped(TRADES, 1, 5001, trade(5002))

    assert await healings(collected) == [
        "not healed: 5001 trades, and 5000 are fetched at most (BOT_BACKFILL_MOST)"
    ]
    assert past.asked == []


async def test_what_the_exchange_does_not_keep_is_told_and_closed(filling, collected, past):
    filling.jumped(QUOTES, 1, 2, trade(3))

    assert await healings(collected) == ["not healed: the exchange keeps none of these"]
    assert [event.state for event in collected] == [FeedState.GAP, FeedState.HEALED]
    assert past.asked == []


async def test_a_storm_of_holes_is_bounded_and_each_is_closed(filling, collected, past):
    past.open_gate.clear()
    streams = [Stream(f"s{n}@trade", Subscription(StreamKind.TRADES, f"S{n}")) for n in range(12)]
    for stream in streams:
        filling.jumped(stream, 1, 2, trade(3))
        # Four at once are asked for, three wait, and the others are given up.
        for _ in range(5):
            await asyncio.sleep(0)
    assert await healings(collected, 5) == ["not healed: 3 other holes wait"] * 5

    past.open_gate.set()
    assert (await healings(collected, 12))[5:] == ["backfill of 2 trades"] * 7


async def test_many_small_holes_of_one_stream_are_one_question(filling, collected, past):
    past.open_gate.clear()
    filling.jumped(TRADES, 1, 1, trade(2))
    await asyncio.sleep(0.01)
    for first in (11, 21, 31):
        filling.jumped(TRADES, first, first + 1, trade(first + 2))
    past.open_gate.set()

    assert await healings(collected, 4) == ["backfill of 1 trade", *["backfill of 2 trades"] * 3]
    assert past.asked == [("trades", "BTCUSDT", 1, 1), ("trades", "BTCUSDT", 11, 32)]
    assert [t.trade_id for t in collected.of(TradeTick)] == [1, 11, 12, 21, 22, 31, 32]


async def test_a_stream_is_asked_about_once_in_a_while_and_others_do_not_wait_for_it(
    past, collected
):
    options = BackfillOptions(rest_s=0.2, backoff=QUICK)
    backfill = Backfill(past, collected, Clock(), options=options)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(backfill.run())
        for first in (1, 11, 21, 31):
            backfill.jumped(TRADES, first, first, trade(first + 1))
            await asyncio.sleep(0.01)
        backfill.jumped(ETH_TRADES, 1, 1, trade(2))
        assert await healings(collected, 2) == ["backfill of 1 trade"] * 2
        assert {trade.symbol for trade in collected.of(TradeTick)} == {"BTCUSDT", "ETHUSDT"}
        await healings(collected, 5)
        running.cancel()

    assert past.asked == [
        ("trades", "BTCUSDT", 1, 1),
        ("trades", "ETHUSDT", 1, 1),
        ("trades", "BTCUSDT", 11, 31),
    ]


async def test_holes_far_apart_are_asked_for_one_by_one_in_their_order(filling, collected, past):
    past.open_gate.clear()
    filling.jumped(TRADES, 1, 1, trade(2))
    filling.jumped(TRADES, 5000, 5001, trade(5002))
    past.open_gate.set()

    await healings(collected, 2)
    assert past.asked == [("trades", "BTCUSDT", 1, 1), ("trades", "BTCUSDT", 5000, 5001)]
    assert [t.trade_id for t in collected.of(TradeTick)] == [1, 5000, 5001]


async def test_live_events_get_their_turn_between_thousands_of_late_ones(filling, collected):
    filling.jumped(TRADES, 1, 2000, trade(2001))
    while not collected.of(TradeTick):
        await asyncio.sleep(0)

    assert len(collected.of(TradeTick)) <= 200
    assert await healings(collected) == ["backfill of 2000 trades"]
