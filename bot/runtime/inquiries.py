"""Questions about the market's past: each gets its answer, or word that there is none."""

from typing import Final

from bot.domain.commands import FetchBars, FetchBook, FetchTrades, StreamKind
from bot.domain.errors import Throttled, VenueError
from bot.domain.events import Event
from bot.domain.fetched import BarsFetched, HistoryNotFetched, TradesFetched
from bot.ports import Clock, MarketHistory

__all__ = ["QUESTIONS", "Question", "inquire"]

Question = FetchBook | FetchBars | FetchTrades
QUESTIONS: Final = (FetchBook, FetchBars, FetchTrades)


async def inquire(question: Question, history: MarketHistory, clock: Clock) -> Event:
    """What the exchange says to it."""
    if isinstance(question, FetchBook):
        return await history.book(question.symbol, question.limit)
    try:
        if isinstance(question, FetchBars):
            return await _bars(question, history, clock)
        return await _trades(question, history, clock)
    except VenueError as failure:
        return HistoryNotFetched(
            number=question.number,
            reason=str(failure),
            recv_ns=clock.now_ns(),
            retry_after_s=failure.retry_after_s if isinstance(failure, Throttled) else 0.0,
        )


async def _bars(question: FetchBars, history: MarketHistory, clock: Clock) -> Event:
    symbol, interval, start_ns, end_ns = (
        question.symbol,
        question.interval,
        question.start_ns,
        question.end_ns,
    )
    if end_ns is not None:
        rows = await history.bars(symbol, interval, start_ns, end_ns, question.limit)
    else:
        # The newest may still form, whatever clocks say, and the stream is going to close it.
        rows = (await history.bars(symbol, interval, start_ns, None, question.limit + 1))[:-1]
    closed = tuple(row for row in rows if row.closed)
    return BarsFetched(number=question.number, symbol=symbol, bars=closed, recv_ns=clock.now_ns())


async def _trades(question: FetchTrades, history: MarketHistory, clock: Clock) -> Event:
    ask = history.trades if question.kind is StreamKind.TRADES else history.agg_trades
    rows = await ask(question.symbol, question.from_id, question.to_id)
    return TradesFetched(
        number=question.number,
        symbol=question.symbol,
        trades=tuple(rows),
        recv_ns=clock.now_ns(),
    )
