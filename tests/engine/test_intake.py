"""From wishes to commands: the gate first, then the row, then the command."""

from decimal import Decimal

import msgspec
import pytest

from bot.domain.amendments import AmendUnknown, OrderAmended
from bot.domain.commands import (
    AmendOrder,
    CancelOrder,
    ConfigureSymbol,
    QueryOrder,
    ReplaceOrder,
    SubmitOrder,
)
from bot.domain.events import OrderDetails
from bot.domain.values import Market, OrderStatus, OrderType, Side, TimeInForce
from bot.engine.risk import RiskLimits

D = Decimal


@pytest.fixture
def bot(live_engine):
    return live_engine


@pytest.fixture
def on(engine_driver, btcusdt):
    """``on(market=...)``: a live engine whose one symbol has those properties."""

    def make(limits=None, **changes):
        instrument = msgspec.structs.replace(btcusdt, **changes)
        bot = engine_driver(instruments=(instrument,), limits=limits)
        bot.user()
        bot.swept()
        bot.quote()
        return bot

    return make


def reason(bot, client_order_id):
    return bot.stored(client_order_id).reason


ALL_TYPES = tuple(kind.value for kind in OrderType)


def test_a_stop_goes_out_with_its_trigger_on_the_tick(on):
    bot = on(order_types=ALL_TYPES)
    cid = bot.act(lambda s: s.stop("BTCUSDT", Side.SELL, 1, 90.004, 89.999))
    (sent,) = bot.sent(SubmitOrder)
    # Set off later rather than earlier, and its limit no lower than asked.
    assert (sent.terms.trigger_price, sent.price) == (D("90.00"), D("90.00"))
    assert sent.order_type is OrderType.STOP_LIMIT
    assert bot.stored(cid).terms == sent.terms


def test_a_type_that_the_symbol_does_not_take_is_refused(on):
    bot = on()
    cid = bot.act(lambda s: s.stop("BTCUSDT", Side.SELL, 1, 90))
    assert reason(bot, cid).startswith("ORDER_TYPE: BTCUSDT does not take STOP_MARKET")


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        ({"reduce_only": True}, "REDUCE_ONLY: spot"),
        ({"time_in_force": TimeInForce.GTD}, "TIME_IN_FORCE: spot has no GTD"),
        ({"iceberg_quantity": D("0.001")}, "ICEBERG_PARTS: 1000 parts are more than 100"),
    ],
)
def test_terms_that_spot_does_not_know_are_refused(on, terms, text):
    bot = on(max_iceberg_parts=100)
    cid = bot.act(lambda s: s.buy("BTCUSDT", 1, 100, **terms))
    assert reason(bot, cid).startswith(text)


@pytest.mark.parametrize(
    ("terms", "text"),
    [
        ({"iceberg_quantity": D("0.1")}, "ICEBERG: futures"),
        ({"time_in_force": TimeInForce.GTD}, "GOOD_TILL: GTD needs"),
        ({"time_in_force": TimeInForce.GTD, "good_till_ns": 1}, "GOOD_TILL: GTD must end"),
    ],
)
def test_terms_that_futures_do_not_know_are_refused(on, terms, text):
    bot = on(market=Market.USDM)
    cid = bot.act(lambda s: s.buy("BTCUSDT", 1, 100, **terms))
    assert reason(bot, cid).startswith(text)


def test_an_order_by_its_cost_passes_the_gate_by_what_it_comes_to(on):
    bot = on(limits=RiskLimits(max_order_notional=D(60)))
    fits = bot.act(lambda s: s.buy_for("BTCUSDT", 60))
    too_much = bot.act(lambda s: s.buy_for("BTCUSDT", D("60.2")))
    assert bot.submits() == [fits]
    assert reason(bot, too_much).startswith("MAX_ORDER_NOTIONAL")


def test_an_order_by_its_cost_that_is_reported_as_filled_is_filled(bot):
    cid = bot.act(lambda s: s.buy_for("BTCUSDT", 100))
    bot.submitted(cid)
    bot.accepted(cid)
    bot.filled(cid, quantity=D("0.9"), price=D("101"))
    assert bot.status(cid) is OrderStatus.PARTIALLY_FILLED
    details = OrderDetails(
        symbol="BTCUSDT",
        side=Side.BUY,
        order_type="MARKET",
        time_in_force="GTC",
        quantity=D("0.9"),
        price=None,
    )
    bot.reported(cid, OrderStatus.FILLED, "0.9", details=details)
    assert bot.status(cid) is OrderStatus.FILLED


def test_an_amendment_is_written_down_sent_and_taken_over(bot):
    cid = bot.opened(quantity=2)
    assert bot.act(lambda s: s.amend(cid, quantity=1))
    (sent,) = bot.sent(AmendOrder)
    assert (sent.client_order_id, sent.quantity, sent.price) == (cid, 1, 100)
    assert bot.rows(cid)[-1].event.quantity == 1
    assert bot.stored(cid).quantity == 2
    now_ns = bot.tick()
    bot.feed(
        OrderAmended(
            client_order_id=cid,
            venue_order_id=7,
            quantity=D(1),
            price=None,
            ts_ns=now_ns,
            recv_ns=now_ns,
        )
    )
    assert bot.stored(cid).quantity == 1
    assert bot.puppet().told("on_order")[-1].quantity == 1


def test_an_amendment_beyond_a_limit_is_refused_and_the_order_stays(on):
    bot = on(limits=RiskLimits(max_order_notional=D(150)))
    cid = bot.opened()
    bot.act(lambda s: s.amend(cid, quantity=2))
    assert bot.sent(AmendOrder) == []
    assert bot.rows(cid)[-1].event.reason.startswith("MAX_ORDER_NOTIONAL")
    assert bot.status(cid) is OrderStatus.OPEN


