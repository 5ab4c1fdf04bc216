"""Requests and answers over one WebSocket-API connection."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bot.domain.errors import OutcomeUnknown, Rejected, Throttled, VenueError
from bot.exchange.failures import MAYBE_EXECUTED
from bot.exchange.sockets import Socket

__all__ = ["WsApi"]

_PAUSE_S = 60.0
_SERVER_ERROR = 500
_OK = 200
_THROTTLED = frozenset({418, 429})


class _Error(msgspec.Struct):
    code: int = 0
    msg: str = ""


class _Message(msgspec.Struct):
    id: int | str | None = None
    status: int = 0
    result: Any = None
    error: _Error | None = None
    event: msgspec.Raw = msgspec.Raw()


_decode = msgspec.json.Decoder(_Message, strict=False).decode


class WsApi:
    """Answers find their request by id; what comes too late is counted and dropped.

    Only the socket's own task connects. A request made while it is down is NotSent, one
    that is in flight when it goes down is OutcomeUnknown at that moment.
    """

    def __init__(
        self,
        socket: Socket,
        *,
        on_event: Callable[[msgspec.Raw], object],
        on_state: Callable[[bool, str], object],
        on_lone_error: Callable[[VenueError], object],
    ) -> None:
        self.socket = socket
        self.late_replies = 0
        self.broken = 0
        self._on_event = on_event
        self._on_state = on_state
        self._on_lone_error = on_lone_error
        self._number = 0
        self._waiting: dict[int, tuple[asyncio.Future[Any], Callable[[Any], object] | None]] = {}
        socket.listen(self._on_frame, self._changed)

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = 10.0,
        on_result: Callable[[Any], object] | None = None,
    ) -> Any:
        """The result of one request.

        ``on_result`` is called inside the read callback: before anything that arrived
        behind the answer is handled.

        Raises:
            VenueError: NotSent, Rejected, Throttled or OutcomeUnknown.
        """
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method}
        if params:
            message["params"] = dict(params)
        self.socket.send(json.dumps(message).encode())
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = (future, on_result)
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            raise OutcomeUnknown(f"{method}: no answer within {timeout_s:g} s") from None
        finally:
            self._waiting.pop(number, None)

    def _on_frame(self, frame: bytes) -> None:
        try:
            message = _decode(frame)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.broken += 1
            return
        if bytes(message.event):
            self._on_event(message.event)
        elif isinstance(message.id, int):
            self._answer(message.id, message)
        elif message.error is not None:
            self._on_lone_error(_failure(message))
        else:
            self.broken += 1

    def _answer(self, number: int, message: _Message) -> None:
        future, on_result = self._waiting.get(number, (None, None))
        if future is None or future.done():
            self.late_replies += 1
        elif message.status == _OK:
            if on_result is not None:
                on_result(message.result)
            future.set_result(message.result)
        else:
            future.set_exception(_failure(message))

    def _changed(self, up: bool, cause: str) -> None:
        if not up:
            for future, _ in self._waiting.values():
                if not future.done():
                    future.set_exception(OutcomeUnknown(f"the connection was lost: {cause}"))
        self._on_state(up, cause)


def _failure(message: _Message) -> VenueError:
    error = message.error or _Error()
    if message.status in _THROTTLED:
        return Throttled(_PAUSE_S, error.msg)
    if error.code in MAYBE_EXECUTED or message.status >= _SERVER_ERROR:
        return OutcomeUnknown(f"{error.msg} ({error.code})")
    return Rejected(error.code, error.msg)
