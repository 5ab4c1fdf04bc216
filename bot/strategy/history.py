"""What a strategy wants to know of the past before it starts."""

import msgspec

__all__ = ["BarsWanted"]


class BarsWanted(msgspec.Struct, frozen=True):
    """The last ``count`` closed bars of a symbol, from :meth:`bot.Strategy.warm_up`.

    There may be fewer: a new listing has no long history, a recording none before its start.
    """

    symbol: str
    interval: str
    """As ``subscribe_bars`` takes it."""
    count: int
    required: bool = False
    """Rather wait than start without: if the history cannot be had, it is asked for again and
    again. Otherwise the strategy starts with what there is after a few tries."""
