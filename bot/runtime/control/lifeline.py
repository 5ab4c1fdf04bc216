"""The bot's end of the watchdog process: start it, let it hear the heartbeat, say goodbye."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

__all__ = ["Lifeline", "SentryOrders"]

_END_S: Final = 2.0
_BEATS_PER_SILENCE: Final = 10
_AGAIN_S: Final = 5.0
_SCRIPT: Final = Path(__file__).parents[2] / "exchange" / "sentry.py"


class SentryOrders(msgspec.Struct, frozen=True, kw_only=True):
    """What the watchdog has to know. It goes through a pipe: no argument, no environment."""

    rest: str
    """The REST root of spot, as ``https://api.binance.com/api``."""
    key: str
    secret: str
    recv_window_ms: int
    symbols: tuple[str, ...]
    prefixes: tuple[str, ...]
    """What client ids of this run begin with: a bot that was started again has others."""
    ids: tuple[str, ...]
    """Orders of earlier runs that were open when this one began."""
    spare_stops: bool
    """Leave conditional orders and lists: they limit the loss of a position."""
    silence_s: float
    give_up_s: float = 600.0
    socket: str
    pid: int
    deeds: str
    cafile: str = ""

    def __repr__(self) -> str:
        return f"SentryOrders({self.rest})"


class Lifeline:
    """Owns the process. Call :meth:`beat` often, from what must be alive: the event loop."""

    def __init__(
        self,
        orders: SentryOrders,
        *,
        offset_ms: Callable[[], int],
        lost: Callable[[str], None],
    ) -> None:
        """``offset_ms`` is how far the exchange's clock is ahead; ``lost`` hears of its death."""
        self._orders = orders
        self._offset_ms = offset_ms
        self._lost = lost
        self._process: subprocess.Popen[bytes] | None = None
        self._next_s = 0.0
        self._started_s = 0.0

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self, ids: Sequence[str] = ()) -> None:
        """``ids``: orders of earlier runs that are open."""
        if ids:
            self._orders = msgspec.structs.replace(self._orders, ids=tuple(ids))
        self._started_s = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-I", "-S", str(_SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # A signal at the keyboard is for the bot, and what kills its group leaves this.
            start_new_session=True,
            cwd="/",
        )
        self._write(msgspec.json.encode(self._orders))

    def beat(self) -> None:
        """Tell it that the loop lives; start it anew if it died. Cheap when called too often."""
        now_s = time.monotonic()
        if now_s < self._next_s or self._process is None:
            return
        self._next_s = now_s + self._orders.silence_s / _BEATS_PER_SILENCE
        if self._process.poll() is not None:
            if now_s - self._started_s > _AGAIN_S:
                self._lost(f"it ended with {self._process.returncode}, and is started again")
                self._let_go()
                self.start()
            return
        self._write(b"b %d" % self._offset_ms())

    def stop(self, *, goodbye: bool) -> None:
        """End it; without ``goodbye`` it goes on without us and cancels what is open."""
        process = self._process
        if process is None:
            return
        if not goodbye:
            self._let_go()
            # It is meant to outlive us: nobody waits for it.
            process.returncode = 0
            return
        self._write(b"bye")
        self._let_go()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _write(self, line: bytes) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        # Lines are shorter than what a pipe takes at once, and it reads all the time.
        with contextlib.suppress(OSError):
            process.stdin.write(line + b"\n")
            process.stdin.flush()

    def _let_go(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
