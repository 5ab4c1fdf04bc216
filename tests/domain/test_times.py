"""Instants as people write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.times import day_of, iso_utc, ns_of

NS = 1_723_161_256_172_216_000


def test_an_instant_is_written_with_microseconds_in_utc():
    assert iso_utc(NS) == "2024-08-08T23:54:16.172216Z"
    assert iso_utc(0) == "1970-01-01T00:00:00.000000Z"


def test_a_day_is_a_day_of_utc():
    midnight = ns_of("2024-08-09")
    assert day_of(midnight) == date(2024, 8, 9)
    assert day_of(midnight - 1) == date(2024, 8, 8)


@pytest.mark.parametrize(
    "text",
    [
        "2024-08-08T23:54:16.172216Z",
        "2024-08-08 23:54:16.172216",
        "2024-08-09T01:54:16.172216+02:00",
    ],
)
def test_without_a_zone_it_is_utc_and_with_one_it_is_that_instant(text):
    assert ns_of(text) == NS


def test_without_a_time_it_is_midnight():
    assert iso_utc(ns_of("2024-08-08")) == "2024-08-08T00:00:00.000000Z"


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01"])
def test_what_names_no_instant_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"."):
        ns_of(text)


@given(st.integers(0, 4_000_000_000_000_000).map(lambda us: us * 1000))
def test_what_is_written_is_read_back(ns):
    assert ns_of(iso_utc(ns)) == ns
