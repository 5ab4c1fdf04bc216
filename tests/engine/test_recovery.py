"""A restart: the engine as it was, and nothing taken for certain that is not."""

from decimal import Decimal

import pytest

from bot.domain.commands import CancelOrder, QueryOrder, SubmitOrder, Sweep
from bot.domain.fill import Fill
from bot.domain.order import Order
from bot.domain.records import IncidentClosed
from bot.domain.values import EXTERNAL, SECOND_NS, OrderStatus, OrderType, Side, TimeInForce
from bot.engine.recovery import restore
from bot.engine.risk import RiskLimits

MIDNIGHT_NS = 1_723_075_200 * SECOND_NS
"""2024-08-08T00:00:00Z; the driver starts at noon of that day."""


def an_order(cid="bot-puppet-run0-1", status="OPEN", **changes):
    fields = {
        "client_order_id": cid,
        "strategy_id": "puppet",
        "run_id": "run0",
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal(2),
        "price": Decimal(100),
        "status": OrderStatus(status),
        "venue_order_id": 7 if status not in ("INTENT", "SUBMITTED", "UNKNOWN") else None,
        "created_ns": 1,
        "updated_ns": 1,
        "events": 3,
    }
    return Order(**(fields | changes))


def a_fill(trade_id=1, side="BUY", price="100", quantity="1", ts_ns=MIDNIGHT_NS, **changes):
    fields = {
        "symbol": "BTCUSDT",
        "trade_id": trade_id,
        "client_order_id": "bot-puppet-run0-1",
        "venue_order_id": 7,
        "side": Side(side),
        "price": Decimal(price),
        "quantity": Decimal(quantity),
        "commission": Decimal(0),
        "commission_asset": "USDT",
        "maker": False,
        "ts_ns": ts_ns,
        "recv_ns": ts_ns,
    }
    return Fill(**(fields | changes))


def restored(driver_type, *, orders=(), fills=(), state=None, incidents=(), limits=None):
    d = driver_type(run_id="run2", limits=limits)
    restore(
        d.engine,
        now_ns=d.now_ns,
        orders=orders,
        fills=fills,
        engine_state=state or {},
        open_incidents=incidents,
    )
    d.take()
    return d


def test_positions_are_the_sum_of_the_stored_fills(engine_driver):
    fills = [
        (a_fill(1, quantity="3"), "puppet", Decimal("0.3")),
        (a_fill(2, "SELL", "110"), "puppet", None),
        (a_fill(3), EXTERNAL, Decimal(0)),
    ]
    d = restored(engine_driver, fills=fills)
    position = d.engine.blotter.position("puppet", "BTCUSDT")
    assert (position.quantity, position.realised, position.fees) == (2, 10, Decimal("0.3"))
    assert d.engine.blotter.position(EXTERNAL, "BTCUSDT").quantity == 1
    assert not d.records, "what is stored is not stored again"


def test_a_stored_fill_is_not_counted_again(engine_driver):
    d = restored(
        engine_driver, orders=[an_order(filled=Decimal(1))], fills=[(a_fill(5), "puppet", None)]
    )
    d.live()
    d.filled("bot-puppet-run0-1", trade_id=5, source="sweep")
    assert d.engine.blotter.position("puppet", "BTCUSDT").quantity == 1
    assert d.engine.counts["duplicates"] == 1
    d.filled("bot-puppet-run0-1", trade_id=6, source="sweep")
    assert d.engine.blotter.position("puppet", "BTCUSDT").quantity == 2
    assert d.status("bot-puppet-run0-1") is OrderStatus.FILLED


@pytest.mark.parametrize("status", ["INTENT", "SUBMITTED", "UNKNOWN"])
def test_an_order_without_an_answer_is_in_doubt_and_asked_about(engine_driver, status):
    order = an_order(status=status)
    d = restored(engine_driver, orders=[order])
    cid = order.client_order_id
    assert d.status(cid) is OrderStatus.UNKNOWN
    assert order.status.value == status, "the stored order itself is left alone"
    assert [row.number for row in d.rows(cid)] == [4]
    assert d.rows(cid)[0].event.cause == "the bot was restarted before it knew the answer"
    assert d.incidents("order_unknown")[0].subject == cid
    assert [type(c) for _, c in d.wait_in_steps(0.3)] == [QueryOrder]
    assert not d.sent(SubmitOrder)


