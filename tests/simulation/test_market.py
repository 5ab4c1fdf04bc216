"""The seeded market moves like one, stays tight, deep and bounded, and lets clients take part."""

import math
import statistics
from decimal import Decimal
from itertools import pairwise

import pytest

from bot.simulation.account import AccountSpec
from bot.simulation.emissions import BookChanged, TradeMade, UserEvent
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.market import SeededMarket
from bot.simulation.rules import DEFAULT_SYMBOLS

START_MS = 1_700_000_000_000
D = Decimal


def opened(seed=7, **kwargs):
    exchange = SimulatedExchange(
        symbols=DEFAULT_SYMBOLS,
        accounts=[AccountSpec("alice")],
        market=SeededMarket(seed=seed, **{"history_minutes": 30, **kwargs}),
        start_ms=START_MS,
    )
    exchange.take()
    return exchange


@pytest.fixture(scope="module")
def observed_minute():
    """A minute looked at every 100 ms: ({symbol: [(bid, ask)]}, emissions, exchange)."""
    exchange = opened()
    quotes = {symbol: [] for symbol in exchange.symbols}
    emissions = []
    for ms in range(0, 60_001, 100):
        exchange.advance(START_MS + ms)
        emissions += exchange.take()
        for symbol in exchange.symbols:
            (bid, _), (ask, _) = exchange.best(symbol)
            quotes[symbol].append((bid, ask))
    return quotes, emissions, exchange


def test_the_spread_is_a_few_ticks_and_never_crossed(observed_minute):
    quotes, _, _ = observed_minute
    for symbol, seen in quotes.items():
        spreads = [(ask - bid) / D("0.01") for bid, ask in seen]
        assert min(spreads) >= 1, symbol
        assert statistics.mean(spreads) < 4, symbol


def test_twenty_levels_and_a_bounded_book(observed_minute):
    _, _, exchange = observed_minute
    for symbol in exchange.symbols:
        for side in exchange.top(symbol, 5000):
            assert 20 <= len(side) <= 80


def test_events_come_at_about_the_rate(observed_minute):
    _, emissions, exchange = observed_minute
    for symbol in exchange.symbols:
        changes = sum(1 for e in emissions if isinstance(e, BookChanged) and e.symbol == symbol)
        assert 10 < changes / 60 < 60


def test_trade_sizes_have_a_heavy_tail(observed_minute):
    _, emissions, _ = observed_minute
    sizes = sorted(e.quantity * e.price for e in emissions if isinstance(e, TradeMade))
    assert len(sizes) > 500
    assert statistics.mean(sizes) > D("1.5") * statistics.median(sizes)


def test_symbols_move_together_in_clusters_of_volatility():
    market = SeededMarket(seed=3, history_minutes=0)
    SimulatedExchange(symbols=DEFAULT_SYMBOLS, accounts=[], market=market, start_ms=START_MS)
    fairs = []
    for _ in range(20_000):
        market._breathe()
        fairs.append([math.log(crowd.fair) for crowd in market._crowds])
    moves = [[b - a for a, b in zip(x, y, strict=True)] for x, y in pairwise(fairs)]
    bitcoin, ether = [m[0] for m in moves], [m[1] for m in moves]
    assert 0.4 < statistics.correlation(bitcoin, ether) < 0.9
    sizes = [abs(move) for move in bitcoin]
    assert statistics.correlation(sizes[:-100], sizes[100:]) > 0.05


def test_a_client_order_inside_the_spread_is_filled_by_takers():
    exchange = opened(seed=1)
    now = START_MS + 1000
    exchange.advance(now)
    (bid, _), _ = exchange.best("BTCUSDT")
    order = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT_MAKER",
        "quantity": "0.00100",
        "price": format(bid, "f"),
    }
    placed = exchange.place_order("alice", order, now)
    query = {"symbol": "BTCUSDT", "orderId": str(placed["orderId"])}
    for _ in range(600):
        now += 100
        if exchange.query_order("alice", query, now)["status"] == "FILLED":
            break
    assert exchange.query_order("alice", query, now)["status"] == "FILLED"
    (trade, *_) = exchange.my_trades("alice", {"symbol": "BTCUSDT"}, now)
    assert trade["isMaker"]
    assert D(trade["price"]) == bid
    fills = [
        e for e in exchange.take() if isinstance(e, UserEvent) and e.payload.get("x") == "TRADE"
    ]
    assert all(e.payload["m"] for e in fills)


def test_the_book_recovers_after_a_client_swept_it():
    exchange = opened()
    order = {"symbol": "BNBUSDT", "side": "SELL", "type": "MARKET", "quantity": "900"}
    body = exchange.place_order("alice", order, START_MS + 100)
    assert body["status"] == "EXPIRED"
    assert exchange.best("BNBUSDT") is None
    exchange.advance(START_MS + 2000)
    (bid, _), (ask, _) = exchange.best("BNBUSDT")
    assert ask - bid < 1
    assert all(len(side) >= 20 for side in exchange.top("BNBUSDT", 100))


def test_a_far_client_order_does_not_thin_the_book_near_the_touch():
    exchange = opened()
    order = {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT_MAKER",
        "quantity": "0.001",
        "price": "60000",
    }
    exchange.place_order("alice", order, START_MS + 10)
    for second in range(1, 60):
        exchange.advance(START_MS + second * 1000)
        bids, _ = exchange.top("BTCUSDT", 20)
        assert D(bids[0][0]) - D(bids[19][0]) < 100
    assert exchange.state()["orders"][0]["status"] == "NEW"


def test_one_seed_gives_one_market_however_often_it_is_advanced():
    def run(steps, seed=5):
        exchange = opened(seed=seed)
        emissions = []
        for step in range(steps):
            exchange.advance(START_MS + 3000 * (step + 1) // steps)
            emissions += exchange.take()
        body = exchange.place_order(
            "alice",
            {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET", "quantity": "3"},
            START_MS + 3000,
        )
        return emissions, body, exchange.state()

    assert run(1) == run(30)
    assert run(1)[1] != run(1, seed=6)[1]


def test_bars_before_the_start_let_indicators_warm_up():
    exchange = opened(history_minutes=120)
    rows = exchange.klines({"symbol": "BTCUSDT", "interval": "1m"})
    assert len(rows) >= 120
    opens = [row[0] for row in rows]
    assert opens == list(range(opens[0], opens[0] + 60_000 * len(opens), 60_000))
    last = float(rows[-2][4])
    assert abs(float(exchange.ticker_price({"symbol": "BTCUSDT"})["price"]) / last - 1) < 0.01


def test_a_long_sleep_is_skipped():
    exchange = opened()
    exchange.advance(START_MS + 30 * 86_400_000)
    trades = [e for e in exchange.take() if isinstance(e, TradeMade) and e.symbol == "BTCUSDT"]
    assert trades[0].time_ms >= START_MS + 30 * 86_400_000 - 600_001
    assert exchange.next_due_ms() > START_MS + 30 * 86_400_000
