"""Who hears what, in which order, and what one listener can do to another."""

import functools

import pytest

from bot.domain.market import Bar, QuoteTick, TradeTick
from bot.engine.bus import Bus


class Listener:
    def __init__(self, heard, name="on_quote", error=None):
        self.heard = heard
        self.name = name
        self.error = error

    def on_quote(self, event):
        self.heard.append((self.name, event))
        if self.error is not None:
            raise self.error


class Ticks:
    """A stopwatch that takes ``step`` ns for every callback."""

    def __init__(self, step=0):
        self.step = step
        self.now = 0

    @property
    def now_ns(self):
        self.now += self.step
        return self.now


@pytest.fixture
def faults():
    return []


@pytest.fixture
def slows():
    return []


@pytest.fixture
def stopwatch():
    return Ticks()


@pytest.fixture
def bus(faults, slows, stopwatch):
    return Bus(
        on_fault=lambda *fault: faults.append(fault),
        on_slow=lambda *slow: slows.append(slow),
        stopwatch=stopwatch,
        slow_ns=100,
    )


@pytest.fixture(params=["publish", "way"])
def tell(request, bus):
    """Both ways of a quote: they must not differ."""
    return bus.publish if request.param == "publish" else bus.way(QuoteTick, {})


def quote(symbol="X"):
    return QuoteTick(
        symbol=symbol, bid=1.0, bid_size=1.0, ask=2.0, ask_size=1.0, update_id=1, ts_ns=1, recv_ns=1
    )


def bar(interval, symbol="X"):
    numbers = dict.fromkeys(("open", "high", "low", "close", "volume", "quote_volume"), 1.0)
    times = {"open_ns": 1, "close_ns": 2, "ts_ns": 2, "recv_ns": 2}
    return Bar(symbol=symbol, interval=interval, trades=1, closed=True, **numbers, **times)


def test_listeners_hear_in_the_order_of_their_subscription(bus, tell):
    heard = []
    for name in ("b", "a", "c"):
        bus.subscribe(QuoteTick, "X", name, Listener(heard, name).on_quote)
    tell(quote())
    tell(quote())
    assert [name for name, _ in heard] == ["b", "a", "c", "b", "a", "c"]


def test_only_the_type_and_symbol_that_was_asked_for_is_heard(bus, tell):
    heard = []
    bus.subscribe(QuoteTick, "X", "a", Listener(heard).on_quote)
    tell(quote("Y"))
    bus.publish(
        TradeTick(
            symbol="X", price=1.0, size=1.0, trade_id=1, buyer_is_maker=False, ts_ns=1, recv_ns=1
        )
    )
    assert heard == []
    tell(quote("X"))
    assert len(heard) == 1


def test_bars_go_to_who_asked_for_that_interval(bus):
    heard = []
    bus.subscribe(Bar, ("X", "1m"), "one", Listener(heard, "one").on_quote)
    bus.subscribe(Bar, ("X", "5m"), "five", Listener(heard, "five").on_quote)
    bus.subscribe(Bar, ("X", "1m"), "both", Listener(heard, "both").on_quote)
    bus.subscribe(Bar, ("X", "5m"), "both", Listener(heard, "both").on_quote)
    bus.publish(bar("1m"))
    bus.publish(bar("5m"))
    bus.publish(bar("1h"))
    told = [(name, event.interval) for name, event in heard]
    assert told == [("one", "1m"), ("both", "1m"), ("five", "5m"), ("both", "5m")]


def test_subscribing_twice_is_subscribing_once(bus, tell):
    heard = []
    for _ in range(2):
        bus.subscribe(QuoteTick, "X", "a", Listener(heard).on_quote)
    tell(quote())
    assert len(heard) == 1


def test_who_unsubscribes_hears_nothing_more(bus, tell):
    heard = []
    bus.subscribe(QuoteTick, "X", "a", Listener(heard, "a").on_quote)
    bus.subscribe(QuoteTick, "X", "b", Listener(heard, "b").on_quote)
    bus.subscribe(Bar, ("X", "1m"), "a", Listener(heard, "a").on_quote)
    bus.unsubscribe("a")
    tell(quote())
    bus.publish(bar("1m"))
    assert [name for name, _ in heard] == ["b"]


