"""Questions about the past: pages, limits and weights of each market, and what fails."""

import pytest
from aiohttp import web

from bot.domain.errors import Rejected, Unavailable
from bot.domain.fetched import BookFetched, BookNotFetched
from bot.domain.values import Market
from bot.exchange.market_history import BinanceMarketHistory

MINUTE_MS = 60_000
START_MS = 1_723_118_400_000
MS = 1_000_000


class Archive:
    """Answers as Binance does, from trades numbered 1 to ``trades`` and a bar each minute."""

    def __init__(self) -> None:
        self.trades = 3000
        self.bars = 4000

    def __call__(self, _method, path, params):
        what = path.rsplit("/", 1)[1]
        if what == "depth":
            return {"lastUpdateId": 7, "bids": [["1", "2"]], "asks": [["3", "4"]]}
        if what == "trades":
            newest = range(max(1, self.trades + 1 - int(params["limit"])), self.trades + 1)
            return [self._trade(number) for number in newest]
        first = int(params.get("fromId", 0))
        if what in {"historicalTrades", "aggTrades"}:
            numbers = range(first, min(first + int(params["limit"]), self.trades + 1))
            make = self._trade if what == "historicalTrades" else self._agg_trade
            return [make(number) for number in numbers]
        return self._klines(params)

    def _klines(self, params):
        opens = [START_MS + MINUTE_MS * number for number in range(self.bars)]
        opens = [t for t in opens if t <= int(params.get("endTime", opens[-1]))]
        count = int(params["limit"])
        if "startTime" in params:
            opens = [t for t in opens if t >= int(params["startTime"])][:count]
        else:
            opens = opens[-count:]
        return [
            [t, "1", "2", "0.5", "1.5", "9", t + MINUTE_MS - 1, "9", 3, "4", "4", "0"]
            for t in opens
        ]

    @staticmethod
    def _trade(number):
        return {"id": number, "price": "1", "qty": "2", "time": START_MS, "isBuyerMaker": False}

    @staticmethod
    def _agg_trade(number):
        return {"a": number, "p": "1", "q": "2", "f": 1, "l": 1, "T": START_MS, "m": False}


class Clock:
    def now_ns(self) -> int:
        return (START_MS + 4000 * MINUTE_MS) * MS - 1


@pytest.fixture
def archive(http_peer):
    http_peer.answer = Archive()
    return http_peer.answer


@pytest.fixture
def past(http_session, archive):
    return BinanceMarketHistory(http_session, Clock())


def paths(http_peer):
    return [path for _, path, _ in http_peer.requests]


def asked(http_peer, name):
    return [params.get(name) for _, _, params in http_peer.requests]


@pytest.mark.parametrize(
    ("symbol", "limit", "path", "levels", "market", "weight"),
    [
        ("BTCUSDT", 100, "/api/v3/depth", 100, Market.SPOT, 5),
        ("BTCUSDT", 501, "/api/v3/depth", 501, Market.SPOT, 50),
        ("BTCUSDT", 9000, "/api/v3/depth", 5000, Market.SPOT, 250),
        ("usdm:BTCUSDT", 30, "/fapi/v1/depth", 50, Market.USDM, 2),
        ("usdm:BTCUSDT", 5000, "/fapi/v1/depth", 1000, Market.USDM, 20),
        ("coinm:BTCUSD_PERP", 500, "/dapi/v1/depth", 500, Market.COINM, 10),
    ],
)
async def test_a_book_of_each_market(
    past, http_peer, http_session, symbol, limit, path, levels, market, weight
):
    book = await past.book(symbol, limit)

    assert isinstance(book, BookFetched)
    assert (book.symbol, book.limit, book.last_update_id) == (symbol, levels, 7)
    assert http_peer.requests[0][1:] == (
        path,
        {"symbol": symbol.split(":")[-1], "limit": str(levels)},
    )
    assert http_session.weights[market].used == weight


