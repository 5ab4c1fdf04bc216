"""``bot status | halt | resume | flatten`` against a bot that trades, hangs, is frozen or gone."""

import json
import os
import signal
import sqlite3
import time
from contextlib import closing
from decimal import Decimal

import pytest

RESTING = """
from bot import QuoteTick, Side, Strategy, StrategyParams


class Params(StrategyParams):
    pass


class Resting(Strategy[Params]):
    def on_start(self) -> None:
        self.done = self.seen = 0
        for symbol in self.symbols:
            self.subscribe_quotes(symbol)

    def on_quote(self, quote: QuoteTick) -> None:
        if self.done < 3:
            self.done += 1
            self.buy(quote.symbol, 0.002)
            self.buy(quote.symbol, 0.001, quote.bid * 0.97)
"""

STUCK = (
    RESTING.replace("Resting", "Stuck")
    + """        self.seen += 1
        while self.seen > 100:
            pass
"""
)


def strategy(desk, name, code):
    (desk.folder / f"{name}.py").write_text(code)
    return f"{desk.folder / name}.py"


def told(desk, *arguments):
    """The command's answer in JSON, and its exit code."""
    done = desk.bot(*arguments, "--db", desk.db, "--format", "json")
    assert done.stdout, done.stderr
    return json.loads(done.stdout), done.returncode


def ours_open(served):
    return [
        order["clientOrderId"]
        for order in served.state()["orders"]
        if order["status"] in {"NEW", "PARTIALLY_FILLED"}
        and order["clientOrderId"].startswith("bot-")
    ]


def ours_held(served):
    """Base units bought less sold by orders of ours, as the exchange counts."""
    state = served.state()
    ids = {o["orderId"] for o in state["orders"] if o["clientOrderId"].startswith("bot-")}
    held = Decimal(0)
    for trade in state["trades"]:
        if trade["orderId"] in ids:
            sign = 1 if trade["isBuyer"] else -1
            held += sign * Decimal(str(trade["qty"]))
            if trade["commissionAsset"] == "BTC":
                held -= Decimal(str(trade["commission"]))
    return held


def until(condition, *, timeout_s=30):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.2)
    return False


@pytest.fixture
def trading(desk, served):
    """A bot with three resting orders and a position; more arguments, more environment."""

    def start(name="resting", code=RESTING, *, seconds=90, **environment):
        desk._environment |= {f"BOT_{key.upper()}": str(v) for key, v in environment.items()}
        path = strategy(desk, name, code)
        process = desk.start(
            "--venue",
            "sim",
            "--venue-url",
            served.url,
            "--strategy",
            path,
            "--symbol",
            "BTCUSDT",
            seconds=seconds,
        )
        desk.wait_for("SELECT * FROM fills")
        assert until(lambda: len(ours_open(served)) == 3), desk.log()
        return process

    return start


@pytest.mark.timeout(120)
def test_status_tells_of_a_bot_that_trades(desk, trading, served):
    process = trading()
    answer, code = told(desk, "status")
    assert code == 0
    assert answer["pid"] == process.pid
    assert answer["loop_age_s"] < 2
    assert (answer["halted"], answer["blind"], answer["closed"]) == ("", False, "")
    assert len(answer["open_orders"]) == 3
    assert answer["positions"][0]["symbol"] == "BTCUSDT"
    assert answer["feeds"]["account"] == "up"
    assert answer["run_id"] in desk.rows("SELECT run_id FROM runs")[0]
    assert answer["watchdog"].startswith("process ")
    socket = desk.folder / "trades.db.sock"
    if socket.exists():  # else the folder's name is too long for one
        assert socket.stat().st_mode & 0o777 == 0o600
    text = desk.bot("status", "--db", desk.db)
    assert "open orders: 3" in text.stdout
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, desk.log()
    assert not socket.exists()
    gone = desk.bot("status", "--db", desk.db)
    assert gone.returncode == 1
    assert gone.stderr.startswith("error: no bot runs on")


