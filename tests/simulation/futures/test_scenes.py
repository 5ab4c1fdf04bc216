"""A futures market follows the same script as spot's."""

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.futures.account import opened
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS
from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.market import SeededMarket
from bot.simulation.scenes import SceneScript, parse_scenes

START_MS = 1_700_000_000_000


def exchange_of(kind, script):
    return FuturesExchange(
        market=kind,
        symbols=DEFAULT_CONTRACTS[kind],
        accounts=[opened("alice", "secret", kind, {})],
        source=SeededMarket(seed=1, history_minutes=5, script=script),
        start_ms=START_MS,
    )


@pytest.mark.parametrize(
    ("kind", "symbol", "key"),
    [("usdm", "BTCUSDT", "status"), ("coinm", "BTCUSD_PERP", "contractStatus")],
)
def test_a_closed_contract_refuses_orders_says_so_and_opens_again(kind, symbol, key):
    script = SceneScript([symbol])
    script.add(parse_scenes([{"kind": "halt", "symbol": symbol, "for_s": 2}]), START_MS)
    exchange = exchange_of(kind, script)
    order = {"symbol": symbol, "side": "BUY", "type": "MARKET", "quantity": "1"}

    def status():
        return exchange.exchange_info({"symbol": symbol})["symbols"][0][key]

    exchange.advance(START_MS + 100)
    assert status() == "CLOSE"
    with pytest.raises(ApiError) as caught:
        exchange.place_order("alice", order, START_MS + 200)
    assert (caught.value.code, caught.value.msg) == (-4141, "Symbol is closed.")
    exchange.advance(START_MS + 2100)
    assert status() == "TRADING"
    exchange.place_order("alice", order, START_MS + 2200)


def test_a_gap_takes_the_mark_price_with_it():
    script = SceneScript(["BTCUSDT"])
    script.add(parse_scenes([{"kind": "gap", "percent": -10, "at_s": 3}]), START_MS)
    exchange = exchange_of("usdm", script)
    exchange.advance(START_MS + 2900)
    before = exchange.mark("BTCUSDT").mark
    exchange.advance(START_MS + 4100)
    assert float(exchange.mark("BTCUSDT").mark / before) == pytest.approx(0.9, abs=0.005)
