"""docs/strategies.md against the code: each block of Python is loaded, rehearsed or run."""

import re
from pathlib import Path

import pytest

import bot
from bot.runtime.plugins.examination import examine
from bot.strategy.strategy import CALLBACKS

PAGE = Path(__file__).parents[1] / "docs" / "strategies.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
NAMED = {block.splitlines()[0].removeprefix("# "): block for block in BLOCKS}
PLUGINS = [name for name in NAMED if name.startswith("strategies/")]
TESTS = [name for name in NAMED if name.startswith("tests/")]


@pytest.fixture
def page(tmp_path, monkeypatch):
    """A directory with every file of the page in its place."""
    monkeypatch.chdir(tmp_path)
    for name, block in NAMED.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(block)
    return tmp_path


def test_every_block_names_its_file():
    assert len(NAMED) == len(BLOCKS) == len(PLUGINS) + len(TESTS)
    assert PLUGINS
    assert TESTS


@pytest.mark.parametrize("name", PLUGINS)
def test_the_plugin_passes_its_check(page, name):
    result = examine(name)
    assert (result.errors, result.warnings) == ((), ())


@pytest.mark.parametrize("name", PLUGINS)
def test_the_plugin_trades_in_its_rehearsal(page, name):
    assert examine(name).rehearsal.orders > 0


@pytest.mark.parametrize("name", TESTS)
def test_the_tests_on_the_page_pass(page, name):
    scope = {"__name__": Path(name).stem}
    exec(compile(NAMED[name], name, "exec"), scope)
    tests = [value for key, value in scope.items() if key.startswith("test_")]
    assert tests
    for test in tests:
        test()


def test_the_page_tells_the_error_that_the_check_tells(page):
    (error,) = examine("every_so_often:every_s=0").errors
    assert f"error: {error}\n" in TEXT


def test_every_callback_is_explained():
    for callback in CALLBACKS:
        assert f"`{callback}" in TEXT


def test_every_export_is_named():
    for name in bot.__all__:
        assert f"`{name}`" in TEXT or name == "__version__"


def test_every_refusal_of_the_risk_gate_is_explained():
    package = Path(bot.__file__).parent
    parts = [*(package / "engine/risk").glob("*.py"), package / "domain/instrument.py"]
    source = "".join(part.read_text(encoding="utf-8") for part in parts)
    rules = set(re.findall(r'f?"([A-Z][A-Z_]{3,}): ', source))
    rules |= set(re.findall(r'"(MAX_[A-Z_]+)", ', source))
    assert {"NOTIONAL", "MAX_POSITION", "MAX_ACCOUNT", "STALE", "BUDGET", "PROTECTION"} <= rules
    assert not [rule for rule in rules if f"`{rule}`" not in TEXT]
