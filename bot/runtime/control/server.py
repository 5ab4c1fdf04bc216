"""The bot's side of the control channel: a thread that answers whatever the event loop does."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from bot.runtime.logs import logger

__all__ = ["Answer", "ControlServer"]

Answer = Callable[[dict[str, Any]], dict[str, Any]]
"""From a request to its answer; runs in a thread of the server's."""

_LOOK_S: Final = 0.25
_LINE_MAX: Final = 65_536
_REQUEST_S: Final = 5.0
_AT_ONCE: Final = 8


class ControlServer:
    """One JSON line in, one JSON line out, on a unix socket that only its owner may use."""

    def __init__(self, path: Path, answer: Answer, *, look: Callable[[], None]) -> None:
        """``look`` is called a few times a second, in the server's thread."""
        self._path = path
        self._answer = answer
        self._look = look
        self._ended = threading.Event()
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)

    def start(self) -> None:
        """Listen. The database's lock is held: a socket that is there is a dead bot's.

        Raises:
            OSError: the socket cannot be made.
        """
        self._path.unlink(missing_ok=True)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            made.bind(str(self._path))
            # Nobody can connect before listen().
            self._path.chmod(0o600)
            made.listen(_AT_ONCE)
            made.settimeout(_LOOK_S)
        except OSError:
            made.close()
            raise
        self._socket = made
        self._thread.start()

    def stop(self) -> None:
        """End the thread and take the socket away."""
        if self._socket is None:
            return
        self._ended.set()
        self._thread.join()
        self._socket.close()
        self._socket = None
        self._path.unlink(missing_ok=True)

    def _serve(self) -> None:
        assert self._socket is not None
        while not self._ended.is_set():
            try:
                self._look()
                caller, _ = self._socket.accept()
            except TimeoutError:
                continue
            except Exception as e:  # noqa: BLE001 - wall: the control thread must not end
                logger.bind(source="control").warning("{}: {}", type(e).__name__, e)
                self._ended.wait(_LOOK_S)
                continue
            if not self._slots.acquire(blocking=False):
                caller.close()
                continue
            threading.Thread(
                target=self._attend, args=(caller,), name="control caller", daemon=True
            ).start()

    def _attend(self, caller: socket.socket) -> None:
        try:
            with caller:
                caller.settimeout(_REQUEST_S)
                answer = self._answered(_line_of(caller))
                caller.sendall(msgspec.json.encode(answer) + b"\n")
        except OSError:
            pass  # the caller went away; what was asked for is done all the same
        finally:
            self._slots.release()

    def _answered(self, line: bytes) -> dict[str, Any]:
        try:
            request = msgspec.json.decode(line, type=dict[str, Any])
            return self._answer(request)
        except msgspec.DecodeError:
            return {"ok": False, "error": "the request is not a line of JSON"}
        except Exception as e:  # noqa: BLE001 - wall: a request of the control channel
            logger.bind(source="control").opt(exception=e).debug("request failed")
            return {"ok": False, "error": f"{type(e).__name__}: {e}"}


def _line_of(caller: socket.socket) -> bytes:
    text = b""
    while not text.endswith(b"\n") and len(text) < _LINE_MAX:
        more = caller.recv(4096)
        if not more:
            break
        text += more
    return text
