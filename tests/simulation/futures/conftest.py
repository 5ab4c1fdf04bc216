"""A futures exchange whose market does only what a test tells it, and its clients."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from bot.simulation.emissions import UserEvent
from bot.simulation.fixedpoint import parse
from bot.simulation.futures.account import opened
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS
from bot.simulation.futures.exchange import FuturesExchange

SHARED = Path(__file__).parents[4] / "shared" / "data"
START_MS = 1_700_000_000_000
"""00:00:00 UTC was 80 000 s earlier; a second boundary."""
QUOTES = {
    "usdm": {
        "BTCUSDT": ("60000.00", "60000.10", "5"),
        "ETHUSDT": ("3000.00", "3000.10", "50"),
        "BNBUSDT": ("400.00", "400.10", "100"),
    },
    "coinm": {
        "BTCUSD_PERP": ("60000.0", "60000.1", "5000"),
        "ETHUSD_PERP": ("3000.00", "3000.10", "5000"),
    },
}


class Puppet:
    """A market with one level on each side, where the test wants it."""

    def __init__(self, kind):
        self._wanted = dict(QUOTES[kind])

    def quote(self, symbol, bid, ask, quantity="5"):
        """From the next advance on."""
        self._wanted[symbol] = (bid, ask, quantity)

    def start(self, floor, now_ms):
        self.advance(floor, now_ms)

    def advance(self, floor, now_ms):
        wanted, self._wanted = self._wanted, {}
        for symbol, (bid, ask, quantity) in wanted.items():
            listing = floor.listings[symbol]
            for is_buy in (True, False):
                for price, _ in list(listing.book.side(is_buy).from_best()):
                    for resting in listing.book.queue(is_buy, price):
                        if resting.client is None:
                            listing.book.remove(resting)
            for is_buy, price in ((True, bid), (False, ask)):
                floor.submit(
                    listing,
                    is_buy=is_buy,
                    price_e8=parse(price),
                    quantity_e8=parse(quantity),
                    now_ms=now_ms,
                )
            floor.settle(listing, now_ms)

    def next_due_ms(self):
        return None

    def market_ms(self, now_ms):
        return now_ms

    def fair_price(self, symbol):
        del symbol


class FuturesClient:
    """One account; time passes by one ms with each request."""

    def __init__(self, exchange, market, key="alice", clock=None):
        self.exchange = exchange
        self.market = market
        self.key = key
        self.clock = clock if clock is not None else [START_MS]
        self.symbol = exchange.symbols[0]

    def call(self, name, *, version=None, **params):
        self.clock[0] += 1
        texts = {k: str(v) for k, v in params.items()}
        extra = {} if version is None else {"version": version}
        return getattr(self.exchange, name)(self.key, texts, self.clock[0], **extra)

    def place(self, side="BUY", kind="MARKET", **params):
        params = {"symbol": self.symbol, "side": side, "type": kind, **params}
        if kind == "LIMIT":
            params.setdefault("timeInForce", "GTC")
        return self.call("place_order", **{"newOrderRespType": "RESULT", **params})

    def algo(self, side, kind, **params):
        params = {"symbol": self.symbol, "side": side, "type": kind, **params}
        return self.call("place_algo", algoType="CONDITIONAL", **params)

    def wait(self, ms):
        self.clock[0] += ms
        self.exchange.advance(self.clock[0])

    def quote(self, bid, ask, symbol=None, quantity="5"):
        """Move the market, and the mark price with it."""
        self.market.quote(symbol or self.symbol, bid, ask, quantity)
        self.wait(1000)

    def position(self, side="BOTH", symbol=None):
        """The row of positionRisk."""
        version = 1 if self.exchange.kind == "coinm" else 2
        rows = self.call("position_risk", symbol=symbol or self.symbol, version=version)
        return next(row for row in rows if row["positionSide"] == side)

    def wallet(self, asset="USDT"):
        return Decimal(self.exchange.state()["accounts"][self.key][asset])

    def events(self, *kinds):
        """Own user events since the last look, in order."""
        taken = [e for e in self.exchange.take() if isinstance(e, UserEvent)]
        own = [e.payload for e in taken if e.account == self.key]
        return [e for e in own if not kinds or e["e"] in kinds]

    def beside(self, key):
        """Another account at the same exchange."""
        return FuturesClient(self.exchange, self.market, key, self.clock)


@pytest.fixture
def futures_at():
    """A function that opens an exchange and gives its first client."""

    def build(kind="usdm", *, balances=None, journal=None, lines=None, **options):
        market = Puppet(kind)
        wanted = {
            "market": kind,
            "symbols": DEFAULT_CONTRACTS[kind],
            "accounts": [opened(key, "s", kind, balances or {}) for key in ("alice", "bob")],
            "source": market,
            "start_ms": START_MS,
            "journal": journal,
            **options,
        }
        if lines is None:
            exchange = FuturesExchange(**wanted)
        else:
            exchange = FuturesExchange.restore(lines, **wanted)
        exchange.take()
        return FuturesClient(exchange, market)

    return build


@pytest.fixture
def trader(futures_at):
    """On USDⓈ-M: 100 000 USDT, BTCUSDT at 60000.00/60000.10."""
    return futures_at()


@pytest.fixture
def coin_trader(futures_at):
    """On COIN-M: 10 BTC, BTCUSD_PERP at 60000.0/60000.1."""
    return futures_at("coinm")


@pytest.fixture
def known_json():
    """A function that reads a file of known answers, or skips where there is none."""

    def read(name):
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"{path} is not there")
        return json.loads(path.read_text())

    return read


@pytest.fixture
def known_lines():
    """A function that reads a file of JSON lines, or skips where there is none."""

    def read(name):
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"{path} is not there")
        return [json.loads(line) for line in path.read_text().splitlines()]

    return read
