"""docs/simulator.md against the code: snippets run, faults are taken, named tests exist."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.faultlist import parse_faults
from bot.simulation.scenelist import parse_scenes
from bot.testing.exchange import ServedExchange

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
NAMED = {block.splitlines()[0].removeprefix("# "): block for block in BLOCKS}
LISTS = re.findall(r"^```json\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
ROWS = re.findall(r"^\|.*?`[a-z_/]+\.py::.*\|$", TEXT, re.MULTILINE)
# The clients of other makers are not installed here: `make conformance` runs their blocks.
ELSEWHERE = {"ccxt_client.py", "sdk_spot.py"}


@pytest.fixture
def exchange():
    served = ServedExchange(["--seed", "4"])
    yield served
    served.stop()


def _named_tests():
    for row in ROWS:
        path = ""
        for found, name in re.findall(r"`([a-z_/]*(?:\.py)?)::(test_\w+)`", row):
            path = found or path
            yield path, name


def test_every_block_names_its_file():
    assert len(NAMED) == len(BLOCKS)
    assert set(NAMED) >= ELSEWHERE


def test_the_snippet_for_python_binance_runs(exchange, tmp_path):
    script = tmp_path / "python_binance.py"
    script.write_text(NAMED["python_binance.py"].replace("127.0.0.1:9000", exchange.http[7:]))
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("FILLED [{'price'")
    assert "'e': 'trade'" in done.stdout


def test_the_test_on_the_page_passes(tmp_path):
    (tmp_path / "test_page.py").write_text(NAMED["tests/test_with_a_simulated_binance.py"])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("parse", [parse_faults, parse_scenes])
def test_every_fault_and_scene_on_the_page_is_taken_and_every_kind_is_on_it(parse):
    with pytest.raises(ApiError) as refused:
        parse([{"kind": ""}])
    kinds = refused.value.msg.partition("must be one of ")[2].split(", ")
    assert len(kinds) > 5
    lists = [json.loads(text) for text in LISTS]
    mine = [items for items in lists if items[0]["kind"] in kinds]
    assert {one.kind for items in mine for one in parse(items)} == set(kinds)


def test_every_named_test_exists():
    named = list(_named_tests())
    assert len(named) > 50
    for path, name in named:
        file = ROOT / "tests" / path
        assert file.is_file(), path
        assert re.search(rf"def {name}\(", file.read_text(encoding="utf-8")), f"{path}::{name}"


# What stands behind the wire's modules: their rows are those of what they serve.
INNER = {"test_feeds", "test_outbox", "test_users", "test_rules", "test_streams"}


def test_every_test_of_the_wire_shows_a_row():
    shown = {path for path, _ in _named_tests()}
    wire = (ROOT / "tests/simulation/wire").glob("test_*.py")
    assert {f"simulation/wire/{path.name}" for path in wire if path.stem not in INNER} <= shown


def test_every_option_of_the_command_is_explained():
    from bot.cli.sim import serve

    for name in serve.__annotations__:
        option = f"--{name.replace('_', '-')}"
        assert name == "return" or f"`{option}" in TEXT or option in TEXT, option
