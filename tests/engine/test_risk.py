"""Each rule of the gate, at its exact bound."""

from decimal import Decimal

import msgspec
import pytest

from bot.domain.events import OrderIntended
from bot.domain.fill import Fill
from bot.domain.market import QuoteTick
from bot.domain.values import EXTERNAL, SECOND_NS, OrderType, Side, TimeInForce
from bot.engine.blotter import Blotter
from bot.engine.cache import Cache
from bot.engine.risk import Approved, Gate, Refused, RiskLimits

NOW_NS = 1_000 * SECOND_NS
OFF = RiskLimits(
    max_order_notional=Decimal(0),
    max_position_notional=Decimal(0),
    max_open_orders=0,
    max_daily_loss=Decimal(0),
    price_collar=Decimal(0),
    max_orders_per_second=0,
    stale_after_s=0.0,
)


class World:
    """A gate with a cache and a blotter, BTCUSDT at 100."""

    def __init__(self, instrument, **limits):
        self.cache = Cache({"BTCUSDT": instrument})
        self.blotter = Blotter()
        chosen = {k: Decimal(v) if isinstance(v, str) else v for k, v in limits.items()}
        limits = msgspec.structs.replace(OFF, **chosen)
        self.gate = Gate(limits, cache=self.cache, blotter=self.blotter)
        self.numbers = 0
        self.price(100)

    def price(self, mid, at_ns=NOW_NS):
        self.cache.update(
            QuoteTick(
                symbol="BTCUSDT",
                bid=float(mid),
                bid_size=1.0,
                ask=float(mid),
                ask_size=1.0,
                update_id=1,
                ts_ns=at_ns,
                recv_ns=at_ns,
            )
        )

    def intent(self, quantity="1", price="100", side="BUY", at_ns=NOW_NS, strategy_id="s"):
        self.numbers += 1
        return OrderIntended(
            client_order_id=f"c{self.numbers}",
            strategy_id=strategy_id,
            run_id="r",
            symbol="BTCUSDT",
            side=Side(side),
            order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            quantity=Decimal(quantity),
            price=None if price is None else Decimal(price),
            recv_ns=at_ns,
        )

    def decide(self, **kwargs):
        return self.gate.check(self.intent(**kwargs))

    def passes(self, **kwargs):
        return isinstance(self.decide(**kwargs), Approved)

    def reason(self, **kwargs):
        decision = self.decide(**kwargs)
        assert isinstance(decision, Refused), "it passed"
        return decision.reason

    def rest(self, **kwargs):
        """An order that passed and is open."""
        decision = self.decide(**kwargs)
        assert isinstance(decision, Approved), decision.reason
        return self.blotter.open(decision)

    def hold(self, quantity, price="100", strategy_id="s", fee="0"):
        self.numbers += 1
        signed = Decimal(quantity)
        fill = Fill(
            symbol="BTCUSDT",
            trade_id=self.numbers,
            client_order_id="old",
            venue_order_id=1,
            side=Side.BUY if signed > 0 else Side.SELL,
            price=Decimal(price),
            quantity=abs(signed),
            commission=Decimal(fee),
            commission_asset="USDT",
            maker=False,
            ts_ns=1,
            recv_ns=1,
        )
        self.blotter.book(
            strategy_id,
            fill,
            instrument=self.cache.instruments["BTCUSDT"],
            fee_quote=Decimal(fee),
        )


@pytest.fixture
def gate_world(btcusdt):
    def make(**limits):
        return World(btcusdt, **limits)

    return make


def test_an_approval_carries_the_intent(gate_world):
    w = gate_world()
    intent = w.intent()
    assert w.gate.check(intent) == Approved(intent)


def test_every_limit_can_be_switched_off_with_zero(gate_world):
    w = gate_world()
    w.hold("-5000", "50")
    for _ in range(60):
        w.rest(quantity="8000", price="9000", at_ns=NOW_NS)


def test_a_closed_gate_says_why(gate_world):
    w = gate_world()
    w.gate.closed = "halted: enough"
    assert w.reason() == "CLOSED: halted: enough"
    w.gate.closed = ""
    assert w.passes()


# --- prices --------------------------------------------------------------------------------


def test_a_dark_symbol_is_not_traded(gate_world):
    w = gate_world()
    w.cache.darken("market 1", (), NOW_NS)
    assert w.reason() == "BLIND: the market feed of BTCUSDT is down"


def test_without_a_price_nothing_is_traded(gate_world):
    w = gate_world()
    w.cache.quotes.clear()
    assert w.reason() == "NO_PRICE: no quote or trade of BTCUSDT has been seen yet"


