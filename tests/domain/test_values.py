"""The closed vocabularies and the fixed notation of numbers."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.values import OrderStatus, Side, as_fixed


def test_a_buy_adds_and_a_sell_takes_away():
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)


@pytest.mark.parametrize(
    ("status", "terminal", "working"),
    [
        ("INTENT", False, False),
        ("SUBMITTED", False, False),
        ("UNKNOWN", False, False),
        ("OPEN", False, True),
        ("PARTIALLY_FILLED", False, True),
        ("FILLED", True, False),
        ("CANCELED", True, False),
        ("EXPIRED", True, False),
        ("REJECTED", True, False),
        ("REFUSED", True, False),
        ("NOT_PLACED", True, False),
    ],
)
def test_each_status_is_over_or_rests_or_neither(status, terminal, working):
    assert OrderStatus(status).is_terminal is terminal
    assert OrderStatus(status).is_working is working


def test_small_numbers_have_no_exponent():
    assert as_fixed(Decimal("1E-8")) == "0.00000001"
    assert as_fixed(Decimal("1E+3")) == "1000"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8))
def test_the_fixed_form_is_the_same_number(number):
    text = as_fixed(number)
    assert "E" not in text.upper()
    assert Decimal(text) == number
