"""Files of the archive, field by field, and series made of several."""

import json
import zipfile

import pytest

from bot.domain.errors import DataError
from bot.domain.market import AggTrade, Bar, TradeTick
from bot.domain.values import Market
from bot.history.archive import archive_files, read_archive, read_archives
from bot.history.coverage import Coverage
from bot.history.series import Dataset, Series

MS = 1_000_000

SPOT_TRADES = """\
3341400000,42283.58000000,0.00100000,42.28358000,1704067200003,True,True
3341400001,42283.59000000,0.00046000,19.45045140,1704067200011,False,True
"""
SPOT_TRADES_2025 = """\
4359000000,93576.00000000,0.00015000,14.03640000,1735689600041736,True,True
"""
USDM_TRADES = """\
id,price,qty,quote_qty,time,is_buyer_maker
4466000000,42313.90,0.030,1269.417,1704067200045,true
"""
COINM_AGG_TRADES = """\
agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker
4773826,19099.6,70,7857138,7857140,1607294296787,true
"""
SPOT_AGG_TRADES = """\
426856438,17829.75000000,0.04121300,471418857,471418859,1605740428136,True,True
"""


def put(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as packed:
            packed.writestr(path.stem + ".csv", text)
    else:
        path.write_text(text)
    return path


def test_trades_of_spot_have_no_header_and_milliseconds(tmp_path):
    path = put(tmp_path, "BTCUSDT-trades-2024-01-01.zip", SPOT_TRADES)
    first, second = read_archive(path)
    assert first == TradeTick(
        symbol="BTCUSDT",
        price=42283.58,
        size=0.001,
        trade_id=3341400000,
        buyer_is_maker=True,
        ts_ns=1704067200003 * MS,
        recv_ns=1704067200003 * MS,
    )
    assert (second.buyer_is_maker, second.size) == (False, 0.00046)


def test_trades_of_spot_have_microseconds_from_2025_on(tmp_path):
    path = put(tmp_path, "BTCUSDT-trades-2025-01-01.csv", SPOT_TRADES_2025)
    [trade] = read_archive(path)
    assert trade.ts_ns == 1735689600041736 * 1000


def test_trades_of_futures_have_a_header_and_lower_case_truth(tmp_path):
    path = put(tmp_path, "data/futures/um/daily/BTCUSDT-trades-2024-01-01.zip", USDM_TRADES)
    [(_, series)] = archive_files(path)
    assert series.market is Market.USDM
    [trade] = read_archive(path)
    assert (trade.trade_id, trade.price, trade.size) == (4466000000, 42313.9, 0.03)
    assert trade.buyer_is_maker is True


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "BTCUSD_PERP-aggTrades-2020-12-06.zip",
            COINM_AGG_TRADES,
            ("BTCUSD_PERP", 19099.6, 70.0, 4773826, 7857138, 7857140, True, 1607294296787 * MS),
        ),
        (
            "BTCUSDT-aggTrades-2020-11-18.zip",
            SPOT_AGG_TRADES,
            (
                "BTCUSDT",
                17829.75,
                0.041213,
                426856438,
                471418857,
                471418859,
                True,
                1605740428136 * MS,
            ),
        ),
    ],
)
def test_aggregate_trades_with_and_without_a_header(tmp_path, name, text, expected):
    [trade] = read_archive(put(tmp_path, name, text))
    symbol, price, size, agg_id, first, last, maker, at = expected
    assert trade == AggTrade(
        symbol=symbol,
        price=price,
        size=size,
        agg_id=agg_id,
        first_trade_id=first,
        last_trade_id=last,
        buyer_is_maker=maker,
        ts_ns=at,
        recv_ns=at,
    )


def test_each_row_of_a_real_file_of_bars_is_read_field_by_field(archive_samples):
    path = archive_samples / "ADABTC-1m-2021-11-27.csv"
    rows = [line.split(",") for line in path.read_text().splitlines()]
    bars = list(read_archive(path))
    assert len(bars) == len(rows) == 1440
    for row, bar in zip(rows, bars, strict=True):
        assert bar == Bar(
            symbol="ADABTC",
            interval="1m",
            open=float(row[1]),
            high=float(row[2]),
            low=float(row[3]),
            close=float(row[4]),
            volume=float(row[5]),
            quote_volume=float(row[7]),
            trades=int(row[8]),
            open_ns=int(row[0]) * MS,
            close_ns=int(row[6]) * MS,
            closed=True,
            ts_ns=int(row[6]) * MS,
            recv_ns=int(row[6]) * MS,
            taker_volume=float(row[9]),
            taker_quote_volume=float(row[10]),
        )


