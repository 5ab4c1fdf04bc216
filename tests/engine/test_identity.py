"""Client order ids."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.values import CLIENT_ORDER_ID_PATTERN
from bot.engine.identity import client_order_id, is_ours, run_name

RUN = run_name(1_723_118_400_123_000_000)


def test_an_id_tells_strategy_run_and_counter():
    assert client_order_id("sma", "run1", 1) == "bot-sma-run1-1"
    assert client_order_id("sma", "run1", 36 * 36) == "bot-sma-run1-100"


@given(st.text(max_size=60), st.integers(1, 36**10 - 1))
def test_every_strategy_name_gives_an_id_that_binance_takes(name, counter):
    made = client_order_id(name, RUN, counter)
    assert re.fullmatch(CLIENT_ORDER_ID_PATTERN, made)
    assert is_ours(made)
    assert made == client_order_id(name, RUN, counter)


@given(st.lists(st.integers(1, 10**9), unique=True, min_size=2, max_size=20))
def test_no_two_orders_of_a_run_share_an_id(counters):
    assert len({client_order_id("sma", RUN, counter) for counter in counters}) == len(counters)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a_very_long_strategy_one", "a_very_long_strategy_two"),
        ("grid-a", "grid_a"),
        ("grid.a", "grid a"),
        ("схема", "каркас"),
    ],
)
def test_names_that_are_cut_or_cleaned_keep_apart(one, other):
    assert client_order_id(one, RUN, 1) != client_order_id(other, RUN, 1)


def test_runs_are_named_by_their_start_and_sort_by_it():
    names = [
        run_name(at_s * 1_000_000_000) for at_s in (1_700_000_000, 1_700_000_001, 2_000_000_000)
    ]
    assert names == sorted(names)
    assert len(set(names)) == 3
    assert {len(name) for name in names} == {8}


@pytest.mark.parametrize("foreign", ["web_013af71d", "x-B3AUXNYV827c", "electron_1", "", "Bot-x"])
def test_other_peoples_ids_are_not_ours(foreign):
    assert not is_ours(foreign)
