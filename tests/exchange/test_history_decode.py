"""REST answers of real shape become events; what is not of that shape is refused."""

import msgspec
import pytest

from bot.domain.market import AggTrade, Bar, TradeTick
from bot.exchange import history_decode

MS = 1_000_000
KLINE = [
    *(1499040000000, "0.01634790", "0.80000000", "0.01575800", "0.01577100", "148976.11427815"),
    *(1499644799999, "2434.19055334", 308, "1756.87402397", "28.46694368", "0"),
]


def test_a_book_keeps_its_levels_and_says_how_many_were_asked_for():
    body = {"lastUpdateId": 1027024, "bids": [["4.00000000", "431.0"]], "asks": [["4.2", "12.0"]]}
    book = history_decode.book(body, "BTCUSDT", 5, 7)

    assert (book.last_update_id, book.bids, book.asks) == (1027024, ((4.0, 431.0),), ((4.2, 12.0),))
    assert (book.symbol, book.limit, book.recv_ns) == ("BTCUSDT", 5, 7)


def test_trades_are_late():
    body = [
        {
            "id": 28457,
            "price": "4.00000100",
            "qty": "12.00000000",
            "quoteQty": "48.000012",
            "time": 1499865549590,
            "isBuyerMaker": True,
            "isBestMatch": True,
        }
    ]
    assert history_decode.trades(body, "BNBBTC", 7) == [
        TradeTick(*("BNBBTC", 4.000001, 12.0, 28457, True, 1499865549590 * MS, 7), late=True)
    ]


def test_aggregate_trades_are_late():
    body = [
        {
            "a": 26129,
            "p": "0.01633102",
            "q": "4.70443515",
            "f": 27781,
            "l": 27783,
            "T": 1498793709153,
            "m": True,
            "M": True,
        }
    ]
    assert history_decode.agg_trades(body, "BNBBTC", 7) == [
        AggTrade(
            *("BNBBTC", 0.01633102, 4.70443515, 26129, 27781, 27783, True),
            *(1498793709153 * MS, 7),
            late=True,
        )
    ]


@pytest.mark.parametrize(("exchange_ms", "closed"), [(1499644799999, False), (1499644800000, True)])
def test_a_bar_is_closed_once_its_end_is_past(exchange_ms, closed):
    (bar,) = history_decode.bars([KLINE], "BNBBTC", "1w", 7, exchange_ms=exchange_ms)

    assert bar == Bar(
        *("BNBBTC", "1w", 0.0163479, 0.8, 0.015758, 0.015771, 148976.11427815, 2434.19055334),
        *(308, 1499040000000 * MS, 1499644799999 * MS, closed, 1499644799999 * MS, 7),
        taker_volume=1756.87402397,
        taker_quote_volume=28.46694368,
        late=True,
    )


@pytest.mark.parametrize(
    "decode",
    [
        lambda: history_decode.book({"bids": []}, "X", 5, 0),
        lambda: history_decode.book(
            {"lastUpdateId": 1, "bids": [["nan", "1"]], "asks": []}, "X", 5, 0
        ),
        lambda: history_decode.trades({"code": -1}, "X", 0),
        lambda: history_decode.agg_trades([{"a": 1}], "X", 0),
        lambda: history_decode.bars([KLINE[:5]], "X", "1m", 0, exchange_ms=0),
    ],
)
def test_another_shape_is_refused(decode):
    with pytest.raises(msgspec.ValidationError):
        decode()
