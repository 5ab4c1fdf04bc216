"""``bot run`` as a person runs it."""

import json
import signal

import pytest

KEYS = {
    "run_id",
    "venue",
    "events",
    "orders",
    "fills",
    "refused",
    "unknown_resolved",
    "reconnects",
    "gaps",
    "pnl",
    "latency_us",
    "started_at",
    "ended_at",
}

RAISES = """
from bot import QuoteTick, Strategy, StrategyParams


class Params(StrategyParams):
    pass


class Raises(Strategy[Params]):
    def on_start(self) -> None:
        for symbol in self.symbols:
            self.subscribe_quotes(symbol)

    def on_quote(self, quote: QuoteTick) -> None:
        raise RuntimeError("always")
"""

RESTING = """
from bot import QuoteTick, Strategy, StrategyParams


class Params(StrategyParams):
    pass


class Resting(Strategy[Params]):
    def on_start(self) -> None:
        self.subscribe_quotes(self.symbols[0])

    def on_quote(self, quote: QuoteTick) -> None:
        if len(self.open_orders()) < 2:
            self.buy(quote.symbol, 0.001, quote.bid * 0.9)
"""


@pytest.mark.timeout(120)
def test_a_run_on_the_embedded_exchange_leaves_books_that_agree_and_so_does_the_next(desk):
    arguments = ("--strategy", "quoting", "--strategy", "sma_cross", "--symbol", "BTCUSDT")
    summary = desk.run(*arguments, seconds=8)
    assert set(summary) >= KEYS
    assert summary["orders"] > 0
    assert summary["fills"] > 0
    assert set(summary["pnl"]) == {"quoting", "sma_cross"}
    assert (summary["open_orders"], summary["unresolved"]) == (0, 0)
    second = desk.run(*arguments, seconds=6)
    assert second["run_id"] != summary["run_id"]
    fills = json.loads(desk.bot("review", "fills", "--db", desk.db, "--format", "json").stdout)
    assert len(fills) == summary["fills"] + second["fills"]
    report = desk.bot("reconcile", "--db", desk.db)
    assert (report.returncode, report.stdout.splitlines()[-1]) == (0, "0 differences")
    assert desk.bot("db", "verify", "--db", desk.db).returncode == 0


@pytest.mark.timeout(120)
def test_a_strategy_that_raises_is_quarantined_and_the_healthy_one_goes_on(desk):
    (desk.folder / "raises.py").write_text(RAISES)
    summary = desk.run(
        "--strategy", "raises.py", "--strategy", "quoting", "--symbol", "BTCUSDT", seconds=8
    )
    assert summary["fills"] > 0
    kinds = dict(
        desk.rows("SELECT kind, count(*) FROM incidents WHERE subject = 'raises' GROUP BY kind")
    )
    assert kinds == {"strategy_fault": 5, "strategy_quarantined": 1}
    (cause,) = desk.rows("SELECT cause FROM incidents WHERE kind = 'strategy_fault' LIMIT 1")[0]
    assert "on_quote raised RuntimeError: always (raises.py:15)" in cause


@pytest.mark.timeout(120)
def test_a_strategy_that_never_returns_is_interrupted_and_the_healthy_one_goes_on(desk):
    text = RAISES.replace('raise RuntimeError("always")', "while True:\n            pass")
    (desk.folder / "stuck.py").write_text(text)
    (desk.folder / "bot.toml").write_text("stuck_callback_s = 0.3\n")
    summary = desk.run(
        "--strategy", "stuck.py", "--strategy", "quoting", "--symbol", "BTCUSDT", seconds=12
    )
    assert summary["fills"] > 0
    kinds = {k for (k,) in desk.rows("SELECT kind FROM incidents WHERE subject = 'stuck'")}
    assert "strategy_quarantined" in kinds


@pytest.mark.timeout(120)
def test_recorded_frames_of_the_real_market_are_traded_on(desk, shared_data):
    tape = shared_data / "ws" / "captures" / "hftbacktest" / "spot_btcusdt_20240808.gz"
    summary = desk.run(
        *("--venue", "sim", "--tape", str(tape), "--speed", "40", "--symbol", "BTCUSDT"),
        *("--strategy", "sma_cross"),
        seconds=8,
    )
    assert summary["events"] > 10_000
    assert summary["fills"] > 0
    assert desk.bot("reconcile", "--db", desk.db).returncode == 0


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("on_stop", "open_orders"), [("cancel", 0), ("keep", 2)])
def test_a_signal_stops_the_run_and_the_setting_decides_about_open_orders(
    desk, served, on_stop, open_orders
):
    (desk.folder / "resting.py").write_text(RESTING)
    process = desk.start(
        *("--venue", "sim", "--venue-url", served.url, "--symbol", "BTCUSDT"),
        *("--strategy", "resting.py", "--on-stop", on_stop),
    )
    desk.wait_for("SELECT 1 FROM (SELECT count(*) AS n FROM orders WHERE status='OPEN') WHERE n>1")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, desk.log()
    working = [order for order in served.state()["orders"] if order["status"] == "NEW"]
    assert len(working) == open_orders
    assert desk.rows("SELECT outcome FROM runs") == [("stopped",)]


@pytest.mark.timeout(120)
def test_an_exchange_that_was_wiped_begins_a_new_book_and_says_so(desk, serve):
    first = serve("--seed", "3")
    venue = ("--venue", "sim", "--strategy", "quoting", "--symbol", "BTCUSDT", "--venue-url")
    before = desk.run(*venue, first.url, seconds=6)
    port = str(first.port)
    first.stop()
    again = serve("--seed", "3", "--port", port)
    after = desk.run(*venue, again.url, seconds=6)
    assert desk.rows("SELECT count(*) FROM incidents WHERE kind = 'exchange_reset'") == [(1,)]
    ((fills,),) = desk.rows("SELECT count(*) FROM fills")
    assert fills == before["fills"] + after["fills"]
    assert desk.bot("reconcile", "--db", desk.db).returncode == 0


@pytest.mark.timeout(120)
def test_two_bots_on_one_database_are_refused(desk, served):
    venue = ("--venue", "sim", "--strategy", "quoting", "--symbol", "BTCUSDT")
    desk.start(*venue, "--venue-url", served.url)
    desk.wait_for("SELECT * FROM runs")
    second = desk.bot("run", *venue, "--venue-url", served.url, "--db", desk.db, "--for", "1s")
    assert second.returncode == 1
    assert "in use by another bot" in second.stderr


@pytest.mark.timeout(120)
def test_a_run_on_postgresql_keeps_the_same_books(desk, postgres_url):
    desk.db = postgres_url
    arguments = ("--strategy", "quoting", "--strategy", "sma_cross", "--symbol", "BTCUSDT")
    summary = desk.run(*arguments, seconds=6)
    assert summary["fills"] > 0
    second = desk.run(*arguments, seconds=4)
    shown = desk.bot("review", "fills", "--db", postgres_url, "--format", "json")
    assert len(json.loads(shown.stdout)) == summary["fills"] + second["fills"]
    overview = desk.bot("review", "overview", "--db", postgres_url)
    assert "Everything is explained." in overview.stdout, overview.stderr
    assert desk.bot("reconcile", "--db", postgres_url).returncode == 0
    assert desk.bot("db", "verify", "--db", postgres_url).returncode == 0
