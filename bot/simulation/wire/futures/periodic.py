"""What the streams that are looked at every so often have to say."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.simulation.futures.sessions import MARKETS, session
from bot.simulation.wire.futures import payloads
from bot.simulation.wire.futures.contracts import Board, Contract
from bot.simulation.wire.futures.streams import Kind, Stream

__all__ = ["Periodic"]

Payload = dict[str, Any]


class Periodic:
    """Remembers what was sent, so that only news is sent.

    ``boards`` are all markets, the own one first: since the CM-UM integration of 2026-06-30 the
    streams of all symbols carry both, on the hosts of both.
    """

    def __init__(self, boards: Sequence[Board]) -> None:
        self._boards = boards
        self._sent: dict[str, dict[str, Payload]] = {}
        self._forced: dict[str, Payload] = {}

    def forget(self, name: str) -> None:
        """Nobody listens to the stream any more."""
        self._sent.pop(name, None)

    def liquidated(self, symbol: str, order: Payload) -> None:
        """The newest liquidation of a symbol goes out with the next second."""
        self._forced[symbol] = order

    def second_is_over(self) -> None:
        """Every stream has looked."""
        self._forced.clear()

    def due(self, stream: Stream, tick_ms: int) -> list[Any]:
        """The payloads to send now."""
        found = {
            Kind.PARTIAL_DEPTH: self._partial_depth,
            Kind.MINI_TICKER: self._tickers,
            Kind.TICKER: self._tickers,
            Kind.MARK_PRICE: self._marks,
            Kind.INDEX_PRICE: self._marks,
            Kind.ALL_BOOK_TICKERS: self._book_tickers,
            Kind.FORCE_ORDER: self._forced_orders,
            Kind.ALL_FORCE_ORDERS: self._forced_orders,
            Kind.ALL_MINI_TICKERS: self._tickers,
            Kind.ALL_TICKERS: self._tickers,
            Kind.ALL_MARK_PRICES: self._marks,
            Kind.COMPOSITE_INDEX: self._composites,
            Kind.ASSET_INDEX: self._assets,
            Kind.ALL_ASSET_INDICES: self._assets,
            Kind.TRADING_SESSION: self._sessions,
        }[stream.kind](stream, tick_ms)
        entries = list(found)
        if not stream.name.endswith(("@arr", "@arr@1s")) or stream.kind is Kind.ALL_FORCE_ORDERS:
            return entries
        return [entries] if entries else []

    def _chosen(self, stream: Stream) -> Iterator[tuple[Board, Contract]]:
        for board in self._boards:
            if not stream.symbol:
                yield from ((board, contract) for contract in board.contracts.values())
            elif stream.symbol in board.contracts:
                yield board, board.contracts[stream.symbol]

    def _partial_depth(self, stream: Stream, _: int) -> Iterator[Payload]:
        for board, contract in self._chosen(stream):
            exchange = board.exchange
            bids, asks = exchange.top(stream.symbol, stream.levels)
            update_id, now_ms = exchange.update_id(stream.symbol), exchange.market_ms
            before = self._sent.get(stream.name, {}).get(stream.symbol, {})
            ids = (update_id, update_id, before.get("u", update_id))
            payload = payloads.depth_update(contract, ids, (bids, asks), (now_ms, now_ms))
            yield from self._news(stream, contract, payload)

    def _tickers(self, stream: Stream, _: int) -> Iterator[Payload]:
        of_kind = (
            payloads.ticker
            if stream.kind in (Kind.TICKER, Kind.ALL_TICKERS)
            else payloads.mini_ticker
        )
        for board, contract in self._chosen(stream):
            row = board.exchange.statistics(contract.symbol)
            payload = of_kind(contract, row, board.exchange.market_ms)
            yield from self._news(stream, contract, payload)

    def _marks(self, stream: Stream, tick_ms: int) -> Iterator[Payload]:
        """Sent whether or not the price has changed, at whole seconds."""
        of_kind = payloads.index_price if stream.kind is Kind.INDEX_PRICE else payloads.mark_price
        for board, contract in self._chosen(stream):
            event_ms = min(tick_ms, board.exchange.market_ms)
            yield of_kind(contract, board.exchange.mark(contract.symbol), event_ms)

    def _composites(self, stream: Stream, tick_ms: int) -> Iterator[Payload]:
        for board, contract in self._chosen(stream):
            parts = board.exchange.index_parts(contract.symbol)
            if parts:
                mark = board.exchange.mark(contract.symbol)
                event_ms = min(tick_ms, board.exchange.market_ms)
                yield payloads.composite_index(contract, mark, parts, event_ms)

    def _assets(self, stream: Stream, tick_ms: int) -> Iterator[Payload]:
        """Each asset once, though both markets know it."""
        rows: dict[str, Payload] = {}
        for board in self._boards:
            for row in board.exchange.asset_indices():
                rows.setdefault(row["symbol"], row)
        for symbol, row in sorted(rows.items()):
            if stream.symbol in ("", symbol):
                yield payloads.asset_index(row, min(tick_ms, row["time"]))

    def _sessions(self, _: Stream, tick_ms: int) -> Iterator[Payload]:
        for market in MARKETS.values():
            yield payloads.trading_session(market.event, session(market, tick_ms), tick_ms)

    def _book_tickers(self, stream: Stream, _: int) -> Iterator[Payload]:
        for board, contract in self._chosen(stream):
            payload = best_prices(board, contract, board.exchange.market_ms)
            if payload is not None:
                yield from self._news(stream, contract, payload)

    def _forced_orders(self, stream: Stream, _: int) -> Iterator[Payload]:
        for board, contract in self._chosen(stream):
            order = self._forced.get(contract.symbol)
            if order is not None:
                of_all = stream.kind is Kind.ALL_FORCE_ORDERS
                now_ms = board.exchange.market_ms
                yield payloads.force_order(contract, order, now_ms, of_all=of_all)

    def _news(self, stream: Stream, contract: Contract, payload: Payload) -> Iterator[Payload]:
        sent = self._sent.setdefault(stream.name, {})
        before = sent.get(contract.symbol)
        if before is None or _content(before) != _content(payload):
            sent[contract.symbol] = payload
            yield payload


def best_prices(board: Board, contract: Contract, transaction_ms: int) -> Payload | None:
    """The ``bookTicker`` of now; None while a side of the book is empty."""
    best = board.exchange.best(contract.symbol)
    if best is None:
        return None
    (bid, bid_quantity), (ask, ask_quantity) = best
    row = {
        "u": board.exchange.quote_id(contract.symbol),
        "b": contract.price(bid),
        "B": contract.quantity(bid_quantity),
        "a": contract.price(ask),
        "A": contract.quantity(ask_quantity),
    }
    return payloads.book_ticker(contract, row, (transaction_ms, board.exchange.market_ms))


def _content(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What must differ for a payload to be news: everything but times and update ids."""
    timeless = {k: v for k, v in payload.items() if k not in ("E", "T", "O", "C", "U", "pu")}
    if payload["e"] in ("bookTicker", "depthUpdate"):
        timeless.pop("u", None)
    return timeless