@pytest.mark.parametrize(
    "name",
    [
        "ADABTC-1m-2021-11-27.csv",
        "BTCUSDT-1h-2021-Q1.csv.gz",
        "BTCUSDT-1h-2023-01.csv",
        "BTCUSDT-1h-2023-02.csv",
        "BTCUSDT-1h-2023-05.csv",
    ],
)
def test_the_gaps_of_real_files_are_the_known_ones(archive_samples, kline_gaps, name):
    known = kline_gaps[f"history/data.binance.vision/{name}"]
    [(path, series)] = archive_files(archive_samples / name)
    coverage = Coverage.of(read_archive(path), series)
    missing = known["missing_open_times"]
    assert coverage.rows == known["rows"]
    assert coverage.missing == len(missing)
    assert coverage.repeated == known["duplicates"]
    # None of the real holes is longer than one bar.
    at = [f"{gap['from'][:19]}Z" for gap in coverage.gaps]
    assert at == [text[:19] + "Z" for text in known["missing_iso"]]


def test_files_of_a_folder_are_one_series_in_order(archive_samples):
    hours = Series(dataset=Dataset.KLINES, market=Market.SPOT, symbol="BTCUSDT", interval="1h")
    bars = list(read_archives([archive_samples], hours))
    assert len(bars) == 2158 + 744 + 672 + 744
    assert [bar.open_ns for bar in bars] == sorted({bar.open_ns for bar in bars})


def test_rows_that_several_files_have_come_once(tmp_path):
    put(tmp_path, "BTCUSDT-trades-2024-01.zip", SPOT_TRADES)
    put(tmp_path, "BTCUSDT-trades-2024-01-01.zip", SPOT_TRADES)
    put(tmp_path, "rest/BTCUSDT-trades-2024-01-01.zip", SPOT_TRADES)
    assert [row.trade_id for row in read_archives([tmp_path])] == [3341400000, 3341400001]


def test_several_series_are_not_mixed_without_a_choice(tmp_path):
    put(tmp_path, "BTCUSDT-trades-2024-01-01.zip", SPOT_TRADES)
    put(tmp_path, "ETHUSDT-trades-2024-01-01.zip", SPOT_TRADES)
    with pytest.raises(DataError, match="trades of spot BTCUSDT, trades of spot ETHUSDT"):
        list(read_archives([tmp_path]))
    chosen = Series(dataset=Dataset.TRADES, market=Market.SPOT, symbol="ETHUSDT")
    assert {row.symbol for row in read_archives([tmp_path], chosen)} == {"ETHUSDT"}


def test_trades_that_are_missing_are_told_by_their_ids(tmp_path):
    text = "".join(f"{n},1.0,1.0,1.0,{1704067200000 + n},True,True\n" for n in (1, 2, 5, 5, 6))
    path = put(tmp_path, "BTCUSDT-trades-2024-01-01.zip", text)
    [(_, series)] = archive_files(path)
    told = Coverage.of(read_archive(path), series).as_dict()
    assert (told["rows"], told["missing"], told["repeated"]) == (5, 2, 1)
    assert told["gaps"] == [{"missing": 2, "from_id": 3, "to_id": 4}]
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("BTCUSDT-trades-2024-01-01.zip", b"PK\x03\x04 no zip", "cannot read .*download it again"),
        ("BTCUSDT-trades-2024-01-01.csv", b"1,2,3\n", "line 1: not a row of trades of spot"),
        ("BTCUSDT-trades-2024-01-01.csv", b"1,a,3,4,5,True\n", "line 1: not a row"),
        ("BTCUSDT-trades-2024-01-01.csv", b"1,2,3,4,5,maybe\n", "line 1: not a row"),
        ("BTCUSDT-trades-2024-01-01.csv.gz", b"\x1f\x8b\x08", "cannot read"),
        ("notes.csv", b"1,2,3\n", "is not named like a file of the archive"),
    ],
)
def test_a_damaged_file_is_one_line(tmp_path, name, content, told):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=told):
        list(read_archive(path))


def test_a_zip_that_was_changed_is_noticed(tmp_path):
    path = put(tmp_path, "BTCUSDT-trades-2024-01-01.zip", SPOT_TRADES)
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match="cannot read"):
        list(read_archive(path))


def test_what_is_not_there_is_one_line(tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        list(read_archives([tmp_path / "nowhere"]))
    with pytest.raises(DataError, match="holds no archive file"):
        list(read_archives([tmp_path]))
