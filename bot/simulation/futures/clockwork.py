"""What time brings on the futures exchange, second by second."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from bot.simulation.futures.countdown import Countdown
from bot.simulation.futures.emissions import ContractChanged
from bot.simulation.futures.floor import FuturesFloor

__all__ = ["Clockwork", "FuturesSource"]

_SECOND_MS: Final = 1000
_CATCH_UP_MS: Final = 600_000


class FuturesSource(Protocol):
    """Everybody else in the market."""

    @property
    def recorded_streams(self) -> frozenset[str]:
        """Streams that it brings as recorded frames."""
        ...

    def start(self, floor: FuturesFloor, now_ms: int) -> None:
        """Fill the books. Client orders may rest there already, after a restore."""
        ...

    def advance(self, floor: FuturesFloor, now_ms: int) -> None:
        """Do everything that is due up to now."""
        ...

    def next_due_ms(self) -> int | None:
        """When something is due next; None: never again."""
        ...

    def market_ms(self, now_ms: int) -> int:
        """The time of market data when the exchange's clock shows ``now_ms``."""
        ...

    def fair_price(self, symbol: str) -> float | None:
        """The index of a contract; None: whatever its book says."""
        ...


class Clockwork:
    """Moves the market, and the mark prices once a second; then what depends on them."""

    def __init__(
        self,
        floor: FuturesFloor,
        source: FuturesSource,
        countdown: Countdown,
        each_second: Sequence[Callable[[int], None]],
    ) -> None:
        """``each_second`` are told the time after each move of the mark prices."""
        self._floor = floor
        self._source = source
        self._countdown = countdown
        self._each_second = each_second
        self._next_ms = 0
        self._open: dict[str, bool] = {}

    def start(self, now_ms: int) -> None:
        self._source.start(self._floor, now_ms)
        self._tell_contracts(now_ms)
        self._move_marks(now_ms)
        self._next_ms = (now_ms // _SECOND_MS + 1) * _SECOND_MS

    def advance(self, now_ms: int) -> None:
        """Everything up to now, in order.

        Beyond ten minutes without a call, seconds are left out, as the market leaves out time.
        """
        if now_ms - self._next_ms > _CATCH_UP_MS:
            self._next_ms = (now_ms - _CATCH_UP_MS) // _SECOND_MS * _SECOND_MS
        while (at_ms := self._next_stop()) <= now_ms:
            self._source.advance(self._floor, at_ms)
            self._tell_contracts(at_ms)
            if at_ms >= self._next_ms:
                self._next_ms += _SECOND_MS
                self._move_marks(at_ms)
                for tell in self._each_second:
                    tell(at_ms)
            self._countdown.expire(at_ms)
        self._source.advance(self._floor, now_ms)
        self._tell_contracts(now_ms)

    def next_due_ms(self) -> int:
        due = self._source.next_due_ms()
        return self._next_stop() if due is None else min(due, self._next_stop())

    def _next_stop(self) -> int:
        """The next second, or the end of a countdown before it."""
        deadline = self._countdown.next_ms()
        return self._next_ms if deadline is None else min(deadline, self._next_ms)

    def _tell_contracts(self, now_ms: int) -> None:
        """Say which contracts are new, and which have been opened or closed."""
        for symbol, listing in self._floor.books.items():
            is_open, before = listing.status == "TRADING", self._open.get(symbol)
            if is_open == before:
                continue
            self._open[symbol] = is_open
            info = listing.contract.stream_info(is_open=is_open, with_brackets=before is None)
            self._floor.out.append(ContractChanged(symbol, info, now_ms))

    def _move_marks(self, now_ms: int) -> None:
        """Those that no tape tells."""
        market_ms = self._source.market_ms(now_ms)
        for symbol, mark in self._floor.marks.items():
            mark.market_ms = market_ms
            if not mark.is_recorded:
                mark.move(market_ms, self._source.fair_price(symbol))
                self._floor.out.append(mark.emission())
