"""The market's past over REST: the MarketHistory port for spot, USDⓈ-M and COIN-M."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote

import msgspec

from bot.domain.errors import Throttled, Unavailable, VenueError
from bot.domain.fetched import BookFetched, BookNotFetched
from bot.domain.market import AggTrade, Bar, TradeTick
from bot.domain.values import MS_NS, SECOND_NS, Market, split_symbol
from bot.exchange import history_decode
from bot.exchange.session import Session
from bot.ports import Clock

__all__ = ["BinanceMarketHistory"]

_CALLS: Final[Mapping[Market, Mapping[str, str]]] = {
    Market.SPOT: {
        "depth": "get_order_book",
        "recent": "get_recent_trades",
        "trades": "get_historical_trades",
        "agg_trades": "get_aggregate_trades",
        "bars": "get_klines",
    },
    Market.USDM: {
        "depth": "futures_order_book",
        "recent": "futures_recent_trades",
        "trades": "futures_historical_trades",
        "agg_trades": "futures_aggregate_trades",
        "bars": "futures_klines",
        "continuous": "futures_continuous_klines",
    },
    Market.COINM: {
        "depth": "futures_coin_order_book",
        "recent": "futures_coin_recent_trades",
        "trades": "futures_coin_historical_trades",
        "agg_trades": "futures_coin_aggregate_trades",
        "bars": "futures_coin_klines",
        "continuous": "futures_coin_continous_klines",
    },
}
"""python-binance's methods."""

_CONTRACT_TYPES: Final = frozenset(
    {"PERPETUAL", "CURRENT_QUARTER", "NEXT_QUARTER", "TRADIFI_PERPETUAL"}
)
_DEPTHS: Final = (5, 10, 20, 50, 100, 500, 1000)
"""What futures take; spot takes any number up to 5000."""
_SPOT_DEPTH_MOST: Final = 5000
_DEPTH_WEIGHTS: Final = {
    Market.SPOT: ((100, 5), (500, 25), (1000, 50), (5000, 250)),
    Market.USDM: ((50, 2), (100, 5), (500, 10), (1000, 20)),
    Market.COINM: ((50, 2), (100, 5), (500, 10), (1000, 20)),
}
_BAR_WEIGHTS: Final = ((99, 1), (499, 2), (1000, 5), (1500, 10))
"""Of futures; on spot any number weighs 2."""
_BARS_A_PAGE: Final = {Market.SPOT: 1000, Market.USDM: 1500, Market.COINM: 1500}
_BARS_WINDOW_MS: Final = 199 * 86_400_000
"""COIN-M takes start and end at most 200 days apart."""
_TRADES_A_PAGE: Final = {Market.SPOT: 1000, Market.USDM: 500, Market.COINM: 500}
_WEIGHTS: Final = {
    "trades": {Market.SPOT: 25, Market.USDM: 200, Market.COINM: 20},
    "agg_trades": {Market.SPOT: 4, Market.USDM: 20, Market.COINM: 20},
}
_PATIENT: Final = frozenset({"recent", "trades", "agg_trades"})
"""Questions for what is late anyhow: books and bars go before them."""
_RECENT: Final = 1000
_RECENT_WEIGHT: Final = 5
_A_PAGE: Final = 1000

_Row = TypeVar("_Row", TradeTick, AggTrade)


