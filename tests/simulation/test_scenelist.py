"""A list of scenes is checked to the last field, and the answer names it."""

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.scenelist import Scene, parse_scenes


def test_each_kind_is_read_with_its_defaults():
    scenes = parse_scenes(
        [
            {"kind": "gap", "percent": -5, "at_s": 3, "symbol": "BTCUSDT"},
            {"kind": "flash_crash", "percent": 10, "for_s": 2},
            {"kind": "dead_market", "for_s": None, "quotes": "gone"},
            {"kind": "halt"},
            {"kind": "storm", "factor": 0.5},
            {"kind": "trend", "percent_per_minute": -1.5, "for_s": 60},
            {"kind": "wide"},
        ]
    )
    assert scenes[0] == Scene("gap", "BTCUSDT", 3, percent=-5)
    assert (scenes[1].recover, scenes[1].recover_s, scenes[1].size) == (0.8, None, 0.2)
    assert (scenes[3].symbol, scenes[3].status, scenes[3].for_s) == ("*", "BREAK", None)
    assert [s.factor for s in scenes[4:]] == [0.5, 5.0, 5.0]


@pytest.mark.parametrize(
    ("item", "said"),
    [
        (7, "scene 1: must be a JSON object"),
        ({}, "scene 1: kind: must be one of dead_market, flash_crash, gap, halt"),
        ({"kind": ["gap"]}, "scene 1: kind: must be one of"),
        ({"kind": "gap"}, "scene 1: percent: is needed"),
        ({"kind": "gap", "percent": 0}, "scene 1: percent: must not be 0"),
        ({"kind": "gap", "percent": -100}, "scene 1: percent: must be from -99 to 900"),
        ({"kind": "gap", "percent": "5"}, "scene 1: percent: must be a number"),
        ({"kind": "gap", "percent": True}, "scene 1: percent: must be a number"),
        ({"kind": "gap", "percent": float("nan")}, "scene 1: percent: must be a number"),
        ({"kind": "gap", "percent": None}, "scene 1: percent: must be a number"),
        (
            {"kind": "gap", "percent": 1, "for_s": 2},
            "scene 1: for_s: unknown for gap; known are at_s, kind, percent, symbol",
        ),
        ({"kind": "flash_crash", "percent": 5}, "scene 1: for_s: is needed"),
        ({"kind": "flash_crash", "percent": -5, "for_s": 1}, "scene 1: percent: must be from"),
        ({"kind": "flash_crash", "percent": 5, "for_s": 1, "recover": 2}, "scene 1: recover: must"),
        ({"kind": "halt", "status": "CLOSED"}, "scene 1: status: must be one of BREAK, HALT"),
        ({"kind": "halt", "symbol": 5}, "scene 1: symbol: must be text"),
        ({"kind": "halt", "at_s": -1}, "scene 1: at_s: must be from 0"),
        ({"kind": "dead_market", "quotes": "some"}, "scene 1: quotes: must be one of still, gone"),
        ({"kind": "storm", "factor": 21}, "scene 1: factor: must be from 0.01 to 20"),
        ({"kind": "wide", "factor": 0.5}, "scene 1: factor: must be from 1 to 1000"),
        ({"kind": "trend"}, "scene 1: percent_per_minute: is needed"),
    ],
)
def test_what_is_wrong_is_one_line_with_scene_and_field(item, said):
    with pytest.raises(ApiError) as caught:
        parse_scenes([{"kind": "halt"}, item])
    assert (caught.value.status, caught.value.code) == (400, -1130)
    assert caught.value.msg.startswith(said)
    assert "\n" not in caught.value.msg


def test_only_a_list_is_a_list():
    with pytest.raises(ApiError, match="scenes: must be a JSON list"):
        parse_scenes({"kind": "halt"})
