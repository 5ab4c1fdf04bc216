"""The simulated exchange: accounts, orders and market data behind Binance's own bodies.

Sans-I/O: no clock, no sockets, no randomness of its own. Time comes in as ``now_ms``; what
happened comes out of :meth:`SimulatedExchange.take`.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from bot.simulation.account import AccountSpec
from bot.simulation.emissions import Emission
from bot.simulation.journal import Journal
from bot.simulation.rules import SymbolRules

__all__ = ["MarketSource", "SimulatedExchange"]

Params = Mapping[str, str]
Body = dict[str, Any]


class MarketSource(Protocol):
    """Everybody else in the market."""

    def start(self, venue: Any, now_ms: int) -> None: ...

    def advance(self, venue: Any, now_ms: int) -> None: ...

    def next_due_ms(self) -> int | None: ...


class SimulatedExchange:
    """One spot exchange.

    ``account`` is the API key. ``params`` are the decoded parameters, as text; ``timestamp``,
    ``recvWindow``, ``signature`` and ``apiKey`` are known and ignored. Each call that takes
    ``now_ms`` first moves the market up to it. Answers are what Binance's REST API gives.

    Raises:
        ApiError: from any call: what Binance would answer instead.
    """

    def __init__(
        self,
        *,
        symbols: Sequence[SymbolRules],
        accounts: Sequence[AccountSpec],
        market: MarketSource,
        start_ms: int,
        journal: Journal | None = None,
    ) -> None:
        raise NotImplementedError

    @classmethod
    def restore(
        cls,
        lines: Iterable[str | bytes],
        *,
        symbols: Sequence[SymbolRules],
        accounts: Sequence[AccountSpec],
        market: MarketSource,
        start_ms: int,
        journal: Journal | None = None,
    ) -> "SimulatedExchange":
        """The exchange that wrote these journal lines: same accounts, orders, trades, next ids."""
        raise NotImplementedError

    # --- time ------------------------------------------------------------------------

    def advance(self, now_ms: int) -> None:
        """Move the market up to now; resting client orders may fill."""
        raise NotImplementedError

    def next_due_ms(self) -> int | None:
        """When :meth:`advance` next has something to do; None: never again."""
        raise NotImplementedError

    def take(self) -> list[Emission]:
        """What happened since the last call, in order."""
        raise NotImplementedError

    # --- the account's side ----------------------------------------------------------

    def place_order(self, account: str, params: Params, now_ms: int) -> Body:
        raise NotImplementedError

    def test_order(self, account: str, params: Params, now_ms: int) -> Body:
        raise NotImplementedError

    def cancel_order(self, account: str, params: Params, now_ms: int) -> Body:
        raise NotImplementedError

    def cancel_open_orders(self, account: str, params: Params, now_ms: int) -> list[Body]:
        raise NotImplementedError

    def query_order(self, account: str, params: Params, now_ms: int) -> Body:
        raise NotImplementedError

    def open_orders(self, account: str, params: Params, now_ms: int) -> list[Body]:
        raise NotImplementedError

    def all_orders(self, account: str, params: Params, now_ms: int) -> list[Body]:
        raise NotImplementedError

    def my_trades(self, account: str, params: Params, now_ms: int) -> list[Body]:
        raise NotImplementedError

    def account_info(self, account: str, params: Params, now_ms: int) -> Body:
        raise NotImplementedError

    def commission(self, account: str, params: Params, now_ms: int) -> Body:
        raise NotImplementedError

    def unfilled_order_count(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /api/v3/rateLimit/order``; also what the X-MBX-ORDER-COUNT headers need.

        The limit itself (-1015, 429) is enforced by :meth:`place_order`.
        """
        raise NotImplementedError

    # --- public data, as of the last advance -----------------------------------------

    def exchange_info(self, params: Params) -> Body:
        raise NotImplementedError

    def depth(self, params: Params) -> Body:
        raise NotImplementedError

    def trades(self, params: Params) -> list[Body]:
        raise NotImplementedError

    def historical_trades(self, params: Params) -> list[Body]:
        raise NotImplementedError

    def agg_trades(self, params: Params) -> list[Body]:
        raise NotImplementedError

    def klines(self, params: Params) -> list[list[Any]]:
        raise NotImplementedError

    def avg_price(self, params: Params) -> Body:
        raise NotImplementedError

    def ticker_24hr(self, params: Params) -> Body | list[Body]:
        raise NotImplementedError

    def ticker_price(self, params: Params) -> Body | list[Body]:
        raise NotImplementedError

    def book_ticker(self, params: Params) -> Body | list[Body]:
        raise NotImplementedError

    # --- for the wire's streams ------------------------------------------------------

    @property
    def symbols(self) -> tuple[str, ...]:
        raise NotImplementedError

    @property
    def accounts(self) -> Mapping[str, AccountSpec]:
        """By API key."""
        raise NotImplementedError

    @property
    def market_ms(self) -> int:
        """The time of market data: the exchange's clock, or a tape's recorded time.

        Bars, 24 h windows and ``time_ms`` of market emissions are in it.
        """
        raise NotImplementedError

    @property
    def recorded_streams(self) -> frozenset[str]:
        """Stream names that a tape brings as :class:`RawFrame`; do not derive these."""
        raise NotImplementedError

    def best(self, symbol: str) -> tuple[tuple[Decimal, Decimal], tuple[Decimal, Decimal]] | None:
        """((bid, quantity), (ask, quantity)); None while a side is empty."""
        raise NotImplementedError

    def update_id(self, symbol: str) -> int:
        """The id of the last change of the book."""
        raise NotImplementedError

    def top(self, symbol: str, n: int) -> tuple[list[list[str]], list[list[str]]]:
        """The best ``n`` bids and asks as ``[price, quantity]`` texts."""
        raise NotImplementedError

    def kline(self, symbol: str, interval: str) -> list[Any]:
        """The current bar as the REST row of 12."""
        raise NotImplementedError

    def kline_payload(self, symbol: str, interval: str, back: int = 0) -> Body | None:
        """``k`` of the kline stream: the current bar, or the one ``back`` bars ago (``x`` true)."""
        raise NotImplementedError

    def statistics(self, symbol: str) -> Body:
        """The last 24 hours, keys as in ``ticker/24hr`` FULL."""
        raise NotImplementedError

    def average_price(self, symbol: str, minutes: int = 5) -> tuple[Decimal, int]:
        """Volume-weighted price of the last minutes, and the time of the last trade in ms."""
        raise NotImplementedError

    def state(self) -> Body:
        """The truth about the clients' accounts.

        ``{"orders": [...], "trades": [...], "balances": {asset: {"free", "locked"}},
        "accounts": {key: {asset: ...}}}``; ``balances`` are of the first account, orders and
        trades are in REST form with ``account`` added.
        """
        raise NotImplementedError
