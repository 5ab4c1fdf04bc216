"""Scenes on the generated market: what a client of the exchange sees of them."""

import statistics
from decimal import Decimal
from itertools import pairwise

import pytest

from bot.simulation.account import AccountSpec
from bot.simulation.emissions import BookChanged, TradeMade
from bot.simulation.errors import ApiError
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.market import SeededMarket
from bot.simulation.rules import DEFAULT_SYMBOLS
from bot.simulation.scenes import SceneScript, parse_scenes

D = Decimal
START_MS = 1_700_000_000_000


class Stage:
    """An exchange whose market follows a script; times are seconds after its start."""

    def __init__(self, *scenes, seed=1):
        self.script = SceneScript([rules.symbol for rules in DEFAULT_SYMBOLS])
        self.script.add(parse_scenes(list(scenes)), START_MS)
        self.exchange = SimulatedExchange(
            symbols=DEFAULT_SYMBOLS,
            accounts=[AccountSpec("alice")],
            market=SeededMarket(seed=seed, history_minutes=5, script=self.script),
            start_ms=START_MS,
        )
        self.now = START_MS

    def post(self, *scenes):
        self.script.add(parse_scenes(list(scenes)), self.now)

    def until(self, seconds):
        """Advance to then, a tenth of a second at a time; what happened."""
        emissions = []
        while self.now < START_MS + seconds * 1000:
            self.now += 100
            self.exchange.advance(self.now)
            emissions += self.exchange.take()
        return emissions

    def trades(self, seconds, symbol="BTCUSDT"):
        made = [e for e in self.until(seconds) if isinstance(e, TradeMade)]
        return [e for e in made if e.symbol == symbol]

    def spread(self, symbol="BTCUSDT"):
        (bid, _), (ask, _) = self.exchange.best(symbol)
        return ask - bid

    def middle(self, symbol="BTCUSDT"):
        (bid, _), (ask, _) = self.exchange.best(symbol)
        return float(bid + ask) / 2

    def place(self, side="BUY", kind="LIMIT", symbol="BTCUSDT", **params):
        params = {"symbol": symbol, "side": side, "type": kind, **params}
        if kind == "LIMIT":
            params["timeInForce"] = "GTC"
        return self.exchange.place_order("alice", params, self.now)

    def status(self, symbol="BTCUSDT"):
        info = self.exchange.exchange_info({"symbol": symbol})
        return info["symbols"][0]["status"]


def test_a_gap_moves_the_price_at_once_and_only_of_its_symbol():
    stage = Stage({"kind": "gap", "percent": -8, "at_s": 2, "symbol": "BTCUSDT"})
    stage.until(1.9)
    before, other = stage.middle(), stage.middle("ETHUSDT")
    trades = stage.trades(2)
    assert stage.middle() / before == pytest.approx(0.92, abs=0.002)
    assert stage.middle("ETHUSDT") / other == pytest.approx(1, abs=0.002)
    assert float(trades[-1].price) / before == pytest.approx(0.92, abs=0.002)
    assert all(len(side) >= 20 for side in stage.exchange.top("BTCUSDT", 50))
    ticker = stage.exchange.ticker_price({"symbol": "BTCUSDT"})
    assert float(ticker["price"]) / before == pytest.approx(0.92, abs=0.002)


def test_a_client_in_the_way_of_a_gap_trades_at_his_own_price():
    stage = Stage()
    stage.until(1)
    price = round(stage.middle() * 0.97)
    stage.place(quantity="0.001", price=str(price))
    stage.post({"kind": "gap", "percent": -8})
    stage.until(1.5)
    (order,) = stage.exchange.state()["orders"]
    assert order["status"] == "FILLED"
    assert D(order["cummulativeQuoteQty"]) == price * D("0.001")


def test_a_flash_crash_falls_and_recovers_in_a_thin_book_with_many_trades():
    calm = Stage()
    usual = calm.trades(5)
    stage = Stage(
        *({"kind": "flash_crash", "percent": 12, "for_s": 5, "at_s": 0.05, "recover": 0.75},)
    )
    before = stage.middle()
    sizes = [float(q) for _, q in stage.exchange.top("BTCUSDT", 20)[0]]
    trades = stage.trades(5)
    low = stage.middle()
    thin = [float(q) for _, q in stage.exchange.top("BTCUSDT", 20)[0]]
    assert low / before == pytest.approx(0.88, abs=0.01)
    assert len(trades) > 3 * len(usual)
    assert statistics.median(thin) < 0.5 * statistics.median(sizes)
    stage.until(15.1)
    assert stage.middle() / before == pytest.approx(0.97, abs=0.01)
    stage.until(60)
    again = [float(q) for _, q in stage.exchange.top("BTCUSDT", 20)[0]]
    assert statistics.median(again) > 2 * statistics.median(thin)


@pytest.mark.parametrize("quotes", ["still", "gone"])
def test_a_dead_market_does_nothing_and_comes_back(quotes):
    stage = Stage({"kind": "dead_market", "at_s": 1, "for_s": 20, "quotes": quotes})
    stage.until(1)
    best = stage.exchange.best("BTCUSDT")
    assert stage.until(20.9) == []
    assert stage.exchange.best("BTCUSDT") == (best if quotes == "still" else None)
    assert len(stage.trades(25)) > 5
    assert stage.spread() < 1
    assert all(len(side) >= 20 for side in stage.exchange.top("BTCUSDT", 50))


def test_in_a_dead_market_a_client_still_trades_with_what_is_there():
    stage = Stage({"kind": "dead_market"})
    stage.until(1)
    assert stage.place(kind="MARKET", quantity="0.001")["status"] == "FILLED"


