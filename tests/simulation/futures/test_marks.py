"""Index, mark price and funding rate."""

from decimal import Decimal

import pytest

from bot.simulation.futures.contracts import DEFAULT_CONTRACTS
from bot.simulation.futures.emissions import MarkChanged
from bot.simulation.futures.listing import FuturesListing
from bot.simulation.futures.marks import Mark


class Quoted(FuturesListing):
    """A listing whose last price is what the test says."""


@pytest.fixture
def mark():
    listing = Quoted(DEFAULT_CONTRACTS["usdm"][0])
    listing.last_price_e8 = 60_000 * 10**8
    return Mark(listing, None)


def test_the_basis_is_smoothed(mark):
    mark.move(1000, 60_000.0)
    assert mark.price == 60_000
    mark.listing.last_price_e8 = 60_300 * 10**8
    mark.move(2000, 60_000.0)
    assert mark.price == 60_010
    for second in range(3, 400):
        mark.move(second * 1000, 60_000.0)
    assert abs(mark.price - 60_300) < 1


@pytest.mark.parametrize(
    ("premium", "rate"),
    [("0", "0.0001"), ("0.0002", "0.0001"), ("0.0008", "0.0003"), ("-0.001", "-0.0005")],
)
def test_the_funding_rate_is_the_premium_drawn_to_the_interest_rate(mark, premium, rate):
    mark.listing.last_price_e8 = int(Decimal(60_000) * (1 + Decimal(premium)) * 10**8)
    mark.move(1000, 60_000.0)
    assert mark.emission().funding_rate == Decimal(rate)


def test_without_any_price_there_is_no_mark():
    mark = Mark(FuturesListing(DEFAULT_CONTRACTS["usdm"][0]), None)
    mark.move(1000, None)
    assert mark.mark_e8 == 0


def test_the_mark_price_is_told_once_a_second(trader):
    trader.wait(3000)
    told = [e for e in trader.exchange.take() if isinstance(e, MarkChanged)]
    assert [e.time_ms % 1000 for e in told if e.symbol == "BTCUSDT"] == [0, 0, 0]


def test_index_and_mark_have_bars(trader):
    trader.quote("61000.00", "61000.10")
    rows = trader.exchange.mark_price_klines({"symbol": "BTCUSDT", "interval": "1m"})
    assert rows[-1][4] == "61000.05000000"
    rows = trader.exchange.index_price_klines({"pair": "BTCUSDT", "interval": "1m"})
    assert rows[-1][1:5] == [
        "60000.05000000",
        "61000.05000000",
        "60000.05000000",
        "61000.05000000",
    ]
