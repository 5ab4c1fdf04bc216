"""Streams that share a connection, whichever connection that is at the time."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from bot.exchange.backoff import Backoff, Delays
from bot.exchange.connection import OnFrame
from bot.exchange.continuity import StreamState
from bot.exchange.decode import FrameDecoder, StreamReply
from bot.exchange.handover import Handover, HandoverRules, Verdict
from bot.exchange.line import Line
from bot.exchange.sockets import Socket

__all__ = ["OnShardState", "Shard", "ShardParts"]

OnShardState = Callable[["Shard", bool, str, tuple[str, ...]], object]
"""``(shard, up, cause, streams)``: the streams were lost, or are delivered again."""

_LOOK_S: Final = 0.02
_QUICK_S: Final = 0.5


class ShardParts(msgspec.Struct, frozen=True, kw_only=True):
    """What a shard is given by its feed."""

    open_socket: Callable[[], Socket]
    """A new socket each time, not running yet."""
    deliver: OnFrame
    """The way of frames: it decodes and emits."""
    on_state: OnShardState
    now_ns: Callable[[], int]
    rules: HandoverRules = HandoverRules()
    backoff: Backoff = Backoff()


class Shard:
    """Has one connection in front; while that is replaced, a second one beside it.

    A replacement is told nobody: the new connection has taken over each stream before the
    old one ends (:mod:`bot.exchange.handover`). Only what was not covered is a loss.
    """

    def __init__(self, name: str, parts: ShardParts) -> None:
        self.name = name
        self.streams: dict[str, StreamState] = {}
        self.reconnects = 0
        """How often it was up again after a loss."""
        self.rollovers = 0
        """How often a new connection took over from one that was still up."""
        self.is_lost = False
        """A loss was told, and no return since."""
        self._parts = parts
        self._earlier_failures = 0
        self._was_up = False
        self._deliver = parts.deliver
        self._front = self._open()
        self._next: Line | None = None
        self._handover: Handover | None = None
        self._owners: dict[Line, asyncio.Task[None]] = {}
        self._roll_cause = ""
        self._roll_wanted = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()

    @property
    def up(self) -> bool:
        return self._front.up

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of its streams, each once."""
        return tuple(dict.fromkeys(s.subscription.symbol for s in self.streams.values()))

    @property
    def failed_frames(self) -> int:
        """Frames whose handling raised."""
        behind = self._next.failed_frames if self._next else 0
        return self._earlier_failures + self._front.failed_frames + behind

    @property
    def carried(self) -> dict[str, int]:
        """What the connection in front surely delivers, and since when (ns)."""
        return self._front.carried

    @property
    def is_rolling(self) -> bool:
        return self._roll_wanted.is_set()

    def add(self, state: StreamState) -> None:
        """Carry one more stream from now on."""
        self.streams[state.name] = state
        if self._handover is not None:
            self._handover.add(state)
        self._wish_changed()

    def remove(self, name: str) -> None:
        """Carry it no longer."""
        self.streams.pop(name, None)
        if self._handover is not None:
            self._handover.forget(name)
        self._wish_changed()

    def answer(self, reply: StreamReply) -> None:
        """Take what the server said, on the connection in front, that is no market event."""
        if reply.kind == "shutdown":
            self.roll("serverShutdown")
        else:
            self._front.answer(reply)

    def redirect(self, on_frame: OnFrame) -> None:
        """Give the frames to somebody else from now on."""
        self._deliver = on_frame
        self._front.redirect(on_frame)

    def roll(self, cause: str) -> None:
        """Replace the connection by a new one, soon; nothing if it is down, or being replaced."""
        if self._front.up and not self._roll_wanted.is_set():
            self._roll_cause = cause
            self._settled.clear()
            self._roll_wanted.set()

    async def rolled(self) -> None:
        """Return when no replacement is under way."""
        await self._settled.wait()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._own(self._front, tasks)
                await self._roll_for_ever(tasks)
        finally:
            self._next = self._handover = None
            self._owners.clear()
            self._settled.set()

    # --- connections -----------------------------------------------------------------------

    def _open(self) -> Line:
        return Line(
            self._parts.open_socket(),
            self.streams.keys(),
            on_frame=self._deliver,
            on_state=self._changed,
            now_ns=self._parts.now_ns,
        )

    def _own(self, line: Line, tasks: asyncio.TaskGroup) -> None:
        self._owners[line] = tasks.create_task(line.run(), name=self.name)

    def _wish_changed(self) -> None:
        self._front.wish_changed()
        if self._next is not None:
            self._next.wish_changed()

    def _changed(self, line: Line, up: bool, cause: str) -> None:
        if line is self._next:
            self._handover = self._begin_handover(line) if up else None
        elif line is self._front and up:
            self._rise(cause, tuple(self.streams))
        elif line is self._front:
            self._fall(cause)

    def _rise(self, cause: str, streams: tuple[str, ...]) -> None:
        self.reconnects += self._was_up
        self._was_up = True
        self._tell(True, cause, streams)  # noqa: FBT003 - see there

    def _fall(self, cause: str) -> None:
        """The connection in front is lost: the one beside it steps forward, if there is one."""
        if self._next is None:
            self._tell(False, cause, tuple(self.streams))  # noqa: FBT003 - see there
            return
        handover = self._handover
        lost = handover.missed(self._next.carried) if handover else tuple(self.streams)
        self._step_forward(self._next, cause, lost)

    def _tell(self, up: bool, cause: str, streams: tuple[str, ...]) -> None:
        """Call ``on_state``, whose one flag says all."""
        self.is_lost = not up
        self._parts.on_state(self, up, cause, streams)

    # --- replacement -----------------------------------------------------------------------

    async def _roll_for_ever(self, tasks: asyncio.TaskGroup) -> None:
        delays = Delays(self._parts.backoff)
        loop = asyncio.get_running_loop()
        last_s = -_QUICK_S
        while True:
            self._roll_wanted.clear()
            self._settled.set()
            await self._roll_wanted.wait()
            # A server that says goodbye to each newcomer must not be asked in a tight loop.
            if loop.time() - last_s >= _QUICK_S:
                delays.restart()
            await asyncio.sleep(delays.next_s())
            await self._roll(tasks)
            last_s = loop.time()

    async def _roll(self, tasks: asyncio.TaskGroup) -> None:
        if not self._front.up:
            return
        line = self._next = self._open()
        self._own(line, tasks)
        while self._next is line:
            await asyncio.sleep(_LOOK_S)
            if self._next is line and self._handover is not None:
                self._judge(line, self._handover)

    def _judge(self, line: Line, handover: Handover) -> None:
        verdict = handover.look(line.carried)
        if verdict is Verdict.DEAF:
            line.abort("streams are acknowledged and silent")
        elif verdict is Verdict.DONE:
            cause = f"{self._roll_cause}: the old connection had fallen silent"
            self._step_forward(line, cause, tuple(handover.unproven))

    def _begin_handover(self, line: Line) -> Handover:
        def answer(reply: StreamReply) -> None:
            if reply.kind == "shutdown":
                line.reconnect("serverShutdown")
            else:
                line.answer(reply)

        replies = FrameDecoder(answer)
        now_ns = self._parts.now_ns
        handover = Handover(
            self.streams.values(),
            deliver=self._take,
            other=lambda frame: replies.decode(frame, now_ns()),
            now_ns=now_ns,
            rules=self._parts.rules,
        )
        line.redirect(handover.frame)
        return handover

    def _take(self, frame: bytes) -> None:
        """Deliver as things are now: the way may change while a handover lasts."""
        self._deliver(frame)

    def _step_forward(self, line: Line, cause: str, lost: tuple[str, ...]) -> None:
        """The line is the one in front from now on; ``lost`` are streams that it did not cover."""
        old, handover = self._front, self._handover
        self._front, self._next, self._handover = line, None, None
        line.redirect(self._deliver)
        self._earlier_failures += old.failed_frames
        self._owners.pop(old).cancel()
        if lost:
            self._tell(False, cause, lost)  # noqa: FBT003 - see there
            if line.up:
                self._rise("connected", lost)
        else:
            self.rollovers += 1
        if handover is not None:
            handover.finish()
