"""Bars of mark and index prices."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.simulation.wire.futures.contracts import Contract
from bot.simulation.wire.futures.pricebars import PriceBars
from bot.simulation.wire.futures.streams import parse

FRAMES = Path(__file__).resolve().parents[5] / "shared" / "data" / "ws" / "messages_coinm.jsonl"
CONTRACT = Contract("BTCUSD_PERP", "BTCUSD", "PERPETUAL", 2, 1, 0)
NAMES = {
    "markPrice_kline": "btcusd_perp@markPriceKline_1m",
    "indexPrice_kline": "btcusd@indexPriceKline_1m",
}


def row(open_ms, close):
    return [open_ms, "1.0", "9.0", "0.5", close, "0", open_ms + 59_999, "0", 7, "0", "0", "0"]


class Prices:
    """An exchange with the bars that the test gives it, whichever are asked for."""

    def __init__(self):
        self.market_ms = 100
        self.asked = []
        self.rows = []

    def mark_price_klines(self, params):
        self.asked.append(params)
        return self.rows

    index_price_klines = mark_price_klines


@pytest.fixture(params=NAMES)
def stream(request):
    parsed = parse(NAMES[request.param], {"BTCUSD_PERP": CONTRACT})
    prices = Prices()
    return SimpleNamespace(event=request.param, bars=PriceBars(parsed, CONTRACT), prices=prices)


def test_a_bar_is_sent_when_it_is_new_and_not_for_the_time_alone(stream):
    stream.prices.rows = [row(0, "2.0")]
    (payload,) = stream.bars.due(stream.prices)
    assert (payload["e"], payload["ps"], payload["k"]["c"]) == (stream.event, "BTCUSD", "2.0")
    assert (payload["k"]["x"], payload["k"]["L"]) == (False, 100)
    stream.prices.market_ms = 200
    assert stream.bars.due(stream.prices) == []
    stream.prices.rows = [row(0, "3.0")]
    assert [p["k"]["c"] for p in stream.bars.due(stream.prices)] == ["3.0"]


def test_the_close_of_a_bar_comes_before_the_next_bar(stream):
    stream.prices.rows = [row(0, "2.0")]
    stream.bars.due(stream.prices)
    stream.prices.rows = [row(0, "2.5"), row(60_000, "2.6")]
    sent = [(p["k"]["t"], p["k"]["c"], p["k"]["x"]) for p in stream.bars.due(stream.prices)]
    assert sent == [(0, "2.5", True), (60_000, "2.6", False)]


def test_nothing_is_sent_before_the_first_bar(stream):
    assert stream.bars.due(stream.prices) == []


def test_each_asks_in_its_own_way(stream):
    stream.bars.due(stream.prices)
    key = {"markPrice_kline": "symbol", "indexPrice_kline": "pair"}[stream.event]
    value = {"symbol": "BTCUSD_PERP", "pair": "BTCUSD"}[key]
    assert stream.prices.asked == [{"interval": "1m", "limit": "2", key: value}]


def test_payloads_have_the_keys_of_recorded_ones(stream):
    if not FRAMES.exists():
        pytest.skip(f"no recorded frames at {FRAMES}")
    messages = [json.loads(line)["msg"] for line in FRAMES.read_text().splitlines()]
    events = [m.get("data", m) for m in messages if isinstance(m, dict)]
    (recorded,) = [e for e in events if isinstance(e, dict) and e.get("e") == stream.event]
    stream.prices.rows = [row(0, "2.0")]
    (payload,) = stream.bars.due(stream.prices)
    assert list(payload) == list(recorded)
    assert [(k, type(v)) for k, v in payload["k"].items()] == [
        (k, type(v)) for k, v in recorded["k"].items()
    ]
