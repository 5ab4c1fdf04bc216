"""What the exchange lets an account ask and place, and who goes first when that is little.

Windows are fixed and begin with the exchange's clock, not with the first request. Weight is
counted by address, orders by account. Source: Binance spot documentation, "Limits" and
"Unfilled order count".
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from typing import Final

import msgspec

from bot.domain.errors import Throttled
from bot.exchange.throttle import Gate

__all__ = ["Allowance", "Ask", "RateLimit"]

_SECONDS: Final = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86_400}
_LETTERS: Final = {"S": "SECOND", "M": "MINUTE", "H": "HOUR", "D": "DAY"}
_WEIGHT: Final = "REQUEST_WEIGHT"
_ORDERS: Final = "ORDERS"
_HEADERS: Final = (("x-mbx-used-weight-", _WEIGHT), ("x-mbx-order-count-", _ORDERS))
_LATE_S: Final = 0.1
"""The exchange's window may begin a little after ours."""
_RESERVED: Final = 10
"""One part in so many of each window is for what is urgent."""
_AS_TAKER: Final = 1
_AS_MAKER: Final = 5


class RateLimit(msgspec.Struct, rename="camel", frozen=True):
    """One row of ``rateLimits``, of ``exchangeInfo`` or of an answer."""

    rate_limit_type: str
    interval: str
    interval_num: int = 1
    limit: int = 0
    count: int = -1
    """Used so far; -1 in a row that does not say."""

    @property
    def length_s(self) -> int:
        """How long its window is; 0 for an interval that we do not know."""
        return _SECONDS.get(self.interval, 0) * self.interval_num


class Ask(msgspec.Struct, frozen=True):
    """What a request uses up."""

    weight: int = 1
    orders: int = 0
    urgent: bool = False
    """It cancels or reduces: it goes first, and may use what is reserved."""
    longest_wait_s: float = 10.0
    what: str = "request"


