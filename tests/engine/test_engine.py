"""From the first event to the position: the flows that every run goes through."""

from decimal import Decimal

from bot.domain.commands import QueryOrder, SubmitOrder, Subscribe, Sweep
from bot.domain.events import (
    OrderIntended,
    TimePassed,
)
from bot.domain.records import OrderEventSaved, OrderSaved
from bot.domain.values import SECOND_NS, OrderStatus, OrderType, Side, TimeInForce
from bot.engine.risk import RiskLimits


def test_the_engine_starts_blind_and_says_nothing(engine_driver):
    d = engine_driver()
    assert d.engine.is_blind
    assert not d.engine.has_effects
    d.wait(1)
    assert not d.commands
    assert not d.puppet().heard


def test_an_order_goes_from_the_first_quote_to_a_position(engine_driver):
    d = engine_driver()
    up = d.user()
    (sweep,) = up.commands
    assert sweep == Sweep(
        generation=1,
        cause="user stream up: test",
        symbols=("BTCUSDT", "ETHUSDT"),
        orders=(),
        since={},
    )
    assert not d.puppet().told("on_start")
    done = d.swept()
    assert d.puppet().heard[0][0] == "on_start"
    assert [type(c) for c in done.commands] == [Subscribe]
    d.quote()
    cid = d.buy(1, 100)
    (submit,) = d.sent(SubmitOrder)
    assert submit == SubmitOrder(
        client_order_id=cid,
        symbol="BTCUSDT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(1),
        price=Decimal(100),
    )
    d.submitted(cid)
    d.accepted(cid)
    assert d.status(cid) is OrderStatus.OPEN
    d.filled(cid, quantity=Decimal(1))
    assert d.status(cid) is OrderStatus.FILLED
    position = d.engine.blotter.position("puppet", "BTCUSDT")
    assert (position.quantity, position.average_price) == (Decimal(1), Decimal(100))
    assert [r.status_after for r in d.rows(cid)] == ["INTENT", "SUBMITTED", "OPEN", "FILLED"]
    assert [r.number for r in d.rows(cid)] == [1, 2, 3, 4]


def test_the_intent_is_written_in_the_same_effects_as_its_command(engine_driver):
    d = engine_driver().live()
    cid = d.buy()
    effects = d.history[-1]
    saved, row = effects.records
    assert isinstance(saved, OrderSaved)
    assert saved.order.status is OrderStatus.INTENT
    assert isinstance(row, OrderEventSaved)
    assert isinstance(row.event, OrderIntended)
    assert [c.client_order_id for c in effects.commands] == [cid]


# --- the door ------------------------------------------------------------------------------


def test_taking_gives_each_effect_once(engine_driver):
    d = engine_driver()
    d.engine.feed(TimePassed(recv_ns=d.tick()))
    assert not d.engine.has_effects
    assert d.user().commands
    assert not d.engine.has_effects
    assert not d.engine.take()


def test_the_clock_is_the_latest_time_that_was_seen(engine_driver):
    d = engine_driver()
    d.wait(10)
    now_ns = d.engine.now_ns
    d.engine.feed(TimePassed(recv_ns=now_ns - 5_000_000))
    assert d.engine.now_ns == now_ns


def test_the_cache_is_updated_before_any_strategy_hears(live_engine):
    d = live_engine
    seen = []
    d.puppet().reactions["on_quote"] = lambda s, q: seen.append(s.quote("BTCUSDT") is q)
    d.quote(98.0, 99.0)
    assert seen == [True]


def test_a_handler_runs_to_completion_before_its_orders_are_judged(live_engine):
    d = live_engine
    order = []

    def ask(s):
        order.append("asked")
        cid = s.buy("BTCUSDT", 1, 1_000_000)
        order.append("went on")
        return cid

    d.puppet().reactions["on_order"] = lambda s, o: order.append(o.status.value)
    d.act(ask)
    assert order == ["asked", "went on", "REFUSED"]


def test_too_many_requests_at_once_wait_for_the_next_event(engine_driver):
    limits = RiskLimits(
        max_open_orders=0, max_orders_per_second=0, max_position_notional=Decimal(0)
    )
    d = engine_driver(limits=limits).live()
    d.act(lambda s: [s.buy("BTCUSDT", 1, 100) for _ in range(250)])
    assert len(d.submits()) == 200
    d.wait(1)
    assert len(d.submits()) == 250


def test_quotes_of_every_symbol_are_wanted_for_risk(engine_driver):
    d = engine_driver()
    d.engine.watch_prices()
    asked = [sub for c in d.take().commands for sub in c.subscriptions]
    assert [(sub.kind.value, sub.symbol) for sub in asked] == [
        ("quotes", "BTCUSDT"),
        ("quotes", "ETHUSDT"),
    ]


def test_an_order_that_nobody_answers_for_is_resolved_in_the_end(live_engine):
    d = live_engine
    cid = d.buy()
    d.submitted(cid)
    for _ in range(200):
        for command in d.wait(0.5).commands:
            assert isinstance(command, QueryOrder)
            d.not_found(cid)
    assert d.status(cid) is OrderStatus.NOT_PLACED


# --- days ----------------------------------------------------------------------------------

MIDNIGHT_NS = 1_723_161_600 * SECOND_NS
"""2024-08-09T00:00:00Z."""


def lose(d, amount):
    cid = d.opened()
    d.filled(cid)
    sold = d.sell(1, 100)
    d.filled(sold, side=Side.SELL, price=Decimal(100) - amount)


def test_a_loss_of_yesterday_is_not_a_loss_of_today(engine_driver):
    start_ns = MIDNIGHT_NS - 10 * SECOND_NS
    d = engine_driver(limits=RiskLimits(max_daily_loss=Decimal(50)), start_ns=start_ns).live()
    lose(d, 60)
    assert d.stored(d.buy()).reason.startswith("MAX_DAILY_LOSS: 60")
    d.now_ns = MIDNIGHT_NS - 2_000_000
    d.quote()
    assert d.status(d.buy()) is OrderStatus.INTENT, "that quote came at midnight"


def test_a_loss_between_midnight_and_the_first_order_is_of_today(engine_driver):
    start_ns = MIDNIGHT_NS - 10 * SECOND_NS
    d = engine_driver(limits=RiskLimits(max_daily_loss=Decimal(50)), start_ns=start_ns).live()
    cid = d.opened()
    d.filled(cid)
    sold = d.sell(1, 100)
    d.now_ns = MIDNIGHT_NS + SECOND_NS
    d.filled(sold, side=Side.SELL, price=Decimal(40))
    assert d.stored(d.buy()).reason.startswith("MAX_DAILY_LOSS: 60")
    d.now_ns += 86_400 * SECOND_NS
    d.wait(1)
    assert d.status(d.buy()) is OrderStatus.INTENT
