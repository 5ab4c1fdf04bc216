"""The wall round plugins: what one does wrong, the others do not notice."""

import pytest

from bot.domain.commands import CancelOrder, SubmitOrder
from bot.domain.errors import StrategyError
from bot.domain.events import StopRequested
from bot.domain.market import Bar
from bot.domain.values import MS_NS, OrderStatus
from bot.engine.host import StrategySpec
from bot.strategy.params import StrategyParams


class Stopwatch:
    """Each callback takes ``ms``."""

    def __init__(self):
        self.ms = 0
        self._now_ns = 0

    @property
    def now_ns(self):
        self._now_ns += self.ms * MS_NS
        return self._now_ns


def fails(s, _):
    raise ValueError("not my day")


def quarantine(d, strategy_id):
    d.puppet(strategy_id).reactions["on_quote"] = fails
    for _ in range(5):
        d.quote()


def test_on_start_runs_once_when_the_account_is_seen(engine_driver):
    d = engine_driver("a", "b")
    d.quote()
    assert not d.puppet("a").heard
    d.live()
    d.user()
    d.swept()
    assert [len(d.puppet(name).told("on_start")) for name in "ab"] == [1, 1]


def test_a_fault_is_an_incident_that_names_the_line(engine_driver):
    d = engine_driver("a").live()
    d.puppet("a").reactions["on_quote"] = fails
    d.quote()
    (incident,) = d.incidents("strategy_fault")
    assert (incident.subject, incident.severity) == ("a", "error")
    assert incident.cause.startswith("on_quote raised ValueError: not my day (test_host.py:")
    assert not d.incidents("strategy_quarantined")


def test_the_fifth_fault_within_a_minute_is_the_last(engine_driver):
    d = engine_driver("bad", "good").live()
    open_order = d.opened(strategy_id="bad")
    d.puppet("bad").set_timer("beat", 1)
    d.puppet("bad").reactions["on_quote"] = fails
    before = len(d.puppet("good").told("on_quote"))
    for number in range(1, 8):
        d.quote()
        assert bool(d.incidents("strategy_quarantined")) is (number >= 5)
    assert len(d.incidents("strategy_fault")) == 5
    (incident,) = d.incidents("strategy_quarantined")
    assert incident.cause.startswith("5 faults within a minute; last: on_quote raised ValueError")
    assert [c.client_order_id for c in d.sent(CancelOrder)] == [open_order]
    assert len(d.puppet("good").told("on_quote")) == before + 7, "the healthy one goes on"
    d.wait(10)
    d.canceled(open_order)
    assert not d.puppet("bad").told("on_timer")
    assert not any(owner == "bad" for owner, _ in d.engine.timers._live), "it wakes for nothing"
    assert d.puppet("bad").told("on_order")[-1].status is OrderStatus.OPEN


def test_faults_that_are_far_apart_are_forgiven(engine_driver):
    d = engine_driver("a").live()
    d.puppet("a").reactions["on_quote"] = fails
    for _ in range(12):
        d.quote()
        d.tick(15_001)
    assert not d.incidents("strategy_quarantined")
    assert len(d.incidents("strategy_fault")) == 12


def test_faults_at_the_edge_of_the_minute(engine_driver):
    d = engine_driver("a").live()
    d.puppet("a").reactions["on_quote"] = fails
    for _ in range(4):
        d.quote()
        d.tick(14_998)
    d.quote()
    assert d.incidents("strategy_quarantined")


def test_what_was_asked_for_before_the_quarantine_is_not_sent(engine_driver):
    d = engine_driver("bad").live()

    def order_and_fail(s, _):
        s.buy("BTCUSDT", 1, 100)
        raise ValueError("after the order")

    d.puppet("bad").reactions["on_quote"] = order_and_fail
    for _ in range(5):
        d.quote()
    assert len(d.sent(SubmitOrder)) == 4
    last = d.engine.blotter.get("bot-bad-run1-5")
    assert last.status is OrderStatus.REFUSED
    assert last.reason.startswith("QUARANTINED: 5 faults")


def test_the_orders_of_a_quarantined_strategy_are_cancelled_when_acknowledged(engine_driver):
    d = engine_driver("bad").live()
    cid = d.buy(strategy_id="bad")
    quarantine(d, "bad")
    assert not d.sent(CancelOrder)
    d.accepted(cid)
    assert [c.client_order_id for c in d.sent(CancelOrder)] == [cid]


