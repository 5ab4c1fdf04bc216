"""The bot's own end of being controlled: the latch, the channel, the heartbeat, the takeover."""

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import Any, Final, Self

import msgspec

from bot.domain.errors import DatabaseError, VenueError
from bot.domain.events import Event, FlattenRequested, HaltRequested, ResumeRequested, SweepDue
from bot.engine.engine import Engine
from bot.exchange.direct import Access
from bot.ports import Store
from bot.runtime.control.deeds import Deeds
from bot.runtime.control.latch import Latch
from bot.runtime.control.lifeline import Lifeline
from bot.runtime.control.outlook import Outlook, Pulse, settled
from bot.runtime.control.places import Places
from bot.runtime.control.server import ControlServer
from bot.runtime.control.takeover import account_of, flatten_directly
from bot.runtime.deadman import DeadMansHand
from bot.runtime.logs import logger
from bot.runtime.pump import Pump

__all__ = ["Guard"]

_BEAT_S: Final = 0.1
_FOLLOW_S: Final = 0.5
_APPLY_S: Final = 2.0
_LOOK_S: Final = 0.05


class Guard:
    """:meth:`beat` and :meth:`follow` run on the loop, the channel in threads of its own.

    What a person asks for holds at once, whatever the loop does: ``closed`` is read by the
    sender before each order, and needs nobody to be told.
    """

    def __init__(
        self,
        *,
        places: Places,
        engine: Engine,
        pump: Pump,
        store: Store,
        access: Access | None,
        stuck_s: float,
        patience_s: float,
        flatten_wait_s: float,
    ) -> None:
        """``access`` None: there is no exchange to talk to past the engine."""
        self.pulse = Pulse()
        self.lifeline: Lifeline | None = None
        self.dead_man: DeadMansHand | None = None
        self._engine = engine
        self._pump = pump
        self._store = store
        self._access = access
        self._stuck_s = stuck_s
        self._patience_s = patience_s
        self._flatten_wait_s = flatten_wait_s
        self._latch = Latch(places.halt)
        self._deeds = Deeds(places.deeds)
        self._server = ControlServer(places.socket, self.answer, look=self._look)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._flattening = threading.Lock()
        self._holding = threading.Lock()
        # Why no order may be sent, as the latch says; the loop may not have heard of it yet.
        self._held = ""
        # While it is not '', somebody else acts on the account: nothing at all is sent.
        self._taken_over = ""
        self._look_again = False
        self.outlook: Outlook | None = None

    # --- what the sender asks -----------------------------------------------------------

    def closed(self) -> str:
        """Why no order may be sent at this moment, or ''."""
        held = f"halted: {self._held}" if self._held else ""
        return self._taken_over or held or self._engine.gate.closed

    def exempt(self, client_order_id: str) -> bool:
        """Whether the order may be sent all the same: the engine closes a position with it."""
        return not self._taken_over and self._engine.flattening.is_closing(client_order_id)

    @property
    def held(self) -> str:
        return self._held

    # --- life ---------------------------------------------------------------------------

    def start(self) -> None:
        """Tell what was done meanwhile, take the latch over, and listen."""
        self._loop = asyncio.get_running_loop()
        latched = self._latch.read()
        if latched is not None:
            self._held = latched.reason
            if self._engine.halted != latched.reason:
                self._emit(HaltRequested(reason=latched.reason, recv_ns=time.time_ns()))
        self.pulse.beat()
        if self.lifeline is not None:
            self.lifeline.start([o.client_order_id for o in self._engine.blotter.open_orders()])
        try:
            self._server.start()
        except OSError as e:
            cause = f"bot status, halt, resume and flatten will not reach this bot: {e}"
            self._engine.incident("control_channel", "control", cause, severity="warning")
            self._pump.flush()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.stop(clean=kind is None)

    def stop(self, *, clean: bool) -> None:
        """End the channel; the watchdog too, unless orders may rest that nobody looks after."""
        self._server.stop()
        if self.lifeline is not None:
            self.lifeline.stop(goodbye=clean)

    async def beat(self) -> None:
        """Show that the loop lives, until cancelled. It waits for nothing else."""
        while True:
            self.pulse.beat()
            if self.lifeline is not None:
                self.lifeline.beat()
            await asyncio.sleep(_BEAT_S)

    async def follow(self) -> None:
        """Take up what was done past the engine, until cancelled."""
        is_armed = self.dead_man is None
        while True:
            if self.dead_man is not None and not is_armed and not self._engine.is_blind:
                # The timetable's first turn comes later than the first orders.
                with contextlib.suppress(VenueError):
                    await self.dead_man.refresh()
                is_armed = True
            if not self._flattening.locked():
                if self._look_again:
                    await self._take_back()
                await self._tell_deeds()
            await asyncio.sleep(_FOLLOW_S)

    async def _tell_deeds(self) -> None:
        """Incidents of what was done past the engine; forgotten once they are durable."""
        # Until the account was looked at again, another flatten past the engine counts on them.
        deeds = [] if self._engine.is_blind or self._taken_over else self._deeds.read()
        if not deeds:
            return
        for deed in deeds:
            self._engine.incident(deed.kind, deed.subject, deed.text, severity="warning")
        self._pump.flush()
        try:
            await self._store.durable(self._store.append(()))
        except DatabaseError:
            return  # they are told at the next start
        self._deeds.forget(len(deeds))

    async def _take_back(self) -> None:
        """The loop lives again: see what became of the account, and close what is left."""
        self._look_again = False
        engine = self._engine
        self._emit(SweepDue(cause="after a flatten past the engine", recv_ns=time.time_ns()))
        # The engine is sans-I/O, so there is no event to wait on.
        while engine.sight.is_sweeping or engine.is_blind or not engine.is_settled:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)
        self._taken_over = ""
        reason = engine.halted or "flatten"
        self._emit(FlattenRequested(reason=reason, recv_ns=time.time_ns()))

    def _look(self) -> None:
        """In the server's thread: a latch that was set without us holds all the same."""
        latched = self._latch.read()
        if latched is not None and latched.reason != self._held:
            self._hold(latched.reason)

    # --- requests, each in a thread of its own ------------------------------------------

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what the request says; see docs/operations.md for the requests."""
        match request.get("do"):
            case "ping":
                return {"ok": True, "pid": os.getpid()}
            case "status" if self.outlook is not None:
                return msgspec.to_builtins(self.outlook.report())  # type: ignore[no-any-return]
            case "halt":
                return self._halt(str(request.get("reason") or "asked to"))
            case "resume":
                return self._resume(str(request.get("reason") or "asked to"))
            case "flatten":
                symbol = str(request.get("symbol") or "")
                return self._flatten(symbol, str(request.get("reason") or "flatten"))
            case other:
                return {"ok": False, "error": f"{other!r} is no request that this bot knows"}

    def _halt(self, reason: str) -> dict[str, Any]:
        latched = self._set_latch(reason)
        applied = self._hold(reason)
        return {"ok": True, "halted": reason, "applied": applied, "latched": latched}

    def _set_latch(self, reason: str) -> bool:
        try:
            self._latch.set(reason, time.time_ns())
        except OSError as e:
            logger.bind(source="control").error("the halt cannot be latched in a file: {}", e)
            return False
        return True

    def _hold(self, reason: str) -> bool:
        """Let no order leave from now on; whether the engine knows it already."""
        with self._holding:
            is_news = self._held != reason
            self._held = reason
        if is_news:
            logger.bind(source="control").warning("halt: {}", reason)
            return self._on_loop(lambda: HaltRequested(reason=reason, recv_ns=time.time_ns()))
        until = time.monotonic() + _APPLY_S
        while self._engine.halted != reason and time.monotonic() < until:
            time.sleep(_LOOK_S)
        return self._engine.halted == reason

    def _resume(self, reason: str) -> dict[str, Any]:
        if self._flattening.locked():
            return {"ok": False, "error": "a flatten is under way: wait for its end"}
        lifted = self._latch.lift()
        was = self._held or self._engine.halted
        self._held = ""
        self._look_again = False
        self._taken_over = ""
        applied = self._on_loop(lambda: ResumeRequested(reason=reason, recv_ns=time.time_ns()))
        return {"ok": True, "was": was, "applied": applied, "lifted": lifted}

    def _flatten(self, symbol: str, reason: str) -> dict[str, Any]:
        if symbol and symbol not in self._engine.cache.instruments:
            known = ", ".join(self._engine.cache.instruments)
            return {"ok": False, "error": f"{symbol} is not traded in this run; it trades {known}"}
        if not self._flattening.acquire(blocking=False):
            return {"ok": False, "error": "a flatten is under way already"}
        try:
            self._set_latch(reason)
            self._hold(reason)
            if self._by_engine(symbol, reason):
                flattening = self._engine.flattening
                left, dust = settled(lambda: (flattening.left(symbol), flattening.dust(symbol)))
                return {"ok": not left, "way": "engine", "left": left, "dust": dust}
            return self._directly(symbol)
        finally:
            self._flattening.release()

    def _by_engine(self, symbol: str, reason: str) -> bool:
        """Whether the engine could do it in time."""
        engine = self._engine
        until = time.monotonic() + self._flatten_wait_s
        while self.pulse.age_s > self._stuck_s or engine.is_blind:
            if time.monotonic() > until or self.pulse.age_s > self._stuck_s:
                return False
            time.sleep(_LOOK_S)

        def wish() -> Event:
            return FlattenRequested(symbol=symbol, reason=reason, recv_ns=time.time_ns())

        if not self._on_loop(wish):
            return False
        while engine.flattening.is_active:
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK_S)
        return True

    def _directly(self, symbol: str) -> dict[str, Any]:
        if self._access is None:
            return {"ok": False, "error": "the engine did not do it in time, and nobody else can"}
        self._taken_over = "the account is flattened past the engine"
        logger.bind(source="control").warning("the engine is stuck: flattening past it")
        # What was just being sent is out, or held, by then.
        time.sleep(_LOOK_S)
        self._post(self._engine.flattening.stop)
        outcome = flatten_directly(
            self._access,
            account_of(self._engine),
            self._deeds,
            symbol=symbol,
            patience_s=self._patience_s,
        )
        self._look_again = True
        return {
            "ok": not outcome.left,
            "way": "direct",
            "loop_age_s": round(self.pulse.age_s, 1),
            **msgspec.to_builtins(outcome),
        }

    # --- over to the loop ---------------------------------------------------------------

    def _on_loop(self, made: Callable[[], Event]) -> bool:
        """Have the event fed by the loop; whether it was, within a moment."""
        done = threading.Event()

        def feed() -> None:
            self._emit(made())
            done.set()

        self._post(feed)
        return done.wait(_APPLY_S)

    def _post(self, work: Callable[[], object]) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(work)

    def _emit(self, event: Event) -> None:
        self._pump.emit(event)
