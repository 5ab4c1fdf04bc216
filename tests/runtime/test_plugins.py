"""From the text on the command line to a strategy, and every way in which that can go wrong."""

from decimal import Decimal
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent

import pytest

import bot.runtime.plugins.find as find_module
from bot.domain.errors import StrategyError
from bot.runtime.plugins import resolve

SYMBOLS = ("BTCUSDT", "ETHUSDT")
EXAMPLES = Path(__file__).parents[2] / "strategies"

GOOD = """
    from decimal import Decimal
    from bot import Field, QuoteTick, Side, Strategy, StrategyParams

    class Params(StrategyParams):
        fast: int = Field(5, ge=1, le=50, description="bars")
        worth: Decimal = Decimal(10)
        side: Side = Side.BUY
        levels: tuple[float, ...] = (1.0,)

    class Good(Strategy[Params]):
        version = "7"

        def on_start(self) -> None:
            self.subscribe_quotes(self.symbols[0])

        def on_quote(self, quote: QuoteTick) -> None:
            pass
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current directory, with an empty ``strategies`` in it."""
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "strategies"
    made.mkdir()
    return made


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.py"
    path.write_text(dedent(text).lstrip("\n"))
    return path


def plugin(folder: Path, body: str, *, head: str = "") -> Path:
    """A file with class Mine, whose body begins at line 5."""
    text = f"from bot import *\n{head}\n\nclass Mine(Strategy[StrategyParams]):\n"
    path = folder / "mine.py"
    path.write_text(text + "".join(f"    {line}\n" for line in dedent(body).strip().splitlines()))
    return path


def failure(text: str, symbols=SYMBOLS) -> str:
    with pytest.raises(StrategyError) as caught:
        resolve(text, default_symbols=symbols)
    return str(caught.value)


class TestFinding:
    def test_a_name_is_a_file_in_the_strategies_folder(self, folder):
        write(folder, "good", GOOD)
        spec = resolve("good", default_symbols=SYMBOLS)
        assert (spec.strategy_id, spec.kind.__name__, spec.kind.version) == ("good", "Good", "7")
        assert spec.symbols == SYMBOLS

    def test_a_folder_can_be_given(self, folder, tmp_path):
        (tmp_path / "other").mkdir()
        write(tmp_path / "other", "good", GOOD)
        spec = resolve("good", default_symbols=SYMBOLS, strategies_dir=tmp_path / "other")
        assert spec.kind.__name__ == "Good"

    def test_a_path_names_its_file(self, folder, tmp_path):
        path = write(tmp_path, "elsewhere", GOOD)
        assert resolve(f"{path}:fast=3", default_symbols=SYMBOLS).params.fast == 3
        assert resolve("./elsewhere.py", default_symbols=SYMBOLS).strategy_id == "elsewhere"

    def test_an_installed_plugin_is_found_by_its_entry_point_and_hidden_by_a_file(
        self, folder, monkeypatch
    ):
        installed = EntryPoint("cross", "strategies.sma_cross:SmaCross", "bot.strategies")

        def entry_points(*, group, name=None):
            return [installed] if name in {None, "cross"} and group == "bot.strategies" else []

        monkeypatch.setattr(find_module, "entry_points", entry_points)
        assert resolve("cross", default_symbols=SYMBOLS).kind.__name__ == "SmaCross"
        write(folder, "cross", GOOD)
        assert resolve("cross", default_symbols=SYMBOLS).kind.__name__ == "Good"

    def test_a_broken_entry_point_is_named(self, folder, monkeypatch):
        broken = EntryPoint("broken", "no_such_package:Thing", "bot.strategies")
        not_one = EntryPoint("odd", "decimal:Decimal", "bot.strategies")
        known = {"broken": [broken], "odd": [not_one]}
        monkeypatch.setattr(
            find_module, "entry_points", lambda *, group, name=None: known.get(name, [])
        )
        assert "no_such_package:Thing" in failure("broken")
        assert "cannot be imported" in failure("broken")
        assert "not a class derived from bot.Strategy" in failure("odd")

    def test_an_unknown_name_is_answered_with_what_there_is(self, folder):
        write(folder, "good", GOOD)
        message = failure("goood")
        assert "did you mean good?" in message
        assert "strategies/goood.py" in message

    def test_a_path_that_is_not_a_file_says_so(self, folder):
        assert "does not exist" in failure("there/is/none.py")
        (folder / "dir.py").mkdir()
        assert "is not a file" in failure("strategies/dir.py")

    def test_an_edited_file_is_a_new_plugin_and_an_unchanged_one_the_same(self, folder):
        write(folder, "good", GOOD)
        first = resolve("good", default_symbols=SYMBOLS).kind
        assert resolve("good:id=again", default_symbols=SYMBOLS).kind is first
        write(folder, "good", GOOD.replace('"7"', '"8"'))
        assert resolve("good", default_symbols=SYMBOLS).kind.version == "8"

    def test_one_of_several_classes_must_be_named(self, folder):
        second = GOOD + "\n    class Second(Good):\n        pass\n\n    class _Base(Good): pass\n"
        write(folder, "good", second)
        assert failure("good").endswith(
            "several strategy classes; name one: good::Good, good::Second"
        )
        spec = resolve("good::Second:fast=2", default_symbols=SYMBOLS)
        assert (spec.kind.__name__, spec.strategy_id, spec.params.fast) == ("Second", "good", 2)
        assert "no strategy class Third; there is Good, Second" in failure("good::Third")

    def test_an_imported_strategy_is_not_the_files_own(self, folder):
        write(folder, "good", "from strategies.sma_cross import SmaCross\n" + dedent(GOOD))
        assert resolve("good", default_symbols=SYMBOLS).kind.__name__ == "Good"


