"""What a check finds out by reading a plugin and by rehearsing it on the real engine."""

from pathlib import Path
from textwrap import dedent

import pytest

from bot.domain.errors import StrategyError
from bot.runtime.plugins.examination import examine, listing
from bot.runtime.plugins.rehearsal import time_limit
from bot.runtime.plugins.template import write_new

EXAMPLES = Path(__file__).parents[2] / "strategies"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "strategies").mkdir()
    return tmp_path


def mine(here: Path, body: str, *, head: str = "") -> None:
    """strategies/mine.py with class Mine, whose body begins at line 4 (5 with a head)."""
    text = f"from bot import *\n{head}\nclass Mine(Strategy[StrategyParams]):\n"
    body = "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
    (here / "strategies" / "mine.py").write_text(text + body)


@pytest.mark.parametrize("name", ["sma_cross", "quoting"])
def test_the_examples_pass_and_trade(name):
    result = examine(f"{EXAMPLES}/{name}.py")
    assert result.errors == result.warnings == ()
    assert result.rehearsal.fills > 10
    assert result.rehearsal.refused == 0


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("def on_start(self): self.subscribe_quotes('DOGEUSDT')", 4, "DOGEUSDT is not traded"),
        ("def on_start(self): self.subscribe_trades('BTCUSDT')", 4, "defines no on_trade"),
        (
            (
                "def on_start(self): self.subscribe_quotes('BTCUSDT')\n"
                "def on_quote(self, quote):\n"
                "    self.buy(quote.symbol, float('nan'))"
            ),
            6,
            "raised ValueError: a price or quantity must be a finite number",
        ),
        (
            "def on_start(self): self.ask = self.quote('BTCUSDT').ask",
            4,
            "are None before the first quote",
        ),
        (
            (
                "def on_start(self): self.set_timer('beat', 1)\n"
                "def on_timer(self, name): self.late = 1 / 0"
            ),
            5,
            "ZeroDivisionError",
        ),
        ("def on_feed(self, feed): feed.states", 4, "no attribute 'states'"),
        (
            (
                "def on_start(self):\n    for s in self.symbols: self.subscribe_bars(s, '1m')\n"
                "def on_bar(self, bar):\n    if bar.closed: raise RuntimeError('at the end')"
            ),
            7,
            "RuntimeError: at the end",
        ),
    ],
)
def test_an_exception_in_a_callback_is_told_with_the_plugins_own_line(here, body, line, message):
    mine(here, body)
    (error,) = examine("mine").errors
    assert error.startswith(f"strategies/mine.py:{line}: ")
    assert message in error


def test_orders_that_hang_on_chance_are_found(here):
    body = """
        def on_start(self):
            self.subscribe_quotes("BTCUSDT")
        def on_quote(self, quote):
            if random.random() < 0.1:
                self.buy(quote.symbol, 1)
    """
    mine(here, body, head="import random\n")
    result = examine("mine")
    assert "two runs through the same events gave different orders" in result.errors[0]
    assert "random.random() is not the same in a replay" in result.warnings[0]


def test_a_loop_without_an_end_is_cut(here):
    body = "while True:\n    pass"
    (here / "strategies" / "endless.py").write_text(body)
    with pytest.raises(TimeoutError, match="loop without an end"), time_limit(0.05):
        exec(body)


def test_imports_of_internals_fail_a_check(here):
    mine(here, "def on_start(self): ...", head="from bot.engine.engine import Engine")
    assert any("bot.engine.engine is internal" in error for error in examine("mine").errors)


@pytest.mark.parametrize(
    ("head", "call", "instead"),
    [
        ("import datetime", "datetime.datetime.now()", "self.now_ns"),
        ("from datetime import datetime as dt", "dt.utcnow()", "self.now_ns"),
        ("import time as t", "t.time()", "self.now_ns"),
        ("from time import sleep", "sleep(0)", "self.set_timer and on_timer"),
    ],
)
def test_clocks_are_a_warning_with_what_to_use_instead(here, head, call, instead):
    mine(here, f"def on_feed(self, feed): {call}", head=head + "\n")
    warnings = [w for w in examine("mine").warnings if "replay" in w]
    assert len(warnings) == 1
    assert warnings[0].startswith("strategies/mine.py:5: ")
    assert warnings[0].endswith(f"use {instead}")


def test_a_callback_that_is_never_fed_is_doubted(here):
    mine(here, "def on_quote(self, quote): ...")
    warnings = " ".join(examine("mine").warnings)
    assert "on_quote is defined, but on_start does not subscribe" in warnings
    assert "it subscribes to nothing and sets no timer" in warnings


def test_refused_orders_are_doubted_with_the_rule_that_refused(here):
    body = """
        def on_start(self):
            self.subscribe_quotes("BTCUSDT")
        def on_quote(self, quote):
            if not self.orders_sent():
                self.buy(quote.symbol, 0.00001)
        def orders_sent(self):
            sent, self.sent = getattr(self, "sent", False), True
            return sent
    """
    mine(here, body)
    (warning,) = examine("mine").warnings
    assert "1 orders were refused, the first by NOTIONAL" in warning


def test_a_bar_length_that_does_not_exist_is_told(here):
    body = """
        def on_start(self): self.subscribe_bars("BTCUSDT", "5min")
        def on_bar(self, bar): ...
    """
    mine(here, body)
    assert "bar interval '5min': write a number and a unit" in examine("mine").errors[0]


def test_a_parameter_can_be_tried_in_a_check():
    assert "fast=0" in examine(f"{EXAMPLES}/sma_cross.py:fast=0").errors[0]


def test_the_list_has_every_plugin_also_those_that_do_not_load(here):
    mine(here, "def on_start(self): ...")
    (here / "strategies" / "broken.py").write_text("import nothing_of_the_kind\n")
    (here / "strategies" / "_shared.py").write_text("x = 1\n")
    found = {plugin.name: plugin for plugin in listing()}
    assert found["mine"].source == "strategies/mine.py"
    assert found["broken"].problem.startswith("strategies/broken.py:1: there is no module")
    assert "_shared" not in found


def test_a_new_plugin_passes_its_check(here):
    plugin, tests = write_new("dip_buyer", Path("strategies"), Path("tests/strategies"))
    result = examine("dip_buyer")
    assert result.errors == result.warnings == ()
    assert result.rehearsal.fills > 1
    compile(tests.read_text(), str(tests), "exec")
    assert 'parents[2] / "strategies" / "dip_buyer.py"' in tests.read_text()
    assert plugin == Path("strategies/dip_buyer.py")


def test_the_tests_of_a_new_plugin_pass(here):
    _, tests = write_new("dip_buyer", Path("strategies"), Path("tests/strategies"))
    scope = {"__file__": str(tests.resolve()), "__name__": "test_dip_buyer"}
    exec(compile(tests.read_text(), str(tests), "exec"), scope)
    for name in [name for name in scope if name.startswith("test_")]:
        scope[name]()


def test_nothing_is_overwritten(here):
    write_new("dip_buyer", Path("strategies"), Path("tests/strategies"))
    with pytest.raises(StrategyError, match=r"strategies/dip_buyer\.py exists already"):
        write_new("dip_buyer", Path("strategies"), Path("tests/strategies"))


@pytest.mark.parametrize("name", ["Dip", "1st", "a-b", "class", "", "../x"])
def test_a_name_that_no_module_can_have_is_refused(here, name):
    with pytest.raises(StrategyError, match="cannot name a strategy"):
        write_new(name, Path("strategies"), Path("tests/strategies"))
