"""Downloads against an archive on loopback and the simulated exchange's REST."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.errors import DataError, SettingsError, VenueSetupError
from bot.domain.values import Market
from bot.exchange.archive import ArchiveOptions
from bot.exchange.backoff import Backoff
from bot.exchange.endpoints import from_url
from bot.history.archive import read_archives
from bot.history.coverage import Coverage
from bot.history.series import Dataset, Period, Series
from bot.runtime.download import Download, DownloadPlan, days_of
from bot.testing.exchange import ServedExchange

NOW_MS = 1_710_500_000_000
"""2024-03-15, 10:53."""
MARCH = Series(dataset=Dataset.TRADES, market=Market.SPOT, symbol="BTCUSDT")
QUICK = ArchiveOptions(attempts=2, backoff=Backoff(least_s=0.001, first_limit_s=0.002, most_s=0.01))
TODAY = date(2024, 3, 15)


def midnight_ms(day):
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def trades(first_id, day, count=3):
    at = midnight_ms(day)
    return "".join(f"{first_id + n},100.{n},0.5,50.0,{at + n},True,True\n" for n in range(count))


def offer(server, *days, series=MARCH):
    """Daily files of those days, with ids that count on."""
    for day in days:
        text = trades(3 * (day - date(2024, 1, 1)).days, day)
        server.put(str(series.archive(Period(day, day))), text)


async def download(server, tmp_path, first, last, series=MARCH, **options):
    plan = DownloadPlan(
        series=series,
        first=first,
        last=last,
        out=tmp_path,
        base_url=server.url,
        rest=options.pop("rest", None),
        options=QUICK,
        **options,
    )
    return await Download(plan, now_ms=lambda: NOW_MS).run()


async def test_months_come_whole_and_the_rest_by_day(archive_server, tmp_path):
    month = Period(date(2024, 1, 1), date(2024, 1, 31))
    text = "".join(trades(3 * n, month.first + timedelta(days=n)) for n in range(31))
    archive_server.put(str(MARCH.archive(month)), text)
    offer(archive_server, date(2024, 2, 1), date(2024, 2, 2))
    report = await download(archive_server, tmp_path, month.first, date(2024, 2, 2))
    assert [file.rpartition("/")[2] for file in report.files] == [
        "BTCUSDT-trades-2024-01.zip",
        "BTCUSDT-trades-2024-02-01.zip",
        "BTCUSDT-trades-2024-02-02.zip",
    ]
    assert (report.fetched, report.kept, report.gaps) == (3, 0, [])
    rows = list(read_archives([tmp_path]))
    assert [row.trade_id for row in rows] == list(range(33 * 3))
    assert Coverage.of(rows, MARCH).missing == 0


async def test_a_month_that_is_not_there_as_one_comes_by_day(archive_server, tmp_path):
    first, last = date(2024, 2, 1), date(2024, 2, 29)
    offer(archive_server, *(first + timedelta(days=n) for n in range(29)))
    report = await download(archive_server, tmp_path, first, last)
    assert report.fetched == 29
    assert report.gaps == []


async def test_days_that_are_nowhere_are_gaps(archive_server, tmp_path):
    offer(archive_server, date(2024, 2, 1), date(2024, 2, 5), date(2024, 2, 7))
    report = await download(archive_server, tmp_path, date(2024, 2, 1), date(2024, 2, 7))
    assert report.gaps == [
        {"from": "2024-02-02", "to": "2024-02-04", "cause": "not in the archive"},
        {"from": "2024-02-06", "to": "2024-02-06", "cause": "not in the archive"},
    ]


async def test_a_second_download_fetches_only_what_is_missing(archive_server, tmp_path):
    offer(archive_server, date(2024, 2, 1))
    await download(archive_server, tmp_path, date(2024, 2, 1), date(2024, 2, 1))
    offer(archive_server, date(2024, 2, 2))
    report = await download(archive_server, tmp_path, date(2024, 2, 1), date(2024, 2, 2))
    assert (report.fetched, report.kept) == (1, 1)


async def test_no_more_files_at_once_than_allowed(archive_server, tmp_path):
    days = [date(2024, 2, 1) + timedelta(days=n) for n in range(20)]
    offer(archive_server, *days)
    report = await download(archive_server, tmp_path, days[0], days[-1], parallel=3)
    assert report.fetched == 20
    assert archive_server.most_at_once <= 3


async def test_a_symbol_that_nobody_has_is_one_line(archive_server, tmp_path):
    wrong = Series(dataset=Dataset.TRADES, market=Market.USDM, symbol="NOPEUSDT")
    with pytest.raises(DataError, match=r"no trades of usdm NOPEUSDT from .*is the symbol right"):
        await download(archive_server, tmp_path, date(2024, 2, 1), date(2024, 2, 2), wrong)


async def test_a_server_that_fails_is_one_line_and_keeps_what_came(archive_server, tmp_path):
    offer(archive_server, date(2024, 2, 1), date(2024, 2, 2))
    bad = str(MARCH.archive(Period(date(2024, 2, 2), date(2024, 2, 2))))
    archive_server.statuses[f"{bad}.CHECKSUM"] = [500] * 9
    download_ = download(archive_server, tmp_path, date(2024, 2, 1), date(2024, 2, 2), parallel=1)
    with pytest.raises(ExceptionGroup) as failed:
        await download_
    assert isinstance(failed.value.exceptions[0], VenueSetupError)
    assert (tmp_path / MARCH.archive(Period(date(2024, 2, 1), date(2024, 2, 1)))).exists()


# --- over REST ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exchange():
    served = ServedExchange(["--seed", "3"])
    yield served
    served.stop()


@pytest.fixture
def today():
    return datetime.now(UTC).date()


def plan_of(exchange, server, tmp_path, dataset, today, **series):
    return DownloadPlan(
        series=Series(
            dataset=dataset,
            market=series.pop("market", Market.SPOT),
            symbol=series.pop("symbol", "BTCUSDT"),
            interval=series.pop("interval", ""),
        ),
        first=today,
        last=today,
        out=tmp_path,
        base_url=server.url,
        rest=from_url(exchange.http),
        options=QUICK,
    )


@pytest.mark.parametrize("dataset", [Dataset.TRADES, Dataset.AGG_TRADES])
@pytest.mark.parametrize(
    ("market", "symbol"),
    [(Market.SPOT, "BTCUSDT"), (Market.USDM, "BTCUSDT"), (Market.COINM, "BTCUSD_PERP")],
)
async def test_today_is_asked_for_over_rest(
    exchange, archive_server, tmp_path, today, dataset, market, symbol
):
    if dataset is Dataset.TRADES and market is not Market.SPOT:
        pytest.skip("futures ask for a key")
    plan = plan_of(exchange, archive_server, tmp_path, dataset, today, market=market, symbol=symbol)
    report = await Download(plan).run()
    rows = list(read_archives([tmp_path]))
    assert report.rest_days == [today.isoformat()]
    assert report.rest_rows == len(rows) > 0
    assert Coverage.of(rows, plan.series).missing == 0
    assert all(row.symbol == symbol and row.price > 0 for row in rows)


@pytest.mark.parametrize("market", [Market.SPOT, Market.USDM])
async def test_bars_of_today_are_closed_ones(exchange, archive_server, tmp_path, today, market):
    plan = plan_of(
        exchange, archive_server, tmp_path, Dataset.KLINES, today, interval="1m", market=market
    )
    await Download(plan).run()
    now_ns = datetime.now(UTC).timestamp() * 1e9
    for bar in read_archives([tmp_path]):
        assert bar.closed
        assert bar.close_ns < now_ns
        assert bar.low <= bar.open <= bar.high


async def test_a_symbol_that_the_exchange_does_not_know_is_one_line(
    exchange, archive_server, tmp_path, today
):
    plan = plan_of(exchange, archive_server, tmp_path, Dataset.TRADES, today, symbol="NOPEUSDT")
    with pytest.raises(ExceptionGroup) as failed:
        await Download(plan).run()
    assert "spot has no symbol NOPEUSDT" in str(failed.value.exceptions[0])


async def test_the_archives_own_file_takes_the_place_of_what_rest_gave(
    exchange, archive_server, tmp_path, today
):
    plan = plan_of(exchange, archive_server, tmp_path, Dataset.TRADES, today)
    await Download(plan).run()
    day = Period(today, today)
    assert (tmp_path / plan.series.fetched(day)).exists()
    archive_server.put(str(plan.series.archive(day)), trades(1, today))
    await Download(plan).run()
    assert not (tmp_path / plan.series.fetched(day)).exists()
    assert [row.trade_id for row in read_archives([tmp_path])] == [1, 2, 3]


async def test_an_exchange_that_is_away_is_one_line(archive_server, tmp_path, today, monkeypatch):
    monkeypatch.setattr("bot.exchange.rest_history._ATTEMPTS", 1)
    away = type("Away", (), {"http": "http://127.0.0.1:1"})
    plan = plan_of(away, archive_server, tmp_path, Dataset.TRADES, today)
    with pytest.raises(ExceptionGroup) as failed:
        await Download(plan).run()
    assert "over REST" in str(failed.value.exceptions[0])


# --- what is asked for ----------------------------------------------------------------------


def test_days_without_an_end_go_up_to_today():
    assert days_of("2024-03-01", "", today=TODAY) == (date(2024, 3, 1), TODAY)


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("2024-13-01", "", "--from '2024-13-01' is no day: write it like 2024-01-31"),
        ("yesterday", "", "--from 'yesterday' is no day"),
        ("2024-03-01", "2024-03-16", "--to 2024-03-16 is in the future: today is 2024-03-15"),
        ("2024-03-02", "2024-03-01", "--from 2024-03-02 is after --to 2024-03-01"),
    ],
)
def test_days_that_are_none_are_one_line(first, last, told):
    with pytest.raises(SettingsError) as raised:
        days_of(first, last, today=TODAY)
    assert told in str(raised.value)


async def test_the_report_is_plain_values(archive_server, tmp_path):
    offer(archive_server, date(2024, 2, 1))
    report = await download(archive_server, tmp_path, date(2024, 2, 1), date(2024, 2, 1))
    told = json.loads(json.dumps(report.as_dict()))
    assert told["dataset"] == "trades"
    assert (told["from"], told["to"], told["fetched"]) == ("2024-02-01", "2024-02-01", 1)
