"""``bot strategies`` as it is typed."""

import json

import pytest
import typer
from typer.testing import CliRunner

from bot.cli import strategies
from bot.domain.errors import StrategyError


@pytest.fixture
def app():
    made = typer.Typer()
    strategies.register(made)
    made.command("other")(lambda: None)
    return made


@pytest.fixture
def typed(app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*words):
        return CliRunner().invoke(app, ["strategies", *words])

    return run


def test_a_new_plugin_is_listed_with_its_parameters_and_checked(typed):
    assert typed("new", "dip_buyer").exit_code == 0

    rows = json.loads(typed("list", "--format", "json").stdout)
    row = next(row for row in rows if row["name"] == "dip_buyer")
    assert (row["class"], row["version"]) == ("DipBuyer", "1")
    assert row["parameters"][0] == {
        "name": "drop_percent",
        "type": "float",
        "default": "0.2",
        "allowed": "> 0, ≤ 50",
        "description": "buy this far below the highest mid",
    }
    assert "drop_percent  float  0.2" in typed("list").stdout

    (result,) = json.loads(typed("check", "dip_buyer", "--format", "json").stdout)
    assert result["ok"]
    assert result["fills"] > 1
    checked = typed("check", "dip_buyer").stdout
    assert "dip_buyer: ok; rehearsed: warm_up 1, on_start 1, on_quote" in checked


def test_a_second_one_of_the_name_is_refused(typed):
    typed("new", "dip_buyer")
    again = typed("new", "dip_buyer")
    assert again.exit_code != 0
    assert isinstance(again.exception, StrategyError)


def test_a_check_that_fails_exits_with_1_and_names_file_and_line(typed, tmp_path):
    typed("new", "dip_buyer")
    path = tmp_path / "strategies" / "dip_buyer.py"
    path.write_text(path.read_text().replace("def on_quote", "async def on_quote"))
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if "async def" in text)

    result = typed("check", "dip_buyer", "no_such_thing")

    assert result.exit_code == 1
    first, second = result.stderr.splitlines()
    assert first.startswith(f"error: strategies/dip_buyer.py:{line}: on_quote is async")
    assert second.startswith("error: strategy no_such_thing: there is no")
    assert "Traceback" not in result.output


def test_a_plugin_that_does_not_load_is_listed_with_its_reason(typed, tmp_path):
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "broken.py").write_text("def\n")
    result = typed("list")
    assert result.exit_code == 0
    assert "broken  cannot be used: strategies/broken.py:1: not valid Python" in result.stdout


@pytest.mark.parametrize("command", ["list", "check", "new"])
def test_help_has_an_example(typed, command):
    assert "Example: bot strategies" in typed(command, "--help").stdout
