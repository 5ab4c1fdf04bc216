"""Control messages of the stream sockets: SUBSCRIBE and its four brothers.

Source: Binance spot documentation, "WebSocket Streams: live subscribing"; texts as printed there.
"""

import json
import re
from typing import Any, Final, Protocol

import orjson

from bot.simulation.wire.hub import Hub, Listener

__all__ = ["Controls", "valid_id"]

_METHODS: Final = ("SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,36}")


class Streams(Protocol):
    """Streams that want to know which of them are heard."""

    def opened(self, name: str) -> None: ...
    def closed(self, name: str) -> None: ...


class _Refused(Exception):
    def __init__(self, code: int, msg: str) -> None:
        super().__init__(code, msg)
        self.code = code
        self.msg = msg


class Controls:
    """Answers the messages of market connections."""

    def __init__(self, hub: Hub, market: Streams, *, max_streams: int) -> None:
        self._hub = hub
        self._market = market
        self._max_streams = max_streams

    def answer(self, listener: Listener, message: str | bytes) -> dict[str, Any]:
        """The reply to one message; whatever was sent, there is one."""
        ident: Any = None
        try:
            request = _parsed(message)
            ident = _ident(request)
            result = self._obey(listener, request, message)
        except _Refused as refused:
            body: dict[str, Any] = {"code": refused.code, "msg": refused.msg}
            # Only the unknown property is documented with an id.
            return body | {"id": ident} if refused.code == 0 else body
        return {"result": result, "id": ident}

    def subscribe(self, listener: Listener, names: list[str]) -> bool:
        """Add streams, all or none; False beyond the limit of a connection."""
        if len({*listener.streams, *names}) > self._max_streams:
            return False
        for name in names:
            if not self._hub.wanted(name):
                self._market.opened(name)
            self._hub.subscribe(listener, name)
        return True

    def unsubscribe(self, listener: Listener, names: list[str]) -> None:
        """Remove streams; names that the connection does not have change nothing."""
        for name in names:
            if name in listener.streams:
                self._hub.unsubscribe(listener, name)
                if not self._hub.wanted(name):
                    self._market.closed(name)

    def _obey(self, listener: Listener, request: dict[str, Any], message: str | bytes) -> Any:
        method = request.get("method")
        if "method" not in request:
            end = len(_text(message))
            raise _Refused(2, f"Invalid request: missing field `method` at line 1 column {end}")
        if method not in _METHODS:
            raise _Refused(2, _unknown_variant(method, _text(message)))
        params = request.get("params")
        if method == "LIST_SUBSCRIPTIONS":
            if params:
                raise _Refused(2, "Invalid request: too many parameters")
            return list(listener.streams)
        if method == "SUBSCRIBE":
            if not self.subscribe(listener, _names(params)):
                raise _Refused(2, "Invalid request: too many parameters")
            return None
        if method == "UNSUBSCRIBE":
            self.unsubscribe(listener, _names(params))
            return None
        return _property(listener, method, params)


def valid_id(ident: Any) -> bool:
    """A signed 64-bit integer, up to 36 letters, digits, ``-`` and ``_``, or null."""
    if ident is None:
        return True
    if isinstance(ident, int) and not isinstance(ident, bool):
        return -(2**63) <= ident < 2**63
    return isinstance(ident, str) and _ID.fullmatch(ident) is not None


def _parsed(message: str | bytes) -> dict[str, Any]:
    try:
        request = orjson.loads(message)
    except json.JSONDecodeError as e:
        msg = f"Invalid JSON: expected value at line {e.lineno} column {e.colno}"
        raise _Refused(3, msg) from None
    if not isinstance(request, dict):
        raise _Refused(3, "Invalid JSON: expected value at line 1 column 1")
    return request


def _ident(request: dict[str, Any]) -> Any:
    ident = request.get("id")
    if not valid_id(ident):
        raise _Refused(2, "Invalid request: request ID must be an unsigned integer")
    return ident


def _names(params: Any) -> list[str]:
    if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
        raise _Refused(2, "Invalid request: stream names must be a list of strings")
    return params


def _property(listener: Listener, method: str, params: Any) -> bool | None:
    wanted = 2 if method == "SET_PROPERTY" else 1
    if not isinstance(params, list) or not params or not isinstance(params[0], str):
        raise _Refused(2, "Invalid request: property name must be a string")
    if len(params) > wanted:
        raise _Refused(2, "Invalid request: too many parameters")
    if params[0] != "combined":
        raise _Refused(0, "Unknown property")
    if method == "GET_PROPERTY":
        return listener.combined
    if len(params) < wanted or not isinstance(params[1], bool):
        raise _Refused(1, "Invalid value type: expected Boolean")
    listener.combined = params[1]
    return None


def _unknown_variant(method: Any, message: str) -> str:
    spelled = orjson.dumps(method).decode()
    column = message.find(spelled) + len(spelled)
    variants = ", ".join(f"`{name}`" for name in _METHODS)
    return (
        f"Invalid request: unknown variant `{method}`, expected one of {variants}"
        f" at line 1 column {column}"
    )


def _text(message: str | bytes) -> str:
    return message.decode(errors="replace") if isinstance(message, bytes) else message
