"""A restarted exchange knows what it promised, also when it was killed in the middle of a line."""

import json

import pytest

from bot.domain.errors import DataError
from bot.simulation.account import AccountSpec
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.journal import FileJournal
from bot.simulation.market import SeededMarket
from bot.simulation.rules import DEFAULT_SYMBOLS, symbol_rules
from bot.simulation.stillmarket import StillMarket

START_MS = 1_700_000_000_000
SPECS = [AccountSpec("alice"), AccountSpec("bob")]


class ListJournal:
    def __init__(self):
        self.lines = []

    def write(self, record):
        self.lines.append(json.dumps(record))


def opened(journal, lines=(), *, market=None, start_ms=START_MS):
    return SimulatedExchange.restore(
        lines,
        symbols=DEFAULT_SYMBOLS,
        accounts=SPECS,
        market=market
        or StillMarket(
            {"BTCUSDT": [("60000", "1")]}, {"BTCUSDT": [("60001", "1"), ("60002", "9")]}
        ),
        start_ms=start_ms,
        journal=journal,
    )


def order(**params):
    base = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    return {**base, **params}


def traded(journal, market=None):
    exchange = opened(journal, market=market)
    now = START_MS + 10
    exchange.place_order("alice", order(quantity="0.5", price="70000"), now)
    exchange.place_order(
        "alice", order(quantity="0.5", price="59000", newClientOrderId="rests"), now + 1
    )
    exchange.place_order("alice", order(quantity="0.3", price="58000"), now + 2)
    exchange.place_order("bob", order(side="SELL", quantity="1.1", price="59000"), now + 3)
    exchange.place_order("bob", order(quantity="0.2", price="57000"), now + 4)
    exchange.cancel_open_orders("bob", {"symbol": "BTCUSDT"}, now + 5)
    return exchange


def test_the_truth_is_the_same_after_a_restart():
    journal = ListJournal()
    before = traded(journal)
    after = opened(None, journal.lines, start_ms=START_MS + 60_000)
    assert after.state() == before.state()


def test_open_orders_rest_again_and_keep_their_priority():
    journal = ListJournal()
    before = traded(journal)
    open_before = before.open_orders("alice", {}, START_MS + 100)
    assert open_before
    after = opened(None, journal.lines, market=StillMarket(), start_ms=START_MS + 60_000)
    assert after.open_orders("alice", {}, START_MS + 60_001) == open_before
    body = after.place_order(
        "bob", order(side="SELL", quantity="0.1", price="58000"), START_MS + 60_002
    )
    assert body["status"] == "FILLED"


def test_ids_go_on_and_never_repeat():
    journal = ListJournal()
    before = traded(journal)
    state = before.state()
    after = opened(None, journal.lines, start_ms=START_MS + 60_000)
    body = after.place_order("alice", order(quantity="0.1", price="70000"), START_MS + 60_001)
    assert body["orderId"] > max(o["orderId"] for o in state["orders"])
    assert body["fills"][0]["tradeId"] > max(t["id"] for t in state["trades"])


def test_a_client_id_stays_taken_over_a_restart():
    journal = ListJournal()
    exchange = opened(journal)
    resting = order(quantity="0.5", price="59000", newClientOrderId="mine")
    exchange.place_order("alice", resting, START_MS + 1)
    after = opened(None, journal.lines)
    with pytest.raises(Exception, match="Duplicate order sent"):
        after.place_order("alice", resting, START_MS + 2)


def test_a_restart_can_be_restarted():
    journal = ListJournal()
    traded(journal)
    second = opened(journal, list(journal.lines), start_ms=START_MS + 60_000)
    second.place_order("bob", order(quantity="0.2", price="58500"), START_MS + 60_001)
    third = opened(None, journal.lines, start_ms=START_MS + 120_000)
    assert third.state() == second.state()


def test_a_moving_market_goes_on_near_its_last_price():
    journal = ListJournal()
    before = opened(journal, market=SeededMarket(seed=1, history_minutes=5))
    before.advance(START_MS + 20_000)
    order_ = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}
    before.place_order("alice", order_, START_MS + 20_000)
    state = before.state()
    after = opened(
        None,
        journal.lines,
        market=SeededMarket(seed=1, history_minutes=5),
        start_ms=START_MS + 90_000,
    )
    assert after.state() == state
    prices = [float(e.ticker_price({"symbol": "BTCUSDT"})["price"]) for e in (before, after)]
    assert abs(prices[1] / prices[0] - 1) < 1e-3


