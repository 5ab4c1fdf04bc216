"""What every contender's messages end in; imports nothing but the standard library."""

import asyncio
import json
import os
import time
from typing import Any

import frames

__all__ = ["CORE", "Burst", "Handlers", "Timing", "finish", "handlers_for", "size_of"]

CORE = 0


class Handlers:
    """Counts the messages and times the run."""

    def prepare(self, count: int, warm_up: int) -> asyncio.Future[dict[str, Any]]:
        self.seen = 0
        self.mark = warm_up
        self.last = warm_up + count
        self.delays: list[int] = []
        self.done: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        return self.done

    def on_quote(self, _quote: Any) -> None:
        self.seen += 1
        if self.seen == self.mark:
            self.turn()

    on_trade = on_agg_trade = on_book = on_message = on_quote

    def turn(self) -> None:
        """Begin to measure, or end it."""
        if self.mark < self.last:
            self.mark = self.last
            self.delays.clear()
            self.began = time.perf_counter(), time.process_time()
            self.thread_began = time.thread_time()
            return
        loop_s = time.thread_time() - self.thread_began
        wall_s = time.perf_counter() - self.began[0]
        cpu_s = time.process_time() - self.began[1]
        reading = {"wall_s": wall_s, "cpu_s": cpu_s, "loop_s": loop_s}
        if not self.done.done():
            self.done.set_result(reading | self.report())

    def report(self) -> dict[str, Any]:
        """What else it found."""
        return {"delays_us": _spread(self.delays)}


class Timing(Handlers):
    """Takes the send time out of each message as well."""

    def late(self, size: float) -> None:
        self.delays.append(frames.delay_ns(size, time.time_ns()))
        super().on_quote(None)

    def on_quote(self, quote: Any) -> None:
        self.late(quote.bid_size)

    def on_trade(self, trade: Any) -> None:
        self.late(trade.size)

    on_agg_trade = on_trade

    def on_book(self, book: Any) -> None:
        self.late(book.bids[0][1])

    def on_message(self, data: Any) -> None:
        self.late(float(size_of(data)))


class Burst(Timing):
    """Counts bursts: how long after its write began the last message of each was handled."""

    def prepare(self, count: int, warm_up: int) -> asyncio.Future[dict[str, Any]]:
        self.size = count
        self.bursts: list[int] = []
        return super().prepare(5 * count, warm_up)

    def late(self, size: float) -> None:
        super().late(size)
        if self.mark == self.last and self.delays and len(self.delays) % self.size == 0:
            self.bursts.append(self.delays[-1])

    def report(self) -> dict[str, Any]:
        return {"bursts_ms": [round(delay_ns / 1e6, 2) for delay_ns in self.bursts]}


def size_of(data: Any) -> Any:
    """The first size in a message as Binance writes it."""
    if "bids" in data:
        return data["bids"][0][1]
    return data["B"] if "B" in data else data["q"]


def handlers_for(how: str) -> type[Handlers]:
    """``plain``, ``timed`` or ``burst``."""
    return {"plain": Handlers, "timed": Timing, "burst": Burst}[how]


def finish(reading: dict[str, Any]) -> None:
    """Say it and end at once: what was measured goes out before any library says goodbye."""
    print(json.dumps(reading), flush=True)
    os._exit(0)


def _spread(delays_ns: list[int]) -> dict[str, float]:
    delays = sorted(delays_ns)
    shares = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
    return {name: delays[int(len(delays) * at)] / 1000 for name, at in shares.items() if delays}
