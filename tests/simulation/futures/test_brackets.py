"""Leverage brackets against those that Binance published."""

import gzip
import json
from decimal import Decimal

import pytest

from bot.simulation.futures.brackets import Brackets

STEPS = ((50, "10000", "0.01"), (20, "50000", "0.02"), (5, "200000", "0.1"))


def test_what_lower_brackets_save_is_as_binance_publishes_it(shared_brackets):
    checked = 0
    for tiers in shared_brackets.values():
        rows = [tier["info"] for tier in tiers]
        steps = [(int(r["initialLeverage"]), r["notionalCap"], r["maintMarginRatio"]) for r in rows]
        ours = Brackets(steps).rows(in_quantity=False)
        assert [row["cum"] for row in ours] == [pytest.approx(float(r["cum"])) for r in rows]
        assert [row["notionalFloor"] for row in ours] == [int(r["notionalFloor"]) for r in rows]
        checked += 1
    assert checked > 100


def test_maintenance_margin_has_no_jump_between_brackets():
    brackets = Brackets(STEPS)
    for step in brackets.steps[:-1]:
        above = brackets.maintenance(step.cap + Decimal("0.01"))
        assert Decimal(0) < above - brackets.maintenance(step.cap) < Decimal("0.01")


def test_the_cap_of_a_leverage_is_that_of_the_last_bracket_that_allows_it():
    brackets = Brackets(STEPS)
    assert [brackets.cap(leverage) for leverage in (51, 50, 21, 20, 5, 1)] == [
        0,
        10_000,
        10_000,
        50_000,
        200_000,
        200_000,
    ]
    assert brackets.most_leverage() == 50


@pytest.fixture
def shared_brackets():
    from pathlib import Path

    path = Path(__file__).parents[4] / "shared/data/rest/exchange_info"
    path = path / "usdm_leverage_brackets.json.gz"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return json.loads(gzip.decompress(path.read_bytes()))