def test_after_a_gap_a_new_price_is_waited_for(gate_world):
    w = gate_world()
    w.cache.darken("market 1", (), NOW_NS)
    w.cache.dark.clear()
    assert w.reason().startswith("NO_PRICE")
    w.price(100, NOW_NS + 1)
    assert w.passes(at_ns=NOW_NS + 2)


def test_a_price_is_stale_when_it_is_older_than_the_bound(gate_world):
    w = gate_world(stale_after_s=15.0)
    assert w.passes(at_ns=NOW_NS + 15 * SECOND_NS)
    reason = w.reason(at_ns=NOW_NS + 15 * SECOND_NS + 1)
    assert reason == "STALE: the last price of BTCUSDT is 15.0 s old"


@pytest.mark.parametrize(
    ("side", "passes", "refused"),
    [("BUY", "105", "105.01"), ("SELL", "95", "94.99")],
)
def test_a_limit_beyond_the_market_by_more_than_the_collar(gate_world, side, passes, refused):
    w = gate_world(price_collar="0.05")
    assert w.passes(side=side, price=passes)
    assert w.reason(side=side, price=refused).startswith("PRICE_COLLAR: ")


def test_a_limit_that_waits_away_from_the_market_is_free(gate_world):
    w = gate_world(price_collar="0.05")
    assert w.passes(side="BUY", price="10")
    assert w.passes(side="SELL", price="1000")
    assert w.passes(price=None), "a market order has no price to be wrong about"


def test_the_exchanges_own_filters_are_checked_here(gate_world):
    w = gate_world()
    assert w.passes(quantity="0.05")
    assert w.reason(quantity="0.049").startswith("NOTIONAL: 4.9")
    assert w.reason(quantity="0.0005").startswith("LOT_SIZE")
    assert w.reason(price=None, quantity="0.049").startswith("NOTIONAL")


# --- sizes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("price", ["100", None])
def test_the_notional_of_an_order(gate_world, price):
    w = gate_world(max_order_notional="200")
    assert w.passes(quantity="2", price=price)
    assert w.reason(quantity="2.001", price=price) == (
        "MAX_ORDER_NOTIONAL: 200.100 is above 200"
        if price
        else "MAX_ORDER_NOTIONAL: 200.1000 is above 200"
    )


def test_the_notional_of_a_position_counts_what_is_held_and_what_is_open(gate_world):
    w = gate_world(max_position_notional="500")
    w.hold("2")
    w.rest(quantity="1")
    assert w.passes(quantity="2")
    assert w.reason(quantity="2.001") == (
        "MAX_POSITION: 5.001 BTCUSDT with open orders is 500.100, above 500"
    )


def test_open_orders_on_the_other_side_make_no_room(gate_world):
    w = gate_world(max_position_notional="500")
    w.hold("4")
    w.rest(quantity="3", side="SELL")
    assert w.reason(quantity="1.001").startswith("MAX_POSITION")


def test_another_strategys_position_is_its_own(gate_world):
    w = gate_world(max_position_notional="500")
    w.hold("5", strategy_id="t")
    assert w.passes(quantity="5")


def test_a_position_above_the_bound_can_be_made_smaller(gate_world):
    w = gate_world(max_position_notional="500")
    w.hold("10")
    assert w.passes(quantity="4", side="SELL")
    assert w.reason(quantity="0.1").startswith("MAX_POSITION")


def test_turning_a_position_over_is_a_new_position(gate_world):
    w = gate_world(max_position_notional="500")
    w.hold("10")
    assert w.passes(quantity="15", side="SELL")
    assert w.reason(quantity="15.001", side="SELL").startswith("MAX_POSITION: -5.001")


def test_shorts_are_bound_alike(gate_world):
    w = gate_world(max_position_notional="500")
    assert w.passes(quantity="5", side="SELL")
    assert w.reason(quantity="5.001", side="SELL").startswith("MAX_POSITION: -5.001")


# --- counts --------------------------------------------------------------------------------


def test_the_number_of_open_orders_of_a_strategy(gate_world):
    w = gate_world(max_open_orders=2)
    w.rest()
    w.rest()
    assert w.reason() == "MAX_OPEN_ORDERS: 2 orders are open already"
    assert w.passes(strategy_id="t")


