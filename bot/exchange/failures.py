"""What a request that went wrong means, by what to do next.

Source of the rules: Binance spot documentation, "HTTP Return Codes" and "Error codes".
The texts are our own: python-binance's and aiohttp's may hold a signed URL.
"""

import json
from collections.abc import Mapping
from typing import Final

import aiohttp
import yarl

from bot.domain.errors import (
    NotSent,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Unavailable,
    VenueError,
)

__all__ = [
    "MAYBE_EXECUTED",
    "ORDER_RATE",
    "Request",
    "closed",
    "of_exception",
    "of_response",
    "of_ws_answer",
    "retry_after_s",
]

MAYBE_EXECUTED: Final = frozenset({-1000, -1001, -1006, -1007})
"""Codes after which a request may have been executed all the same."""

ORDER_RATE: Final = -1015
"""Too many new orders: no other request is concerned."""
_THROTTLED: Final = frozenset({418, 429})
_SERVER_ERROR: Final = 500
_UNAVAILABLE: Final = 503
_OVERLOADED: Final = -1008
_OVERLOAD_PAUSE_S: Final = 1.0
_NOT_TAKEN: Final = "Service Unavailable."
"""On futures this text is a failure for certain, where another 503 says nothing."""
_REQUEST_TIMEOUT: Final = 408
_BAN_S: Final = 120.0
_PAUSE_S: Final = 10.0
_LONGEST_TEXT: Final = 200


class Request:
    """Method and path, without parameters: what may be told about a request."""

    __slots__ = ("method", "path")

    def __init__(self, method: str, uri: str) -> None:
        self.method = method.upper()
        self.path = yarl.URL(uri, encoded=True).path

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def only_asks(self) -> bool:
        return self.method == "GET"

    @property
    def is_of_futures(self) -> bool:
        return "/fapi/" in self.path or "/dapi/" in self.path

    def unclear(self, text: str) -> VenueError:
        """No usable answer: harmless for a question, not for an order."""
        failure = Unavailable if self.only_asks else OutcomeUnknown
        return failure(f"{self}: {text}")


def of_response(request: Request, status: int, headers: Mapping[str, str], body: str) -> VenueError:
    """The failure that an answer stands for: no 2xx status, or a body that is no JSON."""
    code, text = _code_and_text(body)
    if status in _THROTTLED:
        wait_s = retry_after_s(status, headers)
        return Throttled(wait_s, text or f"{request}: HTTP {status}", code or 0)
    if code is None:
        return request.unclear(f"HTTP {status} with a body that is not JSON")
    if status == _UNAVAILABLE and request.is_of_futures:
        certain = _refused_for_load(request, code, text)
        if certain is not None:
            return certain
    if code in MAYBE_EXECUTED or status >= _SERVER_ERROR or status == _REQUEST_TIMEOUT:
        return request.unclear(f"HTTP {status}, {text} ({code})")
    if code == ORDER_RATE:
        return Throttled(_PAUSE_S, text, code)
    return Rejected(code, text, _data(body))


def of_ws_answer(method: str, status: int, code: int | None, text: str, data: object) -> VenueError:
    """The failure that an answer of the WebSocket API stands for; ``code`` None: it has no error.

    Source: Binance spot documentation, "WebSocket API", "Response format" and "Rate limits".
    """
    text = text[:_LONGEST_TEXT]
    if status in _THROTTLED or code == ORDER_RATE:
        wait_s = _until_s(status, data)
        return Throttled(wait_s, text or f"{method}: status {status}", code or 0)
    if code is None:
        return OutcomeUnknown(f"{method}: status {status} without a reason")
    if code in MAYBE_EXECUTED or status >= _SERVER_ERROR or status == _REQUEST_TIMEOUT:
        return OutcomeUnknown(f"{method}: status {status}, {text} ({code})")
    return Rejected(code, text, data)


def of_exception(request: Request, error: Exception) -> VenueError:
    """The failure that an exception of aiohttp or of the loop stands for."""
    name = type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        # Raised before the first byte of a request is written.
        failure = Unavailable if request.only_asks else NotSent
        return failure(f"{request}: cannot connect ({name})")
    if isinstance(error, TimeoutError):
        return request.unclear("no answer in time")
    if isinstance(error, aiohttp.InvalidURL):
        return NotSent(f"{request}: the address is not valid")
    return request.unclear(f"connection lost ({name})")


def closed(request: Request) -> VenueError:
    """The session was closed before the request was made."""
    failure = Unavailable if request.only_asks else NotSent
    return failure(f"{request}: the session is closed")


def _refused_for_load(request: Request, code: int, text: str) -> VenueError | None:
    """Which of the three meanings of 503 on futures it is; None: the outcome is unknown.

    Source: Binance USDⓈ-M documentation, "General Info", "HTTP 503".
    """
    if code == _OVERLOADED:
        return Throttled(_OVERLOAD_PAUSE_S, text, code)
    if text == _NOT_TAKEN:
        return Unavailable(f"{request}: {text}") if request.only_asks else Rejected(code, text)
    return None


def _data(body: str) -> object:
    """What an error carries besides code and text: each half of a cancel-and-replace."""
    return json.loads(body).get("data")


def _code_and_text(body: str) -> tuple[int | None, str]:
    try:
        answer = json.loads(body)
    except ValueError:
        return None, ""
    if not isinstance(answer, dict) or not isinstance(answer.get("code"), int):
        return None, ""
    return answer["code"], str(answer.get("msg", ""))[:_LONGEST_TEXT]


def retry_after_s(status: int, headers: Mapping[str, str]) -> float:
    """How long a 429 or 418 wants silence; a careful guess where it does not say."""
    text = headers.get("Retry-After", "")
    try:
        return max(float(text), 0.0)
    except ValueError:
        return _BAN_S if status == 418 else _PAUSE_S  # noqa: PLR2004 - HTTP's "banned"


def _until_s(status: int, data: object) -> float:
    """Here ``retryAfter`` is a moment of the exchange's clock, in ms, not a length of time."""
    if isinstance(data, dict):
        until, now = data.get("retryAfter"), data.get("serverTime")
        if isinstance(until, int) and isinstance(now, int):
            return max((until - now) / 1000, 0.0)
    return _BAN_S if status == 418 else _PAUSE_S  # noqa: PLR2004 - HTTP's "banned"