def test_a_torn_last_line_is_dropped_and_written_over(tmp_path):
    path = tmp_path / "state.jsonl"
    journal = FileJournal(path)
    before = traded(journal)
    state = before.state()
    journal.close()
    with path.open("a") as file:
        file.write('{"time": 17000')
    again = FileJournal(path)
    after = opened(again, again.lines, start_ms=START_MS + 60_000)
    assert after.state() == state
    after.place_order("bob", order(quantity="0.2", price="58500"), START_MS + 60_001)
    again.close()
    third = FileJournal(path)
    assert opened(None, third.lines).state() == after.state()
    third.close()


def test_a_damaged_line_in_the_middle_is_refused():
    journal = ListJournal()
    traded(journal)
    lines = journal.lines
    lines[3] = lines[3][:20]
    with pytest.raises(DataError, match="line 4"):
        opened(None, lines)


def test_a_journal_of_other_accounts_is_refused():
    journal = ListJournal()
    traded(journal)
    with pytest.raises(DataError, match="does not fit"):
        SimulatedExchange.restore(
            journal.lines,
            symbols=DEFAULT_SYMBOLS,
            accounts=[AccountSpec("carol")],
            market=StillMarket(),
            start_ms=START_MS,
        )


def test_a_file_that_cannot_be_written_is_a_users_error(tmp_path):
    with pytest.raises(DataError, match="cannot use"):
        FileJournal(tmp_path / "missing" / "state.jsonl")


def listed(journal):
    """An exchange with something of every kind that waits."""
    exchange = opened(journal)
    now = START_MS + 10
    stop = {"type": "STOP_LOSS_LIMIT", "side": "SELL", "price": "58000", "stopPrice": "58500"}
    exchange.place_order("alice", order(quantity="0.1", price="61000", side="SELL"), now)
    exchange.place_order("bob", order(quantity="0.1", price="61000"), now + 1)
    exchange.place_order("alice", order(quantity="0.2", **stop), now + 2)
    trailing = {"type": "STOP_LOSS", "side": "SELL", "quantity": "0.3", "trailingDelta": "200"}
    exchange.place_order("alice", {"symbol": "BTCUSDT", **trailing}, now + 3)
    exchange.place_order(
        "alice", order(side="SELL", quantity="1", price="60500", icebergQty="0.2"), now + 4
    )
    exchange.place_opoco(
        "alice",
        {
            "symbol": "BTCUSDT",
            "workingType": "LIMIT",
            "workingSide": "BUY",
            "workingQuantity": "0.5",
            "workingPrice": "60000.5",
            "workingTimeInForce": "GTC",
            "pendingSide": "SELL",
            "pendingAboveType": "LIMIT_MAKER",
            "pendingAbovePrice": "70000",
            "pendingBelowType": "STOP_LOSS",
            "pendingBelowStopPrice": "50000",
        },
        now + 5,
    )
    exchange.place_order("bob", order(quantity="0.1", price="60001"), now + 6)
    amended = exchange.place_order("bob", order(quantity="0.4", price="59000"), now + 7)
    query = {"symbol": "BTCUSDT", "orderId": str(amended["orderId"])}
    exchange.amend_order("bob", {**query, "newQty": "0.3"}, now + 8)
    exchange.place_order("bob", order(side="SELL", quantity="0.2", price="60000.5"), now + 9)
    return exchange, query


def test_what_waits_waits_again_after_a_restart():
    journal = ListJournal()
    before, query = listed(journal)
    after = opened(None, journal.lines, market=StillMarket(), start_ms=START_MS + 60_000)
    now = START_MS + 60_001
    assert after.state() == before.state()
    for call in ("open_orders", "all_order_lists", "open_order_lists"):
        assert getattr(after, call)("alice", {}, now) == getattr(before, call)("alice", {}, now)
    symbol = {"symbol": "BTCUSDT"}
    assert after.amendments("bob", query, now) == before.amendments("bob", query, now) != []
    best = after.depth(symbol)["asks"][0]
    assert best == ["60500.00000000", "0.20000000"]