class BinanceMarketHistory:
    """See :class:`bot.ports.MarketHistory`. Symbols may carry another market in front.

    Questions keep to the share of the request weight that is not for orders, and wait for
    the next minute where it is spent.
    """

    def __init__(self, session: Session, clock: Clock, *, home: Market = Market.SPOT) -> None:
        self._session = session
        self._clock = clock
        self._home = home

    async def book(self, symbol: str, limit: int) -> BookFetched | BookNotFetched:
        """The book, ``limit`` levels a side or the next number that the exchange takes."""
        market, name = split_symbol(symbol, self._home)
        if market is Market.SPOT:
            levels = min(limit, _SPOT_DEPTH_MOST)
        else:
            levels = next((depth for depth in _DEPTHS if depth >= limit), _DEPTHS[-1])
        weight = _weight(_DEPTH_WEIGHTS[market], levels)
        try:
            body = await self._ask(market, "depth", weight, symbol=name, limit=levels)
            return _read(
                lambda: history_decode.book(body, symbol, levels, self._clock.now_ns()), "depth"
            )
        except VenueError as failure:
            return BookNotFetched(
                symbol=symbol,
                reason=str(failure),
                recv_ns=self._clock.now_ns(),
                retry_after_s=failure.retry_after_s if isinstance(failure, Throttled) else 0.0,
            )

    async def trades(self, symbol: str, from_id: int, to_id: int) -> Sequence[TradeTick]:
        """Trades by id, both ends included."""
        market, name = split_symbol(symbol, self._home)
        if market is not Market.SPOT:
            # Where it reaches back far enough, the list of the newest weighs a fortieth.
            body = await self._ask(market, "recent", _RECENT_WEIGHT, symbol=name, limit=_RECENT)
            recent = self._trades(body, symbol)
            if recent and recent[0].trade_id <= from_id:
                return [trade for trade in recent if from_id <= trade.trade_id <= to_id]

        async def page(first_id: int) -> Sequence[TradeTick]:
            limit = _TRADES_A_PAGE[market]
            weight = _WEIGHTS["trades"][market]
            body = await self._ask(
                market, "trades", weight, symbol=name, fromId=first_id, limit=limit
            )
            return self._trades(body, symbol)

        return await _paged(page, lambda trade: trade.trade_id, from_id, to_id)

    async def agg_trades(self, symbol: str, from_id: int, to_id: int) -> Sequence[AggTrade]:
        """Aggregate trades by id, both ends included."""
        market, name = split_symbol(symbol, self._home)

        async def page(first_id: int) -> Sequence[AggTrade]:
            weight = _WEIGHTS["agg_trades"][market]
            body = await self._ask(
                market, "agg_trades", weight, symbol=name, fromId=first_id, limit=_A_PAGE
            )
            return _read(
                lambda: history_decode.agg_trades(body, symbol, self._clock.now_ns()), "aggTrades"
            )

        return await _paged(page, lambda trade: trade.agg_id, from_id, to_id)

    async def bars(
        self,
        symbol: str,
        interval: str,
        start_ns: int | None,
        end_ns: int | None,
        limit: int,
    ) -> Sequence[Bar]:
        """Bars by open time; see the port.

        ``BTCUSDT_PERPETUAL`` is no symbol but a pair and a type of contract: those are the
        bars of whichever contract is of that type at the time.
        """
        market, name = split_symbol(symbol, self._home)
        pair, _, contract_type = name.partition("_")
        if market is not Market.SPOT and contract_type in _CONTRACT_TYPES:
            asked = {"pair": pair, "contractType": contract_type, "interval": interval}
            return await self._bars(market, "continuous", asked, symbol, start_ns, end_ns, limit)
        asked = {"symbol": name, "interval": interval}
        return await self._bars(market, "bars", asked, symbol, start_ns, end_ns, limit)

    async def _bars(
        self,
        market: Market,
        call: str,
        asked: Mapping[str, str],
        symbol: str,
        start_ns: int | None,
        end_ns: int | None,
        limit: int,
    ) -> Sequence[Bar]:
        most = _BARS_A_PAGE[market]

        async def page(count: int, **window: int) -> Sequence[Bar]:
            weight = 2 if market is Market.SPOT else _weight(_BAR_WEIGHTS, count)
            # Streams say 1d@+08:00 where REST says interval 1d and timeZone 08:00.
            bare, _, zone = asked["interval"].partition("@")
            wanted = {**asked, "interval": bare} | ({"timeZone": zone.lstrip("+")} if zone else {})
            body = await self._ask(market, call, weight, **wanted, limit=count, **window)
            now_ns = self._clock.now_ns()
            exchange_ms = now_ns // MS_NS + int(self._session.timestamp_offset)
            interval = asked["interval"]
            return _read(
                lambda: history_decode.bars(
                    body, symbol, interval, now_ns, exchange_ms=exchange_ms
                ),
                "klines",
            )

        end_ms = None if end_ns is None else end_ns // MS_NS
        if start_ns is None:
            return await _newest(page, most, end_ms, limit)
        if end_ms is None:
            end_ms = (self._clock.now_ns() + 60 * SECOND_NS) // MS_NS
        span_ms = _BARS_WINDOW_MS if market is Market.COINM else end_ms
        return await _onward(page, most, -(-start_ns // MS_NS), end_ms, span_ms, limit)

    def _trades(self, body: object, symbol: str) -> Sequence[TradeTick]:
        return _read(lambda: history_decode.trades(body, symbol, self._clock.now_ns()), "trades")

    async def _ask(self, market: Market, call: str, weight: int, **params: str | int) -> Any:
        await self._session.weights[market].spend(weight, patient=call in _PATIENT)
        # python-binance encodes the symbol and nothing else, and a pair may hold any letter.
        encoded = {
            name: str(value) if name == "symbol" else quote(str(value), safe="")
            for name, value in params.items()
        }
        method: Callable[..., Awaitable[Any]] = getattr(self._session, _CALLS[market][call])
        return await method(**encoded)


_Page = Callable[..., Awaitable[Sequence[Bar]]]
_Read = TypeVar("_Read")


def _read(decode: Callable[[], _Read], what: str) -> _Read:
    try:
        return decode()
    except msgspec.ValidationError as error:
        raise Unavailable(f"{what}: the answer cannot be read ({error})") from None


def _weight(steps: Sequence[tuple[int, int]], limit: int) -> int:
    return next((weight for most, weight in steps if limit <= most), steps[-1][1])


async def _paged(
    page: Callable[[int], Awaitable[Sequence[_Row]]],
    id_of: Callable[[_Row], int],
    from_id: int,
    to_id: int,
) -> Sequence[_Row]:
    """What there is between the ids: pages until one reaches the end, or brings nothing new."""
    found: list[_Row] = []
    next_id = from_id
    while next_id <= to_id:
        rows = [row for row in await page(next_id) if id_of(row) >= next_id]
        if not rows:
            break
        found += [row for row in rows if id_of(row) <= to_id]
        next_id = id_of(rows[-1]) + 1
    return found


async def _onward(
    page: _Page, most: int, start_ms: int, end_ms: int, span_ms: int, limit: int
) -> Sequence[Bar]:
    found: list[Bar] = []
    while start_ms <= end_ms and len(found) < limit:
        until_ms = min(end_ms, start_ms + span_ms)
        count = min(most, limit - len(found))
        rows = await page(count, startTime=start_ms, endTime=until_ms)
        found += rows
        start_ms = rows[-1].open_ns // MS_NS + 1 if len(rows) >= count else until_ms + 1
    return found


async def _newest(page: _Page, most: int, end_ms: int | None, limit: int) -> Sequence[Bar]:
    found: list[Bar] = []
    while len(found) < limit:
        count = min(most, limit - len(found))
        window = {} if end_ms is None else {"endTime": end_ms}
        rows = await page(count, **window)
        found = [*rows, *found]
        if len(rows) < count:
            break
        end_ms = rows[0].open_ns // MS_NS - 1
    return found