async def test_plain_symbols_are_those_of_the_home_market(http_session, archive, http_peer):
    past = BinanceMarketHistory(http_session, Clock(), home=Market.USDM)
    await past.book("BTCUSDT", 5)
    await past.book("spot:BTCUSDT", 5)

    assert paths(http_peer) == ["/fapi/v1/depth", "/api/v3/depth"]


async def test_a_symbol_may_hold_any_letter(past, http_peer):
    await past.book("币安人生&x=1USDT", 5)

    assert asked(http_peer, "symbol") == ["币安人生&x=1USDT"]


async def test_a_book_that_cannot_be_had_is_an_answer(past, http_peer):
    http_peer.answer = lambda *_: web.json_response(
        {"code": -1121, "msg": "Invalid symbol."}, status=400
    )
    refused = await past.book("NOPE", 5)
    http_peer.answer = lambda *_: {"code": 0}
    unreadable = await past.book("BTCUSDT", 5)
    http_peer.answer = lambda *_: web.json_response(
        {"code": -1003, "msg": "Too many."}, status=429, headers={"Retry-After": "3"}
    )
    throttled = await past.book("BTCUSDT", 5)

    assert all(isinstance(one, BookNotFetched) for one in (refused, unreadable, throttled))
    assert refused.reason == "Invalid symbol. (-1121)"
    assert unreadable.reason.startswith("depth: the answer cannot be read")
    assert (throttled.retry_after_s, refused.retry_after_s) == (3.0, 0.0)


async def test_trades_come_in_pages_and_both_ends_are_included(past, http_peer):
    trades = await past.trades("BTCUSDT", 5, 2104)

    assert [trade.trade_id for trade in trades] == list(range(5, 2105))
    assert all(trade.late for trade in trades)
    assert asked(http_peer, "fromId") == ["5", "1005", "2005"]


async def test_trades_that_are_not_there_yet_are_left_out(past):
    trades = await past.trades("BTCUSDT", 2999, 3005)

    assert [trade.trade_id for trade in trades] == [2999, 3000]


async def test_what_is_recent_on_futures_is_asked_for_the_cheap_way(past, http_peer, http_session):
    trades = await past.trades("usdm:BTCUSDT", 2100, 2200)

    assert [trade.trade_id for trade in trades] == list(range(2100, 2201))
    assert paths(http_peer) == ["/fapi/v1/trades"]
    assert http_session.weights[Market.USDM].used == 5


async def test_what_is_older_on_futures_is_paged(past, http_peer, http_session):
    trades = await past.trades("usdm:BTCUSDT", 100, 700)

    assert [trade.trade_id for trade in trades] == list(range(100, 701))
    assert paths(http_peer) == ["/fapi/v1/trades", *["/fapi/v1/historicalTrades"] * 2]
    assert http_session.weights[Market.USDM].used == 405


@pytest.mark.parametrize(
    ("symbol", "path"),
    [
        ("BTCUSDT", "/api/v3/aggTrades"),
        ("usdm:BTCUSDT", "/fapi/v1/aggTrades"),
        ("coinm:BTCUSD_PERP", "/dapi/v1/aggTrades"),
    ],
)
async def test_aggregate_trades_of_each_market(past, http_peer, symbol, path):
    trades = await past.agg_trades(symbol, 10, 1500)

    assert [trade.agg_id for trade in trades] == list(range(10, 1501))
    assert {trade.symbol for trade in trades} == {symbol}
    assert paths(http_peer) == [path, path]


async def test_bars_from_a_time_on_come_oldest_first_in_pages(past, http_peer):
    start_ns = START_MS * MS
    bars = await past.bars("BTCUSDT", "1m", start_ns, start_ns + 2499 * MINUTE_MS * MS, 9999)

    assert [bar.open_ns for bar in bars] == [start_ns + n * MINUTE_MS * MS for n in range(2500)]
    assert asked(http_peer, "limit") == ["1000"] * 3


