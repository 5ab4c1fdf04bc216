"""What strategies want to know of the past before they start, and who still waits for it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from bot.domain.commands import StreamKind, Subscription
from bot.engine.bars import Key
from bot.engine.topics import canonical, is_of_instrument
from bot.strategy.history import BarsWanted

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["WarmUp"]


_OWNER: Final = "_warm_up:"
"""Before a strategy's id: the owner of what it wanted before it started."""


class WarmUp:
    """Asks each strategy once, and lets it start when all that it wants is here, or given up."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._waiting: dict[str, set[Key]] = {}

    def ask(self, strategy_ids: Iterable[str]) -> None:
        """Ask those that were not asked; all of them before anything is fetched."""
        wanted: dict[str, list[tuple[Key, BarsWanted]]] = {}
        for strategy_id in strategy_ids:
            if strategy_id not in self._waiting:
                self._waiting[strategy_id] = set()
                wanted[strategy_id] = self._wants(strategy_id)
        counts: dict[Key, BarsWanted] = {}
        for strategy_id, wants in wanted.items():
            for key, want in wants:
                self._waiting[strategy_id].add(key)
                # It stays up to date for as long as the strategy runs.
                wish = Subscription(StreamKind.BARS, *key)
                self._engine.subscriptions.want(f"{_OWNER}{strategy_id}", wish)
                before = counts.get(key, want)
                counts[key] = BarsWanted(
                    *key, max(before.count, want.count), before.required or want.required
                )
        for key, want in counts.items():
            if self._engine.bars.warm_up(key, want.count, required=want.required):
                self._forget(key)

    def is_ready(self, strategy_id: str) -> bool:
        """Whether the strategy waits for nothing."""
        return not self._waiting.get(strategy_id)

    def dismiss(self, strategy_id: str) -> None:
        """The strategy needs nothing any more."""
        self._engine.subscriptions.release_all(f"{_OWNER}{strategy_id}")

    def arrived(self, key: Key) -> None:
        """The history of these bars is here, or will not come."""
        self._forget(key)
        if not self._engine.is_blind:
            self._engine.start_strategies()

    def _forget(self, key: Key) -> None:
        for keys in self._waiting.values():
            keys.discard(key)

    def _wants(self, strategy_id: str) -> list[tuple[Key, BarsWanted]]:
        host = self._engine.host
        strategy = host.plugins[strategy_id].strategy
        found: list[tuple[Key, BarsWanted]] = []

        def warm_up() -> None:
            found.extend((self._checked(want), want) for want in strategy.warm_up())

        if not self._engine.bus.call(strategy_id, warm_up):
            # Without the past that it counts on it would trade on nothing.
            host.quarantine(strategy_id, "warm_up failed, so it was not started")
            return []
        return found

    def _checked(self, want: object) -> Key:
        if not isinstance(want, BarsWanted):
            raise TypeError(f"warm_up gives BarsWanted(symbol, interval, count), got {want!r}")
        most = self._engine.config.bars_kept
        if not (isinstance(want.count, int) and 1 <= want.count <= most):
            raise ValueError(
                f"BarsWanted {want.symbol} {want.interval}: count is from 1 to {most} "
                f"(setting bars_kept), got {want.count!r}"
            )
        wish = canonical(
            Subscription(StreamKind.BARS, want.symbol, want.interval), self._engine.config.market
        )
        if is_of_instrument(wish) and wish.symbol not in self._engine.cache.instruments:
            known = ", ".join(self._engine.cache.instruments)
            raise KeyError(f"{wish.symbol} is not traded in this run; it trades {known}")
        self._engine.bars.check(wish)
        return wish.symbol, wish.detail
