"""COIN-M's bars of mark and index prices: what one stream has sent, and what is due.

Source: recorded frames of ``<symbol>@markPriceKline_<i>`` and ``<pair>@indexPriceKline_<i>``;
where bars of trades have trade ids these have times, and nothing is traded.
"""

from typing import Any

from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.wire.futures.contracts import Contract
from bot.simulation.wire.futures.streams import Kind, Stream

__all__ = ["PriceBars"]

Bar = dict[str, Any]


class PriceBars:
    def __init__(self, stream: Stream, contract: Contract) -> None:
        self._is_mark = stream.kind is Kind.MARK_PRICE_KLINE
        self._interval = stream.interval
        self._contract = contract
        self._sent: Bar | None = None

    def due(self, exchange: FuturesExchange) -> list[Bar]:
        """Payloads to send now: the bar that closed since, and the current one if new."""
        rows = self._rows(exchange)
        if not rows:
            return []
        now_ms = exchange.market_ms
        current = self._bar(rows[-1], now_ms, closed=False)
        before, self._sent = self._sent, current
        if before is not None and before | {"L": 0} == current | {"L": 0}:
            return []
        bars = [current]
        if before is not None and before["t"] < current["t"] and len(rows) > 1:
            bars.insert(0, self._bar(rows[-2], rows[-2][6], closed=True))
        event = "markPrice_kline" if self._is_mark else "indexPrice_kline"
        return [{"e": event, "E": now_ms, "ps": self._contract.pair, "k": bar} for bar in bars]

    def _rows(self, exchange: FuturesExchange) -> list[list[Any]]:
        asked = {"interval": self._interval, "limit": "2"}
        if self._is_mark:
            return exchange.mark_price_klines(asked | {"symbol": self._contract.symbol})
        return exchange.index_price_klines(asked | {"pair": self._contract.pair})

    def _bar(self, row: list[Any], last_ms: int, *, closed: bool) -> Bar:
        return {
            "t": row[0],
            "T": row[6],
            "s": self._contract.symbol if self._is_mark else "0",
            "i": self._interval,
            "f": row[0],
            "L": last_ms,
            "o": row[1],
            "c": row[4],
            "h": row[2],
            "l": row[3],
            "v": "0",
            "n": row[8],
            "x": closed,
            "q": "0",
            "V": "0",
            "Q": "0",
            "B": "0",
        }
