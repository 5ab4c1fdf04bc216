import csv
import io
import json
import runpy
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.app import build
from bot.domain.errors import DatabaseError, UserError
from bot.storage.open import upgrade

DAY = runpy.run_path(str(Path(__file__).parents[1] / "fixtures" / "trading_day.py"))
LISTS = ("orders", "fills", "trades", "pnl", "equity", "incidents", "runs")


@pytest.fixture(scope="module")
def day_url(tmp_path_factory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('cli') / 'day.db'}"
    DAY["write"](url, DAY["records"]())
    return url


@pytest.fixture
def empty_url(tmp_path) -> str:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    upgrade(url)
    return url


def review(url: str, *arguments: str):
    return CliRunner().invoke(build(), ["review", *arguments, "--db", url])


def review_json(url: str, *arguments: str):
    result = review(url, *arguments, "--format", "json")
    assert result.exit_code == 0, result.exception
    return json.loads(result.stdout)


def test_fills_for_a_program_have_every_field_exactly(day_url):
    fills = review_json(day_url, "fills", "--strategy", "maker")

    assert fills == [
        {
            "time": "2026-11-23T09:00:00.259000Z",
            "time_ns": 1795424400259000000,
            "trade_id": 504,
            "symbol": "BTCUSDT",
            "side": "BUY",
            "price": "105",
            "quantity": "1",
            "notional": "105",
            "commission": "0.001",
            "commission_asset": "BTC",
            "fee_quote": "0.105",
            "realised": "0.000",
            "position_after": "0.999",
            "maker": False,
            "client_order_id": "bot-maker-run2-1",
            "order_id": 7003,
            "strategy": "maker",
            "source": "stream",
            "run_id": "run2",
            "environment": "sim-a",
        }
    ]


@pytest.mark.parametrize("command", LISTS)
def test_every_list_in_json_and_csv_has_the_same_rows(day_url, command):
    rows = review_json(day_url, command)

    table = list(csv.DictReader(io.StringIO(review(day_url, command, "--format", "csv").stdout)))

    assert rows
    assert [list(row) for row in table] == [list(row) for row in rows]


@pytest.mark.parametrize("command", LISTS)
def test_an_empty_database_is_no_error(empty_url, command):
    assert review_json(empty_url, command) == []
    assert review(empty_url, command).stdout.startswith("no ")
    header = review(empty_url, command, "--format", "csv").stdout
    assert header.count("\n") == 1


@pytest.mark.parametrize("command", LISTS)
def test_the_header_of_csv_is_the_same_with_and_without_rows(day_url, empty_url, command):
    full = review(day_url, command, "--format", "csv").stdout.splitlines()[0]

    assert review(empty_url, command, "--format", "csv").stdout.splitlines()[0] == full


@pytest.mark.parametrize("command", [*LISTS, "overview"])
def test_tables_fit_a_hundred_columns(day_url, command):
    lines = review(day_url, command).stdout.splitlines()

    assert max(map(len, lines)) <= 100


def test_the_overview_answers_whether_anything_is_unexplained(day_url, empty_url):
    page = review(day_url, "overview").stdout

    assert "Look at:" in page
    assert "order bot-maker-run2-5 is UNKNOWN" in page
    assert review_json(day_url, "overview")["fees"] == {"USDT": "1.105"}
    assert review(empty_url, "overview").stdout == "nothing has been recorded yet\n"
    assert review_json(empty_url, "overview") == []


def test_an_order_s_story_for_people_and_programs(day_url):
    page = review(day_url, "order", "bot-sma-run1-1")
    story = review_json(day_url, "order", "7001")

    assert "decided at a mid price of 100.5" in page.stdout
    assert [moment["status_after"] for moment in story["timeline"]][-1] == "FILLED"
    assert story["order"]["price"] == "111.50"


def test_profit_and_loss_by_day(day_url):
    rows = review_json(day_url, "pnl", "--daily", "--symbol", "btcusdt", "--strategy", "sma")

    assert [(row["day"], row["net"]) for row in rows] == [
        ("2026-11-22", "-1.00"),
        ("2026-11-23", "19.0"),
    ]


def test_a_day_without_a_time_is_included_in_to(day_url):
    rows = review_json(day_url, "fills", "--from", "2026-11-22", "--to", "2026-11-22")

    assert [row["trade_id"] for row in rows] == [501, 502]


def test_a_limit_takes_the_newest(day_url):
    assert [row["trade_id"] for row in review_json(day_url, "fills", "--limit", "2")] == [503, 504]
    assert len(review_json(day_url, "trades", "--limit", "1")) == 1


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["fills", "--from", "22.11.2026"], "--from '22.11.2026' is not a time"),
        (["fills", "--from", "2026-11-23", "--to", "2026-11-22"], "is not before --to"),
        (["order", "nope"], "there is no order 'nope'"),
        (["orders", "--status", "nope"], "there is no status 'nope'"),
        (["overview", "--run", "nope"], "there is no run 'nope'"),
        (["overview", "--format", "csv"], "is not one table"),
    ],
)
def test_a_mistake_is_one_line(day_url, arguments, complaint):
    error = review(day_url, *arguments).exception

    assert isinstance(error, UserError)
    assert complaint in str(error)
    assert "\n" not in str(error)


def test_a_database_that_is_not_there_is_one_line(tmp_path):
    error = review(f"sqlite:///{tmp_path / 'nowhere.db'}", "fills").exception

    assert isinstance(error, DatabaseError)
    assert "\n" not in str(error)


@pytest.mark.parametrize("command", ["overview", "order", *LISTS])
def test_every_help_has_an_example(command):
    text = CliRunner().invoke(build(), ["review", command, "--help"]).stdout

    assert "Example: bot review" in text
