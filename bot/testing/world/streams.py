"""What the exchange sends by itself: account events and quotes, over connections that break."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from bot.domain.commands import StreamKind, Subscription
from bot.domain.events import Event, FeedChanged, FeedKind, FeedState
from bot.domain.market import QuoteTick
from bot.exchange.user_decode import UserDecoder
from bot.testing.world.choices import Choices
from bot.testing.world.site import Site
from bot.testing.world.timeline import Timeline
from bot.testing.world.troubles import Troubles

__all__ = ["MarketStream", "UserStream"]

_MS: Final = 1_000_000
_NOTICED_MS: Final = 15_000
"""A ping every 10 s that gets its answer within 5 s: so long a dead connection goes unnoticed."""

Emit = Callable[[Event], None]


class _Stream:
    """A connection of one process that is tried again until it stands."""

    kind: FeedKind
    name: str

    def __init__(self, timeline: Timeline, choices: Choices, site: Site) -> None:
        self.timeline = timeline
        self.choices = choices
        self.site = site
        self.emit: Emit = lambda _: None
        """Where events go, while ``alive``: both belong to the process."""
        self.alive: Callable[[], bool] = lambda: False
        self.clock_ns: Callable[[], int] = lambda: timeline.now_ns
        """The clock of the process."""
        self.troubles = Troubles()
        self.generation = 0
        self.is_up = False
        self.is_deaf = False
        self._last_ns = 0

    def connect(self) -> None:
        """Try it: after a while it stands, unless the exchange is out."""
        self.generation += 1
        mine = self.generation
        self.timeline.after(self.choices.between(20, 1_500) * _MS, lambda: self._connected(mine))

    def _connected(self, mine: int) -> None:
        if not self.alive() or mine != self.generation:
            return
        if self.site.is_out:
            self.connect()
            return
        self.is_up, self.is_deaf = True, False
        self._deliver(self._changed(FeedState.UP, "connected"), mine)

    def drop(self, cause: str) -> None:
        """The connection is gone, and that is noticed."""
        if not self.alive() or not self.is_up:
            return
        self.is_up = False
        self.generation += 1
        self.emit_now(self._changed(FeedState.DOWN, cause))
        self.connect()

    def half_open(self) -> None:
        """The connection is gone, and nobody notices for some time."""
        if not self.alive() or not self.is_up:
            return
        self.is_deaf = True
        mine = self.generation
        self.timeline.after(
            self.choices.between(1, _NOTICED_MS) * _MS,
            lambda: self.drop("no sign of life") if mine == self.generation else None,
        )

    def emit_now(self, make: Callable[[], Event]) -> None:
        if self.alive():
            self.emit(make())

    def _deliver(self, make: Callable[[], Event], mine: int, delay_ms: int = 0) -> None:
        """In order, over this connection or not at all."""
        slow = max(self.troubles.slow_network_ms // 2, 2)
        delay_ns = (self.choices.between(1, slow) + delay_ms) * _MS
        when = self.timeline.now_ns + delay_ns
        if not delay_ms:
            when = max(when, self._last_ns + 1)
            self._last_ns = when

        def arrive() -> None:
            if self.alive() and mine == self.generation and not self.is_deaf:
                self.emit(make())

        self.timeline.at(when, arrive)

    def _changed(self, state: FeedState, cause: str) -> Callable[[], Event]:
        return lambda: FeedChanged(
            feed=self.kind, name=self.name, state=state, cause=cause, recv_ns=self.clock_ns()
        )


class UserStream(_Stream):
    """Events of the account, through the real decoder."""

    kind = FeedKind.USER
    name = "spot user"

    def __init__(self, timeline: Timeline, choices: Choices, site: Site) -> None:
        super().__init__(timeline, choices, site)
        self._decoder = UserDecoder()
        self.site.listen.append(self._happened)

    def close(self) -> None:
        self.site.listen.remove(self._happened)

    def _happened(self, payload: dict[str, Any]) -> None:
        if not self.is_up or self.is_deaf:
            return
        choices, troubles, mine = self.choices, self.troubles, self.generation
        if choices.chance(troubles.lose):
            return
        data = msgspec.json.encode(payload)
        times = 2 if choices.chance(troubles.duplicate) else 1
        late_ms = choices.between(1, 3_000) if choices.chance(troubles.reorder) else 0
        _, events = self._decoder.decode(data, 0)
        for _ in range(times):
            for event in events:
                self._deliver(lambda event=event: self._stamped(event), mine, late_ms)  # type: ignore[misc]

    def _stamped(self, event: Any) -> Event:
        now_ns = self.clock_ns()
        fill = getattr(event, "fill", None)
        if fill is not None:
            event = msgspec.structs.replace(
                event, fill=msgspec.structs.replace(fill, recv_ns=now_ns)
            )
        stamped: Event = msgspec.structs.replace(event, recv_ns=now_ns)
        return stamped


class MarketStream(_Stream):
    """Quotes of the symbols that the bot subscribed to."""

    kind = FeedKind.MARKET
    name = "spot market 1"

    def __init__(self, timeline: Timeline, choices: Choices, site: Site) -> None:
        super().__init__(timeline, choices, site)
        self._symbols: set[str] = set()
        self._told: dict[str, int] = {}

    def subscribe(self, subscriptions: tuple[Subscription, ...]) -> None:
        self._symbols |= {one.symbol for one in subscriptions if one.kind is StreamKind.QUOTES}

    def stale(self, for_ns: int) -> None:
        """Connected and silent; that is told, and so is its end."""
        if not self.is_up or self.is_deaf or not self.alive():
            return
        mine, self.is_deaf = self.generation, True
        self.emit_now(self._changed(FeedState.STALE, "silent"))

        def speak() -> None:
            if mine == self.generation:
                self.is_deaf = False
                self.emit_now(self._changed(FeedState.UP, "data again"))

        self.timeline.after(for_ns, speak)

    def tick(self) -> None:
        """Tell the quotes that have changed."""
        if not self.is_up or self.is_deaf or not self.alive():
            return
        for symbol in sorted(self._symbols):
            best = self.site.exchange.best(symbol)
            update = self.site.exchange.update_id(symbol)
            if best is None or self._told.get(symbol) == update:
                continue
            self._told[symbol] = update
            (bid, bid_size), (ask, ask_size) = best
            self._deliver(
                lambda symbol=symbol, bid=bid, ask=ask, sizes=(bid_size, ask_size), update=update: (  # type: ignore[misc]
                    QuoteTick(
                        symbol=symbol,
                        bid=float(bid),
                        bid_size=float(sizes[0]),
                        ask=float(ask),
                        ask_size=float(sizes[1]),
                        update_id=update,
                        ts_ns=self.timeline.now_ns,
                        recv_ns=self.clock_ns(),
                    )
                ),
                self.generation,
            )
