"""``bot tape check`` tells each bad row, and its exit code whether there are any."""

import json

import pytest
from typer.testing import CliRunner

from bot.cli.app import build

HEADING = (
    "TimestampOfReceive,Stream,EventType,EventTime,TransactionTime,Symbol,TradeId,Price,"
    "Quantity,IsBuyerMarketMaker\n"
)


def row(number, price="1"):
    return f"1741046401272286,x@trade,trade,1741046401272000,0,X,{number},{price},1,1\n"


@pytest.fixture
def table(tmp_path):
    return tmp_path / "table.csv"


def test_a_sound_file_is_said_to_be_one(table):
    table.write_text(HEADING + row(1) + row(2))
    result = CliRunner().invoke(build(), ["tape", "check", str(table)])

    assert (result.exit_code, result.stdout.strip()) == (0, "nothing is wrong")


def test_each_finding_is_a_line_and_the_exit_code_is_one(table):
    table.write_text(HEADING + row(1) + row(4) + row(5, "-1"))
    result = CliRunner().invoke(build(), ["tape", "check", str(table), "--format", "json"])

    assert result.exit_code == 1
    assert json.loads(result.stdout) == [
        {"file": "table.csv", "row": 2, "finding": "ids 2 to 3 are missing"},
        {"file": "table.csv", "row": 3, "finding": "the price -1 is not above 0"},
    ]