def test_a_listener_that_raises_harms_no_other(bus, tell, faults):
    heard, error = [], ValueError("mine")
    bus.subscribe(QuoteTick, "X", "bad", Listener(heard, "bad", error).on_quote)
    bus.subscribe(QuoteTick, "X", "good", Listener(heard, "good").on_quote)
    tell(quote())
    assert [name for name, _ in heard] == ["bad", "good"]
    assert faults == [("bad", "on_quote", error)]
    assert bus.running is None


def test_an_interrupt_passes_the_wall(bus, faults):
    listener = Listener([], error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        bus.call("a", listener.on_quote, quote())
    assert faults == []


def test_a_callback_without_a_name_is_named_by_its_kind(bus, faults):
    def fails(_, __):
        raise ValueError

    assert bus.call("a", functools.partial(fails, 1), quote()) is False
    assert faults[0][1] == "partial"


@pytest.mark.parametrize(("took_ns", "is_slow"), [(100, False), (101, True)])
def test_slow_is_longer_than_the_bound(bus, slows, stopwatch, took_ns, is_slow):
    stopwatch.step = took_ns
    assert bus.call("a", Listener([]).on_quote, quote()) is True
    assert slows == ([("a", "on_quote", took_ns)] if is_slow else [])


def test_while_a_callback_runs_the_bus_tells_whose(bus, stopwatch):
    stopwatch.step = 5
    seen = []
    bus.call("a", lambda: seen.append(bus.running))
    assert seen == [("a", 5)]
    assert bus.running is None


@pytest.mark.parametrize(("took_ns", "is_slow"), [(100, False), (101, True)])
def test_each_slow_listener_is_told_by_its_own_time(bus, tell, slows, stopwatch, took_ns, is_slow):
    stopwatch.step = took_ns
    for name in ("a", "b"):
        bus.subscribe(QuoteTick, "X", name, Listener([]).on_quote)
    tell(quote())
    expected = [("a", "on_quote", took_ns), ("b", "on_quote", took_ns)]
    assert slows == (expected if is_slow else [])


def test_while_a_listener_hears_the_bus_tells_whose_it_is(bus, tell, stopwatch):
    stopwatch.step = 5
    seen = []
    bus.subscribe(QuoteTick, "X", "a", lambda _: seen.append(bus.running))
    tell(quote())
    assert seen == [("a", 5)]
    assert bus.running is None


def test_a_way_keeps_the_event_before_any_listener_hears_it(bus):
    latest, seen = {}, []
    bus.subscribe(QuoteTick, "X", "a", lambda _: seen.append(latest["X"]))
    way = bus.way(QuoteTick, latest)
    event = quote()
    way(event)
    assert seen == [event]
    way(quote("Y"))
    assert sorted(latest) == ["X", "Y"]


def test_what_is_late_goes_another_way_and_is_not_the_latest(bus):
    latest, others = {}, []
    way = bus.way(TradeTick, latest, others.append)
    late = TradeTick("X", 1.0, 1.0, 1, buyer_is_maker=True, ts_ns=1, recv_ns=1, late=True)
    way(late)
    assert (latest, others) == ({}, [late])


def test_what_an_owner_released_reaches_it_no_more_and_others_still(bus, tell):
    heard = []
    for name in ("a", "b"):
        bus.subscribe(QuoteTick, "X", name, Listener(heard, name).on_quote)
    bus.release(QuoteTick, "X", "a")
    bus.release(QuoteTick, "Y", "b")
    tell(quote())
    assert [name for name, _ in heard] == ["b"]


def test_topics_with_the_same_listeners_are_left_one_by_one(bus, tell):
    heard = []
    a, b = Listener(heard, "a"), Listener(heard, "b")
    for symbol in ("X", "Y", "Z"):
        bus.subscribe(QuoteTick, symbol, "a", a.on_quote)
    for symbol in ("X", "Y"):
        bus.subscribe(QuoteTick, symbol, "b", b.on_quote)
    bus.release(QuoteTick, "X", "a")
    for symbol in ("X", "Y", "Z"):
        tell(quote(symbol))
    told = [(name, event.symbol) for name, event in heard]
    assert told == [("b", "X"), ("a", "Y"), ("b", "Y"), ("a", "Z")]
