"""From the first event to the position: the flows that every run goes through."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.commands import CancelOrder, QueryOrder, SubmitOrder, Subscribe, Sweep
from bot.domain.events import (
    FeedState,
    HaltRequested,
    OrderDetails,
    OrderFilled,
    OrderIntended,
    ResumeRequested,
    StopRequested,
    TimePassed,
)
from bot.domain.records import FillSaved, OrderEventSaved, OrderSaved, StateSaved
from bot.domain.values import SECOND_NS, OrderStatus, OrderType, Side, TimeInForce
from bot.engine.host import StrategySpec
from bot.engine.risk import RiskLimits
from bot.strategy.params import StrategyParams
from bot.strategy.strategy import Strategy


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


# --- halting and stopping ------------------------------------------------------------------


def test_a_halt_latches_and_is_kept(live_engine):
    d = live_engine
    resting = d.opened()
    effects = d.feed(HaltRequested(reason="too wild", recv_ns=d.tick()))
    (saved,) = [r for r in effects.records if isinstance(r, StateSaved)]
    assert (saved.strategy_id, saved.key, saved.value) == ("_engine", "halt", '"too wild"')
    assert d.incidents("halt")[0].cause == "too wild"
    cid = d.buy()
    assert d.stored(cid).reason == "CLOSED: halted: too wild"
    d.user(FeedState.DOWN)
    d.user()
    d.swept()
    assert d.stored(d.buy()).reason == "CLOSED: halted: too wild", "a sweep does not lift it"
    assert d.cancel(resting) is True, "orders can be taken back"
    assert d.sent(CancelOrder)


def test_a_halt_without_a_reason_still_halts(live_engine):
    d = live_engine
    d.feed(HaltRequested(reason="", recv_ns=d.tick()))
    assert d.stored(d.buy()).reason == "CLOSED: halted: halted"


def test_a_resume_lifts_the_halt_and_is_kept(live_engine):
    d = live_engine
    d.feed(HaltRequested(reason="too wild", recv_ns=d.tick()))
    effects = d.feed(ResumeRequested(reason="calm again", recv_ns=d.tick()))
    (saved,) = [r for r in effects.records if isinstance(r, StateSaved)]
    assert (saved.key, saved.value) == ("halt", '""')
    assert d.status(d.buy()) is OrderStatus.INTENT


def test_a_resume_does_not_open_a_blind_gate(live_engine):
    d = live_engine
    d.user(FeedState.DOWN)
    d.feed(HaltRequested(reason="too wild", recv_ns=d.tick()))
    d.feed(ResumeRequested(reason="calm again", recv_ns=d.tick()))
    assert d.stored(d.buy()).reason.startswith("CLOSED: the account is not reconciled")


def test_what_on_stop_asks_for_is_still_sent_and_nothing_after_it(live_engine):
    d = live_engine
    d.puppet().reactions["on_stop"] = lambda s, _: s.sell("BTCUSDT", 1, 100)
    effects = d.feed(StopRequested(reason="test", cancel_orders=False, recv_ns=d.tick()))
    (sell,) = effects.commands
    assert isinstance(sell, SubmitOrder)
    d.puppet().reactions["on_fill"] = lambda s, _: s.buy("BTCUSDT", 1, 100)
    d.filled(sell.client_order_id, side=Side.SELL)
    assert d.submits() == [sell.client_order_id]
    assert d.puppet().told("on_order")[-1].reason == "CLOSED: the bot is stopping: test"


def test_after_on_stop_a_strategy_hears_of_its_orders_only(live_engine):
    d = live_engine
    cid = d.opened()
    d.act(lambda s: s.set_timer("beat", 1))
    d.feed(StopRequested(reason="test", cancel_orders=False, recv_ns=d.tick()))
    d.puppet().heard.clear()
    d.quote()
    d.wait(10)
    d.market(FeedState.DOWN)
    d.filled(cid)
    assert [callback for callback, _ in d.puppet().heard] == ["on_fill", "on_order"]


@pytest.mark.parametrize("reason", ["test", ""])
def test_a_stop_that_is_asked_for_twice_runs_once_and_may_cancel_later(live_engine, reason):
    d = live_engine
    cid = d.opened()
    d.feed(StopRequested(reason=reason, cancel_orders=False, recv_ns=d.tick()))
    assert not d.sent(CancelOrder)
    d.feed(StopRequested(reason=reason, cancel_orders=True, recv_ns=d.tick()))
    assert [c.client_order_id for c in d.sent(CancelOrder)] == [cid]
    assert len(d.puppet().told("on_stop")) == 1


def test_nothing_starts_after_a_stop(engine_driver):
    d = engine_driver()
    d.user()
    d.feed(StopRequested(reason="test", cancel_orders=True, recv_ns=d.tick()))
    d.swept()
    assert not d.puppet().heard


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


# --- sameness ------------------------------------------------------------------------------


class Busy(Strategy[StrategyParams]):
    """Trades, cancels, fails and sets timers, by the numbers that it sees."""

    def on_start(self):
        self.n = self.load("n", 0)
        self.set_timer("beat", 0.005)
        self.subscribe_quotes("BTCUSDT")

    def on_quote(self, quote):
        self.n += 1
        self.save("n", self.n)
        if self.n % 3 == 0:
            self.buy("BTCUSDT", self.n / 10, quote.bid)
        if self.n % 5 == 0:
            self.cancel_all()
        if self.n % 7 == 0:
            raise ValueError(self.n)

    def on_timer(self, name):
        self.sell("BTCUSDT", 0.1, 100)

    def on_fill(self, fill):
        self.log(f"filled {fill.quantity}")


FEEDS = ["up", "down", "stale", "market_down", "market_up", "swept", "sweep_failed"]
ANSWERS = [
    "submitted",
    "accepted",
    "filled",
    "repeated",
    "canceled",
    "rejected",
    "unknown",
    "not_placed",
    "not_found",
    "found",
    "gone",
    "cancel_rejected",
    "cancel_unknown",
]
OTHERS = ["quote", "wait", "long_wait", "halt", "resume"]


class Fuzz:
    """Feeds whatever the list of numbers says, about whichever order there is."""

    def __init__(self, driver_type):
        spec = StrategySpec("busy", Busy, StrategyParams(), ("BTCUSDT",))
        self.d = driver_type(spec, limits=RiskLimits(max_open_orders=5))
        self.events = []
        self.fills = {}
        feed = self.d.feed

        def recorded(event):
            self.events.append(event)
            return feed(event)

        self.d.feed = recorded

    def do(self, action, pick):
        if action in FEEDS:
            self.do_feed(action)
        elif action in ANSWERS:
            orders = [*self.d.submits(), "web_0"]
            index = pick % len(orders)
            self.do_answer(action, orders[index], 1000 + index, pick)
        else:
            self.do_other(action, pick)
        self.check_step()

    def do_feed(self, action):
        d = self.d
        if action in ("swept", "sweep_failed"):
            if d.sent(Sweep):
                getattr(d, action)()
        elif action.startswith("market_"):
            d.market(FeedState(action.removeprefix("market_")))
        else:
            d.user(FeedState(action))

    def do_answer(self, action, cid, venue_order_id, pick):
        d = self.d
        match action:
            case "accepted":
                d.accepted(cid, venue_order_id, details=DETAILS)
            case "filled" | "repeated":
                ids = list(self.fills) if action == "repeated" else []
                trade_id = ids[pick % len(ids)] if ids else len(self.fills) + 1
                made = d.make_fill(
                    cid,
                    trade_id=trade_id,
                    venue_order_id=venue_order_id,
                    quantity=Decimal("0.05"),
                )
                fill = self.fills.setdefault(trade_id, made)
                d.feed(OrderFilled(fill=fill, recv_ns=d.tick(), details=DETAILS))
            case "found" | "gone":
                status = OrderStatus.OPEN if action == "found" else OrderStatus.CANCELED
                d.reported(cid, status, "0", venue_order_id=venue_order_id, details=DETAILS)
            case _:
                getattr(d, action)(cid)

    def do_other(self, action, pick):
        d = self.d
        match action:
            case "quote":
                d.quote(90.0 + pick % 10, 101.0 + pick % 10)
            case "wait" | "long_wait":
                d.wait(0.3 if action == "wait" else 20)
            case "halt":
                d.feed(HaltRequested(reason="fuzz", recv_ns=d.tick()))
            case "resume":
                d.feed(ResumeRequested(reason="fuzz", recv_ns=d.tick()))

    def check_step(self):
        commands = self.d.history[-1].commands
        submitted = [c for c in commands if isinstance(c, SubmitOrder)]
        if submitted:
            engine = self.d.engine
            assert not engine.is_blind, "an order while blind"
            assert not engine.halted, "an order while halted"
            stored = [r for r in self.d.history[-1].records if isinstance(r, OrderSaved)]
            known = {r.order.client_order_id for r in stored}
            assert {c.client_order_id for c in submitted} <= known, "sent and not written down"

    def check(self):
        d = self.d
        submits = d.submits()
        assert len(set(submits)) == len(submits), "an intent was sent twice"
        saved = [r for r in d.records if isinstance(r, FillSaved)]
        assert [r.fill.trade_id for r in saved] == list(
            dict.fromkeys(r.fill.trade_id for r in saved)
        )
        for (strategy_id, symbol), position in d.engine.blotter.positions.items():
            own = [r.fill for r in saved if (r.strategy_id, r.fill.symbol) == (strategy_id, symbol)]
            assert position.quantity == sum((f.side.sign * f.quantity for f in own), Decimal(0))
        numbers = {}
        for row in (r for r in d.records if isinstance(r, OrderEventSaved)):
            assert row.number == numbers.get(row.client_order_id, 0) + 1, "a hole in the rows"
            numbers[row.client_order_id] = row.number
        for order in d.engine.blotter.open_orders():
            if order.status in (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN):
                assert order.client_order_id in d.engine.inquiry.resolver._questions


DETAILS = OrderDetails(
    symbol="BTCUSDT",
    side=Side.BUY,
    order_type="LIMIT",
    time_in_force="GTC",
    quantity=Decimal(1),
    price=Decimal(90),
)
steps = st.lists(
    st.tuples(st.sampled_from(FEEDS + ANSWERS * 2 + OTHERS), st.integers(0, 30)), max_size=60
)


@settings(
    max_examples=150,
    deadline=None,
    # The fixture is a class: there is nothing in it to be reset between examples.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(script=steps)
def test_whatever_happens_the_invariants_hold_and_the_same_events_do_the_same(
    engine_driver, script
):
    fuzz = Fuzz(engine_driver)
    for action in ("up", "swept", "quote", "quote", "quote", "quote"):
        fuzz.do(action, 0)
    for action, pick in script:
        fuzz.do(action, pick)
    fuzz.check()
    again = Fuzz(engine_driver)
    for event in fuzz.events:
        again.d.feed(event)
    assert msgspec.json.encode(again.d.history) == msgspec.json.encode(fuzz.d.history)


def test_an_order_that_nobody_answers_for_is_resolved_in_the_end(live_engine):
    d = live_engine
    cid = d.buy()
    d.submitted(cid)
    for _ in range(200):
        for command in d.wait(0.5).commands:
            assert isinstance(command, QueryOrder)
            d.not_found(cid)
    assert d.status(cid) is OrderStatus.NOT_PLACED
