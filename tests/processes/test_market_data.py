"""A whole bot counts numbered trades while its connections are replaced, cut and shut down."""

import json
import time

import pytest

COUNTER = '''
from bot import FeedChanged, Strategy, StrategyParams, TradeTick


class Counter(Strategy[StrategyParams]):
    """Writes down which trades it saw, and what was missing."""

    def on_start(self) -> None:
        self.ids: dict[str, list[int]] = {symbol: [] for symbol in self.symbols}
        self.late: dict[str, list[int]] = {symbol: [] for symbol in self.symbols}
        for symbol in self.symbols:
            self.subscribe_trades(symbol)

    def on_trade(self, trade: TradeTick) -> None:
        (self.late if trade.late else self.ids)[trade.symbol].append(trade.trade_id)

    def on_feed(self, feed: FeedChanged) -> None:
        self.log(f"{feed.name} {feed.state.value} {feed.cause}")

    def on_stop(self) -> None:
        self.save("ids", self.ids)
        self.save("late", self.late)
'''
OPEN_GAPS = "SELECT subject, cause FROM incidents WHERE kind = 'feed_gap' AND to_ns IS NULL"


@pytest.fixture
def count(desk, served):
    """Run the counter with these settings while ``disturb`` has its way; the summary."""

    def run(seconds, disturb, **settings):
        (desk.folder / "counter.py").write_text(COUNTER)
        (desk.folder / "bot.toml").write_text(
            "".join(f"{name} = {value}\n" for name, value in settings.items())
        )
        path = desk.folder / "summary.json"
        process = desk.start(
            *("--venue", "sim", "--venue-url", served.url, "--strategy", "./counter.py"),
            *("--symbol", "BTCUSDT", "ETHUSDT", "--summary", str(path)),
            seconds=seconds,
        )
        disturb()
        assert process.wait(seconds + 60) == 0, desk.log()
        return json.loads(path.read_text())

    return run


def _seen(desk):
    rows = dict(desk.rows("SELECT key, value FROM strategy_state WHERE strategy_id = 'counter'"))
    return json.loads(rows["ids"]), json.loads(rows["late"])


def _assert_each_once(desk):
    live, late = _seen(desk)
    for symbol, ids in live.items():
        assert ids == sorted(ids), symbol
        everything = sorted([*ids, *late[symbol]])
        assert everything == list(range(everything[0], everything[-1] + 1)), symbol
        assert len(ids) > 20, symbol


def test_rollovers_a_drop_and_a_goodbye_lose_no_trade(desk, served, count):
    def disturb():
        time.sleep(7)
        served.faults({"kind": "drop", "target": "market"})
        time.sleep(3)
        served.faults({"kind": "server_shutdown", "target": "market", "for_s": 2})

    summary = count(18, disturb, roll_every_s=1, handover_s=1)
    _assert_each_once(desk)
    assert summary["rollovers"] >= 4
    assert not desk.rows(OPEN_GAPS)
    # The drop is the only loss, of the connection and, if there was one, of its successor.
    lost = desk.rows(
        "SELECT subject, cause FROM incidents"
        " WHERE kind = 'feed_gap' AND subject LIKE 'spot market %'"
    )
    assert 1 <= len(lost) <= 2, lost
    assert len(lost) == summary["reconnects"], lost
    assert "feed_lag" not in summary["incidents"], desk.rows("SELECT * FROM incidents")


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_hundred_rollovers_of_five_seconds_and_a_long_outage(desk, served, count):
    def disturb():
        time.sleep(120)
        served.faults({"kind": "outage", "for_s": 30})
        time.sleep(120)
        served.faults({"kind": "half_open", "target": "market"})

    summary = count(560, disturb, roll_every_s=5)
    _assert_each_once(desk)
    assert summary["rollovers"] >= 80
    assert not desk.rows(OPEN_GAPS)
    assert summary["incidents"].get("feed_lag", 0) == 0
