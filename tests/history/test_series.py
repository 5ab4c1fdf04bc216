"""The names of the archive's files, and which of them cover a range of days."""

from datetime import date
from pathlib import PurePosixPath

import pytest

from bot.domain.errors import SettingsError
from bot.domain.values import Market
from bot.history.series import Dataset, Period, Series, periods, series_of

DAY = Period(date(2024, 1, 31), date(2024, 1, 31))
MONTH = Period(date(2024, 2, 1), date(2024, 2, 29))

PATHS = [
    (
        Series(dataset=Dataset.TRADES, market=Market.SPOT, symbol="BTCUSDT"),
        DAY,
        "data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2024-01-31.zip",
    ),
    (
        Series(dataset=Dataset.AGG_TRADES, market=Market.USDM, symbol="BTCUSDT"),
        MONTH,
        "data/futures/um/monthly/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2024-02.zip",
    ),
    (
        Series(dataset=Dataset.KLINES, market=Market.COINM, symbol="BTCUSD_PERP", interval="1h"),
        DAY,
        "data/futures/cm/daily/klines/BTCUSD_PERP/1h/BTCUSD_PERP-1h-2024-01-31.zip",
    ),
    (
        Series(dataset=Dataset.KLINES, market=Market.SPOT, symbol="1INCHUSDT", interval="1mo"),
        MONTH,
        "data/spot/monthly/klines/1INCHUSDT/1mo/1INCHUSDT-1mo-2024-02.zip",
    ),
    (
        Series(dataset=Dataset.TRADES, market=Market.USDM, symbol="BTCUSDT_240628"),
        DAY,
        "data/futures/um/daily/trades/BTCUSDT_240628/BTCUSDT_240628-trades-2024-01-31.zip",
    ),
]


@pytest.mark.parametrize(("series", "period", "path"), PATHS, ids=[path for *_, path in PATHS])
def test_a_file_is_where_the_archive_has_it_and_its_name_tells_what_it_is(series, period, path):
    assert str(series.archive(period)) == path
    assert series_of(PurePosixPath("/home/somebody/data") / path) == series


def test_what_was_asked_for_over_rest_stands_apart(tmp_path):
    series = PATHS[0][0]
    path = series.fetched(DAY)
    assert str(path) == "data/spot/rest/trades/BTCUSDT/BTCUSDT-trades-2024-01-31.zip"
    assert series_of(path) == series


@pytest.mark.parametrize(
    "name", ["notes.txt", "BTCUSDT-trades.zip", "BTCUSDT-7m-2024-01-01.zip", "run1.json"]
)
def test_other_files_are_none_of_the_archive(name):
    assert series_of(PurePosixPath(name)) is None


def test_whole_months_that_are_over_come_as_one():
    found = periods(date(2023, 12, 30), date(2024, 3, 2), today=date(2024, 3, 15))
    assert list(map(str, found)) == [
        *("2023-12-30", "2023-12-31", "2024-01", "2024-02", "2024-03-01", "2024-03-02"),
    ]


def test_the_present_month_comes_by_day_even_on_its_last_day():
    found = periods(date(2024, 2, 1), date(2024, 2, 29), today=date(2024, 2, 29))
    assert len(found) == 29
    assert not any(period.is_month for period in found)


def test_the_days_of_a_month_are_all_of_them():
    assert [str(day) for day in MONTH.days][-1] == "2024-02-29"
    assert len(list(MONTH.days)) == 29


@pytest.mark.parametrize("symbol", ["btcusdt", "BTC-USDT", "", "../../etc"])
def test_a_symbol_that_is_none_is_refused(symbol):
    with pytest.raises(SettingsError, match="is no symbol: write it as BTCUSDT"):
        Series(dataset=Dataset.TRADES, market=Market.SPOT, symbol=symbol)


def test_an_interval_that_the_archive_lacks_is_refused():
    with pytest.raises(SettingsError, match="--interval '7m': the archive has 1s, 1m, 3m"):
        Series(dataset=Dataset.KLINES, market=Market.SPOT, symbol="BTCUSDT", interval="7m")
