"""The real bot on the simulated futures exchange, with cables pulled and processes killed."""

import signal
import time

import pytest

UNSETTLED = "('INTENT', 'SUBMITTED', 'UNKNOWN')"
STOPPER = '''
from bot import QuoteTick, SECOND_NS, Side, Strategy


class Stopper(Strategy):
    """Places, changes and cancels orders of every kind, near enough to the market to be set off."""

    def on_start(self):
        self.turn = 0
        for symbol in self.symbols:
            self.subscribe_quotes(symbol)
        self.set_timer("turn", 0.3)

    def on_quote(self, quote):
        """The last one is asked for when it is time to act."""

    def on_timer(self, name):
        for symbol in self.symbols:
            quote = self.quote(symbol)
            if quote is not None and not self.is_blind:
                self.work(symbol, quote)

    def work(self, symbol, quote):
        self.turn += 1
        side = Side.BUY if self.position(symbol).quantity <= 0 else Side.SELL
        near = quote.ask * 1.00004 if side is Side.BUY else quote.bid * 0.99996
        size = self.size_by_quote(symbol, 300)
        resting = self.open_orders(symbol)
        kind = self.turn % 5
        if len(resting) > 6:
            self.cancel(resting[0].client_order_id)
        elif kind == 0:
            (self.buy if side is Side.BUY else self.sell)(symbol, size)
        elif kind == 1:
            self.stop(symbol, side, size, near)
        elif kind == 2:
            self.trailing_stop(symbol, side, size, distance_percent=0.1)
        elif kind == 3:
            self.buy(symbol, size, quote.bid * 0.9995)
        else:
            for order in resting:
                if order.order_type.value == "LIMIT" and order.status.is_working:
                    self.amend(order.client_order_id, price=quote.bid * 0.9998)
'''


@pytest.fixture
def stopper(desk):
    """A folder of plugins of our own, for the runs of this desk."""
    folder = desk.folder / "own"
    folder.mkdir()
    (folder / "stopper.py").write_text(STOPPER)
    (folder / "quoting.py").write_text((desk.folder / "strategies" / "quoting.py").read_text())
    (desk.folder / "bot.toml").write_text('strategies_dir = "own"\n')
    return ("--strategy", "stopper", "--strategy", "quoting")


def _on(served, market="usdm"):
    return ("--venue", "sim", "--market", market, "--venue-url", served.url)


def assert_same_books(desk, served, market="usdm"):
    """Orders and fills of the database and the exchange, each once."""
    state = served.state()["futures"][market]
    runs = [f"-{run}-" for (run,) in desk.rows("SELECT run_id FROM runs")]

    def is_ours(name):
        return any(run in name for run in runs)

    orders = {o["orderId"]: o["clientOrderId"] for o in state["orders"]}
    waited = {a["clientAlgoId"]: a for a in state["algos"] if is_ours(a["clientAlgoId"])}
    became = {int(a["actualOrderId"]): name for name, a in waited.items() if a["actualOrderId"]}
    owners = {number: became.get(number, name) for number, name in orders.items()}
    theirs = {name for name in owners.values() if is_ours(name)} | set(waited)
    never_there = "('REFUSED', 'NOT_PLACED', 'REJECTED')"
    ours = desk.rows(f"SELECT client_order_id FROM orders WHERE status NOT IN {never_there}")
    assert len(ours) == len(set(ours))
    assert {name for (name,) in ours} == theirs
    trades = sorted(
        (trade["symbol"], trade["id"], trade["side"], owners[trade["orderId"]])
        for trade in state["trades"]
        if is_ours(owners[trade["orderId"]])
    )
    fills = desk.rows("SELECT symbol, trade_id, side, client_order_id FROM fills")
    assert sorted(fills) == trades
    assert trades, "nothing was traded, so nothing was shown"
    assert desk.rows(f"SELECT * FROM orders WHERE status IN {UNSETTLED}") == []
    strangers = "('external_order', 'unexplained_order', 'unexplained_event', 'strategy_fault')"
    assert desk.rows(f"SELECT * FROM incidents WHERE kind IN {strangers}") == []


