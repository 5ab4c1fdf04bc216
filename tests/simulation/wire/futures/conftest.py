"""Futures markets on a real port: a core of few fixed answers in place of the real one."""

import time
from decimal import Decimal
from typing import Any

import orjson
import pytest
from yarl import URL

from bot.simulation.account import AccountSpec
from bot.simulation.emissions import AggTradeMade, TradeMade, UserEvent
from bot.simulation.errors import ApiError
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS
from bot.simulation.futures.emissions import (
    BookChanged,
    ContractChanged,
    Liquidation,
    MarkChanged,
)
from bot.simulation.wire.futures.rules import FuturesRules

MAKER_BUYS = True
STATISTICS = {
    "priceChange": "100.00",
    "priceChangePercent": "0.200",
    "weightedAvgPrice": "50000.10",
    "lastPrice": "50000.50",
    "lastQty": "0.010",
    "openPrice": "49900.50",
    "highPrice": "50100.00",
    "lowPrice": "49800.00",
    "volume": "1234.567",
    "openTime": 1_700_000_000_000,
    "closeTime": 1_700_086_400_000,
    "firstId": 1,
    "lastId": 9,
    "count": 9,
}
BAR = {
    "t": 1_700_000_000_000,
    "T": 1_700_000_059_999,
    "s": "BTCUSDT",
    "i": "1m",
    "f": 1,
    "L": 2,
    "o": "50000.00",
    "c": "50000.50",
    "h": "50001.00",
    "l": "49999.00",
    "v": "1.000",
    "n": 2,
    "x": False,
    "q": "50000.00000",
    "V": "0.500",
    "Q": "25000.00000",
    "B": "0",
}