async def test_the_newest_bars_are_paged_backwards(past, http_peer):
    bars = await past.bars("BTCUSDT", "1m", None, None, 2300)

    opens = [bar.open_ns // MS for bar in bars]
    assert opens == [START_MS + n * MINUTE_MS for n in range(1700, 4000)]
    assert asked(http_peer, "limit") == ["1000", "1000", "300"]
    # The last one still forms.
    assert [bar.closed for bar in bars[-2:]] == [True, False]


async def test_the_newest_bars_before_a_time(past):
    end_ns = (START_MS + 10 * MINUTE_MS) * MS
    bars = await past.bars("usdm:BTCUSDT", "1m", None, end_ns, 3)

    assert [bar.open_ns for bar in bars] == [end_ns - n * MINUTE_MS * MS for n in (2, 1, 0)]


async def test_history_that_begins_later_gives_what_there_is(past, archive):
    archive.bars = 5
    assert len(await past.bars("BTCUSDT", "1m", None, None, 5000)) == 5
    assert len(await past.bars("BTCUSDT", "1m", 0, None, 5000)) == 5


async def test_coin_margined_bars_are_asked_for_in_windows_that_the_exchange_takes(past, http_peer):
    day_ns = 86_400_000 * MS
    start_ns = START_MS * MS - 500 * day_ns
    bars = await past.bars("coinm:BTCUSD_PERP", "1m", start_ns, START_MS * MS + day_ns, 400)

    windows = [
        int(end) - int(start)
        for start, end in zip(asked(http_peer, "startTime"), asked(http_peer, "endTime"), strict=1)
    ]
    assert max(windows) < 200 * 86_400_000
    assert len(windows) == 3
    assert len(bars) == 400


async def test_continuous_bars_are_asked_for_by_pair_and_contract(past, http_peer):
    bars = await past.bars("usdm:BTCUSDT_PERPETUAL", "1m", None, None, 2)
    await past.bars("coinm:BTCUSD_CURRENT_QUARTER", "1m", None, None, 2)
    await past.bars("coinm:BTCUSD_PERP", "1m", None, None, 2)

    assert [bar.symbol for bar in bars] == ["usdm:BTCUSDT_PERPETUAL"] * 2
    assert paths(http_peer) == [
        "/fapi/v1/continuousKlines",
        "/dapi/v1/continuousKlines",
        "/dapi/v1/klines",
    ]
    assert http_peer.requests[0][2] == {
        "pair": "BTCUSDT",
        "contractType": "PERPETUAL",
        "interval": "1m",
        "limit": "2",
    }


async def test_bars_of_another_time_zone_are_asked_for_as_rest_writes_it(past, http_peer):
    bars = await past.bars("BTCUSDT", "1d@+08:00", None, None, 2)

    assert [bar.interval for bar in bars] == ["1d@+08:00"] * 2
    asked = http_peer.requests[0][2]
    assert (asked["interval"], asked["timeZone"]) == ("1d", "08:00")


async def test_a_refusal_is_raised_by_what_to_do_next(past, http_peer):
    http_peer.answer = lambda *_: web.json_response(
        {"code": -1121, "msg": "Invalid symbol."}, status=400
    )
    with pytest.raises(Rejected):
        await past.agg_trades("NOPE", 1, 2)
    http_peer.answer = lambda *_: [{"a": "x"}]
    with pytest.raises(Unavailable, match="aggTrades: the answer cannot be read"):
        await past.agg_trades("BTCUSDT", 1, 2)


async def test_the_exchange_s_own_count_of_weight_is_taken_over(past, http_peer, http_session):
    http_peer.answer = lambda *_: web.json_response(
        {"lastUpdateId": 7, "bids": [], "asks": []}, headers={"X-MBX-USED-WEIGHT-1M": "1234"}
    )
    await past.book("usdm:BTCUSDT", 5)

    assert http_session.weights[Market.USDM].used == 1234
    assert http_session.weights[Market.SPOT].used == 0