class TestParameters:
    def test_texts_become_values_of_the_models_types(self, folder):
        write(folder, "good", GOOD)
        params = resolve(
            "good: fast=7 ,worth=0.1,side=SELL,levels=[1, 2.5]", default_symbols=SYMBOLS
        ).params
        assert (params.fast, params.worth, params.side.value) == (7, Decimal("0.1"), "SELL")
        assert params.levels == (1.0, 2.5)

    def test_a_budget_is_no_parameter(self, folder):
        write(folder, "good", GOOD)
        spec = resolve("good:budget=12.5,fast=3", default_symbols=SYMBOLS)
        assert (spec.budget, spec.params.fast) == (Decimal("12.5"), 3)
        assert resolve("good", default_symbols=SYMBOLS).budget == 0

    def test_id_and_symbols_belong_to_the_instance(self, folder):
        write(folder, "good", GOOD)
        spec = resolve("good:id=second,symbols=ethusdt+ETHUSDT", default_symbols=SYMBOLS)
        assert (spec.strategy_id, spec.symbols) == ("second", ("ETHUSDT",))

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "good:fast=0",
                (
                    "strategy good: fast=0: input should be greater than or equal to 1; "
                    "allowed: int ≥ 1, ≤ 50"
                ),
            ),
            (
                "good:fsat=3",
                (
                    "strategy good: there is no parameter 'fsat'; did you mean 'fast'? "
                    "It has fast, worth, side, levels (and id, symbols, budget)"
                ),
            ),
            ("good:fast=x", "fast=x: input should be a valid integer"),
            ("good:side=UP", "allowed: BUY | SELL"),
            ("good:fast", "'fast' is not key=value"),
            ("good:fast=1,fast=2", "fast= is given twice"),
            ("good:symbols=SOLUSDT", "symbols=SOLUSDT is not traded in this run"),
            ("good:id=a b", "id=a b is not allowed"),
            ("good:budget=lots", "budget=lots is no amount: give what it may use, above 0"),
            ("good:budget=0", "budget=0 is no amount"),
            ("good:id=external", "not 'external'"),
            ("", "write NAME"),
            (":fast=3", "write NAME"),
        ],
    )
    def test_a_wrong_value_is_one_line_with_what_is_allowed(self, folder, text, message):
        write(folder, "good", GOOD)
        told = failure(text)
        assert message in told
        assert "\n" not in told

    def test_every_wrong_value_has_its_line(self, folder):
        write(folder, "good", GOOD)
        assert len(failure("good:fast=0,worth=much").splitlines()) == 2

    def test_a_rule_between_parameters_shows_what_was_given(self):
        told = failure(f"{EXAMPLES}/sma_cross.py:fast=8,slow=4")
        assert told == "strategy sma_cross: fast must be below slow (given: fast=8, slow=4)"

    def test_a_default_outside_its_own_bounds_is_found(self, folder):
        write(folder, "good", GOOD.replace("Field(5,", "Field(99,"))
        assert "fast=99 (its default)" in failure("good")

    def test_a_file_whose_name_cannot_name_an_instance_asks_for_an_id(self, folder, tmp_path):
        path = write(tmp_path, "my idea 2", GOOD)
        assert "give one with :id=NAME" in failure(str(path))
        assert resolve(f"{path}:id=idea", default_symbols=SYMBOLS).strategy_id == "idea"


