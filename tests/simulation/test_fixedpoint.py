"""Eight places, exactly."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulation.fixedpoint import decimal, notional, parse, text, units


@given(st.integers(0, 10**24))
def test_text_decimal_and_units_agree(value):
    assert units(text(value)) == parse(text(value)) == parse(decimal(value)) == value
    assert format(decimal(value), "f") == text(value)


@pytest.mark.parametrize("bad", ["", ".", "-1", "+1", "1e5", "1.2.3", "0.000000001", "١٢", " 1"])
def test_what_is_no_plain_decimal_is_refused(bad):
    with pytest.raises(ValueError):
        units(bad)


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "0.000000001"])
def test_what_has_no_exact_form_is_refused(bad):
    with pytest.raises(ValueError):
        parse(bad)


def test_a_quote_amount_is_cut_as_recorded_trades_show():
    # ETHBTC, trade 409018748: 0.064362 x 0.0158 = 0.0010169196
    assert text(notional(parse("0.06436200"), parse("0.01580000"))) == "0.00101691"
    assert text(-parse(Decimal("1.5"))) == "-1.50000000"