@pytest.mark.parametrize("status", ["BREAK", "HALT", "CANCEL_ONLY"])
def test_a_halted_symbol_refuses_orders_says_so_and_opens_again(status):
    stage = Stage(
        *({"kind": "halt", "at_s": 1, "for_s": 5, "status": status, "symbol": "BTCUSDT"},)
    )
    resting = stage.place(quantity="0.001", price="30000")
    stage.until(1)
    assert (stage.status(), stage.status("ETHUSDT")) == (status, "TRADING")
    for order in (
        {"kind": "MARKET", "quantity": "0.001"},
        {"quantity": "0.001", "price": "30000"},
    ):
        with pytest.raises(ApiError) as caught:
            stage.place(**order)
        assert (caught.value.code, caught.value.msg) == (-2010, "Market is closed.")
    amend = {"symbol": "BTCUSDT", "orderId": str(resting["orderId"]), "newQty": "0.0005"}
    with pytest.raises(ApiError) as caught:
        stage.exchange.amend_order("alice", amend, stage.now)
    assert (caught.value.code, caught.value.msg) == (-2038, "Market is closed.")
    assert stage.place(symbol="ETHUSDT", kind="MARKET", quantity="0.1")["status"] == "FILLED"
    assert stage.trades(5.9) == []
    query = {"symbol": "BTCUSDT", "orderId": str(resting["orderId"])}
    if status == "CANCEL_ONLY":
        assert stage.exchange.cancel_order("alice", query, stage.now)["status"] == "CANCELED"
    else:
        with pytest.raises(ApiError) as caught:
            stage.exchange.cancel_order("alice", query, stage.now)
        assert (caught.value.code, caught.value.msg) == (-2011, "Market is closed.")
        assert stage.exchange.query_order("alice", query, stage.now)["status"] == "NEW"
    stage.until(6)
    assert stage.status() == "TRADING"
    assert stage.place(kind="MARKET", quantity="0.001")["status"] == "FILLED"
    assert stage.trades(10)


def test_a_gap_during_a_halt_is_seen_when_it_opens():
    stage = Stage(
        *({"kind": "halt", "at_s": 1, "for_s": 5}, {"kind": "gap", "percent": 10, "at_s": 3})
    )
    stage.until(1)
    before = stage.middle()
    assert stage.until(5.9) == []
    stage.until(6)
    assert stage.middle() / before == pytest.approx(1.1, abs=0.002)


def test_a_storm_brings_more_events_and_larger_moves():
    def moves(*scenes):
        stage = Stage(*scenes)
        events, path = 0, []
        for second in range(1, 31):
            events += sum(isinstance(e, BookChanged) for e in stage.until(second))
            path.append(stage.middle())
        steps = [abs(b / a - 1) for a, b in pairwise(path)]
        return events, statistics.mean(steps)

    usual, rough = moves(), moves({"kind": "storm", "factor": 6})
    assert 4 * usual[0] < rough[0] < 9 * usual[0]
    assert rough[1] > 3 * usual[1]


def test_a_trend_drifts_by_its_percent_each_minute():
    calm, rising = Stage(), Stage({"kind": "trend", "percent_per_minute": 6})
    calm.until(30)
    rising.until(30)
    assert rising.middle() / calm.middle() == pytest.approx(1.06**0.5, abs=0.002)


def test_a_wide_spread_is_wide_by_its_factor_and_narrow_again():
    def mean_spread(stage, begin, end):
        seen = []
        for tenth in range(begin * 10, end * 10):
            stage.until(tenth / 10)
            seen.append(stage.spread())
        return statistics.mean(seen)

    usual = mean_spread(Stage(), 1, 20)
    stage = Stage({"kind": "wide", "factor": 50, "for_s": 20})
    assert 25 * usual < mean_spread(stage, 1, 20) < 100 * usual
    assert mean_spread(stage, 22, 40) < 2 * usual


def test_one_seed_gives_one_show_however_often_it_is_advanced():
    scenes = (
        {"kind": "storm", "factor": 4, "for_s": 3},
        {"kind": "gap", "percent": 3, "at_s": 1.234},
        {"kind": "flash_crash", "percent": 9, "for_s": 1, "at_s": 2, "recover_s": 1},
        {"kind": "halt", "at_s": 4, "for_s": 1, "symbol": "ETHUSDT"},
        {"kind": "dead_market", "at_s": 4.5, "for_s": 1, "quotes": "gone", "symbol": "BNBUSDT"},
    )

    def run(steps, seed=1):
        stage = Stage(*scenes, seed=seed)
        emissions = []
        for step in range(steps):
            stage.exchange.advance(START_MS + 7000 * (step + 1) // steps)
            emissions += stage.exchange.take()
        return emissions

    assert run(1) == run(700)
    assert run(1) != run(1, seed=2)


def test_a_scene_that_is_cleared_is_over_at_once():
    stage = Stage({"kind": "halt"})
    stage.until(1)
    assert stage.status() == "BREAK"
    stage.script.clear(stage.now)
    stage.until(1.2)
    assert stage.status() == "TRADING"
    assert stage.trades(5)


def test_the_exchange_knows_when_a_scene_is_due():
    stage = Stage({"kind": "dead_market"})
    stage.until(1)
    stage.post({"kind": "halt", "at_s": 0.037})
    stage.exchange.advance(stage.now)
    assert stage.exchange.next_due_ms() <= stage.now + 37


def test_a_market_without_scenes_is_as_it_was():
    def run(script):
        exchange = SimulatedExchange(
            symbols=DEFAULT_SYMBOLS,
            accounts=[],
            market=SeededMarket(seed=9, history_minutes=5, script=script),
            start_ms=START_MS,
        )
        exchange.advance(START_MS + 3000)
        return exchange.take()

    assert run(None) == run(SceneScript(["BTCUSDT"]))
