"""History for tests and rehearsals of plugins."""

import pytest

from bot.domain.errors import StrategyError
from bot.runtime.plugins.examination import examine
from bot.runtime.plugins.past import past_of
from bot.runtime.plugins.stage import Stage
from bot.strategy.history import BarsWanted
from bot.strategy.params import StrategyParams
from bot.strategy.strategy import Strategy

MINUTE_NS = 60 * 10**9
START_NS = 28_401_120 * MINUTE_NS
"""2024-01-01T00:00:00Z."""


class Looking(Strategy[StrategyParams]):
    """Looks back when it starts."""

    wants = (BarsWanted("BTCUSDT", "1m", 3), BarsWanted("BTCUSDT", "7m", 3))

    def warm_up(self):
        return self.wants

    def on_start(self):
        self.seen = [bar.close for bar in self.bars("BTCUSDT", "1m", 9)]
        self.seen_longer = [bar.close for bar in self.bars("BTCUSDT", "7m", 9)]
        self.told = []
        self.subscribe_bars("BTCUSDT", "1m")

    def on_bar(self, bar):
        self.told.append(bar.close)


def test_closes_become_bars_that_end_when_the_stage_begins():
    bars = past_of({"1m": [1.0, 2.0], ("ETHUSDT", "1M"): [3.0]}, "BTCUSDT", START_NS)
    first, second = bars["BTCUSDT", "1m"]
    assert (first.close, first.open_ns) == (1.0, START_NS - 2 * MINUTE_NS)
    assert (second.close, second.open_ns) == (2.0, START_NS - MINUTE_NS)
    assert (second.closed, second.late, second.close_ns) == (True, True, START_NS - 10**6)
    (month,) = bars["ETHUSDT", "1M"]
    assert START_NS - month.open_ns == 31 * 24 * 60 * MINUTE_NS


def test_bars_of_volume_are_put_a_second_apart():
    bars = past_of({"50v": [1.0, 2.0]}, "BTCUSDT", START_NS)
    assert [START_NS - bar.open_ns for bar in bars["BTCUSDT", "50v"]] == [2 * 10**9, 10**9]


def test_whole_bars_stay_what_they_are():
    (given,) = past_of({"1m": [1.0]}, "BTCUSDT", START_NS)["BTCUSDT", "1m"]
    assert past_of({"1m": [given]}, "BTCUSDT", START_NS)["BTCUSDT", "1m"] == [given]


def test_a_strategy_on_a_stage_finds_what_the_test_gave_and_then_what_comes():
    stage = Stage(Looking, history={"1m": [1.0, 2.0, 3.0], "7m": [7.0]})
    assert stage.strategy.seen == [1.0, 2.0, 3.0]
    assert stage.strategy.seen_longer == [7.0]
    assert stage.strategy.told == []
    stage.bar(4.0)
    assert stage.strategy.told == [4.0]
    assert [bar.close for bar in stage.strategy.bars("BTCUSDT", "1m", 2)] == [3.0, 4.0]


def test_without_history_it_starts_with_none():
    assert Stage(Looking).strategy.seen == []


def test_a_wish_that_cannot_be_is_told_at_once():
    class Wrong(Looking):
        wants = (BarsWanted("BTCUSDT", "7 minutes", 3),)

    with pytest.raises(StrategyError, match="warm_up raised ValueError: bar interval '7 minutes'"):
        Stage(Wrong)


def test_what_warm_up_raises_reaches_the_test():
    class Broken(Looking):
        def warm_up(self):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Stage(Broken)


def plugin(tmp_path, body):
    path = tmp_path / "mine.py"
    path.write_text(
        "from bot import Bar, BarsWanted, Strategy, StrategyParams\n\n\n"
        "class Mine(Strategy[StrategyParams]):\n" + body
    )
    return str(path)


@pytest.mark.parametrize("interval", ["7m", "90s", "500ms", "1M", "2d", "20t", "2v", "500q"])
def test_a_rehearsal_ends_bars_of_any_kind(tmp_path, interval):
    result = examine(
        plugin(
            tmp_path,
            f"    def on_start(self):\n        self.subscribe_bars('BTCUSDT', {interval!r})\n\n"
            "    def on_bar(self, bar):\n"
            "        if bar.closed and self.bars(bar.symbol, bar.interval, 1)[-1] == bar:\n"
            "            self.log('closed')\n"
            "            if not self.open_orders():\n"
            "                self.buy('BTCUSDT', 1, 90.0)\n",
        )
    )
    assert (result.errors, result.warnings) == ((), ())
    assert result.rehearsal.orders == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("        return [BarsWanted('BTCUSDT', '7x', 3)]\n", "bar interval '7x'"),
        ("        return [('BTCUSDT', '7m', 3)]\n", "warm_up gives BarsWanted"),
        ("        return 1 / 0\n", "ZeroDivisionError"),
    ],
)
def test_a_check_tells_what_is_wrong_with_warm_up(tmp_path, body, says):
    subscribing = "    def on_start(self):\n        self.set_timer('x', 1)\n\n"
    result = examine(plugin(tmp_path, subscribing + "    def warm_up(self):\n" + body))
    assert says in str(result.errors[0])


@pytest.mark.parametrize(
    ("signature", "says"),
    [
        ("async def warm_up(self)", "warm_up is async"),
        ("def warm_up(self, count)", "warm_up must take (self)"),
    ],
)
def test_warm_up_is_a_plain_method(tmp_path, signature, says):
    result = examine(plugin(tmp_path, f"    {signature}:\n        return []\n"))
    assert says in str(result.errors[0])
