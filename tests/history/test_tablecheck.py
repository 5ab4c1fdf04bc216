"""Planted defects of recorded tables are found at their rows, and in clean tables none."""

import json
from pathlib import Path

import pytest

from bot.domain.errors import DataError
from bot.history.tablecheck import check_table

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
HEADING = (
    "TimestampOfReceive,Stream,EventType,EventTime,TransactionTime,Symbol,TradeId,Price,"
    "Quantity,IsBuyerMarketMaker,MUnknownParameter"
)


def _cases():
    path = SHARED_DATA / "vectors" / "data_quality.json"
    if not path.is_file():
        missing = pytest.mark.skip(reason=f"the shared vectors are not there: {path}")
        return [pytest.param(None, marks=missing)]
    cases = json.loads(path.read_text())["cases"]
    return [pytest.param(case, id=case["defective"]) for case in cases]


@pytest.mark.parametrize("case", _cases())
def test_every_planted_defect_is_found_and_nothing_else(case):
    tables = SHARED_DATA / "ws" / "captures" / "binance_data_processor"

    assert check_table(tables / case["clean"]) == []
    found = {finding.row for finding in check_table(tables / case["defective"])}
    assert sorted(found) == [defect["data_row"] for defect in case["defects"]]


def test_a_row_that_cannot_be_read_is_a_finding(tmp_path):
    table = tmp_path / "table.csv"
    good = "1741046401272286,x@trade,trade,1741046401271969,1741046401271497,X,7,0.2312,26,1,True"
    table.write_text("\n".join([HEADING, good, good.replace("0.2312", "abc"), ""]))

    (finding,) = check_table(table)
    assert (finding.row, finding.what) == (2, "it cannot be read")


def test_another_file_is_refused(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="is not a table"):
        check_table(other)