class FakeCore:
    """Answers what the wire asks of a futures exchange, and emits what it is told to."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.contracts = {c.symbol: c for c in DEFAULT_CONTRACTS[kind]}
        self.symbols = tuple(self.contracts)
        self.accounts = {
            key: AccountSpec(key, secret)
            for key, secret in (("sim-key", "sim-secret"), ("other", "hush"))
        }
        self.out: list[Any] = []
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        self.update_ids = dict.fromkeys(self.symbols, 100)
        self.now_ms = int(time.time() * 1000)
        self.market_price = Decimal("50000.5")

    @property
    def market_ms(self) -> int:
        return self.now_ms

    def advance(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def next_due_ms(self) -> None:
        return None

    def take(self) -> list[Any]:
        taken, self.out = self.out, []
        return taken

    def share_position_mode(self, other: "FakeCore") -> None:
        self.partner = other

    def __getattr__(self, name: str) -> Any:
        """Every other call of the account notes what it was asked."""
        if name.startswith("_"):
            raise AttributeError(name)

        def call(account: str, params: dict[str, str], now_ms: int, **options: Any) -> Any:
            del now_ms
            self.calls.append((name, account, dict(params) | options))
            return {"asked": name, "symbol": params.get("symbol")} | options

        return call

    def place_order(self, account: str, params: dict[str, str], now_ms: int) -> dict[str, Any]:
        self.calls.append(("place_order", account, dict(params)))
        if params.get("type") == "STOP_MARKET":
            raise ApiError(400, -4120, "Order type not supported for this endpoint.")
        event = {"e": "ORDER_TRADE_UPDATE", "E": now_ms, "T": now_ms, "o": {"x": "NEW"}}
        self.out.append(UserEvent(account, event))
        return {"orderId": 1, "symbol": params["symbol"], "status": "NEW"}

    def exchange_info(self, params: dict[str, str]) -> dict[str, Any]:
        del params
        return {
            "timezone": "UTC",
            "serverTime": 0,
            "symbols": [c.exchange_info() for c in self.contracts.values()],
        }

    def depth(self, params: dict[str, str]) -> dict[str, Any]:
        symbol = params["symbol"]
        bids, asks = self.top(symbol, 1)
        return {"lastUpdateId": self.update_ids[symbol], "bids": bids, "asks": asks}

    def historical_trades(self, params: dict[str, str]) -> list[Any]:
        del params
        return []

    def ticker_price(self, params: dict[str, str]) -> dict[str, Any]:
        return {"symbol": params["symbol"], "price": str(self.market_price)}

    def pair(self, symbol: str) -> str:
        return self.contracts[symbol].pair

    def best(self, symbol: str) -> Any:
        del symbol
        return (self.market_price, Decimal(2)), (self.market_price + 1, Decimal(3))

    recorded_streams: frozenset[str] = frozenset()

    def quote_id(self, symbol: str) -> int:
        return self.update_id(symbol)

    def update_id(self, symbol: str) -> int:
        return self.update_ids[symbol]

    def top(self, symbol: str, n: int) -> Any:
        del symbol
        return [["50000.50", "2.000"]] * n, [["50001.50", "3.000"]] * n

    def kline_payload(self, symbol: str, interval: str, back: int = 0) -> Any:
        return None if back else BAR | {"s": symbol, "i": interval}

    def index_parts(self, symbol: str) -> list[dict[str, str]]:
        if symbol != "ETHUSDT":
            return []
        return [{"b": "UNI", "q": "USDT", "w": "2.0", "W": "1.0", "i": "25000.25"}]

    def asset_indices(self) -> list[dict[str, Any]]:
        names = [f"{side}{what}" for side in ("bid", "ask") for what in ("Buffer", "Rate")]
        names += [f"autoExchange{name[0].upper()}{name[1:]}" for name in names]
        return [
            {"symbol": symbol, "time": self.now_ms, "index": "1.0", **dict.fromkeys(names, "1.0")}
            for symbol in ("BTCUSD", "USDTUSD")
        ]

    def mark(self, symbol: str) -> MarkChanged:
        price = self.market_price
        rate = Decimal("0.0001")
        return MarkChanged(symbol, price, price, price, price, rate, 1_700_006_400_000, 0)

    def statistics(self, symbol: str) -> dict[str, Any]:
        turnover = "quoteVolume" if self.kind == "usdm" else "baseVolume"
        row = {"symbol": symbol, **STATISTICS, turnover: "61728350.00"}
        return row | {"lastPrice": str(self.market_price)}

    def state(self) -> dict[str, Any]:
        return {"orders": [], "kind": self.kind}

    # --- what the tests let happen ------------------------------------------------------

    def trade(self, symbol: str, trade_id: int = 7) -> None:
        price, quantity = Decimal("50000.5"), Decimal("0.01")
        self.out += [
            TradeMade(symbol, trade_id, price, quantity, MAKER_BUYS, self.now_ms, 1, 2),
            AggTradeMade(symbol, 3, price, quantity, trade_id, trade_id, MAKER_BUYS, self.now_ms),
        ]

    def change_book(self, symbol: str, price: str = "50000.5", quantity: str = "1") -> None:
        previous = self.update_ids[symbol]
        self.update_ids[symbol] = last = previous + 7
        bids = ((Decimal(price), Decimal(quantity)),)
        self.market_price = Decimal(price)
        self.out.append(BookChanged(symbol, previous + 3, last, previous, bids, (), self.now_ms))

    def halt(self, symbol: str) -> None:
        info = self.contracts[symbol].stream_info(is_open=False, with_brackets=False)
        self.out.append(ContractChanged(symbol, info, self.now_ms))

    def liquidate(self, symbol: str) -> None:
        order = {"s": symbol, "S": "SELL", "o": "LIMIT", "f": "IOC", "q": "0.014", "p": "9910"}
        order |= {"ap": "9910", "X": "FILLED", "l": "0.014", "z": "0.014", "T": self.now_ms}
        self.out.append(Liquidation(symbol, order, self.now_ms))

    def tell(self, account: str = "sim-key", kind: str = "ACCOUNT_UPDATE", **more: Any) -> None:
        self.out.append(UserEvent(account, {"e": kind, "E": 1, "T": 1, **more}))


class Futures:
    """The fake markets on the wire, and requests to them by their whole path."""

    def __init__(self, sim: Any, usdm: FakeCore, coinm: FakeCore) -> None:
        self.sim = sim
        self.usdm = usdm
        self.coinm = coinm

    async def call(
        self, method: str, path: str, *, key: str = "sim-key", signed: bool = True, **params: Any
    ) -> tuple[int, Any]:
        response, body = await self.ask(method, path, key=key, signed=signed, **params)
        return response.status, body

    async def ask(
        self, method: str, path: str, *, key: str = "sim-key", signed: bool = True, **params: Any
    ) -> tuple[Any, Any]:
        query = (
            self.sim.signed(**params) if signed else "&".join(f"{k}={v}" for k, v in params.items())
        )
        headers = {"X-MBX-APIKEY": key} if key else {}
        # As it was signed: a client must not spell it anew.
        url = URL(f"{self.sim.http}{path}?{query}", encoded=True)
        async with self.sim.session.request(method, url, headers=headers) as response:
            return response, orjson.loads(await response.read())

    async def listen_key(self, api: str = "fapi", key: str = "sim-key") -> str:
        status, body = await self.call("POST", f"/{api}/v1/listenKey", key=key, signed=False)
        assert status == 200, body
        return body["listenKey"]


@pytest.fixture
async def start_futures(start_sim):
    """``await start_futures(...)`` serves both fake markets beside spot."""

    async def start(**options: Any) -> Futures:
        usdm, coinm = FakeCore("usdm"), FakeCore("coinm")
        sim = await start_sim(futures=(usdm, coinm), **options)
        return Futures(sim, usdm, coinm)

    return start


@pytest.fixture
async def futures(start_futures):
    """Both markets with Binance's own limits."""
    return await start_futures()


@pytest.fixture
def futures_rules():
    """``futures_rules(orders_10s=3)`` are Binance's, but for what is named."""
    return FuturesRules
