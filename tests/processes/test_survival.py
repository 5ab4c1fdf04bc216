"""The real bot against the simulated exchange, with cables pulled and processes killed."""

import signal
import time

import pytest

BOTH = ("--strategy", "sma_cross", "--strategy", "quoting")
SYMBOLS = ("--symbol", "BTCUSDT", "ETHUSDT")
UNSETTLED = "('INTENT', 'SUBMITTED', 'UNKNOWN')"


def assert_same_books(desk, served):
    """Orders and fills of the database and the exchange, each once."""
    state = served.state()
    runs = [f"-{run}-" for (run,) in desk.rows("SELECT run_id FROM runs")]
    theirs = {
        order["clientOrderId"]: order
        for order in state["orders"]
        if any(run in order["clientOrderId"] for run in runs)
    }
    never_there = "('REFUSED', 'NOT_PLACED', 'REJECTED')"
    ours = desk.rows(
        f"SELECT client_order_id, status FROM orders WHERE status NOT IN {never_there}"
    )
    assert len(ours) == len({row[0] for row in ours})
    assert {row[0] for row in ours} == set(theirs)
    venue_ids = {order["orderId"] for order in theirs.values()}
    sides = {True: "BUY", False: "SELL"}
    trades = sorted(
        (trade["symbol"], trade["id"], sides[trade["isBuyer"]])
        for trade in state["trades"]
        if trade["orderId"] in venue_ids
    )
    assert sorted(desk.rows("SELECT symbol, trade_id, side FROM fills")) == trades
    assert trades, "nothing was traded, so nothing was shown"
    assert desk.rows(f"SELECT * FROM orders WHERE status IN {UNSETTLED}") == []


@pytest.mark.timeout(180)
def test_no_order_is_lost_or_doubled_by_drops_an_outage_false_503s_and_three_kills(desk, served):
    venue = ("--venue", "sim", "--venue-url", served.url, *BOTH, *SYMBOLS)
    served.faults(
        {
            "kind": "http",
            "match": "POST /api/v3/order",
            "status": 503,
            "when": "after",
            "every": 2,
            "for_s": 120,
        }
    )
    process = desk.start(*venue)
    desk.wait_for("SELECT * FROM fills")
    served.faults({"kind": "drop", "target": "all"})
    time.sleep(3)
    served.faults({"kind": "outage", "for_s": 10})
    time.sleep(13)
    for kill in range(3):
        before = desk.rows("SELECT count(*) FROM orders")[0][0]
        desk.wait_for(f"SELECT 1 FROM (SELECT count(*) AS n FROM orders) WHERE n > {before + 2}")
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = desk.start(*venue, seconds=60 if kill < 2 else 8)
    assert process.wait(60) == 0, desk.log()
    assert_same_books(desk, served)
    kinds = {kind for (kind,) in desk.rows("SELECT kind FROM incidents")}
    assert {"user_blind", "feed_gap"} <= kinds
    # A false 503 that comes after the stream's own report leaves no doubt, but always a row.
    assert desk.rows("SELECT 1 FROM order_events WHERE kind = 'OrderUnknown' LIMIT 1")
    assert desk.bot("reconcile", "--db", desk.db).returncode == 0
    assert desk.bot("db", "verify", "--db", desk.db).returncode == 0


@pytest.mark.timeout(120)
def test_lost_doubled_late_and_reordered_account_events_change_nothing_in_the_end(desk, served):
    served.faults(
        {"kind": "lose", "target": "user", "match": "executionReport", "every": 3, "for_s": 8},
        {"kind": "duplicate", "target": "user", "every": 2, "for_s": 8},
        {"kind": "delay", "target": "user", "ms": 700, "every": 5, "for_s": 8},
        {"kind": "reorder", "target": "user", "every": 7, "for_s": 8},
    )
    venue = ("--venue", "sim", "--venue-url", served.url, *BOTH, *SYMBOLS)
    process = desk.start(*venue, seconds=12)
    assert process.wait(60) == 0, desk.log()
    # The last sweep before the stop finds what the stream lost.
    assert_same_books(desk, served)


@pytest.mark.timeout(120)
def test_a_silent_half_open_user_stream_is_noticed_and_closes_the_gate(desk, served):
    venue = ("--venue", "sim", "--venue-url", served.url, *BOTH, *SYMBOLS)
    process = desk.start(*venue, seconds=30)
    desk.wait_for("SELECT * FROM fills")
    served.faults({"kind": "half_open", "target": "user", "for_s": 60})
    desk.wait_for("SELECT * FROM incidents WHERE kind = 'user_blind'", timeout_s=25)
    served.call("DELETE", "/sim/faults")
    desk.wait_for(
        "SELECT * FROM incidents WHERE kind = 'user_blind' AND to_ns IS NOT NULL", timeout_s=25
    )
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, desk.log()
    assert_same_books(desk, served)
