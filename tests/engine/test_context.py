"""One plugin's view of the engine."""

from decimal import Decimal

import msgspec
import pytest

from bot.domain.commands import StreamKind, SubmitOrder, Subscribe, Subscription
from bot.domain.events import FeedState
from bot.domain.records import StateSaved
from bot.domain.values import SECOND_NS, OrderStatus, OrderType, Side, TimeInForce
from bot.engine.effects import LogLine


def raised(d, action):
    """What the action raises inside the strategy."""

    def attempt(s):
        with pytest.raises(Exception) as caught:
            action(s)
        return caught.value

    return d.act(attempt)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (lambda s: s.buy("BTCUSDT", 1), (OrderType.MARKET, Side.BUY, None, "GTC")),
        (lambda s: s.sell("BTCUSDT", 1), (OrderType.MARKET, Side.SELL, None, "GTC")),
        (lambda s: s.buy("BTCUSDT", 1, 100.019), (OrderType.LIMIT, Side.BUY, "100.01", "GTC")),
        (lambda s: s.sell("BTCUSDT", 1, 100.011), (OrderType.LIMIT, Side.SELL, "100.02", "GTC")),
        (
            lambda s: s.buy("BTCUSDT", 1, 100, post_only=True),
            (OrderType.LIMIT_MAKER, Side.BUY, "100.00", "GTC"),
        ),
        (
            lambda s: s.buy("BTCUSDT", 1, 100, time_in_force=TimeInForce.IOC),
            (OrderType.LIMIT, Side.BUY, "100.00", "IOC"),
        ),
    ],
)
def test_a_wish_becomes_an_order_of_the_right_type_on_the_grid(live_engine, order, expected):
    d = live_engine
    cid = d.act(order)
    (sent,) = d.sent(SubmitOrder)
    assert sent.client_order_id == cid
    price = None if expected[2] is None else Decimal(expected[2])
    assert (sent.order_type, sent.side, sent.price, sent.time_in_force.value) == (
        expected[0],
        expected[1],
        price,
        expected[3],
    )


def test_quantities_are_rounded_down_to_the_step(live_engine):
    d = live_engine
    d.act(lambda s: s.buy("BTCUSDT", 0.1239, 100))
    assert d.sent(SubmitOrder)[0].quantity == Decimal("0.123")


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), "a lot", 1e300])
def test_a_wrong_number_fails_in_the_plugins_own_line(live_engine, wrong):
    d = live_engine
    assert isinstance(raised(d, lambda s: s.buy("BTCUSDT", wrong)), ValueError)
    assert isinstance(raised(d, lambda s: s.buy("BTCUSDT", 1, wrong)), ValueError)
    assert not d.sent(SubmitOrder)


def test_an_unknown_symbol_says_which_are_known(live_engine):
    d = live_engine
    text = "DOGEUSDT is not traded in this run; it trades BTCUSDT, ETHUSDT"
    for action in (
        lambda s: s.buy("DOGEUSDT", 1),
        lambda s: s.instrument("DOGEUSDT"),
        lambda s: s.subscribe_quotes("DOGEUSDT"),
    ):
        error = raised(d, action)
        assert isinstance(error, KeyError)
        assert error.args == (text,)


def test_a_strategy_sees_only_its_own_orders_and_only_copies(engine_driver):
    d = engine_driver("a", "b").live()
    cid = d.opened(strategy_id="a")
    seen = d.act(lambda s: (s.open_orders(), s.order(cid)), "a")
    assert [order.client_order_id for order in seen[0]] == [cid]
    seen[0][0].status = OrderStatus.CANCELED
    seen[1].status = OrderStatus.CANCELED
    assert d.status(cid) is OrderStatus.OPEN
    assert d.act(lambda s: (s.open_orders(), s.order(cid)), "b") == ([], None)
    assert d.act(lambda s: s.open_orders("ETHUSDT"), "a") == []


def test_a_position_is_a_copy_and_flat_at_first(live_engine):
    d = live_engine
    position = d.act(lambda s: s.position("BTCUSDT"))
    assert (position.quantity, position.strategy_id) == (0, "puppet")
    position.quantity = Decimal(5)
    assert d.act(lambda s: s.position("BTCUSDT")).quantity == 0


def test_what_the_market_said_last(live_engine):
    d = live_engine
    quote, last, now_ns, blind = d.act(
        lambda s: (s.quote("BTCUSDT"), s.last_price("BTCUSDT"), s.now_ns, s.is_blind)
    )
    assert (quote.bid, quote.ask, last, now_ns, blind) == (99.0, 101.0, 100.0, d.now_ns, False)
    assert d.act(lambda s: s.quote("DOGEUSDT")) is None


def test_the_shell_is_asked_for_a_stream_once(engine_driver):
    d = engine_driver("a", "b").live()
    d.act(lambda s: s.subscribe_bars("BTCUSDT", "1m"), "a")
    d.act(lambda s: s.subscribe_bars("BTCUSDT", "1m"), "b")
    d.act(lambda s: s.subscribe_bars("BTCUSDT", "5m"), "b")
    asked = [sub for command in d.sent(Subscribe) for sub in command.subscriptions]
    assert asked == [
        Subscription(StreamKind.QUOTES, "BTCUSDT"),
        Subscription(StreamKind.BARS, "BTCUSDT", "1m"),
        Subscription(StreamKind.BARS, "BTCUSDT", "5m"),
    ]


