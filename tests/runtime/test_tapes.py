"""Which market a tape plays: told by the tape, by its frames, or by whoever gives it."""

import gzip
import json
from pathlib import Path

import pytest

from bot.domain.errors import DataError
from bot.runtime.futures import taped_futures
from bot.runtime.tapes import read_tapes, require_market
from bot.simulation.rules import symbol_rules

RECORDED_MS = 1_700_000_000_000
SPOT_QUOTE = {"u": 1, "s": "BTCUSDT", "b": "1", "B": "1", "a": "2", "A": "1"}
USDM_QUOTE = {"e": "bookTicker", **SPOT_QUOTE}
COIN_QUOTE = {"e": "bookTicker", **SPOT_QUOTE, "s": "BTCUSD_PERP"}
BAR = {"e": "kline", "s": "BTCUSDT", "k": {"i": "1m"}}


@pytest.fixture
def write(tmp_path):
    """A function that writes a tape: lines of (ms after the start, stream, data)."""

    def tape(name, *frames, head="", cut=0):
        lines = [head] if head else []
        for at_ms, stream, data in frames:
            body = json.dumps({"stream": stream, "data": data})
            lines.append(f"{(RECORDED_MS + at_ms) * 10**6} {body}")
        packed = gzip.compress("\n".join([*lines, ""]).encode())
        (tmp_path / name).write_bytes(packed[: len(packed) - cut])
        return tmp_path / name

    return tape


def quotes(market, *times, symbol="btcusdt"):
    return [(at_ms, f"{symbol}@bookTicker", market) for at_ms in times]


def streams(taped):
    return [stream for _, stream, _ in taped.frames()]


@pytest.mark.parametrize(
    ("kind", "quote", "symbol"),
    [
        ("spot", SPOT_QUOTE, "btcusdt"),
        ("usdm", USDM_QUOTE, "btcusdt"),
        ("coinm", COIN_QUOTE, "btcusd_perp"),
    ],
)
def test_what_only_a_markets_frames_have_decides(write, kind, quote, symbol):
    path = write("a.gz", *quotes(quote, 0, 1, symbol=symbol), (2, f"{symbol}@kline_1m", BAR))
    tapes = read_tapes([path])
    assert list(tapes) == [kind]
    assert len(streams(tapes[kind])) == 3
    assert tapes[kind].begin_ns == RECORDED_MS * 10**6


def test_what_the_tape_says_of_itself_decides(write):
    head = f'{RECORDED_MS * 10**6} {{"recording":{{"run_id":"r1","market":"usdm"}}}}'
    (tapes,) = [read_tapes([write("a.gz", (0, "btcusdt@kline_1m", BAR), head=head)])]
    assert list(tapes) == ["usdm"]


def test_a_session_of_several_markets_is_played_by_all_of_them(write, tmp_path):
    for market in ("spot", "usdm"):
        head = f'{RECORDED_MS * 10**6} {{"recording":{{"run_id":"r1","market":"{market}"}}}}'
        write(f"r1_{market}.gz", (1, "btcusdt@kline_1m", BAR), head=head)
    (tmp_path / "r1.json").write_text("{}")
    tapes = read_tapes([tmp_path])
    assert {kind: len(streams(taped)) for kind, taped in tapes.items()} == {"spot": 1, "usdm": 1}


def test_frames_of_two_markets_on_one_tape_are_told_apart_one_by_one(write):
    other = {**USDM_QUOTE, "s": "ETHUSDT"}
    path = write(
        "mixed.gz",
        *quotes(SPOT_QUOTE, 0),
        *quotes(USDM_QUOTE, 1),
        *quotes(SPOT_QUOTE, 2),
        *quotes(other, 3, symbol="ethusdt"),
        (4, "ethusdt@kline_1m", BAR),
        (5, "btcusdt@kline_1m", BAR),
    )
    tapes = read_tapes([path])
    assert streams(tapes["spot"]) == ["btcusdt@bookTicker"] * 2
    # Bars of ETHUSDT can only be of the one market; those of BTCUSDT could be of either.
    assert streams(tapes["usdm"]) == [
        "btcusdt@bookTicker",
        "ethusdt@bookTicker",
        "ethusdt@kline_1m",
    ]
    first = next(tapes["usdm"].frames())
    assert first[2] == json.dumps(USDM_QUOTE).encode()