@pytest.mark.parametrize("before", [24, 25])
def test_the_exchanges_number_of_orders_on_a_symbol_counts_everybodys(gate_world, btcusdt, before):
    w = gate_world()
    rules = msgspec.structs.replace(btcusdt, max_orders=25)
    w.cache.instruments["BTCUSDT"] = rules
    for number in range(before):
        w.rest(strategy_id=f"s{number % 3}")
    if before == 24:
        assert w.passes()
    else:
        assert w.reason() == "MAX_NUM_ORDERS: 25 orders are open on BTCUSDT"


def test_the_rate_of_orders_of_a_strategy(gate_world):
    w = gate_world(max_orders_per_second=2)
    assert w.passes(at_ns=NOW_NS)
    assert w.passes(at_ns=NOW_NS + SECOND_NS // 2)
    last_ns = NOW_NS + SECOND_NS - 1
    assert w.reason(at_ns=last_ns) == "MAX_ORDER_RATE: 2 orders were sent in the last second"
    assert w.passes(at_ns=last_ns, strategy_id="t")
    assert w.passes(at_ns=NOW_NS + SECOND_NS)
    assert w.reason(at_ns=NOW_NS + SECOND_NS).startswith("MAX_ORDER_RATE")


def test_a_refused_order_does_not_count_for_the_rate(gate_world):
    w = gate_world(max_orders_per_second=1, max_order_notional="100")
    assert w.reason(quantity="2").startswith("MAX_ORDER_NOTIONAL")
    assert w.passes()


# --- losses --------------------------------------------------------------------------------


def lost(w, amount):
    """Bought and sold again for so much less."""
    w.hold("1", "100")
    w.hold("-1", str(100 - Decimal(amount)))


@pytest.mark.parametrize(("amount", "refused"), [("49.99", False), ("50", True)])
def test_the_loss_of_the_day(gate_world, amount, refused):
    w = gate_world(max_daily_loss="50")
    lost(w, amount)
    if refused:
        assert w.reason() == "MAX_DAILY_LOSS: 50 USDT lost today, the bound is 50"
    else:
        assert w.passes()


def test_losses_of_all_strategies_and_their_fees_count_together(gate_world):
    w = gate_world(max_daily_loss="50")
    w.hold("1", "100", strategy_id="t", fee="10")
    w.hold("-1", "80", strategy_id="t")
    w.hold("1", "100", strategy_id="u")
    w.hold("-1", "81", strategy_id="u")
    assert w.passes(strategy_id="s")
    w.hold("1", "100", strategy_id="u", fee="1")
    assert w.reason(strategy_id="s").startswith("MAX_DAILY_LOSS")


def test_an_open_loss_counts_at_the_present_price(gate_world):
    w = gate_world(max_daily_loss="50")
    w.hold("1", "150")
    assert w.reason().startswith("MAX_DAILY_LOSS: 50")
    w.price(100.01)
    assert w.passes()


def test_an_open_gain_does_not_hide_a_realised_loss(gate_world):
    w = gate_world(max_daily_loss="50")
    lost(w, "50")
    w.hold("1", "10", strategy_id="t")
    assert w.reason().startswith("MAX_DAILY_LOSS: 50")


def test_what_others_do_on_the_account_is_not_our_loss(gate_world):
    w = gate_world(max_daily_loss="50")
    w.hold("-1", "10", strategy_id=EXTERNAL)
    assert w.passes()


def test_after_the_loss_a_position_can_still_be_closed_and_no_more(gate_world):
    w = gate_world(max_daily_loss="50")
    w.hold("2", "200")
    assert w.passes(side="SELL", quantity="2")
    assert w.reason(side="SELL", quantity="2.001").startswith("MAX_DAILY_LOSS")
    assert w.reason(side="BUY", quantity="1").startswith("MAX_DAILY_LOSS")
    w.rest(side="SELL", quantity="1.5")
    assert w.passes(side="SELL", quantity="0.5")
    assert w.reason(side="SELL", quantity="0.501").startswith("MAX_DAILY_LOSS")


def test_a_new_day_begins_with_what_was_earned_by_then(gate_world):
    w = gate_world(max_daily_loss="50")
    lost(w, "50")
    assert not w.passes()
    w.gate.start_day()
    assert w.passes()
    lost(w, "50")
    assert not w.passes()


def test_a_restart_in_the_middle_of_a_day_takes_the_loss_of_today(gate_world):
    w = gate_world(max_daily_loss="50")
    lost(w, "30")
    lost(w, "30")
    w.gate.start_day({"USDT": Decimal(-30)})
    assert w.passes()
    w.gate.start_day({"USDT": Decimal(0)})
    assert not w.passes()
