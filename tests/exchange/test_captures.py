"""Every frame of the recorded connections: none unknown, none broken, none lost, values as sent."""

import gzip
import json
import re

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.market import AggTrade, Bar, DepthUpdate, MarkPrice, QuoteTick, TradeTick
from bot.domain.values import Market
from bot.exchange.continuity import StreamState
from bot.exchange.decode import FrameDecoder

RECV = 1_700_000_000_000_000_001
MS = 1_000_000
KINDS = {
    "trade": StreamKind.TRADES,
    "aggTrade": StreamKind.AGG_TRADES,
    "bookTicker": StreamKind.QUOTES,
    "depth": StreamKind.DEPTH,
    "markPrice": StreamKind.MARK_PRICE,
}
# file -> frames of streams in it, as its manifest counts them
CAPTURES = {
    "hftbacktest/coinm_btcusd_perp_20240808.gz": 48_269,
    "hftbacktest/coinm_btcusd_perp_20240809.gz": 50_116,
    "hftbacktest/spot_btcusdt_20230405.gz": 15_088,
    "hftbacktest/spot_btcusdt_20240808.gz": 41_248,
    "hftbacktest/spot_btcusdt_20240809.gz": 58_325,
    "hftbacktest/usdm_btcusdt_20230404.gz": 13_383,
    "hftbacktest/usdm_btcusdt_20230405.gz": 60_381,
    "hftbacktest/usdm_btcusdt_20240718.gz": 11_413,
    "hftbacktest/usdm_btcusdt_20240719.gz": 60_570,
    "hftbacktest/usdm_btcusdt_20240808.gz": 93_953,
    "cryptofeed/coinm_2021-07-21/ws.txt.gz": 4_371,
    "cryptofeed/spot_2021-04-05/ws_and_rest.txt.gz": 11_357,
    "cryptofeed/spot_2021-08-14/ws.txt.gz": 1_003,
    "cryptofeed/spot_2021-10-11/ws.txt.gz": 265,
    "cryptofeed/us_2021-04-17/ws.txt.gz": 1_283,
    "cryptofeed/us_2021-08-14/ws.txt.gz": 608,
    "cryptofeed/us_2021-10-11/ws.txt.gz": 480,
    "cryptofeed/usdm_2021-04-05/ws_and_rest.txt.gz": 8_421,
    "cryptofeed/usdm_2021-07-22/ws.txt.gz": 1_535,
}


def levels(raw):
    return tuple((float(price), float(size)) for price, size in raw)


def number(text):
    return float(text) if text else None


def expected_of(kind, symbol, detail, d):
    """The event of a raw message, field by field."""
    if kind is StreamKind.TRADES:
        return TradeTick(symbol, float(d["p"]), float(d["q"]), d["t"], d["m"], d["T"] * MS, RECV)
    if kind is StreamKind.AGG_TRADES:
        trades = (d["a"], d["f"], d["l"], d["m"], d["T"] * MS)
        return AggTrade(symbol, float(d["p"]), float(d["q"]), *trades, RECV)
    if kind is StreamKind.QUOTES:
        sides = (float(d[key]) for key in "bBaA")
        return QuoteTick(symbol, *sides, d["u"], d["E"] * MS if "E" in d else RECV, RECV)
    if kind is StreamKind.DEPTH:
        ids = (d["U"], d["u"], d.get("pu", -1))
        return DepthUpdate(symbol, *ids, levels(d["b"]), levels(d["a"]), d["E"] * MS, RECV)
    if kind is StreamKind.MARK_PRICE:
        return MarkPrice(
            symbol,
            float(d["p"]),
            number(d.get("i")),
            number(d.get("P")),
            number(d.get("r")),
            d["T"] * MS,
            d["E"] * MS,
            RECV,
        )
    k = d["k"]
    amounts = (float(k[key]) for key in "ohlcvq")
    times = (k["t"] * MS, k["T"] * MS, k["x"], d["E"] * MS, RECV)
    takers = (float(k["V"]), float(k["Q"]), k["f"], k["L"])
    return Bar(symbol, detail, *amounts, k["n"], *times, *takers)


def subscription_of(stream):
    symbol, _, rest = stream.partition("@")
    if rest.startswith("kline_"):
        return Subscription(StreamKind.BARS, symbol.upper(), rest.removeprefix("kline_"))
    name, _, speed = rest.partition("@")
    detail = speed if name == "markPrice" else ("100ms" if name == "depth" else "")
    return Subscription(KINDS[name], symbol.upper(), detail)


def frames(path):
    with gzip.open(path, "rt") as lines:
        for line in lines:
            match = re.search(r'\{"stream"', line)
            if match:
                yield line[match.start() :].strip()


@pytest.mark.parametrize("name", CAPTURES)
def test_every_frame_becomes_the_event_of_its_values(shared_data, name):
    path = shared_data / "ws" / "captures" / name
    if not path.exists():
        pytest.skip(f"{name} is not among the shared data")
    market = next((market for market in Market if market.value in name), Market.SPOT)
    decoder = FrameDecoder()
    states = {}
    jumps = []
    decoded = 0
    for text in frames(path):
        raw = json.loads(text)
        stream = raw["stream"]
        if stream not in states:
            subscription = subscription_of(stream)
            state = StreamState(stream, subscription, market, lambda *jump: jumps.append(jump))
            states[stream] = state
            decoder.add(state)
        wish = states[stream].subscription
        event = decoder.decode(text.encode(), RECV)
        assert event == expected_of(wish.kind, wish.symbol, wish.detail, raw["data"])
        decoded += 1
    assert decoded == CAPTURES[name]
    assert (decoder.broken, decoder.unknown.total()) == (0, 0)
    assert sum(state.duplicates for state in states.values()) == 0
    assert jumps == []
