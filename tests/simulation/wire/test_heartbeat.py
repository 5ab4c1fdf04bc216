"""Which pongs keep a connection alive."""

from bot.simulation.wire.heartbeat import Heartbeat


def test_the_oldest_unanswered_ping_decides():
    heart = Heartbeat(60.0)
    assert not heart.is_dead(0.0)
    payloads = [heart.ping(at) for at in (20.0, 40.0, 60.0)]
    assert len(set(payloads)) == 3
    assert not heart.is_dead(79.9)
    assert heart.is_dead(80.0)


def test_a_pong_answers_its_ping_and_those_before_it():
    heart = Heartbeat(60.0)
    _, second, _ = (heart.ping(at) for at in (20.0, 40.0, 60.0))
    assert heart.pong(second)
    assert not heart.is_dead(119.9)
    assert heart.is_dead(120.0)
    assert not heart.pong(second)


def test_an_unsolicited_pong_answers_nothing():
    heart = Heartbeat(60.0)
    heart.ping(0.0)
    assert not heart.pong(b"")
    assert heart.is_dead(60.0)