class TestFaultsOfTheFile:
    @pytest.mark.parametrize(
        ("text", "line", "message"),
        [
            ("x = 1\ndef f(:\n", 2, "not valid Python"),
            ("x = 1\nreturn 3\n", 2, "not valid Python: 'return' outside function"),
            ("import os\nimport no_such_library\n", 2, "there is no module 'no_such_library'"),
            ("from bot import Stratgy\n", 1, "cannot import name 'Stratgy'"),
            ("def f():\n    return 1 / 0\n\nf()\n", 2, "raised ZeroDivisionError"),
            ("import sys\nsys.exit(3)\n", 2, "ends the program"),
            ("x = 1\n", 1, "no strategy class here"),
            ("x = 1\nclass A:\n    def on_quote(self, q): ...\n", 2, "does not derive"),
        ],
    )
    def test_is_told_with_its_line(self, folder, text, line, message):
        (folder / "bad.py").write_text(text)
        told = failure("bad")
        assert told.startswith(f"strategies/bad.py:{line}: ")
        assert message in told
        assert "Traceback" not in told

    def test_bytes_that_are_no_text(self, folder):
        (folder / "bad.py").write_bytes(b"\xff\xfe\x00")
        assert "strategies/bad.py:1" in failure("bad")


class TestFaultsOfTheClass:
    @pytest.mark.parametrize(
        ("body", "line", "message"),
        [
            ("async def on_quote(self, quote): ...", 5, "on_quote is async"),
            ("def on_quote(self, quote):\n    yield 1", 5, "contains yield"),
            ("x = 1\ndef on_qoute(self, quote): ...", 6, "did you mean 'on_quote'?"),
            ("def on_profit(self): ...", 5, "on_profit is not a callback"),
            ("def onQuote(self, quote): ...", 5, "did you mean 'on_quote'?"),
            ("def on_quote(self): ...", 5, "on_quote must take (self, quote), it takes (self)"),
            ("def on_stop(self, why): ...", 5, "on_stop must take (self), it takes (self, why)"),
            ("@staticmethod\ndef on_stop(): ...", 6, "on_stop must be a plain method"),
            ("def buy(self, symbol): ...", 5, "Mine redefines buy"),
            ("params = 3", 5, "Mine redefines params"),
            ("@property\ndef position(self): ...", 6, "Mine redefines position"),
            ("def __init__(self): ...", 5, "set things up in on_start"),
            ("def on_start(self):\n    self.x = self.params.size", 6, "no parameter 'size'"),
        ],
    )
    def test_is_told_with_its_line(self, folder, body, line, message):
        plugin(folder, body)
        told = failure("mine")
        assert told.startswith(f"strategies/mine.py:{line}: ")
        assert message in told

    def test_all_faults_are_told_at_once(self, folder):
        plugin(folder, "async def on_quote(self, quote): ...\ndef on_bra(self, bar): ...")
        assert len(failure("mine").splitlines()) == 2

    def test_a_fault_that_a_base_class_brings_has_the_line_of_the_base(self, folder):
        plugin(
            folder,
            "def on_quote(self, quote): ...",
            head="class Mixin:\n    def on_tick(self): ...",
        )
        path = folder / "mine.py"
        text = path.read_text().replace("Mine(Strategy", "Mine(Mixin, Strategy")
        path.write_text(text)
        assert failure("mine").startswith("strategies/mine.py:3: on_tick is not a callback")

    def test_private_names_and_extra_defaults_are_free(self, folder):
        body = "def _on_x(self): ...\ndef on_quote(self, quote, depth=3): ...\ndef total(self): ..."
        plugin(folder, body)
        assert resolve("mine", default_symbols=SYMBOLS).kind.__name__ == "Mine"

    def test_parameters_that_the_class_does_not_take_are_missed(self, folder):
        plugin(folder, "pass", head="class Params(StrategyParams):\n    fast: int = 3")
        told = failure("mine")
        assert "write Strategy[Params]" in told
        assert told.startswith("strategies/mine.py:5: ")

    def test_a_misspelt_parameter_is_found_where_it_is_used(self, folder):
        write(folder, "good", GOOD + "            self.params.fsat\n")
        assert failure("good").endswith("there is no parameter 'fsat'; did you mean 'fast'?")

    def test_a_parameter_may_not_be_called_like_a_reserved_key(self, folder):
        write(folder, "good", GOOD.replace("fast: int", "symbols: int"))
        assert "'symbols', which is reserved" in failure("good")

    def test_imports_of_internals_are_a_warning_on_load(self, folder):
        told = []
        plugin(folder, "pass", head="from bot.engine.engine import Engine")
        resolve("mine", default_symbols=SYMBOLS, warn=told.append)
        assert told == [
            (
                "strategies/mine.py:2: bot.engine.engine is internal and may move: "
                "import from `bot` what it exports"
            )
        ]
