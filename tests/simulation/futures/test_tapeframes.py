"""Frames of a futures tape as its market reads them."""

import json

import pytest

from bot.simulation.futures.marks import Marked
from bot.simulation.futures.tapeframes import Forced, Indexed, read_futures_frame
from bot.simulation.tapeframes import Diff, Partial, Quote, Snapshot, Trade

ONE = 10**8


def read(stream, **data):
    return read_futures_frame(stream, json.dumps(data).encode())


def test_a_diff_has_the_id_before_it():
    levels = {"b": [["1.5", "2"]], "a": []}
    ((symbol, event),) = read("btcusdt@depth@0ms", E=7, U=5, u=9, pu=2, **levels)
    assert (symbol, event) == ("BTCUSDT", Diff(5, 9, 2, [(ONE * 3 // 2, 2 * ONE)], [], 7))


def test_a_partial_book_is_no_diff():
    ((_, event),) = read("btcusdt@depth20@100ms", U=5, u=9, pu=2, b=[["1", "1"]], a=[])
    assert event == Partial(9, [(ONE, ONE)], [])


def test_quotes_of_all_contracts_have_their_symbol_inside():
    best = {"b": "1", "B": "2", "a": "3", "A": "4"}
    wanted = [("ETHUSDT", Quote(7, ONE, 2 * ONE, 3 * ONE, 4 * ONE))]
    assert read("!bookTicker", e="bookTicker", u=7, s="ETHUSDT", **best) == wanted
    assert read("ethusdt@bookTicker", e="bookTicker", u=7, s="ETHUSDT", **best) == wanted


def test_trades_are_told_from_aggregates_and_from_what_was_no_trade_of_the_book():
    made = {"s": "BTCUSDT", "p": "2", "q": "1", "T": 5, "m": True}
    ((_, single),) = read("btcusdt@trade", t=9, X="MARKET", **made)
    assert single == Trade(9, 9, 0, 2 * ONE, ONE, buyer_is_maker=True, time_ms=5)
    ((_, several),) = read("btcusdt@aggTrade", a=4, f=7, l=9, **made)
    assert several == Trade(9, 7, 4, 2 * ONE, ONE, buyer_is_maker=True, time_ms=5)
    for kind in ("INSURANCE_FUND", "ADL", "NA"):
        assert read("btcusdt@trade", t=9, X=kind, **made) == []
    assert read("btcusdt@trade", t=9, X="MARKET", **made | {"p": "0", "q": "0"}) == []


def test_marks_of_all_times_are_read():
    first = {"s": "BTCUSDT", "E": 1, "p": "8291.34697815", "r": "0.00010000", "T": 9}
    ((_, old),) = read("btcusdt@markPrice", **first)
    assert old == Marked(time_ms=1, price_e8=829_134_697_815, rate_e8=10_000, next_funding_ms=9)
    full = {"i": "1", "P": "2", "ap": "3.123456789", "r": "-0.00004435"}
    found = read_futures_frame("!markPrice@arr@1s", json.dumps([first, first | full]).encode())
    assert [symbol for symbol, _ in found] == ["BTCUSDT", "BTCUSDT"]
    new = found[1][1]
    assert (new.index_e8, new.settle_e8, new.average_e8) == (ONE, 2 * ONE, 312_345_678)
    assert new.rate_e8 == -4435
    ((_, delivered),) = read("btcusd_201225@markPrice", **first | {"r": "", "T": 0})
    assert (delivered.rate_e8, delivered.next_funding_ms) == (None, 0)


def test_indices_and_liquidations_are_read():
    assert read("btcusd@indexPrice@1s", i="BTCUSD", p="2.5") == [("BTCUSD", Indexed(ONE * 5 // 2))]
    order = {"s": "BTCUSDT", "q": "1"}
    assert read("btcusdt@forceOrder", E=3, o=order) == [("BTCUSDT", Forced(order, 3))]
    assert read("!forceOrder@arr", E=3, o=order) == [("BTCUSDT", Forced(order, 3))]


def test_a_snapshot_is_told_by_its_path():
    levels = {"bids": [["1", "1"]], "asks": []}
    wanted = [("BTCUSDT", Snapshot(5, [(ONE, ONE)], []))]
    assert read("/fapi/v1/depth?symbol=btcusdt&limit=5", lastUpdateId=5, **levels) == wanted
    assert read("/fapi/v1/ticker?symbol=btcusdt", lastUpdateId=5, **levels) == []
    assert read("/fapi/v1/depth", lastUpdateId=5, **levels) == []


@pytest.mark.parametrize(
    ("stream", "data"),
    [
        ("btcusdt@kline_1m", b"{}"),
        ("btcusdt@depth", b"nonsense"),
        ("btcusdt@depth", b'{"U":1,"u":2,"pu":0,"b":[["x","1"]],"a":[]}'),
        ("btcusdt@markPrice", b'{"s":"BTCUSDT","E":1,"p":"x"}'),
        ("btcusdt@markPrice", b'{"s":"BTCUSDT","E":1,"p":"NaN"}'),
        ("btcusdt@markPrice", b'{"s":"BTCUSDT","E":1,"p":"1","r":"0.0000000001"}'),
        ("", b'{"result":null}'),
    ],
)
def test_what_cannot_be_read_tells_nothing(stream, data):
    assert read_futures_frame(stream, data) == []
