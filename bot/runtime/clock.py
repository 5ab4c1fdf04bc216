"""The wall clock: the one place of the running bot that asks for the time."""

import time

__all__ = ["WallClock"]


class WallClock:
    """The :class:`bot.ports.Clock` of a live process."""

    def now_ns(self) -> int:
        """Nanoseconds since the epoch, UTC, by this machine."""
        return time.time_ns()
