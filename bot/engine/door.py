"""The way in: each event is run to completion, with everything that follows from it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from bot.domain.events import Event

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Handlers", "door"]

Handlers = dict[type, Callable[[Any], None]]
_NEVER_NS: Final = 2**63 - 1


def _raise(_: Event, error: Exception) -> None:
    raise error


def _leave() -> None:
    pass


def door(
    engine: "Engine",
    handlers: Handlers,
    *,
    failed: Callable[[Event, Exception], None] = _raise,
    effects: Callable[[], None] = _leave,
    look: Callable[[Event], int] | None = None,
) -> Callable[[Event], None]:
    """A function that takes one event in.

    ``failed(event, error)`` is told of a bug of ours instead of the caller; ``effects()`` is
    called when there is something to take; ``look(event)`` sees an event that is done with,
    and says from which time on it wants to see the next.

    It is one function, with all that it touches at hand, because every tick goes through it.
    """
    deadlines, timers, requests = engine.deadlines, engine.timers, engine.requests
    look_from_ns = 0 if look else _NEVER_NS

    def enter(event: Event) -> None:
        nonlocal look_from_ns
        engine.events += 1
        now_ns = event.recv_ns
        if now_ns > engine.now_ns:
            engine.now_ns = now_ns
        else:
            now_ns = engine.now_ns
        try:
            if now_ns >= deadlines.next_ns:
                engine.meet_deadlines()
            requests.cause = event
            handlers[type(event)](event)
            if requests.waiting:
                requests.handle()
            # After the event: a timer must not act on what the same instant has overtaken.
            if now_ns >= timers.next_ns:
                engine.fire_timers()
        except Exception as e:  # noqa: BLE001 - wall: a bug of ours must not stop the feeds
            failed(event, e)
        if engine.has_effects:
            effects()
        if now_ns >= look_from_ns and look is not None:
            look_from_ns = look(event)

    return enter