def test_the_amended_order_does_not_count_twice(on):
    bot = on(limits=RiskLimits(max_position_notional=D(350), max_order_notional=D(0)))
    cid = bot.opened(quantity=2)
    bot.act(lambda s: s.amend(cid, quantity=3))
    assert len(bot.sent(AmendOrder)) == 1


def details_of(quantity):
    return OrderDetails(
        symbol="BTCUSDT",
        side=Side.BUY,
        order_type="LIMIT",
        time_in_force="GTC",
        quantity=D(quantity),
        price=D(100),
    )


def amended(bot, cid, quantity, ts_ns):
    bot.feed(
        OrderAmended(
            client_order_id=cid,
            venue_order_id=7,
            quantity=D(quantity),
            price=None,
            ts_ns=ts_ns,
            recv_ns=bot.tick(),
        )
    )


def test_an_amendment_without_an_answer_is_asked_about(bot):
    cid = bot.opened(quantity=2)
    bot.act(lambda s: s.amend(cid, quantity=1))
    bot.feed(AmendUnknown(client_order_id=cid, cause="timed out", recv_ns=bot.tick()))
    bot.wait(0.5)
    assert [c.client_order_id for c in bot.sent(QueryOrder)] == [cid]
    before_ns = bot.now_ns
    bot.reported(cid, details=details_of(1))
    assert bot.stored(cid).quantity == 1
    # A report from before the change would undo it.
    bot.reported(cid, details=details_of(2), ts_ns=before_ns)
    assert bot.stored(cid).quantity == 1


def test_an_amendment_that_nobody_told_us_of_is_found_by_the_next_report(bot):
    cid = bot.opened(quantity=2)
    bot.reported(cid, details=details_of(1))
    assert bot.stored(cid).quantity == 1


def test_an_order_that_was_filled_after_a_lost_amendment_is_filled(bot):
    cid = bot.opened(quantity=2)
    bot.filled(cid, quantity=D(1))
    assert bot.status(cid) is OrderStatus.PARTIALLY_FILLED
    bot.reported(cid, OrderStatus.FILLED, "1", details=details_of(1))
    assert bot.status(cid) is OrderStatus.FILLED


def test_of_two_amendments_the_later_counts_in_whatever_order_they_are_told(bot):
    cid = bot.opened(quantity=3)
    early_ns, late_ns = bot.tick(), bot.tick()
    amended(bot, cid, 1, late_ns)
    amended(bot, cid, 2, early_ns)
    assert bot.stored(cid).quantity == 1


def test_replacing_is_one_request_where_the_venue_has_it(on):
    bot = on(replace_allowed=True)
    old = bot.opened()
    new = bot.act(lambda s: s.replace(old, price=101))
    (command,) = bot.sent(ReplaceOrder)
    assert (command.cancel.client_order_id, command.order.client_order_id) == (old, new)
    assert (command.order.price, command.order.quantity) == (101, 1)
    assert bot.sent(CancelOrder) == []
    assert bot.stored(new).status is OrderStatus.INTENT


def test_what_is_replaced_does_not_count_against_the_position(on):
    limits = RiskLimits(max_position_notional=D(150))
    bot = on(limits=limits, replace_allowed=True)
    old = bot.opened()
    bot.act(lambda s: s.replace(old, price=101))
    assert len(bot.sent(ReplaceOrder)) == 1


def test_an_order_that_has_ended_is_not_replaced(bot):
    old = bot.opened()
    bot.canceled(old, "0")
    assert bot.act(lambda s: s.replace(old, price=101)) is None
    assert bot.act(lambda s: s.amend(old, quantity=1)) is False


def test_settings_of_a_contract_become_commands(bot):
    bot.act(lambda s: s.set_leverage("BTCUSDT", 5))
    bot.act(lambda s: s.set_margin_type("BTCUSDT", "ISOLATED"))
    assert bot.sent(ConfigureSymbol) == [
        ConfigureSymbol(symbol="BTCUSDT", leverage=5),
        ConfigureSymbol(symbol="BTCUSDT", margin_type="ISOLATED"),
    ]


def test_sizes_are_on_the_step_and_never_above_what_was_asked(bot):
    assert bot.act(lambda s: s.size_by_quote("BTCUSDT", 33)) == D("0.330")
    assert bot.act(lambda s: s.size_by_quote("BTCUSDT", 33, 7)) == D("4.714")
    assert bot.act(lambda s: s.size_by_risk("BTCUSDT", 10, entry=100, stop=97)) == D("3.333")
    assert bot.act(lambda s: s.size_by_risk("BTCUSDT", 10, entry=97, stop=100)) == D("3.333")


def test_no_distance_is_no_risk(bot):
    strategy = bot.puppet()
    with pytest.raises(ValueError, match="there is no risk"):
        strategy.size_by_risk("BTCUSDT", 10, entry=100, stop=100)


def test_a_cancel_that_was_wanted_before_a_crash_is_asked_for_again(bot, engine_driver):
    from bot.engine.recovery import restore

    cid = bot.opened()
    bot.cancel(cid)
    order = bot.stored(cid)
    assert order.cancel_requested
    again = engine_driver(run_id="run2", start_ns=bot.now_ns)
    restore(
        again.engine,
        now_ns=bot.now_ns,
        orders=[order],
        fills=[],
        engine_state={},
        open_incidents=[],
    )
    again.live()
    again.wait(0.5)
    again.reported(cid)
    assert [c.client_order_id for c in again.sent(CancelOrder)] == [cid]