class Window:
    """One limit: what was used of it by the exchange's count, and what is under way."""

    __slots__ = ("base", "length_s", "limit", "number", "pending")

    def __init__(self, limit: int, length_s: int) -> None:
        self.limit = limit
        self.length_s = length_s
        self.base = 0
        self.pending = 0
        self.number = -1

    @property
    def used(self) -> int:
        """Everything that counts, what is not answered yet included."""
        return self.base + self.pending

    def turn(self, now_s: float) -> None:
        """Begin anew if the window's time is over."""
        number = int(now_s // self.length_s)
        if number != self.number:
            self.number, self.base = number, 0

    def fits(self, amount: int, *, urgent: bool) -> bool:
        most = self.limit if urgent else self.limit - self.limit // _RESERVED
        # What is bigger than the window is let through when nothing else is in it.
        return self.used + amount <= most or not self.used

    def left_s(self, now_s: float) -> float:
        """Until it begins anew."""
        return (self.number + 1) * self.length_s + _LATE_S - now_s


class _Waiter:
    __slots__ = ("ask", "future")

    def __init__(self, ask: Ask, future: asyncio.Future[None]) -> None:
        self.ask = ask
        self.future = future


class Allowance:
    """Requests wait rather than be refused; an exchange that wants silence is given it.

    Without known limits everything passes. The counts of answers are the truth; between them
    we count ourselves, and take off what first fills give back.
    """

    def __init__(self, gate: Gate, *, now_s: Callable[[], float] = time.time) -> None:
        """``now_s`` is the exchange's clock, in seconds since the epoch."""
        self._gate = gate
        self._now_s = now_s
        self._windows: dict[tuple[str, int], Window] = {}
        self._waiting: list[tuple[bool, int, _Waiter]] = []
        self._numbers = count()
        self._alarm: asyncio.TimerHandle | None = None
        self.waits = 0
        """Requests that had to wait so far."""

    def limit(self, rows: Iterable[RateLimit]) -> None:
        """Take over the limits of ``exchangeInfo``."""
        for row in rows:
            if row.rate_limit_type not in {_WEIGHT, _ORDERS} or not row.length_s:
                continue
            key = row.rate_limit_type, row.length_s
            if key in self._windows:
                self._windows[key].limit = row.limit
            else:
                self._windows[key] = Window(row.limit, row.length_s)
        self._look()

    def read(self, rows: Iterable[RateLimit]) -> None:
        """Take over the counts of an answer's ``rateLimits``."""
        for row in rows:
            if row.count >= 0:
                self._count(row.rate_limit_type, row.length_s, row.count)
        if self._waiting:
            self._look()

    def read_headers(self, headers: Mapping[str, str]) -> None:
        """Take over the counts of a REST answer, such as ``X-MBX-ORDER-COUNT-10S``."""
        for name, text in headers.items():
            lower = name.lower()
            for prefix, kind in _HEADERS:
                if lower.startswith(prefix) and text.isdigit():
                    number, letter = lower[len(prefix) : -1], lower[-1:].upper()
                    seconds = _SECONDS[_LETTERS[letter]] if letter in _LETTERS else 0
                    if number.isdigit() and seconds:
                        self._count(kind, int(number) * seconds, int(text))
        if self._waiting:
            self._look()

    def used(self, kind: str, length_s: int) -> int:
        """Of a limit, in the present window; 0 where we know of none."""
        window = self._windows.get((kind, length_s))
        if window is None:
            return 0
        window.turn(self._now_s())
        return window.used

    def exhausted(self, seconds: float) -> None:
        """The exchange refuses new orders for that long (-1015); nothing else is concerned."""
        now_s = self._now_s()
        for (kind, length_s), window in self._windows.items():
            window.turn(now_s)
            # The shortest window that lasts as long as it says is the one that is full.
            if kind == _ORDERS and window.left_s(now_s) >= seconds - _LATE_S:
                window.base = max(window.base, window.limit)
                if length_s >= seconds:
                    return

    def first_fill(self, *, is_maker: bool) -> None:
        """An order of ours traded for the first time: it gives back some of the order counts."""
        less = _AS_MAKER if is_maker else _AS_TAKER
        now_s = self._now_s()
        for (kind, _), window in self._windows.items():
            if kind == _ORDERS:
                window.turn(now_s)
                window.base = max(0, window.base - less)
        if self._waiting:
            self._look()

    def try_pass(self, ask: Ask) -> bool:
        """Whether it may be sent at this moment; then it is counted as under way."""
        if self._gate.closed_for_s or (self._waiting and not ask.urgent):
            return False
        return self._grant(ask, self._now_s())

    async def passed(self, ask: Ask) -> None:
        """Return when it may be sent; it is counted as under way until :meth:`settled`.

        Raises:
            Throttled: that would take longer than the request may wait. It is not sent.
        """
        if self.try_pass(ask):
            return
        self.waits += 1
        self._refuse_what_is_late(ask)
        waiter = _Waiter(ask, asyncio.get_running_loop().create_future())
        entry = (not ask.urgent, next(self._numbers), waiter)
        self._waiting.append(entry)
        self._waiting.sort(key=lambda one: one[:2])
        self._look()
        # No asyncio.timeout: that would be the current task's, and there may be none.
        loop = asyncio.get_running_loop()
        limit = loop.call_later(ask.longest_wait_s, self._give_up, waiter)
        try:
            await waiter.future
        except asyncio.CancelledError:
            future = waiter.future
            if future.done() and not future.cancelled() and future.exception() is None:
                self.settled(ask, counted=False)
            raise
        finally:
            limit.cancel()
            if entry in self._waiting:
                self._waiting.remove(entry)

    def settled(self, ask: Ask, *, counted: bool) -> None:
        """It was answered. ``counted``: the exchange counts it, and did not say to how much."""
        for (kind, _), window in self._windows.items():
            amount = ask.orders if kind == _ORDERS else ask.weight
            window.pending = max(0, window.pending - amount)
            if counted:
                window.base += amount
        if self._waiting:
            self._look()

    def _give_up(self, waiter: _Waiter) -> None:
        if not waiter.future.done():
            ask = waiter.ask
            text = f"{ask.what}: waited {ask.longest_wait_s:g} s in vain"
            waiter.future.set_exception(Throttled(self._opens_in_s(ask), text))

    def _count(self, kind: str, length_s: int, used: int) -> None:
        window = self._windows.get((kind, length_s))
        if window is not None:
            window.turn(self._now_s())
            window.base = used

    def _grant(self, ask: Ask, now_s: float) -> bool:
        for (kind, _), window in self._windows.items():
            window.turn(now_s)
            amount = ask.orders if kind == _ORDERS else ask.weight
            if amount and not window.fits(amount, urgent=ask.urgent):
                return False
        for (kind, _), window in self._windows.items():
            window.pending += ask.orders if kind == _ORDERS else ask.weight
        return True

    def _opens_in_s(self, ask: Ask) -> float:
        """How long at least it would have to wait now, as far as is known."""
        now_s = self._now_s()
        left_s = self._gate.closed_for_s
        for (kind, _), window in self._windows.items():
            window.turn(now_s)
            amount = ask.orders if kind == _ORDERS else ask.weight
            if amount and not window.fits(amount, urgent=ask.urgent):
                left_s = max(left_s, window.left_s(now_s))
        return left_s

    def _refuse_what_is_late(self, ask: Ask) -> None:
        left_s = self._opens_in_s(ask)
        if left_s <= ask.longest_wait_s:
            return
        silent = self._gate.closed_for_s > ask.longest_wait_s
        why = "the exchange asked for silence" if silent else "the exchange's limit is used up"
        raise Throttled(left_s, f"{ask.what}: {why}")

    def _look(self) -> None:
        """Let those pass who can, the urgent first, and see when to look again."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if not self._waiting:
            return
        soonest_s = self._gate.closed_for_s
        if not soonest_s:
            now_s = self._now_s()
            for entry in list(self._waiting):
                waiter = entry[2]
                if waiter.future.done() or self._grant(waiter.ask, now_s):
                    self._waiting.remove(entry)
                    if not waiter.future.done():
                        waiter.future.set_result(None)
            lefts = [self._opens_in_s(waiter.ask) for _, _, waiter in self._waiting]
            soonest_s = min(lefts, default=0.0)
        if self._waiting:
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(max(soonest_s, 0.001), self._look)