def test_a_subscription_without_its_callback_is_an_error_of_the_plugin(live_engine):
    error = raised(live_engine, lambda s: s.subscribe_trades("BTCUSDT"))
    assert str(error) == "Puppet subscribes to trades but defines no on_trade"


# --- timers --------------------------------------------------------------------------------


def test_a_timer_fires_on_event_time_until_it_is_cancelled(live_engine):
    d = live_engine
    d.act(lambda s: s.set_timer("beat", 1.5))
    for _ in range(4):
        d.wait(1)
    assert d.puppet().told("on_timer") == ["beat", "beat"]
    d.act(lambda s: s.cancel_timer("beat"))
    d.wait(10)
    assert len(d.puppet().told("on_timer")) == 2


@pytest.mark.parametrize("interval_s", [0, -1, float("nan")])
def test_a_timer_must_lie_ahead(live_engine, interval_s):
    error = raised(live_engine, lambda s: s.set_timer("x", interval_s))
    assert str(error) == f"a timer's interval must be above 0 s, got {interval_s}"


def test_a_timer_shorter_than_the_clock_can_tell_still_moves_on(live_engine):
    d = live_engine
    d.act(lambda s: s.set_timer("x", 1e-12))
    d.wait(1)
    d.wait(1)
    assert d.puppet().told("on_timer") == ["x", "x"]


def test_an_order_of_a_timer_names_it_as_its_cause(live_engine):
    d = live_engine
    d.puppet().reactions["on_timer"] = lambda s, name: s.buy("BTCUSDT", 1, 100)
    d.act(lambda s: s.set_timer("rebalance", 1))
    d.wait(1)
    (cid,) = d.submits()
    assert d.rows(cid)[0].event.cause == "timer rebalance"


def test_a_timer_sees_what_the_event_of_the_same_instant_led_to(live_engine):
    d = live_engine

    def once(s, name):
        if not s.open_orders():
            s.buy("BTCUSDT", 1, 100)

    d.puppet().reactions["on_timer"] = once
    d.act(lambda s: s.set_timer("rebalance", 1))
    d.tick(2000)
    cid = d.buy()
    assert d.puppet().told("on_timer") == ["rebalance"]
    assert d.submits() == [cid]


def test_a_timer_of_the_instant_at_which_the_account_is_lost_orders_nothing(live_engine):
    d = live_engine
    d.puppet().reactions["on_timer"] = lambda s, name: s.buy("BTCUSDT", 1, 100)
    d.act(lambda s: s.set_timer("rebalance", 1))
    d.tick(2000)
    d.user(FeedState.DOWN)
    assert d.puppet().told("on_timer") == ["rebalance"]
    assert d.submits() == []


def test_two_timers_that_are_due_together_see_each_others_orders(live_engine):
    d = live_engine

    def once(s, name):
        if not s.open_orders():
            s.buy("BTCUSDT", 1, 100)

    d.puppet().reactions["on_timer"] = once
    d.act(lambda s: [s.set_timer(name, 1) for name in "ab"])
    d.wait(1)
    assert len(d.submits()) == 1


# --- memory and words ----------------------------------------------------------------------


def test_a_saved_value_is_a_row_and_can_be_loaded(live_engine):
    d = live_engine
    d.act(lambda s: s.save("seen", {"n": 1}))
    (saved,) = [r for r in d.history[-1].records if isinstance(r, StateSaved)]
    assert saved == StateSaved(strategy_id="puppet", key="seen", value='{"n": 1}', ts_ns=d.now_ns)
    assert d.act(lambda s: s.load("seen")) == {"n": 1}
    assert d.act(lambda s: s.load("other", 5)) == 5


def test_what_is_loaded_is_what_was_saved_not_what_became_of_it(live_engine):
    d = live_engine
    value = [1]
    d.act(lambda s: s.save("seen", value))
    value.append(2)
    assert d.act(lambda s: s.load("seen")) == [1]
    d.act(lambda s: s.load("seen")).append(3)
    assert d.act(lambda s: s.load("seen")) == [1]


def test_what_cannot_be_kept_is_not_kept(live_engine):
    d = live_engine
    assert isinstance(raised(d, lambda s: s.save("seen", object())), TypeError)
    assert d.act(lambda s: s.load("seen", "nothing")) == "nothing"


def test_a_line_in_the_log_has_the_strategys_name(live_engine):
    d = live_engine
    d.act(lambda s: s.log("crossed", "warning"))
    assert d.history[-1].logs == [LogLine("WARNING", "crossed", "puppet")]
    assert "a log level is one of" in str(raised(d, lambda s: s.log("x", "LOUD")))


def test_a_strategy_knows_its_name(live_engine):
    assert live_engine.puppet().strategy_id == "puppet"
    assert live_engine.puppet().symbols == ("BTCUSDT",)


def test_instruments_are_those_of_the_run(live_engine, btcusdt):
    assert live_engine.act(lambda s: s.instrument("BTCUSDT")) == btcusdt
    assert msgspec.structs.fields(type(btcusdt))


def test_all_open_orders_can_be_cancelled_at_once(live_engine):
    d = live_engine
    first, second = d.opened(), d.buy()
    assert d.act(lambda s: s.cancel_all()) == 2
    assert d.act(lambda s: s.cancel_all("ETHUSDT")) == 0
    d.accepted(second)
    d.canceled(first)
    assert d.act(lambda s: s.cancel_all()) == 1
    assert d.now_ns > SECOND_NS
