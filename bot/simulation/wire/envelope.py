"""Requests and replies of the WebSocket API as they stand in a frame.

Source: Binance spot documentation, "WebSocket API: request format" and "response format".
"""

import json
from typing import Any

import msgspec
import orjson

from bot.simulation.errors import ApiError
from bot.simulation.wire.control import valid_id
from bot.simulation.wire.requests import ws_params

__all__ = ["Envelope", "Malformed", "refusal", "success"]


class Malformed(Exception):
    """The message is no request. ``ident`` is its id where it has a usable one."""

    def __init__(self, ident: Any, msg: str) -> None:
        super().__init__(ident, msg)
        self.ident = ident
        self.error = ApiError(400, -1135, msg)


class Envelope(msgspec.Struct):
    """One request."""

    ident: Any
    method: str
    params: dict[str, str]
    show_limits: bool

    @classmethod
    def read(cls, message: str | bytes, *, show_limits: bool) -> "Envelope":
        """The request in a message; ``show_limits`` is the connection's own choice.

        Raises:
            Malformed: it is not JSON, or not of a request's form.
        """
        try:
            request = orjson.loads(message)
        except json.JSONDecodeError:
            raise Malformed(None, "Invalid JSON Request") from None
        if not isinstance(request, dict) or not valid_id(request.get("id")):
            raise Malformed(None, "Invalid JSON Request")
        ident, method, params = request.get("id"), request.get("method"), request.get("params")
        if not isinstance(method, str):
            raise Malformed(ident, "JSON sent for parameter 'method' is not valid")
        if params is not None and not isinstance(params, dict):
            raise Malformed(ident, "JSON sent for parameter 'params' is not valid")
        texts = ws_params(message, params or {})
        show = texts.get("returnRateLimits", "true" if show_limits else "false")
        return cls(ident, method.removeprefix("v3/"), texts, show == "true")


def success(ident: Any, result: Any) -> dict[str, Any]:
    """The reply to a request that was done."""
    return {"id": ident, "status": 200, "result": result}


def refusal(ident: Any, error: ApiError) -> dict[str, Any]:
    """The reply to a request that was not."""
    return {"id": ident, "status": error.status, "error": error.body}
