"""A still exchange: a few orders in the book of BTCUSDT, and two clients."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from bot.simulation.account import AccountSpec
from bot.simulation.emissions import UserEvent
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.rules import DEFAULT_SYMBOLS
from bot.simulation.stillmarket import StillMarket

SHARED = Path(__file__).parents[3] / "shared" / "data"
START_MS = 1_700_000_000_000
BIDS = (("60000.00", "1"), ("59999.00", "2"), ("59990.00", "5"))
ASKS = (("60001.00", "1"), ("60002.00", "2"), ("60010.00", "5"))


class Client:
    """One account at a simulated exchange; time passes by one ms with each request."""

    def __init__(self, exchange, key="alice", clock=None):
        self.exchange = exchange
        self.key = key
        self.clock = clock if clock is not None else [START_MS]

    def call(self, name, **params):
        self.clock[0] += 1
        texts = {k: str(v) for k, v in params.items()}
        return getattr(self.exchange, name)(self.key, texts, self.clock[0])

    def place(self, side="BUY", kind="LIMIT", **params):
        params = {"symbol": "BTCUSDT", "side": side, "type": kind, **params}
        if kind == "LIMIT":
            params.setdefault("timeInForce", "GTC")
        return self.call("place_order", **params)

    def cancel(self, **params):
        return self.call("cancel_order", **{"symbol": "BTCUSDT", **params})

    def query(self, **params):
        return self.call("query_order", **{"symbol": "BTCUSDT", **params})

    def funds(self, asset):
        """(free, locked)."""
        held = self.exchange.state()["accounts"][self.key][asset]
        return Decimal(held["free"]), Decimal(held["locked"])

    def events(self):
        """Own user events since the last look, in order."""
        taken = self.exchange.take()
        return [e.payload for e in taken if isinstance(e, UserEvent) and e.account == self.key]

    def print_price(self, price, quantity="0.1"):
        """Make a trade at that price, with itself. The book has nothing better."""
        same = {"quantity": quantity, "price": price, "selfTradePreventionMode": "NONE"}
        self.place("SELL", **same)
        self.place("BUY", **same)

    def beside(self, key):
        """Another account at the same exchange."""
        return Client(self.exchange, key, self.clock)


@pytest.fixture
def trader_at():
    """A function that opens an exchange and gives its first client."""

    def opened(bids=BIDS, asks=ASKS, *, specs=None, symbols=DEFAULT_SYMBOLS, symbol="BTCUSDT"):
        exchange = SimulatedExchange(
            symbols=symbols,
            accounts=specs or [AccountSpec("alice"), AccountSpec("bob")],
            market=StillMarket({symbol: bids}, {symbol: asks}),
            start_ms=START_MS,
        )
        exchange.take()
        return Client(exchange, (specs or [AccountSpec("alice")])[0].key)

    return opened


@pytest.fixture
def alice(trader_at):
    return trader_at()


@pytest.fixture
def shared_json():
    """A function that reads a file of known answers, or skips where there is none."""

    def read(name):
        path = SHARED / name
        if not path.exists():
            pytest.skip(f"no shared data at {path}")
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in path.read_text().splitlines()]
        return json.loads(path.read_text())

    return read
