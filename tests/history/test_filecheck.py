"""The kind of a file is told by its name or its content."""

import pytest

from bot.domain.errors import DataError
from bot.history.filecheck import check_file

MINUTE_MS = 60_000
START_MS = 1_723_118_400_000


def _bars(*minutes):
    return "".join(
        f"{START_MS + n * MINUTE_MS},1,2,0.5,1.5,9,{START_MS + (n + 1) * MINUTE_MS - 1},9,3,4,4,0\n"
        for n in minutes
    )


def test_bars_of_the_archive_are_checked_for_holes(tmp_path):
    file = tmp_path / "BTCUSDT-1m-2024-08-08.csv"
    file.write_text(_bars(0, 1, 3))

    (finding,) = check_file(file)
    assert (finding.row, finding.what) == (
        3,
        "bars are missing from 2024-08-08T12:02:00.000000Z on",
    )


def test_trades_of_the_archive_are_checked_for_ids_and_prices(tmp_path):
    file = tmp_path / "BTCUSDT-trades-2024-08-08.csv"
    rows = [(1, "100"), (2, "100"), (5, "100"), (6, "150"), (7, "100")]
    file.write_text("".join(f"{n},{price},1,1,{START_MS},True,True\n" for n, price in rows))

    assert [(finding.row, finding.what) for finding in check_file(file)] == [
        (3, "ids 3 to 4 are missing"),
        (4, "the price leaps to 150 and back"),
    ]


def test_a_table_is_told_by_its_heading(tmp_path):
    file = tmp_path / "table.csv"
    file.write_text(
        "TimestampOfReceive,Stream,EventType,EventTime,TransactionTime,Symbol,TradeId,Price,"
        "Quantity,IsBuyerMarketMaker\n1741046401272286,x@trade,trade,0,0,X,7,1,1,1\n"
    )

    assert [finding.what for finding in check_file(file)] == ["there is no time"]


def test_what_has_no_rows_is_refused(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("hello\n")
    with pytest.raises(DataError, match="has no rows to check"):
        check_file(file)
    with pytest.raises(DataError, match="there is no file"):
        check_file(tmp_path / "absent.csv")


def test_a_folder_is_not_a_file_and_who_reads_folders_is_said(tmp_path):
    with pytest.raises(DataError, match=r"is a folder: name its files .* bot tape info"):
        check_file(tmp_path)
