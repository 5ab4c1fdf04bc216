"""What the exchange says of a futures account, as the engine keeps it."""

import json
from decimal import Decimal

import msgspec
import pytest

from bot.domain.commands import Sweep
from bot.domain.events import SweepDue
from bot.domain.margin import HeldPosition, MarginCalled, PositionsReported
from bot.domain.records import StateSaved
from bot.domain.terms import PositionSide
from bot.domain.values import SECOND_NS, Market

D = Decimal


def held(quantity, side=PositionSide.BOTH, symbol="BTCUSDT"):
    return HeldPosition(
        symbol=symbol,
        side=side,
        quantity=D(quantity),
        entry_price=D(100),
        unrealised=D(-7),
        maintenance=D(4),
    )


def reported(d, *positions, complete=False):
    now_ns = d.tick()
    d.feed(PositionsReported(positions=positions, complete=complete, ts_ns=now_ns, recv_ns=now_ns))
    return d.engine.account.margin.held


def test_positions_are_as_they_were_last_said_to_be(live_engine):
    d = live_engine
    long = held(2, PositionSide.LONG)
    assert reported(d, long, held(1, symbol="ETHUSDT")).keys() == {
        ("BTCUSDT", PositionSide.LONG),
        ("ETHUSDT", PositionSide.BOTH),
    }
    assert ("ETHUSDT", PositionSide.BOTH) not in reported(d, held(0, symbol="ETHUSDT"))
    assert reported(d, complete=True) == {}


def test_a_call_for_margin_is_told_aloud(live_engine):
    d = live_engine
    now_ns = d.tick()
    d.feed(MarginCalled(positions=(held(-2),), ts_ns=now_ns, recv_ns=now_ns))
    (incident,) = d.incidents("margin_call")
    assert (incident.subject, incident.severity) == ("BTCUSDT", "error")
    assert incident.cause == "-2 at -7, it needs 4"


@pytest.fixture
def futures(engine_driver, btcusdt):
    contract = msgspec.structs.replace(btcusdt, market=Market.USDM, settle="USDT")
    d = engine_driver("a", instruments=(contract,))
    d.engine.config = msgspec.structs.replace(d.engine.config, market=Market.USDM)
    return d


def test_payments_of_funding_are_asked_for_from_the_first_sweep_on_and_a_little_twice(futures):
    d = futures
    d.user()
    assert d.sent(Sweep)[-1].funding_since_ns is None, "history starts now"
    d.swept()
    first_ns = d.engine.account.margin.funding_since_ns
    d.user()
    assert d.sent(Sweep)[-1].funding_since_ns == first_ns, "what was before is not ours"
    d.swept()
    d.wait(3600)
    d.feed(SweepDue(cause="schedule", recv_ns=d.tick()))
    d.swept()
    # The list of incomes may be late.
    since_ns = d.engine.account.margin.funding_since_ns
    assert d.now_ns - since_ns == pytest.approx(600 * SECOND_NS, abs=SECOND_NS)
    saved = [r for r in d.records if isinstance(r, StateSaved) and r.key == "funding"]
    assert json.loads(saved[-1].value)[0] == since_ns


def test_spot_has_no_funding(live_engine):
    assert live_engine.engine.account.margin.funding_since_ns is None
