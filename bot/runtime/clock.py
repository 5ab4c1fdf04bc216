"""The wall clock: the one place of the running bot that asks for the time."""

import time

__all__ = ["WallClock"]


class WallClock:
    """The :class:`bot.ports.Clock` of a live process."""

    # The function itself: a call less for each frame than a method round it.
    now_ns = staticmethod(time.time_ns)
    """Nanoseconds since the epoch, UTC, by this machine."""
