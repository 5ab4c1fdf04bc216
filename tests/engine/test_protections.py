"""Pauses after losses: when they begin, whom they bind, how they end, and that they last."""

from decimal import Decimal

import msgspec
import pytest

from bot.domain.events import ResumeRequested, SnapshotDue
from bot.domain.records import StateSaved
from bot.domain.values import OrderStatus, Side
from bot.engine.recovery import restore
from bot.engine.risk import ProtectionRule, RiskLimits

D = Decimal
COOLDOWN = ProtectionRule(kind="cooldown", for_s=60)
STREAK = ProtectionRule(kind="loss_streak", losses=2, within_s=600, for_s=60)
FALL = ProtectionRule(kind="drawdown", amount=D(30))


@pytest.fixture
def guarded(engine_driver):
    def make(*rules, names=("puppet",)):
        limits = RiskLimits(max_position_notional=D(0), protections=rules, stale_after_s=0)
        return engine_driver(*names, limits=limits).live()

    return make


def trip(d, result, name="puppet"):
    """Bought at 100 and sold again, with that result."""
    bought = d.opened(strategy_id=name)
    d.filled(bought)
    sold = d.sell(price=100, strategy_id=name)
    d.accepted(sold)
    d.filled(sold, side=Side.SELL, price=D(100) + D(result))


def refusal(d, name="puppet", **kwargs):
    order = d.engine.blotter.get(d.buy(strategy_id=name, **kwargs))
    return order.reason if order.status is OrderStatus.REFUSED else ""


def test_after_a_loss_nothing_new_is_ordered_for_a_while(guarded):
    d = guarded(COOLDOWN)
    trip(d, 1)
    assert not refusal(d)
    trip(d, -1)
    reason = refusal(d)
    assert reason.startswith("PROTECTION: cooldown: puppet lost 1 on a round trip; nothing new")
    assert [i.subject for i in d.incidents("protection")] == ["puppet"]
    d.wait(61)
    assert not refusal(d)


def test_what_closes_passes(guarded):
    d = guarded(COOLDOWN)
    d.filled(d.opened(quantity=2), quantity=D(2))
    d.engine.gate.protections.on_trip("puppet", D(-1), d.now_ns)
    assert refusal(d)
    assert d.status(d.sell(quantity=2)) is OrderStatus.INTENT


def test_a_pause_is_of_the_strategy_that_lost(guarded):
    d = guarded(COOLDOWN, names=("a", "b"))
    trip(d, -1, "a")
    assert refusal(d, "a")
    assert not refusal(d, "b")


def test_or_of_the_whole_account(guarded):
    d = guarded(msgspec.structs.replace(COOLDOWN, scope="account"), names=("a", "b"))
    trip(d, -1, "a")
    assert refusal(d, "b")
    assert [i.subject for i in d.incidents("protection")] == ["account"]


def test_a_streak_is_of_losses_in_a_row(guarded):
    d = guarded(STREAK)
    for result in (-1, 1, -1):
        trip(d, result)
        assert not refusal(d), result
    trip(d, -1)
    assert "2 round trips in a row were lost" in refusal(d)


def test_old_losses_are_no_streak(guarded):
    d = guarded(STREAK)
    trip(d, -1)
    d.wait(601)
    d.quote()
    trip(d, -1)
    assert not refusal(d)


def test_fees_make_a_loss_of_a_small_gain(guarded):
    d = guarded(COOLDOWN)
    d.filled(d.opened(), commission=D(1))
    sold = d.sell()
    d.accepted(sold)
    d.filled(sold, side=Side.SELL, price=D("100.5"), commission=D(1))
    assert "puppet lost 1.5" in refusal(d)


def test_dust_ends_a_round_trip(guarded):
    d = guarded(COOLDOWN)
    d.filled(d.opened(), commission=D("0.0004"), commission_asset="BTC")
    sold = d.sell(quantity="0.999")
    d.accepted(sold)
    d.filled(sold, side=Side.SELL, quantity=D("0.999"), price=D(90))
    assert refusal(d)


def test_a_drawdown_counts_from_the_highest_open_losses_included(guarded):
    d = guarded(FALL)
    trip(d, 20)
    d.filled(d.opened(quantity=2), quantity=D(2))
    d.quote(89, 91)
    d.feed(SnapshotDue(recv_ns=d.tick()))
    assert not refusal(d, price=90)
    d.quote(84, 86)
    d.feed(SnapshotDue(recv_ns=d.tick()))
    reason = d.engine.gate.protections.reason("puppet", d.now_ns)
    assert reason.startswith("PROTECTION: drawdown: 30.0 USDT below the highest of puppet")
    assert "until somebody resumes" in reason
    d.wait(100_000)
    assert d.engine.gate.protections.reason("puppet", d.now_ns)
    d.feed(ResumeRequested(reason="looked at", recv_ns=d.tick()))
    assert not d.engine.gate.protections.reason("puppet", d.now_ns)
    d.feed(SnapshotDue(recv_ns=d.tick()))
    assert not d.engine.gate.protections.reason("puppet", d.now_ns)


def saved(d):
    states = [r for r in d.records if isinstance(r, StateSaved) and r.key == "protections"]
    return states[-1].value


def test_a_pause_outlives_the_process(guarded, engine_driver):
    d = guarded(COOLDOWN)
    trip(d, -1)
    limits = RiskLimits(protections=(COOLDOWN,))
    again = engine_driver("puppet", limits=limits, start_ns=d.now_ns, run_id="run2")
    state = {"protections": saved(d)}
    restore(
        again.engine,
        now_ns=d.now_ns,
        orders=[],
        fills=[],
        engine_state=state,
        open_incidents=[],
    )
    again.live()
    assert refusal(again).startswith("PROTECTION: cooldown")
    # With other figures the rule is another one.
    other = msgspec.structs.replace(COOLDOWN, for_s=61)
    third = engine_driver("puppet", limits=RiskLimits(protections=(other,)), run_id="run3")
    third.engine.gate.protections.restore(saved(d))
    assert not third.engine.gate.protections.reason("puppet", d.now_ns)


def test_nothing_is_saved_without_rules(guarded):
    d = guarded()
    trip(d, -1)
    assert not [r for r in d.records if isinstance(r, StateSaved) and r.key == "protections"]
