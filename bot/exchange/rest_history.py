"""Market history over REST, in the columns of Binance's archive, for days it does not have yet.

Source of the paging rules: Binance's REST documentation of spot, USDⓈ-M and COIN-M market data.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, NamedTuple

from bot.domain.errors import Throttled, Unavailable
from bot.domain.values import Market
from bot.exchange.backoff import Backoff, Delays
from bot.exchange.session import Session

__all__ = ["RestHistory"]

_HOUR_MS: Final = 3_600_000
_PAGE: Final = 1000
_OLD_TRADES_PAGE: Final = {Market.SPOT: 1000, Market.USDM: 500, Market.COINM: 500}


class _Way(NamedTuple):
    """How something is asked for: python-binance's method and the request's weight."""

    method: str
    weight: int


_KLINES: Final = {
    Market.SPOT: _Way("get_klines", 2),
    Market.USDM: _Way("futures_klines", 5),
    Market.COINM: _Way("futures_coin_klines", 5),
}
_AGG_TRADES: Final = {
    Market.SPOT: _Way("get_aggregate_trades", 4),
    Market.USDM: _Way("futures_aggregate_trades", 20),
    Market.COINM: _Way("futures_coin_aggregate_trades", 20),
}
_TRADES: Final = {
    Market.SPOT: _Way("get_historical_trades", 25),
    Market.USDM: _Way("futures_historical_trades", 200),
    Market.COINM: _Way("futures_coin_historical_trades", 20),
}
_ATTEMPTS: Final = 6

_Row = list[str]


class RestHistory:
    """Rows of one market, oldest first, as lists of text like those of the archive's files."""

    def __init__(self, session: Session, market: Market, *, backoff: Backoff | None = None) -> None:
        self._session = session
        self._market = market
        self._backoff = backoff or Backoff()

    async def klines(
        self, symbol: str, interval: str, start_ms: int, end_ms: int
    ) -> AsyncIterator[_Row]:
        """Closed bars that open within ``start_ms <= open < end_ms``.

        Raises:
            VenueError: the exchange does not answer, or refuses: an unknown symbol is -1121.
        """
        name = "1M" if interval == "1mo" else interval
        at = start_ms
        while at < end_ms:
            page = await self._asked(
                _KLINES,
                symbol=symbol,
                interval=name,
                startTime=at,
                endTime=end_ms - 1,
                limit=_PAGE,
            )
            now_ms = time.time_ns() // 1_000_000
            for bar in page:
                if bar[6] < now_ms:
                    yield [str(field) for field in bar[:12]]
            if len(page) < _PAGE:
                return
            at = page[-1][0] + 1

    async def agg_trades(self, symbol: str, start_ms: int, end_ms: int) -> AsyncIterator[_Row]:
        """Aggregate trades of ``start_ms <= time < end_ms``.

        Raises:
            VenueError: see :meth:`klines`.
        """
        page = await self._first_page(symbol, start_ms, end_ms)
        while page:
            for row in page:
                if row["T"] >= end_ms:
                    return
                yield _agg_trade(row)
            known = page[-1]["a"] + 1
            page = await self._asked(_AGG_TRADES, symbol=symbol, fromId=known, limit=_PAGE)

    async def trades(self, symbol: str, start_ms: int, end_ms: int) -> AsyncIterator[_Row]:
        """Trades of ``start_ms <= time < end_ms``. Futures ask for an API key here.

        Raises:
            VenueError: see :meth:`klines`.
        """
        limit = _OLD_TRADES_PAGE[self._market]
        # Only aggregate trades can be asked for by time; the first of them names the first trade.
        first = await self._first_page(symbol, start_ms, end_ms)
        known = first[0]["f"] if first else None
        while known is not None:
            page = await self._asked(_TRADES, symbol=symbol, fromId=known, limit=limit)
            for row in page:
                if row["time"] >= end_ms:
                    return
                if row["time"] >= start_ms:
                    yield _trade(row)
            known = page[-1]["id"] + 1 if len(page) == limit else None

    async def _first_page(self, symbol: str, start_ms: int, end_ms: int) -> list[dict[str, Any]]:
        """The first aggregate trades from then on; an hour at a time, for futures allow no more."""
        for at in range(start_ms, end_ms, _HOUR_MS):
            page: list[dict[str, Any]] = await self._asked(
                _AGG_TRADES,
                symbol=symbol,
                startTime=at,
                endTime=min(at + _HOUR_MS, end_ms) - 1,
                limit=_PAGE,
            )
            if page:
                return page
        return []

    async def _asked(self, ways: Mapping[Market, _Way], **parameters: Any) -> Any:
        """One page, within the weight that questions of an address may use."""
        way = ways[self._market]
        ask = getattr(self._session, way.method)
        delays = Delays(self._backoff)
        for attempt in range(1, _ATTEMPTS + 1):
            await self._session.weights[self._market].spend(way.weight)
            try:
                return await ask(**parameters)
            except Throttled as throttled:
                if attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(throttled.retry_after_s)
            except Unavailable:
                if attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(delays.next_s())
        raise AssertionError


def _agg_trade(row: dict[str, Any]) -> _Row:
    fields = [str(row[name]) for name in ("a", "p", "q", "f", "l", "T")]
    return [*fields, *(str(row[name]) for name in ("m", "M") if name in row)]


def _trade(row: dict[str, Any]) -> _Row:
    # COIN-M has the size in base units where the others have the amount of quote money.
    amount = row["quoteQty"] if "quoteQty" in row else row["baseQty"]
    fields = [str(row["id"]), str(row["price"]), str(row["qty"]), str(amount), str(row["time"])]
    return [*fields, *(str(row[name]) for name in ("isBuyerMaker", "isBestMatch") if name in row)]