def assert_agreed(desk, served, market="usdm"):
    """As :func:`assert_same_books`, and the bot's own commands say so."""
    assert_same_books(desk, served, market)
    reconciled = desk.bot("reconcile", "--db", desk.db)
    assert reconciled.returncode == 0, reconciled.stdout + reconciled.stderr
    verified = desk.bot("db", "verify", "--db", desk.db)
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("market", "symbol"), [("usdm", "BTCUSDT"), ("coinm", "BTCUSD_PERP")])
def test_a_run_on_futures_trades_and_its_books_are_the_exchanges(
    desk, served, stopper, market, symbol
):
    process = desk.start(*_on(served, market), *stopper, "--symbol", symbol, seconds=10)
    assert process.wait(60) == 0, desk.log()
    assert_agreed(desk, served, market)
    kinds = {kind for (kind,) in desk.rows("SELECT DISTINCT order_type FROM orders")}
    assert {"MARKET", "LIMIT", "STOP_MARKET", "TRAILING_STOP_MARKET", "LIMIT_MAKER"} <= kinds
    assert desk.rows("SELECT * FROM orders WHERE triggered AND order_type = 'STOP_MARKET'")


@pytest.mark.timeout(240)
def test_no_order_is_lost_or_doubled_by_drops_an_outage_false_503s_and_three_kills(
    desk, served, stopper
):
    venue = (*_on(served), *stopper, "--symbol", "BTCUSDT")
    for match in ("POST /fapi/v1/order", "POST /fapi/v1/algoOrder"):
        served.faults(
            {
                "kind": "http",
                "match": match,
                "status": 503,
                "code": -1000,
                "when": "after",
                "every": 3,
                "for_s": 120,
            }
        )
    process = desk.start(*venue)
    desk.wait_for("SELECT * FROM fills")
    served.faults({"kind": "drop", "target": "all"})
    time.sleep(3)
    served.faults({"kind": "listen_key_expired"})
    time.sleep(3)
    served.faults({"kind": "outage", "for_s": 6})
    time.sleep(9)
    for kill in range(3):
        before = desk.rows("SELECT count(*) FROM orders")[0][0]
        desk.wait_for(f"SELECT 1 FROM (SELECT count(*) AS n FROM orders) WHERE n > {before + 4}")
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = desk.start(*venue, seconds=60 if kill < 2 else 10)
    assert process.wait(90) == 0, desk.log()
    assert_agreed(desk, served)
    kinds = {kind for (kind,) in desk.rows("SELECT kind FROM incidents")}
    assert {"user_blind", "order_unknown"} <= kinds
    causes = [cause for (cause,) in desk.rows("SELECT cause FROM incidents")]
    assert any("listenKeyExpired" in cause for cause in causes)


@pytest.mark.timeout(120)
def test_lost_doubled_late_and_reordered_account_events_change_nothing_in_the_end(
    desk, served, stopper
):
    for match in ("ORDER_TRADE_UPDATE", "ALGO_UPDATE"):
        served.faults(
            {"kind": "lose", "target": "user", "match": match, "every": 3, "for_s": 8},
        )
    served.faults(
        {"kind": "duplicate", "target": "user", "every": 2, "for_s": 8},
        {"kind": "delay", "target": "user", "ms": 700, "every": 5, "for_s": 8},
        {"kind": "reorder", "target": "user", "every": 7, "for_s": 8},
    )
    process = desk.start(*_on(served), *stopper, "--symbol", "BTCUSDT", seconds=12)
    assert process.wait(60) == 0, desk.log()
    assert_same_books(desk, served)


@pytest.mark.timeout(60)
def test_an_account_in_another_position_mode_is_told_before_anything_is_traded(desk, served):
    done = desk.bot(
        "run", *_on(served), "--strategy", "quoting", "--symbol", "BTCUSDT", "--db", desk.db,
        "--for", "5s",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (desk.folder / "bot.toml").write_text("[futures]\nhedge_mode = true\n")
    done = desk.bot(
        "run", *_on(served), "--strategy", "quoting", "--symbol", "BTCUSDT", "--db", desk.db,
        "--for", "5s",
    )  # fmt: skip
    assert done.returncode != 0
    assert "BOT_FUTURES__HEDGE_MODE=false" in done.stdout + done.stderr
