"""The first lines of a new plugin and of its tests."""

import keyword
import re
from pathlib import Path
from typing import Final

from bot.domain.errors import StrategyError

__all__ = ["write_new"]

_PLUGIN: Final = '''"""{title}: buys a fall, sells when the price has come back."""

from collections.abc import Sequence

from bot import BarsWanted, Field, Fill, QuoteTick, Strategy, StrategyParams


class Params(StrategyParams):
    drop_percent: float = Field(0.2, gt=0, le=50, description="buy this far below the highest mid")
    gain_percent: float = Field(0.2, gt=0, le=50, description="sell this far above our price")
    size_quote: float = Field(50.0, gt=0, description="worth of one purchase, quote units")


class {kind}(Strategy[Params]):
    """Buys a fall from the highest price seen, sells it at a gain."""

    version = "1"

    def warm_up(self) -> Sequence[BarsWanted]:
        # What must be known of the past before on_start. Take it out if nothing must.
        return [BarsWanted(symbol, "1m", 30) for symbol in self.symbols]

    def on_start(self) -> None:
        self.highest: dict[str, float] = {{}}
        for symbol in self.symbols:
            past = self.bars(symbol, "1m", 30)
            self.highest[symbol] = max((bar.high for bar in past), default=0.0)
            self.subscribe_quotes(symbol)

    def on_quote(self, quote: QuoteTick) -> None:
        symbol = quote.symbol
        self.highest[symbol] = max(self.highest[symbol], quote.mid)
        if self.is_blind or self.open_orders(symbol):
            return
        rules = self.instrument(symbol)
        position = self.position(symbol)
        held = rules.quantity(position.quantity)
        if held <= 0 or float(held) * quote.bid < rules.min_notional:
            if quote.ask < self.highest[symbol] * (1 - self.params.drop_percent / 100):
                self.buy(symbol, self.params.size_quote / quote.ask)
        elif quote.bid > float(position.average_price) * (1 + self.params.gain_percent / 100):
            self.sell(symbol, held)

    def on_fill(self, fill: Fill) -> None:
        self.highest[fill.symbol] = 0.0
        self.log(f"{{fill.side.value}} {{fill.quantity}} {{fill.symbol}} at {{fill.price}}")
'''

_TESTS: Final = '''"""{title} on the real engine, the market in the tests' hands."""

from pathlib import Path

from bot import Side
from bot.testing import Stage

PLUGIN = str(Path(__file__).parents[{levels}] / "{folder}" / "{name}.py")


def test_buys_a_fall():
    stage = Stage(PLUGIN, drop_percent=1, size_quote=100)
    stage.quote(99.99, 100.01)
    assert not stage.orders

    stage.quote(97.99, 98.01)

    (order,) = stage.orders
    assert order.side is Side.BUY
    assert stage.position().quantity > 0


def test_a_fall_that_began_before_the_start_counts():
    stage = Stage(PLUGIN, history={{"1m": [104, 102]}}, drop_percent=1)
    stage.quote(99.99, 100.01)
    assert stage.position().quantity > 0


def test_sells_at_a_gain_and_is_flat():
    stage = Stage(PLUGIN, drop_percent=1, gain_percent=2)
    stage.quote(99.99, 100.01)
    stage.quote(97.99, 98.01)

    stage.quote(100.99, 101.01)

    assert [fill.side for fill in stage.fills] == [Side.BUY, Side.SELL]
    assert stage.position().quantity < stage.instruments["BTCUSDT"].step_size
'''


def write_new(name: str, strategies_dir: Path, tests_dir: Path) -> tuple[Path, Path]:
    """Write a plugin that works and its tests; never over a file that exists.

    Raises:
        StrategyError: the name cannot be a module's, or a file is there already.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,31}", name) or keyword.iskeyword(name):
        raise StrategyError(
            f"{name!r} cannot name a strategy: a small letter, then small letters, digits or _, "
            "as in mean_reversion"
        )
    plugin, tests = strategies_dir / f"{name}.py", tests_dir / f"test_{name}.py"
    for path in (plugin, tests):
        if path.exists():
            raise StrategyError(f"{path} exists already: choose another name, or remove it first")
    kind = "".join(part.capitalize() for part in name.split("_"))
    title = name.replace("_", " ").capitalize()
    levels = len(tests_dir.resolve().relative_to(strategies_dir.resolve().parent).parts)
    try:
        for path, text in ((plugin, _PLUGIN), (tests, _TESTS)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(
                text.format(
                    title=title, kind=kind, name=name, levels=levels, folder=strategies_dir.name
                ),
                encoding="utf-8",
            )
    except OSError as e:
        raise StrategyError(f"{e.filename} cannot be written: {e.strerror}") from None
    return plugin, tests
