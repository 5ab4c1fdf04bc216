"""Requests and answers over one WebSocket-API connection."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from bot.domain.errors import OutcomeUnknown, VenueError
from bot.exchange.allowance import RateLimit
from bot.exchange.failures import of_ws_answer
from bot.exchange.sockets import Socket

__all__ = ["WsApi"]

_OK: Final = 200


class _Error(msgspec.Struct):
    code: int = 0
    msg: str = ""
    data: Any = None


class _Message(msgspec.Struct, rename="camel"):
    id: int | str | None = None
    status: int = 0
    result: Any = None
    error: _Error | None = None
    event: msgspec.Raw = msgspec.Raw()
    rate_limits: list[RateLimit] = []


class _Request(msgspec.Struct):
    id: int
    method: str
    params: dict[str, Any]


class _Bare(msgspec.Struct):
    id: int
    method: str


_decode = msgspec.json.Decoder(_Message, strict=False).decode
_encode = msgspec.json.Encoder().encode


class _Question:
    __slots__ = ("future", "method", "on_result", "timer")

    def __init__(
        self,
        method: str,
        future: asyncio.Future[Any],
        timer: asyncio.TimerHandle,
        on_result: Callable[[Any], object] | None,
    ) -> None:
        self.method = method
        self.future = future
        self.timer = timer
        self.on_result = on_result


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
        on_limits: Callable[[list[RateLimit]], object] | None = None,
    ) -> None:
        self.socket = socket
        self.late_replies = 0
        self.broken = 0
        self.answers = 0
        """Answers that found their request, errors too."""
        self._on_event = on_event
        self._on_state = on_state
        self._on_lone_error = on_lone_error
        self._on_limits = on_limits
        self._number = 0
        self._waiting: dict[int, _Question] = {}
        socket.listen(self._on_frame, self._changed)

    @property
    def pending(self) -> int:
        """Requests without an answer so far."""
        return len(self._waiting)

    def ask(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = 10.0,
        on_result: Callable[[Any], object] | None = None,
    ) -> asyncio.Future[Any]:
        """Write one request now. The future has its result, or the VenueError.

        ``on_result`` is called inside the read callback: before anything that arrived
        behind the answer is handled.

        Raises:
            NotSent: there is no connection; nothing was written.
        """
        self._number += 1
        number = self._number
        message = _Request(number, method, dict(params)) if params else _Bare(number, method)
        self.socket.send(_encode(message))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        timer = loop.call_later(timeout_s, self._expire, number, timeout_s)
        self._waiting[number] = _Question(method, future, timer, on_result)
        return future

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = 10.0,
        on_result: Callable[[Any], object] | None = None,
    ) -> Any:
        """As :meth:`ask`, and wait for the answer.

        Raises:
            VenueError: NotSent, Rejected, Throttled or OutcomeUnknown.
        """
        return await self.ask(method, params, timeout_s=timeout_s, on_result=on_result)

    def close(self, cause: str) -> None:
        """Whoever waits for an answer hears that there will be none."""
        waiting, self._waiting = self._waiting, {}
        for question in waiting.values():
            question.timer.cancel()
            if not question.future.done():
                question.future.set_exception(
                    OutcomeUnknown(f"{question.method}: the connection was lost: {cause}")
                )

    def _expire(self, number: int, timeout_s: float) -> None:
        question = self._waiting.pop(number, None)
        if question is not None and not question.future.done():
            question.future.set_exception(
                OutcomeUnknown(f"{question.method}: no answer within {timeout_s:g} s")
            )

    def _on_frame(self, frame: bytes) -> None:
        try:
            message = _decode(frame)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self.broken += 1
            return
        if message.rate_limits and self._on_limits is not None:
            self._on_limits(message.rate_limits)
        if bytes(message.event):
            self._on_event(message.event)
        elif isinstance(message.id, int):
            self._answer(message.id, message)
        elif message.error is not None:
            self._on_lone_error(_failure("connection", message))
        else:
            self.broken += 1

    def _answer(self, number: int, message: _Message) -> None:
        question = self._waiting.pop(number, None)
        if question is None:
            self.late_replies += 1
            return
        self.answers += 1
        question.timer.cancel()
        if question.future.done():
            self.late_replies += 1
        elif message.status == _OK:
            if question.on_result is not None:
                question.on_result(message.result)
            question.future.set_result(message.result)
        else:
            question.future.set_exception(_failure(question.method, message))

    def _changed(self, up: bool, cause: str) -> None:
        if not up:
            self.close(cause)
        self._on_state(up, cause)


def _failure(method: str, message: _Message) -> VenueError:
    error = message.error
    if error is None:
        return of_ws_answer(method, message.status, None, "", None)
    return of_ws_answer(method, message.status, error.code, error.msg, error.data)