def test_stops_lists_and_tracked_prices_act_after_a_restart():
    journal = ListJournal()
    listed(journal)
    after = opened(None, journal.lines, market=StillMarket(), start_ms=START_MS + 60_000)
    now = START_MS + 60_001
    symbol = {"symbol": "BTCUSDT"}
    orders = after.open_orders("alice", symbol, now)
    pending = {o["orderId"] for o in orders if o["status"] == "PENDING_NEW"}
    trailing = next(o["orderId"] for o in orders if o.get("trailingDelta"))
    assert len(pending) == 2
    after.place_order("bob", order(side="SELL", quantity="0.3", price="60000.5"), now + 1)
    placed = after.open_orders("alice", symbol, now + 2)
    assert {(o["status"], o["origQty"]) for o in placed if o["orderId"] in pending} == {
        ("NEW", "0.50000000")
    }
    # Two per cent below the highest price, which was traded before the restart.
    after.place_order("bob", order(quantity="0.1", price="58800"), now + 3)
    after.place_order(
        "bob",
        order(side="SELL", quantity="0.4", price="58800", selfTradePreventionMode="NONE"),
        now + 4,
    )
    triggered = {o["orderId"]: o for o in after.all_orders("alice", symbol, now + 5)}[trailing]
    assert triggered["isWorking"]


def test_icebergs_come_back_as_they_were_seen_and_where_they_stood():
    journal = ListJournal()
    before = opened(journal, market=StillMarket())
    part = {"side": "SELL", "price": "60500"}
    before.place_order("alice", order(quantity="1", icebergQty="0.2", **part), START_MS + 1)
    before.place_order("bob", order(quantity="0.3", **part), START_MS + 2)
    # The iceberg's first part and the order behind it go; a bit of the next part, too.
    taken = order(quantity="0.6", price="60500", selfTradePreventionMode="NONE")
    before.place_order("alice", taken, START_MS + 3)
    before.place_order("bob", order(quantity="0.4", **part), START_MS + 4)
    after = opened(journal, list(journal.lines), market=StillMarket())
    again = opened(None, journal.lines, market=StillMarket())
    for exchange in (before, after, again):
        assert exchange.depth({"symbol": "BTCUSDT"})["asks"] == [["60500.00000000", "0.50000000"]]
        book = exchange._floor.listings["BTCUSDT"].book
        queue = book.queue(is_buy=False, price_e8=60500 * 10**8)
        assert [(r.client.account, r.remaining_e8, r.hidden_e8) for r in queue] == [
            ("alice", 10**7, 6 * 10**7),
            ("bob", 4 * 10**7, 0),
        ]


def test_allocations_outlive_a_restart():
    journal = ListJournal()
    symbols = [*DEFAULT_SYMBOLS, symbol_rules("BTCUSDC", tick="0.01", step="0.00001")]
    before = SimulatedExchange(
        symbols=symbols,
        accounts=SPECS,
        market=StillMarket(asks={"BTCUSDC": [("60000", "1")]}),
        start_ms=START_MS,
        journal=journal,
    )
    before.sor_order("alice", order(quantity="0.5", price="60000"), START_MS + 1)
    after = SimulatedExchange.restore(
        journal.lines, symbols=symbols, accounts=SPECS, market=StillMarket(), start_ms=START_MS
    )
    assert after.state() == before.state()
    symbol = {"symbol": "BTCUSDT"}
    (kept,) = after.allocations("alice", symbol, START_MS + 2)
    assert kept["allocationId"] == 0
    assert after.my_trades("alice", symbol, START_MS + 2) == []


def test_an_iceberg_that_went_behind_another_order_stays_there():
    journal = ListJournal()
    before = opened(journal, market=StillMarket())
    part = {"side": "SELL", "price": "60500"}
    before.place_order("alice", order(quantity="1", icebergQty="0.2", **part), START_MS + 1)
    before.place_order("bob", order(quantity="0.3", **part), START_MS + 2)
    taken = order(quantity="0.2", price="60500", selfTradePreventionMode="NONE")
    before.place_order("bob", taken, START_MS + 3)
    after = opened(None, journal.lines, market=StillMarket())
    for exchange in (before, after):
        book = exchange._floor.listings["BTCUSDT"].book
        queue = book.queue(is_buy=False, price_e8=60500 * 10**8)
        assert [resting.client.account for resting in queue] == ["bob", "alice"]