@pytest.mark.timeout(180)
def test_a_halt_holds_over_a_kill_and_a_resume_lifts_it(desk, served):
    venue = ("--venue", "sim", "--venue-url", served.url, "--symbol", "BTCUSDT")
    run = (*venue, "--strategy", "quoting")
    process = desk.start(*run)
    desk.wait_for("SELECT * FROM fills")
    answer, code = told(desk, "halt", "--reason", "too wild")
    assert (code, answer["applied"]) == (0, True)
    time.sleep(0.5)
    sent = "SELECT count(*) FROM orders WHERE status NOT IN ('REFUSED')"
    before = desk.rows(sent)
    time.sleep(3)
    assert desk.rows(sent) == before
    process.send_signal(signal.SIGKILL)
    process.wait()
    process = desk.start(*run)
    assert until(lambda: "still halted" in desk.log() or "halted: too wild" in desk.log())
    assert until(lambda: desk.bot("status", "--db", desk.db).returncode == 0)
    answer, _ = told(desk, "status")
    assert answer["halted"] == "too wild"
    time.sleep(3)
    assert desk.rows(sent) == before
    answer, code = told(desk, "resume")
    assert (code, answer["was"], answer["applied"]) == (0, "too wild", True)
    desk.wait_for(f"SELECT 1 FROM ({sent}) WHERE (SELECT * FROM ({sent})) > {before[0][0]}")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, desk.log()


@pytest.mark.timeout(120)
def test_a_halt_while_no_bot_runs_halts_the_next_start(desk, served):
    venue = ("--venue", "sim", "--venue-url", served.url, "--symbol", "BTCUSDT")
    desk.run(*venue, "--strategy", "quoting", seconds=4)
    answer, code = told(desk, "halt", "--reason", "on holiday")
    assert (code, answer["applied"]) == (0, False)
    (desk.folder / "trades.db.halt").unlink()  # the database holds it too
    before = desk.rows("SELECT count(*) FROM orders WHERE status != 'REFUSED'")
    desk.run(*venue, "--strategy", "quoting", seconds=4)
    assert desk.rows("SELECT count(*) FROM orders WHERE status != 'REFUSED'") == before
    assert told(desk, "resume")[1] == 0
    desk.run(*venue, "--strategy", "quoting", seconds=4)
    assert desk.rows("SELECT count(*) FROM orders WHERE status != 'REFUSED'") > before


@pytest.mark.timeout(120)
def test_the_engine_flattens_and_the_books_agree(desk, trading, served):
    process = trading()
    answer, code = told(desk, "flatten", "--yes")
    assert code == 0, answer
    assert answer["way"] == "engine"
    assert ours_open(served) == []
    assert abs(ours_held(served)) < Decimal("0.00001")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, desk.log()
    assert desk.bot("reconcile", "--db", desk.db).returncode == 0
    assert desk.bot("db", "verify", "--db", desk.db).returncode == 0


@pytest.mark.timeout(150)
def test_a_flatten_past_a_loop_that_never_returns(desk, trading, served):
    process = trading("stuck", STUCK, stuck_callback_s=600, watchdog_s=0)
    assert until(lambda: desk.bot("status", "--db", desk.db).returncode == 1)
    answer, _ = told(desk, "status")
    assert answer["loop_age_s"] > 3
    answer, code = told(desk, "flatten", "--yes")
    assert code == 0, answer
    assert answer["way"] == "direct"
    assert ours_open(served) == []
    assert abs(ours_held(served)) < Decimal("0.00001")
    process.send_signal(signal.SIGKILL)
    process.wait()
    # The next start finds what was done and books it to its strategy.
    assert told(desk, "resume")[1] == 0
    venue = ("--venue", "sim", "--venue-url", served.url, "--symbol", "BTCUSDT")
    quiet = strategy(desk, "stuck", RESTING.replace("Resting", "Stuck").replace("< 3", "< 0"))
    desk.run(*venue, "--strategy", quiet, seconds=4)
    flat = "SELECT strategy_id FROM orders WHERE client_order_id LIKE 'bot-flatten-%'"
    assert desk.rows(flat) == [("stuck",)]
    kinds = {kind for (kind,) in desk.rows("SELECT kind FROM incidents")}
    assert {"flatten_cancel", "flatten_order", "flattened"} <= kinds
    assert "unexplained_order" not in kinds
    held = "SELECT position_after FROM fills ORDER BY rowid DESC LIMIT 1"
    assert abs(Decimal(desk.rows(held)[0][0])) < Decimal("0.00001")
    assert desk.bot("db", "verify", "--db", desk.db).returncode == 0
    assert not (desk.folder / "trades.db.deeds").exists()


