"""Every recorded session of a spot market can be played, and traded on."""

import gzip
import json
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest

from bot.history.frame import Frame
from bot.history.recording import Recorder
from bot.history.tape import read, read_all
from bot.simulation.account import AccountSpec
from bot.simulation.emissions import AggTradeMade, BookChanged, RawFrame, TradeMade
from bot.simulation.errors import ApiError
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.tape import LOOK_AHEAD, TapeMarket

D = Decimal
START_MS = 1_700_000_000_000
CAPTURES = Path(__file__).parents[3] / "shared" / "data" / "ws" / "captures"
PLAYED_MS = 60_000

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason=f"no recorded sessions at {CAPTURES}")


def found(*patterns):
    return sorted(path for pattern in patterns for path in CAPTURES.glob(pattern))


SPOT = found("hftbacktest/spot_*", "cryptofeed/spot_*", "cryptofeed/us_*", "*processor/*_spot_*")


class Player:
    def __init__(self, *paths, speed=1.0):
        later = (frame[:3] for path in paths[1:] for frame in islice(read(path), LOOK_AHEAD))
        frames = (frame[:3] for frame in read_all(paths))
        self.market = TapeMarket(frames, speed=speed, samples=later)
        rules = self.market.rules()
        assets = {asset for one in rules for asset in (one.base, one.quote)}
        account = AccountSpec("alice", balances={asset: D(10**8) for asset in assets})
        self.rules = {one.symbol: one for one in rules}
        self.exchange = SimulatedExchange(
            symbols=rules, accounts=[account], market=self.market, start_ms=START_MS
        )
        self.now = START_MS
        self.seen = []

    def play(self, ms, step_ms=500):
        """Up to that time after the start, or to the end of the tape."""
        while self.now < START_MS + ms and not self.market.ended:
            self.now += step_ms
            self.exchange.advance(self.now)
            self.seen += self.exchange.take()

    def buy_at_market(self, symbol):
        """Of what a quote amount buys; None if the exchange refuses it."""
        params = {"symbol": symbol, "side": "BUY", "type": "MARKET"}
        (_, _), (ask, size) = self.exchange.best(symbol)
        rules = self.rules[symbol]
        step = D(rules.step_e8) / 10**8
        wanted = max(step, min(size, D(20) / ask) // step * step)
        notional = rules.filter("NOTIONAL") or rules.filter("MIN_NOTIONAL") or {}
        least = D(notional.get("minNotional", 0)) * D("1.2") / ask
        quantity = max(wanted, (least // step + 1) * step)
        params["quantity"] = format(quantity, "f")
        try:
            return ask, self.exchange.place_order("alice", params, self.now)
        except ApiError as refused:
            raise AssertionError(f"{symbol}: {params}: {refused}") from None


@pytest.mark.parametrize("path", SPOT, ids=lambda path: path.name)
def test_a_spot_capture_plays_and_trades(path):
    player = Player(path)
    player.play(PLAYED_MS)
    exchange = player.exchange
    assert player.rules
    assert any(isinstance(e, RawFrame) for e in player.seen)
    quoted = [symbol for symbol in exchange.symbols if exchange.best(symbol)]
    assert quoted
    for symbol in quoted:
        (bid, _), (ask, _) = exchange.best(symbol)
        assert 0 < bid < ask, symbol
        best, body = player.buy_at_market(symbol)
        assert body["status"] == "FILLED", (symbol, body)
        first = D(body["fills"][0]["price"])
        assert first == best, symbol
    state = exchange.state()
    assert len(state["orders"]) == len(quoted)
    assert all(D(order["executedQty"]) > 0 for order in state["orders"])


@pytest.mark.parametrize("path", SPOT, ids=lambda path: path.name)
def test_streams_that_a_spot_capture_lacks_are_derived(path):
    player = Player(path)
    player.play(PLAYED_MS)
    exchange = player.exchange
    recorded = player.market.recorded_streams
    made = {e.symbol for e in player.seen if isinstance(e, TradeMade)}
    changed = {e.symbol for e in player.seen if isinstance(e, BookChanged)}
    for symbol in exchange.symbols:
        lower = symbol.lower()
        if symbol in made:
            assert exchange.kline(symbol, "1m")
            assert exchange.kline_payload(symbol, "1m")
            assert D(exchange.statistics(symbol)["lastPrice"]) > 0
        if exchange.best(symbol) and f"{lower}@depth@100ms" not in recorded:
            assert symbol in changed
    traded = any(stream.endswith(("@trade", "@aggTrade")) for stream in recorded)
    aggregates = [e for e in player.seen if isinstance(e, AggTradeMade)]
    assert bool(aggregates) == (traded and bool(made))


def test_all_symbols_of_a_session_are_traded_at_once_by_its_own_rules():
    player = Player(CAPTURES / "cryptofeed" / "spot_2021-08-14")
    info = player.exchange.exchange_info({})
    tick = {one.symbol: one.filter("PRICE_FILTER")["tickSize"] for one in player.rules.values()}
    assert {s["symbol"] for s in info["symbols"]} == set(tick)
    assert {"BADGERBTC", "FTMUSDT", "SXPBTC", "XMRBTC"} <= set(tick)
    with gzip.open(CAPTURES / "cryptofeed" / "spot_2021-08-14" / "exchangeInfo.txt.gz") as file:
        text = file.read()
    recorded = json.loads(text[text.index(b'{"timezone"') :].splitlines()[0])
    for one in recorded["symbols"]:
        if one["symbol"] in tick:
            (price,) = (f for f in one["filters"] if f["filterType"] == "PRICE_FILTER")
            assert tick[one["symbol"]] == price["tickSize"]


def test_a_day_is_followed_by_the_next_in_whatever_order_they_are_given():
    days = [CAPTURES / "hftbacktest" / f"spot_btcusdt_{day}.gz" for day in (20240808, 20240809)]
    for tapes in (days, days[::-1]):
        times = [frame.recv_ns for frame in islice(read_all(tapes), 30_000)]
        assert times[0] == next(read(days[0])).recv_ns
    count = sum(1 for _ in read(days[0]))
    after = read_all(days)
    for _ in range(count):
        next(after)
    assert next(after) == next(read(days[1]))


def test_a_session_of_days_later_is_traded_on_after_a_leap():
    paths = [CAPTURES / "cryptofeed" / name for name in ("spot_2021-10-11", "us_2021-10-11")]
    late = CAPTURES / "cryptofeed" / "spot_2021-08-14"
    player = Player(late, *paths, speed=100)
    assert {"XMRBTC", "RUNEEUR", "COMPUSDT"} <= set(player.rules)
    player.play(60_000, step_ms=20)
    assert player.market.ended
    assert player.exchange.best("COMPUSDT")
    assert player.exchange.market_ms > 1_633_900_000_000


def test_every_symbol_of_a_session_is_seen_before_it_starts():
    for path in found("cryptofeed/spot_*", "cryptofeed/us_*"):
        symbols = {frame.symbol for frame in read(path) if frame.symbol}
        assert set(Player(path).rules) == symbols, path.name


def test_a_tape_of_our_own_recorder_plays_as_the_original(tmp_path):
    original = CAPTURES / "hftbacktest" / "spot_btcusdt_20240808.gz"
    frames = list(islice(read(original), 5000))
    with Recorder(tmp_path / "again.gz") as recorder:
        for frame in frames:
            recorder.write(Frame(*frame))
    players = [Player(original), Player(tmp_path / "again.gz")]
    for player in players:
        player.play(20_000)
    first, second = players
    assert [type(e) for e in first.seen] == [type(e) for e in second.seen]
    assert first.exchange.best("BTCUSDT") == second.exchange.best("BTCUSDT")
