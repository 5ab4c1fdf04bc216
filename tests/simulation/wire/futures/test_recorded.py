"""A tape's frames go out on the path of their stream, whatever it was called in their time."""

import pytest

from bot.simulation.emissions import RawFrame
from bot.simulation.wire.futures.contracts import COIN_MARGINED, Contract
from bot.simulation.wire.futures.recorded import event_of, kind_of
from bot.simulation.wire.futures.streams import MARKET, PUBLIC

CONTRACTS = {
    "BTCUSDT": Contract("BTCUSDT", "BTCUSDT", "PERPETUAL", 1, 2, 3),
    "BTCUSD_PERP": Contract("BTCUSD_PERP", "BTCUSD", "PERPETUAL", COIN_MARGINED, 1, 0),
}


@pytest.mark.parametrize(
    ("stream", "kinds", "event"),
    [
        ("btcusdt@depth@0ms", PUBLIC, "depthUpdate"),
        ("btcusdt@depth@100ms", PUBLIC, "depthUpdate"),
        ("btcusdt@depth5@100ms", PUBLIC, "depthUpdate"),
        ("btcusdt@bookTicker", PUBLIC, "bookTicker"),
        ("!bookTicker", PUBLIC, "bookTicker"),
        ("btcusdt@trade", PUBLIC, "trade"),
        ("btcusdt@aggTrade", MARKET, "aggTrade"),
        ("btcusdt@kline_1m", MARKET, "kline"),
        ("btcusdt@markPrice@1s", MARKET, "markPriceUpdate"),
        ("btcusdt@markPrice@5s", MARKET, "markPriceUpdate"),
        ("!markPrice@arr@1s", MARKET, "markPriceUpdate"),
        ("!forceOrder@arr", MARKET, "forceOrder"),
        ("btcusd@indexPrice@1s", MARKET, "indexPriceUpdate"),
        ("btcusdt@somethingNew", MARKET, "24hrTicker"),
    ],
)
def test_each_recorded_stream_has_its_path_and_its_event(stream, kinds, event):
    kind = kind_of(stream, CONTRACTS)
    assert kind in kinds
    assert event_of(kind) == event


async def test_recorded_frames_go_out_on_their_path_alone_and_a_gap_loses_one(futures):
    name = "btcusdt@depth@0ms"
    futures.usdm.recorded_streams = frozenset({name})
    public = await futures.sim.connect(f"/public/ws/{name}")
    market = await futures.sim.connect(f"/market/ws/{name}")

    def play(*ids):
        futures.usdm.out += [RawFrame(name, b'{"e":"depthUpdate","u":%d}' % u) for u in ids]

    play(1, 2)
    assert [(await public.next())["u"] for _ in range(2)] == [1, 2]
    assert await market.is_silent()
    futures.sim.post({"kind": "book_gap", "symbol": "BTCUSDT"})
    await futures.sim.struck()
    play(3, 4)
    assert (await public.next())["u"] == 4
