"""How far a stream has been heard, whichever connection says it: nothing twice, no silent hole."""

from collections.abc import Callable
from typing import Final

from bot.domain.commands import Subscription
from bot.domain.market import MarketEvent
from bot.domain.values import SECOND_NS, Market

__all__ = ["OnJump", "StreamState"]

OnJump = Callable[["StreamState", int, int, MarketEvent], None]
"""``(state, first missing id, last missing id, the event after the hole)``."""

_STUCK_NS: Final = 5 * SECOND_NS


class StreamState:
    """Belongs to a stream of the feed and outlives its connections.

    Two connections may deliver a stream at once: the lane drops what is not newer than the
    last. Ids are trade ids, aggregate trade ids and update ids; event times (ms) of streams
    that have none. ``on_jump`` hears of holes before the event after them is delivered; of
    bars, where no id tells, its ids are the opening times (ns) of the first and of the last
    closed bar that is missing.
    """

    __slots__ = (
        "_stuck_id",
        "_stuck_since_ns",
        "bar_ns",
        "broken",
        "by_symbol",
        "due_bar_ns",
        "duplicates",
        "heard_ns",
        "last_id",
        "last_ns",
        "market",
        "name",
        "on_jump",
        "subscription",
        "symbol",
    )

    def __init__(
        self,
        name: str,
        subscription: Subscription,
        market: Market = Market.SPOT,
        on_jump: OnJump | None = None,
    ) -> None:
        self.name = name
        self.subscription = subscription
        self.symbol = subscription.symbol
        self.market = market
        self.on_jump = on_jump
        self.heard_ns = 0
        """Receive time of the newest good frame; 0 before the first."""
        self.last_id = -1
        """The newest id delivered; -1 before the first."""
        self.last_ns = 0
        """The exchange's time of that event, where its stream tells it."""
        self.duplicates = 0
        self.broken = 0
        """Elements of arrays that could not be decoded."""
        self.by_symbol: dict[str, int] = {}
        """The newest id of each symbol, on streams of a whole market."""
        self.bar_ns = 0
        """When the newest bar opened."""
        self.due_bar_ns = 0
        """When the first bar opens whose end was not delivered yet."""
        self._stuck_id = -1
        self._stuck_since_ns = 0

    def follows(self, event_id: int, ts_ns: int, event: MarketEvent) -> bool:
        """Whether the event, which is not the next by its id, may be delivered.

        For streams whose ids have no holes. A hole is told to ``on_jump``.
        """
        last = self.last_id
        if last >= 0:
            if event_id > last:
                if self.on_jump is not None:
                    self.on_jump(self, last + 1, event_id - 1, event)
            elif not self.began_anew(ts_ns, event.recv_ns):
                self.duplicates += 1
                return False
        return True

    def is_new(self, event_id: int, ts_ns: int, recv_ns: int) -> bool:
        """Whether the id is above the last; then it is the last."""
        if event_id <= self.last_id and not self.began_anew(ts_ns, recv_ns):
            self.duplicates += 1
            return False
        self.last_id = event_id
        self.last_ns = ts_ns
        return True

    def is_new_of(self, symbol: str, event_id: int) -> bool:
        """As :meth:`is_new`, each symbol by itself."""
        if event_id <= self.by_symbol.get(symbol, -1):
            self.duplicates += 1
            return False
        self.by_symbol[symbol] = event_id
        return True

    def began_anew(self, ts_ns: int, recv_ns: int) -> bool:
        """Whether ids that are not newer are those of a new count, not of a repetition.

        Test networks begin again at low ids. A repetition is never later by the exchange's
        own clock; where a stream tells no time, ids that stay behind the last one for five
        seconds are a new count.
        """
        if ts_ns:
            return ts_ns > self.last_ns
        if self._stuck_id != self.last_id:
            self._stuck_id = self.last_id
            self._stuck_since_ns = recv_ns
            return False
        return recv_ns - self._stuck_since_ns > _STUCK_NS
