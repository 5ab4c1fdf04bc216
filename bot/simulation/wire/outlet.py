"""Which part of the wire each of the spot exchange's emissions goes to."""

from collections.abc import Sequence

from bot.simulation.emissions import (
    AggTradeMade,
    BookChanged,
    Emission,
    RawFrame,
    TradeMade,
    UserEvent,
)
from bot.simulation.wire.market import MarketStreams
from bot.simulation.wire.users import UserStreams

__all__ = ["SpotOutlet"]


class SpotOutlet:
    def __init__(self, market: MarketStreams, users: UserStreams) -> None:
        self._market = market
        self._users = users

    def hand_on(self, emissions: Sequence[Emission]) -> None:
        """Everything in order, but the books of one turn together at its end."""
        books: list[BookChanged] = []
        for emission in emissions:
            if isinstance(emission, TradeMade):
                self._market.on_trade(emission)
            elif isinstance(emission, BookChanged):
                books.append(emission)
            elif isinstance(emission, AggTradeMade):
                self._market.on_agg_trade(emission)
            elif isinstance(emission, UserEvent):
                self._users.publish(emission)
            elif isinstance(emission, RawFrame):
                self._market.on_raw(emission)
        if books:
            self._market.on_books(books)

    def tick(self, tick_ms: int) -> None:
        """What is looked at every so often."""
        self._market.tick(tick_ms)
