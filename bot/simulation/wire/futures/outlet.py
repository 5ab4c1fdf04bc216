"""Which part of the wire each of a futures exchange's emissions goes to."""

from collections.abc import Sequence

from bot.simulation.futures.emissions import (
    AggTradeMade,
    BookChanged,
    ContractChanged,
    Emission,
    Liquidation,
    RawFrame,
    TradeMade,
    UserEvent,
)
from bot.simulation.wire.futures.listenkeys import ListenKeys
from bot.simulation.wire.futures.market import FuturesStreams

__all__ = ["FuturesOutlet"]


class FuturesOutlet:
    """``own`` are the streams of this market, ``every`` those of all markets."""

    def __init__(
        self, own: Sequence[FuturesStreams], every: Sequence[FuturesStreams], keys: ListenKeys
    ) -> None:
        self._own = own
        self._every = every
        self._keys = keys

    def hand_on(self, emissions: Sequence[Emission]) -> None:
        """Everything in order, but the books of one turn together at its end."""
        books: list[BookChanged] = []
        for emission in emissions:
            if isinstance(emission, BookChanged):
                books.append(emission)
            elif isinstance(emission, UserEvent):
                self._keys.publish(emission)
            elif isinstance(emission, Liquidation | ContractChanged):
                for streams in self._every:
                    streams.on_any(emission)
            elif isinstance(emission, TradeMade | AggTradeMade | RawFrame):
                for streams in self._own:
                    streams.on_own(emission)
        for streams in self._own:
            streams.on_books(books)

    def tick(self, tick_ms: int) -> None:
        """What is looked at every so often."""
        for streams in self._own:
            streams.tick(tick_ms)