@pytest.mark.parametrize("status", ["INTENT", "SUBMITTED", "UNKNOWN"])
def test_an_earlier_runs_order_counts_as_sent_until_the_restart(engine_driver, status):
    order = an_order(status=status, sent_ns=1)
    cid = order.client_order_id
    d = restored(engine_driver, orders=[order])
    began_ns = d.now_ns
    d.wait(60)
    d.not_found(cid, asked_ns=began_ns + 15 * SECOND_NS)
    assert d.status(cid) is OrderStatus.UNKNOWN
    d.not_found(cid, asked_ns=began_ns + 15 * SECOND_NS + 1)
    assert d.status(cid) is OrderStatus.NOT_PLACED


def test_an_open_order_is_open_and_swept(engine_driver):
    d = restored(engine_driver, orders=[an_order()])
    assert d.engine.is_settled
    d.user()
    (sweep,) = d.sent(Sweep)
    assert [(r.client_order_id, r.venue_order_id) for r in sweep.orders] == [
        ("bot-puppet-run0-1", 7)
    ]
    d.reported("bot-puppet-run0-1", OrderStatus.CANCELED, "0", source="sweep")
    d.swept()
    assert d.status("bot-puppet-run0-1") is OrderStatus.CANCELED


def test_an_open_order_does_not_count_as_gone_right_after_the_restart(engine_driver):
    d = restored(engine_driver, orders=[an_order()])
    cid, began_ns = "bot-puppet-run0-1", d.now_ns
    for _ in range(10):
        d.not_found(cid, asked_ns=began_ns + 15 * SECOND_NS)
    assert d.status(cid) is OrderStatus.OPEN
    for _ in range(5):
        d.not_found(cid, asked_ns=began_ns + 15 * SECOND_NS + 1)
    assert d.status(cid) is OrderStatus.EXPIRED


def test_an_order_of_an_earlier_run_can_be_seen_and_cancelled_by_its_strategy(engine_driver):
    d = restored(engine_driver, orders=[an_order()]).live()
    assert len(d.act(lambda s: s.open_orders())) == 1
    assert d.cancel("bot-puppet-run0-1") is True
    assert [c.client_order_id for c in d.sent(CancelOrder)] == ["bot-puppet-run0-1"]


def test_late_news_find_an_order_that_had_ended(engine_driver):
    d = restored(engine_driver, orders=[an_order(status="CANCELED")]).live()
    d.filled("bot-puppet-run0-1")
    assert d.engine.blotter.position("puppet", "BTCUSDT").quantity == 1
    assert len(d.incidents("late_fill")) == 1


def test_new_ids_do_not_meet_old_ones(engine_driver):
    d = restored(engine_driver, orders=[an_order(cid="bot-puppet-run1-1")]).live()
    assert d.buy() == "bot-puppet-run2-1"


def test_the_sweep_goes_on_from_where_the_last_one_ended(engine_driver):
    d = restored(engine_driver, state={"swept_to:BTCUSDT": "55", "other": "1"})
    d.user()
    assert d.sent(Sweep)[0].since == {"BTCUSDT": 55}


def test_a_halt_outlives_the_process(engine_driver):
    d = restored(engine_driver, state={"halt": '"too wild"'}).live()
    assert d.engine.halted == "too wild"
    assert d.stored(d.buy()).reason == "CLOSED: halted: too wild"
    lifted = restored(engine_driver, state={"halt": '""'}).live()
    assert lifted.status(lifted.buy()) is OrderStatus.INTENT


def test_incidents_that_were_open_are_closed(engine_driver):
    d = restored(engine_driver, incidents=["run1-4"])
    assert d.records == [
        IncidentClosed(incident_id="run1-4", to_ns=d.now_ns, healed_by="the process was restarted")
    ]


@pytest.mark.parametrize(("sold_ns", "refused"), [(MIDNIGHT_NS - 1, False), (MIDNIGHT_NS, True)])
def test_only_the_losses_of_today_count_after_a_restart(engine_driver, sold_ns, refused):
    fills = [
        (a_fill(1, ts_ns=MIDNIGHT_NS - 10), "puppet", Decimal(0)),
        (a_fill(2, "SELL", "40", ts_ns=sold_ns), "puppet", Decimal(0)),
    ]
    limits = RiskLimits(max_daily_loss=Decimal(50))
    d = restored(engine_driver, fills=fills, limits=limits).live()
    cid = d.buy()
    assert (d.status(cid) is OrderStatus.REFUSED) is refused
    d.now_ns += 86_400 * SECOND_NS
    d.wait(1)
    assert d.status(d.buy()) is OrderStatus.INTENT


def test_fills_on_a_symbol_that_is_no_longer_traded_are_kept(engine_driver):
    d = restored(engine_driver, fills=[(a_fill(symbol="OLDUSDT"), "puppet", None)])
    assert d.engine.blotter.position("puppet", "OLDUSDT").quantity == 1
    d.live()
    assert d.status(d.buy()) is OrderStatus.INTENT
