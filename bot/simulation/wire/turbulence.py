"""Frame faults: events lost, doubled, late or out of order on their way to clients."""

import asyncio
from collections.abc import Callable

from bot.simulation.faults import FaultPlan

__all__ = ["Turbulence"]

Send = Callable[[], None]


class Turbulence:
    """Every market and user event passes here once, before it is fanned out."""

    def __init__(self, plan: FaultPlan, now_ms: Callable[[], int]) -> None:
        self._plan = plan
        self._now_ms = now_ms
        self._held: dict[str, tuple[Send, asyncio.TimerHandle]] = {}
        self._late: set[asyncio.TimerHandle] = set()

    def deliver(self, target: str, event: str, lane: str, send: Send) -> None:
        """Call ``send`` as often and when the plan says; ``lane`` is what ``reorder`` swaps in."""
        action = self._plan.frames(target, event, self._now_ms())
        if action.kind == "lose":
            return
        if action.kind == "delay":
            self._later(action.ms, send)
            return
        if action.kind == "reorder" and lane not in self._held:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(action.ms / 1000, self._release, lane)
            self._held[lane] = (send, timer)
            return
        send()
        if action.kind == "duplicate":
            send()
        self._release(lane)

    def stop(self) -> None:
        """Forget what is held back."""
        for _, timer in self._held.values():
            timer.cancel()
        for timer in self._late:
            timer.cancel()
        self._held.clear()
        self._late.clear()

    def _release(self, lane: str) -> None:
        held = self._held.pop(lane, None)
        if held is not None:
            send, timer = held
            timer.cancel()
            send()

    def _later(self, delay_ms: int, send: Send) -> None:
        def arrive() -> None:
            self._late.discard(handle)
            send()

        handle = asyncio.get_running_loop().call_later(delay_ms / 1000, arrive)
        self._late.add(handle)
