"""Lag: how it is measured, when it is told, and when it is over."""

import asyncio
import time

import pytest

from bot.domain.market import QuoteTick, TradeTick
from bot.domain.values import MS_NS, SECOND_NS
from bot.exchange.pressure import Pressure, PressureRules

NOW = 1_700_000_000 * SECOND_NS


class Seen:
    def __init__(self):
        self.crowds = []
        self.told = []
        self.measured = 0

    def measure(self):
        self.measured += 1

    def tell(self, late, cause):
        self.told.append((late, cause))


@pytest.fixture
def seen():
    return Seen()


@pytest.fixture
def pressure(seen):
    return Pressure(PressureRules(), measure=seen.measure, crowd=seen.crowds.append, tell=seen.tell)


def _trade(ts_ns, recv_ns):
    return TradeTick("BTCUSDT", 1.0, 1.0, 1, buyer_is_maker=False, ts_ns=ts_ns, recv_ns=recv_ns)


def test_a_loop_that_comes_late_makes_frames_wait(pressure, seen):
    pressure.look(50 * MS_NS)
    assert not seen.crowds
    pressure.look(200 * MS_NS)
    assert seen.crowds == [0.05]
    pressure.look(60 * MS_NS)
    pressure.look(40 * MS_NS)
    assert seen.crowds[-1] == 0.0
    assert not seen.told
    assert pressure.worst_ns == 200 * MS_NS


def test_a_long_lag_is_told_once_and_so_is_its_end(pressure, seen):
    for late_ms in (1100, 2500, 700, 400, 10):
        pressure.look(late_ms * MS_NS)
    assert [late for late, _ in seen.told] == [True, False]
    assert "1100 ms" in seen.told[0][1]
    assert "2500 ms" in seen.told[1][1]


def test_an_event_is_late_by_how_much_older_it_is_than_the_freshest(pressure):
    # The exchange is 80 ms away; that is no lag.
    for _ in range(5):
        pressure.aged(_trade(NOW - 80 * MS_NS, NOW), NOW)
        pressure.look(0)
        assert pressure.lag_ns == 0
    pressure.aged(_trade(NOW - 380 * MS_NS, NOW), NOW)
    pressure.look(0)
    assert pressure.lag_ns == 300 * MS_NS


def test_a_clock_that_was_set_is_not_lag_once_it_has_been_measured(pressure):
    pressure.aged(_trade(NOW - 80 * MS_NS, NOW), NOW)
    ahead = 500 * MS_NS
    pressure.aged(_trade(NOW + ahead - 80 * MS_NS, NOW), NOW, ahead_ns=ahead)
    pressure.look(0)
    assert pressure.lag_ns == 0


def test_a_frame_without_a_time_is_late_by_its_waiting(pressure):
    quote = QuoteTick("BTCUSDT", 1.0, 1.0, 2.0, 1.0, 1, NOW, NOW)
    pressure.aged(quote, NOW + 250 * MS_NS)
    pressure.look(0)
    assert pressure.lag_ns == 250 * MS_NS


def test_a_lag_is_not_remembered_when_it_is_over(pressure):
    pressure.look(SECOND_NS)
    pressure.look(0)
    assert pressure.lag_ns == 0


async def test_the_guard_notices_a_busy_loop_while_it_is_busy(pressure, seen, beside):
    async with beside(pressure.run()):
        await asyncio.sleep(0.15)
        busy_until = time.monotonic() + 20
        while not seen.crowds and time.monotonic() < busy_until:
            pass
        assert seen.crowds
    assert seen.measured
