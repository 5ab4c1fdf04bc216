import gzip
import json

import pytest
from typer.testing import CliRunner

from bot.cli.app import build
from bot.domain.errors import DataError

TRADE = (
    b'1700000000000000001 {"stream":"btcusdt@trade",'
    b'"data":{"e":"trade","s":"BTCUSDT","t":1,"p":"2","q":"3"}}\n'
)


def run_tape(*arguments: object) -> object:
    return CliRunner().invoke(build(), ["tape", "info", *map(str, arguments)])


def test_one_tape_gives_one_object(tmp_path):
    path = tmp_path / "tape.gz"
    path.write_bytes(gzip.compress(TRADE))

    result = run_tape(path, "--format", "json")

    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "frames": 1,
        "undecodable": 0,
        "unknown": 0,
        "events": {"trade": 1},
        "symbols": ["BTCUSDT"],
        "books": {},
        "from": "2023-11-14T22:13:20.000000Z",
        "to": "2023-11-14T22:13:20.000000Z",
    }


def test_several_tapes_give_an_object_by_path(tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(TRADE)

    result = run_tape(*paths, "--format", "json")

    assert list(json.loads(result.stdout)) == [str(path) for path in paths]


def test_a_person_reads_a_table_and_is_warned_of_a_cut(tmp_path):
    path = tmp_path / "tape"
    path.write_bytes(TRADE + TRADE[:50])

    result = run_tape(path)

    assert result.exit_code == 0
    assert "1 frames from 2023-11-14T22:13:20.000000Z" in result.stdout
    assert "trade" in result.stdout
    assert f"warning: {path}: tape is cut off" in result.stderr


def test_what_is_not_there_is_one_line(tmp_path):
    result = run_tape(tmp_path / "nowhere")

    assert isinstance(result.exception, DataError)
    assert str(result.exception) == f"there is no file {tmp_path / 'nowhere'}"


def test_csv_is_not_offered(tmp_path):
    path = tmp_path / "tape"
    path.write_bytes(TRADE)

    assert isinstance(run_tape(path, "--format", "csv").exception, DataError)


@pytest.mark.parametrize("option", ["--help"])
def test_help_has_an_example(option):
    assert "Example: bot tape info" in run_tape(option).stdout