@pytest.mark.timeout(120)
def test_a_flatten_while_the_exchange_answers_with_errors(desk, trading, served):
    process = trading()
    served.faults(
        {"kind": "http", "match": "DELETE /api/v3/order", "status": 503, "for_s": 6},
        {"kind": "http", "match": "GET /api/v3/openOrders", "status": 503, "for_s": 6},
        {
            "kind": "http",
            "match": "POST /api/v3/order",
            "status": 503,
            "when": "after",
            "times": 1,
        },
    )
    process.send_signal(signal.SIGSTOP)
    answer, code = told(desk, "flatten", "--yes")
    assert code == 0, answer
    assert answer["way"] == "direct"
    assert ours_open(served) == []
    assert abs(ours_held(served)) < Decimal("0.00001"), "an order that got a 503 was sent once"


@pytest.mark.timeout(150)
def test_a_halt_and_a_flatten_while_the_database_is_locked(desk, trading, served):
    process = trading(flatten_wait_s=3)
    with closing(sqlite3.connect(desk.folder / "trades.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer, code = told(desk, "halt", "--reason", "locked")
        assert (code, answer["applied"]) == (0, True)
        answer, code = told(desk, "flatten", "--yes")
        assert (code, answer["way"]) == (0, "direct"), answer
        assert ours_open(served) == []
        assert abs(ours_held(served)) < Decimal("0.00001")
        other.execute("ROLLBACK")
    # The bot hears of it, and closes nothing twice.
    desk.wait_for("SELECT 1 FROM incidents WHERE kind = 'flatten_order'")
    time.sleep(2)
    assert abs(ours_held(served)) < Decimal("0.00001")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, desk.log()
    kinds = {kind for (kind,) in desk.rows("SELECT kind FROM incidents")}
    assert "unexplained_order" not in kinds
    assert desk.bot("db", "verify", "--db", desk.db).returncode == 0


@pytest.mark.timeout(120)
def test_what_could_not_be_done_is_said(desk, trading, served):
    process = trading(flatten_patience_s=4)
    process.send_signal(signal.SIGSTOP)
    served.faults({"kind": "http", "match": "GET /api/v3/openOrders", "status": 503, "for_s": 60})
    answer, code = told(desk, "flatten", "--yes")
    assert code == 1
    assert any("503" in text for text in answer["left"]), answer
    process.send_signal(signal.SIGKILL)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_the_watchdog_cancels_for_a_bot_that_is_frozen_or_killed(desk, trading, served, number):
    process = trading(watchdog_s=2)
    process.send_signal(number)
    assert until(lambda: ours_open(served) == [], timeout_s=20)
    if number == signal.SIGSTOP:
        frozen = desk.bot("status", "--db", desk.db)
        assert frozen.returncode == 1
        assert "does not answer" in frozen.stderr
    process.send_signal(signal.SIGKILL)
    process.wait()
    deeds = (desk.folder / "trades.db.deeds").read_text().splitlines()
    assert len(deeds) == 3
    assert all(json.loads(line)["kind"] == "watchdog_cancel" for line in deeds)


@pytest.mark.timeout(120)
def test_the_watchdog_leaves_the_orders_of_a_bot_that_was_started_again(desk, trading, served):
    process = trading(watchdog_s=6)
    before = set(ours_open(served))
    process.send_signal(signal.SIGKILL)
    process.wait()
    again = desk.start(
        "--venue", "sim", "--venue-url", served.url, "--strategy", f"{desk.folder}/resting.py"
    )
    assert until(lambda: len(set(ours_open(served)) - before) == 3), desk.log()
    time.sleep(8)
    assert len(set(ours_open(served)) - before) == 3
    again.send_signal(signal.SIGTERM)
    assert again.wait(30) == 0, desk.log()


@pytest.mark.timeout(150)
@pytest.mark.parametrize("hangs", [True, False])
def test_futures_are_flattened_past_a_bot_that_hangs_or_is_frozen(desk, served, hangs):
    desk._environment |= {"BOT_STUCK_CALLBACK_S": "600", "BOT_WATCHDOG_S": "0"}
    code = (STUCK if hangs else RESTING).replace("0.001", "0.01").replace("0.002", "0.01")
    name = "stuck" if hangs else "resting"
    code = code.replace(
        "self.buy(quote.symbol, 0.01)",
        "self.buy(quote.symbol, 0.01); self.stop(quote.symbol, Side.SELL, 0.01, quote.bid * 0.95)",
    )
    run = ("--venue", "sim", "--market", "usdm", "--venue-url", served.url, "--symbol", "BTCUSDT")
    process = desk.start(*run, "--strategy", strategy(desk, name, code))

    def working(kind):
        rows = served.state()["futures"]["usdm"][kind]
        return [row for row in rows if row.get("status", row.get("algoStatus")) == "NEW"]

    assert until(lambda: len(working("orders")) == 3), desk.log()
    desk.wait_for("SELECT * FROM fills")
    if hangs:
        assert until(lambda: desk.bot("status", "--db", desk.db).returncode == 1)
    else:
        process.send_signal(signal.SIGSTOP)
    answer, code = told(desk, "flatten", "--yes")
    assert (code, answer["way"]) == (0, "direct"), answer
    assert len(answer["cancelled"]) == 6, desk.rows("SELECT status, reason FROM orders")
    assert len(answer["closed"]) == 1
    assert working("orders") == []
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert told(desk, "resume")[1] == 0
    still = RESTING.replace("< 3", "< 0")
    desk.run(*run, "--strategy", strategy(desk, name, still), seconds=5)
    flat = "SELECT strategy_id FROM orders WHERE client_order_id LIKE 'bot-flatten-%'"
    assert desk.rows(flat) == [(name,)]
    held = "SELECT position_after FROM fills ORDER BY rowid DESC LIMIT 1"
    assert Decimal(desk.rows(held)[0][0]) == 0


@pytest.mark.timeout(120)
def test_the_exchange_cancels_the_futures_orders_of_a_frozen_bot(desk, served):
    desk._environment |= {"BOT_WATCHDOG_S": "3"}
    code = RESTING.replace("0.001", "0.01").replace("0.002", "0.01")
    run = ("--venue", "sim", "--market", "usdm", "--venue-url", served.url, "--symbol", "BTCUSDT")
    process = desk.start(*run, "--strategy", strategy(desk, "resting", code))

    def open_there():
        orders = served.state()["futures"]["usdm"]["orders"]
        working = [order for order in orders if order["status"] in {"NEW", "PARTIALLY_FILLED"}]
        return [o for o in working if o["clientOrderId"].startswith("bot-")]

    assert until(lambda: len(open_there()) == 3), desk.log()
    time.sleep(6)
    assert len(open_there()) == 3, "it is refreshed while the bot lives"
    assert told(desk, "status")[0]["watchdog"] == "countdown at the exchange"
    process.send_signal(signal.SIGSTOP)
    assert until(lambda: open_there() == [], timeout_s=20)
    process.send_signal(signal.SIGKILL)


@pytest.mark.timeout(120)
def test_a_second_signal_hurries_the_stop(desk, trading, served):
    process = trading(stop_timeout_s=60)
    served.faults({"kind": "http", "match": "DELETE /api/v3/order", "status": 503, "for_s": 60})
    served.faults({"kind": "half_open", "target": "wsapi", "for_s": 60})
    process.send_signal(signal.SIGTERM)
    time.sleep(2)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0, desk.log()


@pytest.mark.timeout(60)
def test_the_watchdog_ends_with_a_clean_stop(desk, trading, served):
    process = trading()
    answer, _ = told(desk, "status")
    watchdog = int(answer["watchdog"].split()[1])
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, desk.log()
    with pytest.raises(ProcessLookupError):
        os.kill(watchdog, 0)