def test_a_fault_whose_text_cannot_be_had_is_a_fault_all_the_same(engine_driver):
    class Sulking(Exception):
        def __str__(self):
            raise ValueError("no comment")

    def sulk(s, _):
        raise Sulking

    d = engine_driver("a").live()
    d.puppet("a").reactions["on_quote"] = sulk
    d.quote()
    (incident,) = d.incidents("strategy_fault")
    assert incident.cause.startswith("on_quote raised Sulking (test_host.py:")


def test_a_fault_in_on_order_or_on_stop_is_contained(engine_driver):
    d = engine_driver("a").live()
    for callback in ("on_order", "on_stop", "on_feed", "on_fill", "on_timer"):
        d.puppet("a").reactions[callback] = fails
    d.filled(d.opened(strategy_id="a"))
    d.feed(StopRequested(reason="test", cancel_orders=False, recv_ns=d.tick()))
    assert len(d.incidents("strategy_fault")) == 4 + 1
    assert d.engine.blotter.position("a", "BTCUSDT").quantity == 1


def test_ten_slow_callbacks_within_a_minute_are_too_many(engine_driver):
    watch = Stopwatch()
    d = engine_driver("slow", "fast", stopwatch=watch).live()
    watch.ms = 101
    d.puppet("fast").strategy_id  # noqa: B018 - only "slow" is quoted below
    d.engine.bus.unsubscribe("fast")
    for number in range(1, 12):
        d.quote()
        assert bool(d.incidents("strategy_quarantined")) is (number >= 10)
    (slow,) = d.incidents("strategy_slow")
    assert (slow.subject, slow.cause, slow.severity) == ("slow", "on_quote took 101 ms", "warning")
    (incident,) = d.incidents("strategy_quarantined")
    assert incident.cause == "10 slow callbacks within a minute; last: on_quote took 101 ms"
    assert len(d.puppet("slow").told("on_quote")) == 2 + 9


def test_a_strategy_that_is_slow_now_and_then_goes_on(engine_driver):
    watch = Stopwatch()
    d = engine_driver("a", stopwatch=watch).live()
    watch.ms = 150
    for _ in range(30):
        d.quote()
        d.tick(7_000)
    assert not d.incidents("strategy_quarantined")
    assert d.engine.host.plugins["a"].slow == 30


def test_bars_of_another_strategys_interval_do_not_come_along(engine_driver):
    d = engine_driver("one", "five").live()
    d.act(lambda s: s.subscribe_bars("BTCUSDT", "1m"), "one")
    d.act(lambda s: s.subscribe_bars("BTCUSDT", "5m"), "five")
    numbers = dict.fromkeys(("open", "high", "low", "close", "volume", "quote_volume"), 1.0)
    for interval in ("1m", "5m"):
        now_ns = d.tick()
        times = {"open_ns": 1, "close_ns": 2, "ts_ns": now_ns, "recv_ns": now_ns}
        d.feed(Bar(symbol="BTCUSDT", interval=interval, trades=1, closed=True, **numbers, **times))
    heard = {name: [b.interval for b in d.puppet(name).told("on_bar")] for name in ("one", "five")}
    assert heard == {"one": ["1m"], "five": ["5m"]}


# --- loading -------------------------------------------------------------------------------


def test_two_strategies_of_one_name_are_refused(engine_driver, puppet_type):
    d = engine_driver("a")
    with pytest.raises(StrategyError, match="two strategies are called 'a': give one another id"):
        d.engine.host.load(StrategySpec("a", puppet_type, StrategyParams(), ("BTCUSDT",)), {})


@pytest.mark.parametrize("name", ["external", "_engine"])
def test_names_that_the_bot_uses_itself_are_refused(engine_driver, name):
    with pytest.raises(StrategyError, match=f"a strategy cannot be called '{name}'"):
        engine_driver(name)


def test_an_init_that_raises_is_an_error_of_the_plugin(engine_driver, puppet_type):
    class Broken(puppet_type):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            raise RuntimeError("no model file")

    d = engine_driver("a")
    spec = StrategySpec("broken", Broken, StrategyParams(), ("BTCUSDT",))
    with pytest.raises(StrategyError) as caught:
        d.engine.host.load(spec, {})
    text = "strategy broken: __init__ raised RuntimeError: no model file (test_host.py:"
    assert str(caught.value).startswith(text)


def test_a_strategy_begins_with_what_it_had_saved(engine_driver, puppet_type):
    d = engine_driver("a")
    spec = StrategySpec("b", puppet_type, StrategyParams(), ("BTCUSDT",))
    d.engine.host.load(spec, {"seen": "[1, 2]"})
    d.live()
    assert d.act(lambda s: s.load("seen"), "b") == [1, 2]
    assert d.act(lambda s: s.load("seen"), "a") is None
