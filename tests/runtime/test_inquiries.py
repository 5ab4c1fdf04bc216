"""Questions about the market's past and their answers."""

import msgspec
import pytest

from bot.domain.commands import FetchBars, FetchTrades, StreamKind
from bot.domain.errors import Throttled, Unavailable
from bot.domain.fetched import BarsFetched, HistoryNotFetched, TradesFetched
from bot.domain.market import AggTrade, Bar, TradeTick
from bot.runtime.inquiries import inquire

MINUTE_NS = 60 * 10**9
BAR = Bar(
    symbol="BTCUSDT",
    interval="1m",
    open=1.0,
    high=1.0,
    low=1.0,
    close=1.0,
    volume=1.0,
    quote_volume=1.0,
    trades=1,
    open_ns=0,
    close_ns=0,
    closed=True,
    ts_ns=0,
    recv_ns=0,
    late=True,
)


class _Clock:
    def now_ns(self):
        return 77


class _History:
    """Has ten minutes, the last of which says that it is closed."""

    def __init__(self):
        self.asked = []
        self.failure = None

    async def bars(self, symbol, interval, start_ns, end_ns, limit):
        self.asked.append((symbol, interval, start_ns, end_ns, limit))
        if self.failure:
            raise self.failure
        rows = [msgspec.structs.replace(BAR, open_ns=n * MINUTE_NS) for n in range(10)]
        if end_ns is not None:
            return [row for row in rows if start_ns <= row.open_ns <= end_ns][:limit]
        return rows[-limit:]

    async def trades(self, symbol, from_id, to_id):
        self.asked.append(("trades", symbol, from_id, to_id))
        return [TradeTick(symbol, 1.0, 1.0, n, True, 0, 0) for n in range(from_id, to_id + 1)]  # noqa: FBT003 - the maker's flag

    async def agg_trades(self, symbol, from_id, to_id):
        self.asked.append(("agg_trades", symbol, from_id, to_id))
        if self.failure:
            raise self.failure
        return [AggTrade(symbol, 1.0, 1.0, from_id, 1, 1, True, 0, 0)]  # noqa: FBT003 - the maker's flag


@pytest.fixture
def history():
    return _History()


def minutes(event):
    assert isinstance(event, BarsFetched)
    return [bar.open_ns // MINUTE_NS for bar in event.bars]


async def test_of_the_newest_bars_the_last_is_left_to_the_stream(history):
    question = FetchBars(number=5, symbol="BTCUSDT", interval="1m", limit=3)
    answered = await inquire(question, history, _Clock())
    assert minutes(answered) == [6, 7, 8]
    assert (answered.number, answered.recv_ns) == (5, 77)
    assert history.asked == [("BTCUSDT", "1m", None, None, 4)]


async def test_between_bounds_every_bar_is_over(history):
    question = FetchBars(
        number=5,
        symbol="BTCUSDT",
        interval="1m",
        limit=9,
        start_ns=2 * MINUTE_NS,
        end_ns=4 * MINUTE_NS,
    )
    assert minutes(await inquire(question, history, _Clock())) == [2, 3, 4]


@pytest.mark.parametrize(
    ("kind", "call"), [(StreamKind.TRADES, "trades"), (StreamKind.AGG_TRADES, "agg_trades")]
)
async def test_trades_are_asked_for_by_their_ids(history, kind, call):
    question = FetchTrades(number=6, symbol="BTCUSDT", kind=kind, from_id=7, to_id=7)
    answered = await inquire(question, history, _Clock())
    assert isinstance(answered, TradesFetched)
    assert (answered.number, len(answered.trades)) == (6, 1)
    assert history.asked == [(call, "BTCUSDT", 7, 7)]


@pytest.mark.parametrize(
    ("failure", "retry_after_s"),
    [(Throttled(30.0, "too fast"), 30.0), (Unavailable("503"), 0.0)],
)
async def test_a_failure_is_an_answer_too(history, failure, retry_after_s):
    history.failure = failure
    for question in (
        FetchBars(number=1, symbol="BTCUSDT", interval="1m", limit=3),
        FetchTrades(number=2, symbol="BTCUSDT", kind=StreamKind.AGG_TRADES, from_id=1, to_id=9),
    ):
        answered = await inquire(question, history, _Clock())
        assert isinstance(answered, HistoryNotFetched)
        assert answered.number == question.number
        assert answered.retry_after_s == retry_after_s
        assert answered.reason == str(failure)
