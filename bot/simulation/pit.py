"""What everybody else in a market needs of an exchange, spot or futures."""

from collections.abc import Mapping
from typing import Protocol

from bot.simulation.book import Resting
from bot.simulation.listing import Listing

__all__ = ["Pit"]


class Pit(Protocol):
    """Where anonymous orders meet those of clients."""

    @property
    def listings(self) -> Mapping[str, Listing]:
        """By symbol."""
        ...

    def submit(
        self, listing: Listing, *, is_buy: bool, price_e8: int | None, quantity_e8: int, now_ms: int
    ) -> Resting | None:
        """An anonymous order: what does not match at once rests, unless it has no price."""
        ...

    def settle(self, listing: Listing, now_ms: int) -> None:
        """The action is over: tell the public."""
        ...