def test_several_tapes_begin_together_and_each_plays_its_market(write):
    paths = [
        write("spot.gz", *quotes(SPOT_QUOTE, 500)),
        write("late.gz", *quotes(USDM_QUOTE, 900)),
        write("early.gz", *quotes(USDM_QUOTE, 700)),
    ]
    tapes = read_tapes(paths)
    assert {kind: len(streams(taped)) for kind, taped in tapes.items()} == {"spot": 1, "usdm": 2}
    assert {taped.begin_ns for taped in tapes.values()} == {(RECORDED_MS + 500) * 10**6}
    assert [at for at, *_ in tapes["usdm"].frames()] == [
        (RECORDED_MS + at_ms) * 10**6 for at_ms in (700, 900)
    ]
    assert len(list(tapes["usdm"].samples())) == 1


def test_a_choice_decides_where_nothing_else_does(write):
    path = write("bars.gz", (0, "btcusdt@kline_1m", BAR))
    with pytest.raises(DataError) as caught:
        read_tapes([path])
    assert str(caught.value) == (
        f"{path} does not show on which market it was recorded: "
        f"give it as spot={path}, usdm={path}, coinm={path}"
    )
    assert list(read_tapes([Path(f"coinm={path}")])) == ["coinm"]


def test_a_choice_takes_its_part_of_a_mixed_tape(write):
    path = write("mixed.gz", *quotes(SPOT_QUOTE, 0), *quotes(USDM_QUOTE, 1))
    tapes = read_tapes([Path(f"usdm={path}")])
    assert [len(streams(taped)) for taped in tapes.values()] == [1]


def test_a_choice_that_the_tape_contradicts_is_refused(write):
    path = write("spot.gz", *quotes(SPOT_QUOTE, 0))
    with pytest.raises(DataError) as caught:
        read_tapes([Path(f"usdm={path}")])
    assert str(caught.value) == f"{path} was recorded on spot: it cannot be played as USDⓈ-M"


def test_who_trades_needs_a_tape_of_what_is_traded(write):
    usdm = write("usdm.gz", *quotes(USDM_QUOTE, 0))
    spot = write("spot.gz", *quotes(SPOT_QUOTE, 0))
    require_market([], "spot")
    require_market([usdm, spot], "spot")
    with pytest.raises(DataError) as caught:
        require_market([usdm], "spot")
    assert str(caught.value) == (
        f"{usdm} was recorded on USDⓈ-M, and spot is traded: give a tape of spot"
    )


@pytest.mark.parametrize("given", ["/no/tape", "usdm=/no/tape"])
def test_a_tape_that_is_not_there_is_told(given):
    with pytest.raises(DataError, match=r"^there is no tape /no/tape$"):
        read_tapes([Path(given)])


def test_a_file_that_is_no_tape_is_told(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing\n")
    with pytest.raises(DataError, match="is not a tape"):
        read_tapes([tmp_path / "notes.txt"])


def test_a_short_tape_that_is_cut_off_plays_as_far_as_it_goes(write):
    path = write("cut.gz", *quotes(USDM_QUOTE, *range(300)), cut=20)
    taped = read_tapes([path])["usdm"]
    contracts, market = taped_futures("usdm", taped, speed=1.0, symbols=())
    assert [contract.symbol for contract in contracts] == ["BTCUSDT"]
    assert not market.ended


def test_wanted_contracts_must_be_on_the_tape(write):
    path = write("a.gz", *quotes(USDM_QUOTE, 0))
    taped = read_tapes([path])["usdm"]
    with pytest.raises(DataError) as caught:
        taped_futures("usdm", taped, speed=1.0, symbols=["ETHUSDT"])
    assert str(caught.value) == f"{path} has no ETHUSDT: it has BTCUSDT"
    follows, _ = taped_futures("usdm", taped, speed=1.0, symbols=(), spot=["ETHUSDT", "BTCUSDT"])
    assert [contract.symbol for contract in follows] == ["BTCUSDT"]


def test_what_is_chosen_is_chosen_once_and_in_order(write):
    taped = read_tapes([write("a.gz", *quotes(SPOT_QUOTE, 0))])["spot"]
    rules = [symbol_rules(name, tick="1", step="1") for name in ("AAAUSDT", "BBBUSDT")]
    assert taped.chosen(rules, []) == rules
    assert taped.chosen(rules, ["BBBUSDT", "AAAUSDT", "BBBUSDT"]) == rules[::-1]
