"""The watchman of a feed's streams: looks at each every now and then."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from bot.domain.values import SECOND_NS
from bot.exchange.continuity import StreamState
from bot.exchange.quiet import Pulse, QuietRules
from bot.exchange.shard import Shard

__all__ = ["StreamWatch", "Watched"]

_CURE_FIRST_NS: Final = 60 * SECOND_NS
_CURE_LONGEST_NS: Final = 3600 * SECOND_NS
_NEVER_HEARD: Final = (
    "no data since it was asked for: a thin symbol, or none (names that do not exist are "
    "acknowledged too)"
)


class Watched(msgspec.Struct, eq=False):
    """One stream under watch."""

    state: StreamState
    shard: Shard
    pulse: Pulse
    stale: bool = False


class StreamWatch:
    """Calls ``on_silent(stream, cause)`` once when a stream's silence is out of keeping."""

    def __init__(
        self,
        rules: QuietRules,
        now_ns: Callable[[], int],
        *,
        on_silent: Callable[[Watched, str], object],
    ) -> None:
        self._rules = rules
        self._now_ns = now_ns
        self._on_silent = on_silent
        self._streams: dict[Watched, None] = {}
        self._cures: dict[Shard, tuple[int, int]] = {}

    def add(self, state: StreamState, shard: Shard) -> Watched:
        """Watch one more stream."""
        watched = Watched(state, shard, Pulse(state.subscription.kind, self._rules))
        self._streams[watched] = None
        return watched

    def remove(self, watched: Watched) -> None:
        """Watch it no longer."""
        self._streams.pop(watched, None)

    def forget(self, shard: Shard) -> None:
        """The connection is not there any more."""
        self._cures.pop(shard, None)

    def cure(self, shard: Shard, cause: str) -> None:
        """Replace the connection, less and less often as long as something is wrong there."""
        now_ns = self._now_ns()
        due_ns, pause_ns = self._cures.get(shard, (0, _CURE_FIRST_NS))
        if now_ns < due_ns:
            return
        if now_ns - due_ns > pause_ns:
            pause_ns = _CURE_FIRST_NS
        self._cures[shard] = now_ns + pause_ns, min(2 * pause_ns, _CURE_LONGEST_NS)
        shard.roll(cause)

    async def run(self) -> None:
        """Look until cancelled."""
        limits = [*self._rules.silence_s.values(), self._rules.first_data_s]
        interval_s = min(1.0, min(limits) / 4)
        while True:
            await asyncio.sleep(interval_s)
            self.look()

    def look(self) -> None:
        """Look at every stream."""
        now_ns = self._now_ns()
        speaking = set()
        for watched in self._streams:
            watched.pulse.look(watched.state.heard_ns)
            if watched.state.heard_ns:
                speaking.add((watched.shard, watched.state.subscription.kind))
        for watched in tuple(self._streams):
            since_ns = watched.shard.carried.get(watched.state.name)
            if since_ns is None or watched.stale:
                continue
            alone = (watched.shard, watched.state.subscription.kind) not in speaking
            if watched.pulse.is_silent(since_ns, now_ns, alone=alone):
                watched.stale = True
                heard = watched.state.heard_ns
                self._on_silent(watched, "silent" if heard else _NEVER_HEARD)
