from bot.exchange.backoff import Backoff, Delays


def _latest(low, high):
    return high


def test_the_first_attempt_is_made_at_once_and_the_limit_doubles_up_to_its_cap():
    delays = Delays(Backoff(), uniform=_latest)
    assert [delays.next_s() for _ in range(6)] == [0.0, 5.0, 10.0, 20.0, 40.0, 60.0]


def test_the_wait_is_never_shorter_than_the_least():
    delays = Delays(Backoff(), uniform=lambda low, high: low)
    assert [delays.next_s() for _ in range(4)] == [0.0, 1.0, 1.0, 1.0]


def test_a_connection_that_lived_starts_afresh_and_one_that_did_not_goes_on():
    delays = Delays(Backoff(stable_s=10), uniform=_latest)
    delays.next_s()
    delays.lived(9.9)
    assert delays.next_s() == 5.0
    delays.lived(10.0)
    assert delays.next_s() == 0.0


def test_a_planned_reconnect_is_made_at_once():
    delays = Delays(Backoff(), uniform=_latest)
    delays.next_s()
    delays.restart()
    assert delays.next_s() == 0.0


def test_a_thousand_failures_still_give_the_cap():
    delays = Delays(Backoff(), uniform=_latest)
    assert [delays.next_s() for _ in range(1000)][-1] == 60.0
