"""Which streams are wanted, and by whom: asked for with the first wish, let go with the last."""

from typing import TYPE_CHECKING

from bot.domain.commands import StreamKind, Subscribe, Subscription, Unsubscribe

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Subscriptions"]


class Subscriptions:
    """Counts wishes by stream and owner; the shell hears of the first and the last only.

    An owner is a strategy, or a part of the engine under a name that no strategy can have.
    Bars that the exchange does not stream are built in the engine: of these the shell never
    hears, but of what they are built from.
    """

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._owners: dict[Subscription, dict[str, None]] = {}

    def __contains__(self, subscription: Subscription) -> bool:
        """Whether anybody wants the stream."""
        return subscription in self._owners

    def want(self, owner: str, subscription: Subscription) -> None:
        """Ask for the stream on behalf of ``owner``; twice is once.

        Raises:
            ValueError: bars of an interval that is none.
        """
        if subscription not in self._owners and not self._is_built(subscription):
            self._engine.command(Subscribe(subscriptions=(subscription,)))
        self._owners.setdefault(subscription, {})[owner] = None

    def release(self, owner: str, subscription: Subscription) -> bool:
        """Take the owner's wish back; False if there was none."""
        owners = self._owners.get(subscription, {})
        if owner not in owners:
            return False
        self._drop(owner, (subscription,))
        return True

    def release_all(self, owner: str) -> None:
        """Take every wish of the owner back."""
        self._drop(owner, self.of(owner))

    def of(self, owner: str) -> tuple[Subscription, ...]:
        """What the owner wants, in the order in which each was first wanted by anybody."""
        return tuple(wish for wish, owners in self._owners.items() if owner in owners)

    def _drop(self, owner: str, subscriptions: tuple[Subscription, ...]) -> None:
        for subscription in subscriptions:
            del self._owners[subscription][owner]
        unused = tuple(wish for wish in subscriptions if not self._owners[wish])
        for wish in unused:
            del self._owners[wish]
        streams = tuple(wish for wish in unused if not self._was_built(wish))
        if streams:
            self._engine.command(Unsubscribe(subscriptions=streams))

    def _is_built(self, wish: Subscription) -> bool:
        return wish.kind is StreamKind.BARS and self._engine.bars.begin(wish)

    def _was_built(self, wish: Subscription) -> bool:
        return wish.kind is StreamKind.BARS and self._engine.bars.end(wish)
