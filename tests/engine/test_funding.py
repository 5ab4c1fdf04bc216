"""Payments of funding: once, to those who held, to the last cent."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.funding import FundingPaid
from bot.domain.records import FundingSaved
from bot.domain.terms import PositionSide
from bot.domain.values import EXTERNAL, SECOND_NS, Market, Side
from bot.engine.funding import shares_of

D = Decimal
BOTH = PositionSide.BOTH


@pytest.fixture
def futures(engine_driver, btcusdt):
    contract = msgspec.structs.replace(btcusdt, market=Market.USDM, settle="USDT")
    return engine_driver("a", "b", instruments=(contract,)).live()


def paid(d, amount, number=1, ago_s=0):
    now_ns = d.tick()
    return d.feed(
        FundingPaid(
            symbol="BTCUSDT",
            asset="USDT",
            amount=D(amount),
            ts_ns=now_ns - ago_s * SECOND_NS,
            recv_ns=now_ns,
            transaction_id=number,
        )
    )


def saved(d):
    return {(r.strategy_id, r.amount) for r in d.records if isinstance(r, FundingSaved)}


def test_each_pays_for_what_it_holds(futures):
    d = futures
    d.filled(d.opened(strategy_id="a", quantity=3), quantity=D(3))
    sold = d.sell(strategy_id="b", quantity=1)
    d.accepted(sold, 8)
    d.filled(sold, side=Side.SELL, venue_order_id=8)
    paid(d, "-2")
    assert saved(d) == {("a", D(-3)), ("b", D(1))}
    position = d.engine.blotter.position("a", "BTCUSDT")
    assert (position.funding, position.booked) == (-3, -3)
    assert d.engine.blotter.accounts["b"].assets["USDT"] == 1


def test_a_payment_that_is_told_twice_counts_once(futures):
    d = futures
    d.filled(d.opened(strategy_id="a"))
    paid(d, "-2")
    paid(d, "-2")
    assert d.engine.blotter.position("a", "BTCUSDT").funding == -2
    paid(d, "-2", number=2)
    assert d.engine.blotter.position("a", "BTCUSDT").funding == -4


def test_who_held_at_the_time_counts_not_who_holds_when_it_is_told(futures):
    d = futures
    d.filled(d.opened(strategy_id="a"))
    d.tick(120_000)
    sold = d.sell(strategy_id="a")
    d.accepted(sold, 8)
    d.filled(sold, side=Side.SELL, venue_order_id=8)
    paid(d, "-2", ago_s=60)
    assert saved(d) == {("a", D(-2))}


def test_what_nobody_of_ours_held_is_external(futures):
    paid(futures, "-2")
    assert saved(futures) == {(EXTERNAL, D(-2))}


@given(
    st.integers(-(10**12), 10**12),
    st.dictionaries(
        st.tuples(st.sampled_from("abcd"), st.sampled_from(list(PositionSide))),
        st.integers(-(10**6), 10**6),
    ),
)
def test_the_parts_are_the_whole(amount, held):
    whole = D(amount).scaleb(-8)
    quantities = {owner: D(q).scaleb(-3) for owner, q in held.items() if q}
    assert sum(shares_of(whole, quantities).values()) == whole
