"""Observations."""

import pytest

from bot.domain.market import QuoteTick, TradeTick


def test_the_mid_is_half_way_between_bid_and_ask():
    quote = QuoteTick(
        symbol="X", bid=99.0, bid_size=1.0, ask=101.0, ask_size=5.0, update_id=1, ts_ns=1, recv_ns=2
    )
    assert quote.mid == 100.0


def test_observations_are_frozen():
    trade = TradeTick(
        symbol="X", price=1.0, size=1.0, trade_id=1, buyer_is_maker=False, ts_ns=1, recv_ns=2
    )
    with pytest.raises(AttributeError):
        trade.price = 2.0
