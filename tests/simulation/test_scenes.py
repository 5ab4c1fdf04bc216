"""Scenes in time: what is on when, for whom, and what is left of it once it is cleared."""

import math

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.mood import CALM
from bot.simulation.scenes import SceneScript, parse_scenes

NOW = 1_700_000_000_000


@pytest.fixture
def script():
    return SceneScript({"BTCUSDT", "ETHUSDT"})


def post(script, *items, at=NOW):
    script.add(parse_scenes(list(items)), at)


def test_a_scene_is_on_from_its_begin_up_to_its_end_for_its_symbol(script):
    post(script, {"kind": "halt", "at_s": 2, "for_s": 3, "symbol": "BTCUSDT", "status": "HALT"})
    during = [script.mood("BTCUSDT", NOW + ms).status for ms in (1999, 2000, 4999, 5000)]
    assert during == ["TRADING", "HALT", "HALT", "TRADING"]
    assert script.mood("ETHUSDT", NOW + 3000) == CALM
    assert {ms for ms, _ in script.cues()} == {NOW + 2000, NOW + 5000}


def test_scenes_at_once_multiply_and_add_up(script):
    post(
        script,
        {"kind": "storm", "factor": 2},
        {"kind": "storm", "factor": 3, "symbol": "BTCUSDT"},
        {"kind": "trend", "percent_per_minute": 6},
        {"kind": "trend", "percent_per_minute": -6, "symbol": "ETHUSDT"},
        {"kind": "wide", "factor": 4},
    )
    mood = script.mood("BTCUSDT", NOW)
    assert (mood.pace, mood.volatility, mood.width) == (6, 6, 4)
    assert mood.drift * 600 == pytest.approx(math.log(1.06))
    other = script.mood("ETHUSDT", NOW)
    assert other.pace == 2
    assert other.drift * 600 == pytest.approx(math.log(1.06 * 0.94))


def test_a_crash_falls_by_its_percent_and_makes_good_its_share(script):
    post(script, {"kind": "flash_crash", "percent": 20, "for_s": 2, "recover": 0.5, "recover_s": 5})
    price = 100.0
    seen = {}
    for ms in range(100, 8001, 100):
        price *= math.exp(script.mood("BTCUSDT", NOW + ms - 1).drift)
        seen[ms] = price
    assert seen[1000] == pytest.approx(100 * 0.8**0.5)
    assert seen[2000] == pytest.approx(80)
    assert seen[7000] == pytest.approx(90)
    assert seen[8000] == pytest.approx(90)


def test_a_gap_is_a_jump_at_one_instant(script):
    post(script, {"kind": "gap", "percent": -7, "at_s": 1, "symbol": "BTCUSDT"})
    ((at_ms, number),) = script.cues()
    assert at_ms == NOW + 1000
    assert script.jump("BTCUSDT", number, at_ms) == pytest.approx(0.93)
    assert script.jump("ETHUSDT", number, at_ms) == 1
    assert script.jump("BTCUSDT", number + 1, at_ms) == 1


def test_what_is_listed_is_on_or_to_come(script):
    post(script, {"kind": "gap", "percent": 1}, {"kind": "halt", "for_s": 1})
    post(script, {"kind": "storm", "at_s": 9})
    listed = [(s["kind"], s["on"]) for s in script.active(NOW + 500)]
    assert listed == [("halt", True), ("storm", False)]
    assert [s["kind"] for s in script.active(NOW + 1000)] == ["storm"]


def test_clearing_ends_what_is_on_and_forgets_what_was_to_come(script):
    post(script, {"kind": "halt"}, {"kind": "gap", "percent": 5, "at_s": 60})
    script.clear(NOW + 500)
    assert script.active(NOW + 500) == []
    assert script.mood("BTCUSDT", NOW + 499).status == "BREAK"
    assert script.mood("BTCUSDT", NOW + 500) == CALM
    assert {ms for ms, _ in script.cues()} == {NOW, NOW + 500}


def test_clearing_in_the_instant_of_the_begin_still_ends_at_an_instant_to_come(script):
    post(script, {"kind": "halt"})
    script.clear(NOW)
    assert {ms for ms, _ in script.cues()} == {NOW, NOW + 1}


def test_a_symbol_that_is_not_traded_is_refused_with_all_the_rest(script):
    with pytest.raises(ApiError, match="scene 1: symbol: XRPUSDT is not traded here, but BTCUSDT"):
        post(script, {"kind": "halt"}, {"kind": "halt", "symbol": "XRPUSDT"})
    assert script.cues() == set()


def test_the_script_is_bounded_and_forgets_what_is_long_over(script):
    many = [{"kind": "gap", "percent": 1}] * 1000
    post(script, *many)
    with pytest.raises(ApiError, match="there may be 1000"):
        post(script, {"kind": "halt"}, at=NOW + 1000)
    post(script, {"kind": "halt"}, at=NOW + 2 * 3_600_000)
    assert len(script.cues()) == 1
