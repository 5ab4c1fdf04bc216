"""A futures market follows the same script as spot's."""

from decimal import Decimal

import pytest

from bot.simulation.emissions import TradeMade
from bot.simulation.errors import ApiError
from bot.simulation.futures.account import opened
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS
from bot.simulation.futures.emissions import ContractChanged, Liquidation
from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.market import SeededMarket
from bot.simulation.scenes import SceneScript, parse_scenes

D = Decimal
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
    told = [e for e in exchange.take() if isinstance(e, ContractChanged) and e.symbol == symbol]
    # Listed with its brackets, then closed and open again without.
    assert [(e.info["cs"], "bks" in e.info) for e in told] == [
        ("TRADING", True),
        ("CLOSE", False),
        ("TRADING", False),
    ]
    exchange.place_order("alice", order, START_MS + 2200)


def test_a_gap_takes_the_mark_price_with_it():
    script = SceneScript(["BTCUSDT"])
    script.add(parse_scenes([{"kind": "gap", "percent": -10, "at_s": 3}]), START_MS)
    exchange = exchange_of("usdm", script)
    exchange.advance(START_MS + 2900)
    before = exchange.mark("BTCUSDT").mark
    exchange.advance(START_MS + 4100)
    assert float(exchange.mark("BTCUSDT").mark / before) == pytest.approx(0.9, abs=0.005)


def played(kind, symbol, scene, *, until_ms=10_000):
    """The exchange after the scene, and the spreads and prices that were seen meanwhile."""
    script = SceneScript([symbol])
    script.add(parse_scenes([scene]), START_MS)
    exchange = exchange_of(kind, script)
    exchange.take()
    spreads, mids = [], []
    for at_ms in range(100, until_ms + 1, 100):
        exchange.advance(START_MS + at_ms)
        best = exchange.best(symbol)
        if best is not None:
            (bid, _), (ask, _) = best
            spreads.append(float((ask - bid) / bid))
            mids.append(float(ask + bid) / 2)
    trades = sum(isinstance(e, TradeMade) for e in exchange.take())
    return exchange, spreads, mids, trades


CONTRACTS = pytest.mark.parametrize(
    ("kind", "symbol"), [("usdm", "BTCUSDT"), ("coinm", "BTCUSD_PERP")]
)


@CONTRACTS
def test_a_crash_a_trend_and_a_gap_move_contracts(kind, symbol):
    _, _, mids, _ = played(kind, symbol, {"kind": "flash_crash", "percent": 12, "for_s": 4})
    assert min(mids) < mids[0] * 0.9
    assert mids[-1] > min(mids) * 1.02
    trend = {"kind": "trend", "percent_per_minute": 30, "for_s": 60}
    _, _, mids, _ = played(kind, symbol, trend)
    assert mids[-1] == pytest.approx(mids[0] * 1.3 ** (1 / 6), rel=0.01)


@CONTRACTS
def test_a_storm_a_wide_market_and_a_dead_one_are_so_for_contracts(kind, symbol):
    _, calm_spreads, _, calm_trades = played(kind, symbol, {"kind": "storm", "factor": 1.0})
    _, _, _, trades = played(kind, symbol, {"kind": "storm", "factor": 5})
    assert trades > 3 * calm_trades
    _, spreads, _, _ = played(kind, symbol, {"kind": "wide", "factor": 20})
    assert sum(spreads) / len(spreads) > 5 * sum(calm_spreads) / len(calm_spreads)
    still, spreads, mids, trades = played(kind, symbol, {"kind": "dead_market"})
    assert (trades, len(set(mids[5:]))) == (0, 1)
    gone = {"kind": "dead_market", "quotes": "gone"}
    exchange, spreads, _, _ = played(kind, symbol, gone)
    assert len(spreads) <= 1
    # The mark price is drawn from the index where there is no book.
    assert exchange.mark(symbol).mark == pytest.approx(still.mark(symbol).mark, rel=D("0.01"))


def test_a_crash_liquidates():
    script = SceneScript(["BTCUSDT"])
    crash = {"kind": "flash_crash", "percent": 20, "for_s": 5, "at_s": 2}
    script.add(parse_scenes([crash]), START_MS)
    exchange = exchange_of("usdm", script)
    isolated = {"symbol": "BTCUSDT", "marginType": "ISOLATED"}
    exchange.margin_type("alice", isolated, START_MS)
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.5"}
    exchange.place_order("alice", order, START_MS + 100)
    exchange.advance(START_MS + 20_000)
    assert any(isinstance(e, Liquidation) for e in exchange.take())
    assert exchange.state()["positions"] == []
