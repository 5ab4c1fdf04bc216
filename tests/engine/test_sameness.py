"""Whatever happens: the invariants hold, and the same events do the same again."""

from decimal import Decimal

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.commands import SubmitOrder, Sweep
from bot.domain.events import (
    FeedState,
    HaltRequested,
    OrderDetails,
    OrderFilled,
    ResumeRequested,
)
from bot.domain.records import FillSaved, OrderEventSaved, OrderSaved
from bot.domain.values import OrderStatus, Side
from bot.engine.host import StrategySpec
from bot.engine.risk import RiskLimits
from bot.strategy.params import StrategyParams
from bot.strategy.strategy import Strategy


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
