"""Which whole books are asked for, and when: few at once, after failures less and less often."""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from bot.domain.commands import FetchBook
from bot.domain.values import MS_NS, SECOND_NS

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["BOOKS", "Snapshots"]

BOOKS: Final = "_books"
"""The owner of the deadlines of books; each is named by its symbol."""

_AT_ONCE: Final = 4
"""Snapshots under way at the same time: each weighs as much as fifty small questions."""
_PAUSE_NS: Final = 250 * MS_NS
_LONGEST_PAUSE_NS: Final = 30 * SECOND_NS
_LONGEST_FLUTTER_NS: Final = 4 * SECOND_NS
"""The longest pause of a book that can be had and is lost again and again."""


class Snapshots:
    """One question for a symbol at a time; the answers go to whoever made this."""

    def __init__(self, engine: "Engine", *, levels: int, is_wanted: Callable[[str], bool]) -> None:
        self._engine = engine
        self._levels = levels
        self._is_wanted = is_wanted
        self._asked: set[str] = set()
        self._failures: dict[str, int] = {}
        self._waiting: deque[str] = deque()
        self._under_way: set[str] = set()

    def ask(self, symbol: str) -> None:
        """Ask as soon as there is room, unless it is asked for or waits already."""
        if symbol not in self._asked:
            self._asked.add(symbol)
            self._waiting.append(symbol)
            self._ask_next()

    def ask_later(self, symbol: str, *, least_ns: int = 0) -> None:
        """It could not be had: ask after a pause, of ``least_ns`` or more."""
        self._pause(symbol, least_ns, _LONGEST_PAUSE_NS)

    def ask_again(self, symbol: str, *, was_steady: bool) -> None:
        """It was lost: ask at once if it had been good for a while, else after a pause."""
        if was_steady or not self._failures.get(symbol):
            self._failures[symbol] = 1
            self.ask(symbol)
        else:
            self._pause(symbol, 0, _LONGEST_FLUTTER_NS)

    def due(self, symbol: str) -> None:
        """The pause is over."""
        self._asked.discard(symbol)
        self.ask(symbol)

    def answered(self, symbol: str) -> None:
        """There is an answer, or word that there is none: the next may be asked for."""
        self._under_way.discard(symbol)
        self._asked.discard(symbol)
        self._ask_next()

    def forget(self, symbol: str) -> None:
        """A book of that symbol begins anew, without a past."""
        self._asked.discard(symbol)
        self._failures.pop(symbol, None)
        self._engine.deadlines.cancel(BOOKS, symbol)

    def _pause(self, symbol: str, least_ns: int, longest_ns: int) -> None:
        failures = self._failures.get(symbol, 0)
        self._failures[symbol] = failures + 1
        self._asked.add(symbol)
        pause_ns = min(_PAUSE_NS << min(failures, 16), longest_ns)
        self._engine.deadlines.set(BOOKS, symbol, self._engine.now_ns + max(pause_ns, least_ns))

    def _ask_next(self) -> None:
        while self._waiting and len(self._under_way) < _AT_ONCE:
            symbol = self._waiting.popleft()
            # An answer to an earlier wish is still to come, and it will do.
            if self._is_wanted(symbol) and symbol not in self._under_way:
                self._under_way.add(symbol)
                self._engine.command(FetchBook(symbol=symbol, limit=self._levels))
