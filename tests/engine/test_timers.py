"""Deadlines on event time."""

from bot.engine.timers import Timers


def due(timers, now_ns):
    return list(timers.due(now_ns))


def test_a_timer_fires_once_at_its_time():
    timers = Timers()
    timers.set("s", "a", 10)
    assert timers.next_ns == 10
    assert due(timers, 9) == []
    assert due(timers, 10) == [("s", "a")]
    assert due(timers, 11) == []
    assert timers.next_ns > 10**18


def test_due_timers_come_in_order_of_time_and_then_of_setting():
    timers = Timers()
    timers.set("s", "late", 20)
    timers.set("s", "second", 10)
    timers.set("t", "third", 10)
    timers.set("s", "first", 5)
    assert [name for _, name in due(timers, 30)] == ["first", "second", "third", "late"]


def test_a_repeating_timer_keeps_its_beat():
    timers = Timers()
    timers.set("s", "a", 10, every_ns=10)
    assert due(timers, 12) == [("s", "a")]
    assert timers.next_ns == 20


def test_a_repeating_timer_that_is_late_fires_once():
    timers = Timers()
    timers.set("s", "a", 10, every_ns=10)
    assert due(timers, 47) == [("s", "a")]
    assert timers.next_ns == 50
    assert due(timers, 50) == [("s", "a")]
    assert timers.next_ns == 60


def test_a_name_that_is_set_again_replaces_the_first():
    timers = Timers()
    timers.set("s", "a", 10)
    timers.set("s", "a", 20)
    timers.set("t", "a", 15)
    assert due(timers, 19) == [("t", "a")]
    assert due(timers, 20) == [("s", "a")]


def test_a_cancelled_timer_does_not_fire():
    timers = Timers()
    timers.set("s", "a", 10)
    timers.set("s", "b", 10, every_ns=1)
    timers.set("t", "a", 10)
    timers.cancel("s", "a")
    timers.cancel("s", "never set")
    assert due(timers, 10) == [("s", "b"), ("t", "a")]
    timers.cancel_owner("s")
    assert due(timers, 99) == []


def test_what_the_consumer_cancels_between_two_items_is_not_given():
    timers = Timers()
    for name in "abc":
        timers.set("s", name, 10, every_ns=10)
    given = []
    for _, name in timers.due(10):
        given.append(name)
        timers.cancel("s", "b")
    assert given == ["a", "c"]


def test_what_the_consumer_sets_for_later_waits_for_later():
    timers = Timers()
    timers.set("s", "a", 10)
    given = []
    for _, name in timers.due(10):
        given.append(name)
        timers.set("s", "a", 11)
    assert given == ["a"]
    assert timers.next_ns == 11


def test_timers_that_are_set_again_and_again_do_not_pile_up():
    timers = Timers()
    for due_ns in range(10_000):
        timers.set("s", "a", 10_000 + due_ns)
    assert len(timers._heap) < 100
    assert due(timers, 30_000) == [("s", "a")]
