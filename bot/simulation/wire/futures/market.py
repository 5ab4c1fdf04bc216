"""The market streams of one path: what follows each event, and what passes with time."""

from collections.abc import Sequence
from typing import Any

from bot.simulation.futures.emissions import (
    AggTradeMade,
    BookChanged,
    ContractChanged,
    Liquidation,
    RawFrame,
    TradeMade,
)
from bot.simulation.wire.diff import recorded_diffs
from bot.simulation.wire.futures import payloads
from bot.simulation.wire.futures.contracts import Board
from bot.simulation.wire.futures.diff import BookDiff
from bot.simulation.wire.futures.hub import FuturesHub
from bot.simulation.wire.futures.periodic import Periodic, best_prices
from bot.simulation.wire.futures.pricebars import PriceBars
from bot.simulation.wire.futures.recorded import event_of, kind_of
from bot.simulation.wire.futures.streams import Kind, Stream, parse
from bot.simulation.wire.kline import Kline

__all__ = ["FuturesStreams"]

_SECOND_MS = 1_000


class FuturesStreams:
    """Turns emissions of the first of ``boards`` and the passing of time into payloads.

    Only ``kinds`` speak here: the name of a stream that belongs to another path is accepted
    and stays silent, as on Binance since the split of 2026-04-23. Only streams with a listener
    cost anything.
    """

    def __init__(self, boards: Sequence[Board], hub: FuturesHub, kinds: frozenset[Kind]) -> None:
        self._board = boards[0]
        self._every = {s: contract for board in boards for s, contract in board.contracts.items()}
        self._hub = hub
        self._kinds = kinds
        self._periodic = Periodic(boards)
        self._streams: dict[str, Stream] = {}
        self._depths: dict[str, BookDiff] = {}
        self._klines: dict[str, Kline] = {}
        self._price_bars: dict[str, PriceBars] = {}
        self._best: dict[str, tuple[Any, ...]] = {}
        # Recorded streams whose next frame is to be missing.
        self._lost: set[str] = set()
        self._ticked_ms = 0

    def opened(self, name: str) -> None:
        """Somebody listens to the stream from now on."""
        stream = parse(name, self._board.contracts)
        if stream is None or stream.kind not in self._kinds:
            return
        if name in self._board.exchange.recorded_streams:
            return
        self._streams[name] = stream
        if stream.kind is Kind.DEPTH:
            self._depths[name] = BookDiff(self._board.contracts[stream.symbol])
        elif stream.kind in (Kind.KLINE, Kind.CONTINUOUS_KLINE):
            self._klines[name] = Kline(stream.symbol, stream.interval)
        elif stream.kind in (Kind.MARK_PRICE_KLINE, Kind.INDEX_PRICE_KLINE):
            self._price_bars[name] = PriceBars(stream, self._board.contracts[stream.symbol])

    def closed(self, name: str) -> None:
        """Nobody does any more."""
        self._periodic.forget(name)
        for known in (
            *(self._streams, self._depths, self._best),
            *(self._klines, self._price_bars),
        ):
            known.pop(name, None)

    def skip_updates(self, symbol: str) -> None:
        """Make a gap in the ``pu`` chain of the symbol's depth streams."""
        for name, depth in self._depths.items():
            if self._streams[name].symbol == symbol:
                depth.skip()
        recorded = recorded_diffs(self._board.exchange.recorded_streams, symbol)
        self._lost |= {name for name in recorded if self._hub.wanted(name)}

    # --- what follows each event ------------------------------------------------------

    def on_own(self, emission: TradeMade | AggTradeMade | RawFrame) -> None:
        """Of this market."""
        if isinstance(emission, RawFrame):
            self._pass_on(emission)
        else:
            self._tell_trade(emission)

    def _tell_trade(self, made: TradeMade | AggTradeMade) -> None:
        contract = self._board.contracts[made.symbol]
        lower, now_ms = made.symbol.lower(), self._event_ms()
        if isinstance(made, TradeMade):
            if f"{lower}@trade" in self._streams:
                self._hub.publish(f"{lower}@trade", "trade", payloads.trade(contract, made, now_ms))
        elif f"{lower}@aggTrade" in self._streams:
            payload = payloads.agg_trade(contract, made, now_ms)
            self._hub.publish(f"{lower}@aggTrade", "aggTrade", payload)

    def _pass_on(self, frame: RawFrame) -> None:
        """A tape's frame, on the path where its stream belongs."""
        if frame.stream in self._lost:
            self._lost.discard(frame.stream)
            return
        kind = kind_of(frame.stream, self._board.contracts)
        if kind in self._kinds:
            # The tape brings it after all: from here on nothing is derived.
            self.closed(frame.stream)
            self._hub.publish_raw(frame.stream, event_of(kind), frame.data)

    def on_books(self, changes: Sequence[BookChanged]) -> None:
        """The book changes of one turn: each goes into the diffs, the best prices go out once."""
        for change in changes:
            for name, depth in self._depths.items():
                if self._streams[name].symbol == change.symbol:
                    depth.add(change)
        for symbol, time_ms in {c.symbol: c.time_ms for c in changes}.items():
            self._book_ticker(symbol, time_ms)

    def on_any(self, emission: Liquidation | ContractChanged) -> None:
        """Of any market: the streams of all symbols carry both."""
        if isinstance(emission, Liquidation):
            self._periodic.liquidated(emission.symbol, emission.order)
        else:
            self._tell_contract(emission)

    def _tell_contract(self, changed: ContractChanged) -> None:
        name = Kind.CONTRACT_INFO.value
        if f"!{name}" in self._streams:
            payload = payloads.contract_info(
                self._every[changed.symbol], changed.info, changed.time_ms
            )
            self._hub.publish(f"!{name}", name, payload)

    def _book_ticker(self, symbol: str, time_ms: int) -> None:
        name = f"{symbol.lower()}@bookTicker"
        if name not in self._streams:
            return
        payload = best_prices(self._board, self._board.contracts[symbol], time_ms)
        if payload is None:
            return
        best = tuple(payload[key] for key in "bBaA")
        if self._best.get(name) != best:
            self._best[name] = best
            self._hub.publish(name, "bookTicker", payload)

    # --- what is looked at every so often ---------------------------------------------

    def tick(self, tick_ms: int) -> None:
        """A multiple of 100 ms of the clock has passed, and perhaps others before it."""
        # Nothing was due before the first tick.
        last_ms, self._ticked_ms = self._ticked_ms or tick_ms - 1, tick_ms
        for stream in list(self._streams.values()):
            every_ms = stream.every_ms
            if every_ms and last_ms // every_ms < tick_ms // every_ms:
                # The whole multiple is when it was due; a late tick must not show.
                self._look(stream, tick_ms // every_ms * every_ms)
        if last_ms // _SECOND_MS < tick_ms // _SECOND_MS:
            self._periodic.second_is_over()

    def _look(self, stream: Stream, due_ms: int) -> None:
        if stream.kind is Kind.DEPTH:
            self._depth(stream)
        elif stream.kind in (Kind.KLINE, Kind.CONTINUOUS_KLINE):
            self._bars(stream)
        else:
            bars = self._price_bars.get(stream.name)
            due = bars.due(self._board.exchange) if bars else self._periodic.due(stream, due_ms)
            for payload in due:
                first = payload[0] if isinstance(payload, list) else payload
                self._hub.publish(stream.name, first["e"], payload)

    def _depth(self, stream: Stream) -> None:
        taken = self._depths[stream.name].take()
        if taken is not None:
            ids, levels, time_ms = taken
            contract = self._board.contracts[stream.symbol]
            times_ms = (time_ms, self._event_ms())
            payload = payloads.depth_update(contract, ids, levels, times_ms)
            self._hub.publish(stream.name, "depthUpdate", payload)

    def _bars(self, stream: Stream) -> None:
        contract = self._board.contracts[stream.symbol]
        for bar in self._klines[stream.name].due(self._board.exchange):
            if stream.kind is Kind.KLINE:
                payload = payloads.kline(stream.symbol, bar, self._event_ms())
            else:
                payload = payloads.continuous_kline(contract, bar, self._event_ms())
            self._hub.publish(stream.name, stream.kind.value, payload)

    def _event_ms(self) -> int:
        return self._board.exchange.market_ms
