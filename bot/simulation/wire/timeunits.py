"""The unit of times in what is sent: milliseconds, or microseconds for those who ask for them.

Source: Binance spot documentation: ``timeUnit`` in a WebSocket URL, ``X-MBX-TIME-UNIT`` on REST.
"""

from collections.abc import Mapping
from typing import Any, Final

from bot.simulation.errors import ApiError

__all__ = ["answer_in_microseconds", "event_in_microseconds", "wants_microseconds"]

_EVENT_TIMES: Final[Mapping[str, tuple[str, ...]]] = {
    "trade": ("E", "T"),
    "aggTrade": ("E", "T"),
    "kline": ("E",),
    "depthUpdate": ("E",),
    "24hrMiniTicker": ("E",),
    "24hrTicker": ("E", "O", "C"),
    "1hTicker": ("E", "O", "C"),
    "4hTicker": ("E", "O", "C"),
    "1dTicker": ("E", "O", "C"),
    "avgPrice": ("E", "T"),
    "referencePrice": ("t",),
    "executionReport": ("E", "T", "W", "O", "D"),
    "listStatus": ("E", "T"),
    "outboundAccountPosition": ("E", "u"),
    "balanceUpdate": ("E", "T"),
    "externalLockUpdate": ("E", "T"),
    "serverShutdown": ("E",),
    "eventStreamTerminated": ("E",),
}
_ANSWER_TIMES: Final = frozenset(
    {
        *("serverTime", "time", "updateTime", "workingTime", "transactTime", "transactionTime"),
        *("trailingTime", "openTime", "closeTime", "timestamp", "T"),
        *("authorizedSince", "connectedSince"),
    }
)
_KLINE_LENGTH: Final = 12
_KLINE_CLOSE: Final = 6


def wants_microseconds(unit: str | None) -> bool:
    """What the client said, milliseconds if nothing.

    Raises:
        ApiError: -1194, neither of the two.
    """
    if unit in (None, "MILLISECOND", "millisecond"):
        return False
    if unit in ("MICROSECOND", "microsecond"):
        return True
    msg = "Invalid value for time unit; expected either MICROSECOND or MILLISECOND."
    raise ApiError(400, -1194, msg)


def event_in_microseconds(payload: Any) -> Any:
    """The same payload of a market or user data stream."""
    if isinstance(payload, list):
        return [event_in_microseconds(entry) for entry in payload]
    scaled = dict(payload)
    for name in _EVENT_TIMES.get(payload.get("e", ""), ()):
        if name in scaled:
            scaled[name] = _scaled(scaled[name])
    if payload.get("e") == "kline":
        bar = dict(payload["k"])
        bar["t"], bar["T"] = _scaled(bar["t"]), _close(bar["T"])
        scaled["k"] = bar
    return scaled


def answer_in_microseconds(body: Any) -> Any:
    """The same body of an answer to a request."""
    if isinstance(body, dict):
        if "retryAfter" in body:
            # When to come back is told in milliseconds to everybody.
            return body
        return {
            name: _scaled(value) if name in _ANSWER_TIMES else answer_in_microseconds(value)
            for name, value in body.items()
        }
    if isinstance(body, list):
        return [answer_in_microseconds(_kline(entry)) for entry in body]
    return body


def _kline(entry: Any) -> Any:
    if not isinstance(entry, list) or len(entry) != _KLINE_LENGTH:
        return entry
    row = list(entry)
    row[0], row[_KLINE_CLOSE] = _scaled(row[0]), _close(row[_KLINE_CLOSE])
    return row


def _scaled(value: Any) -> Any:
    # -1 is no time: it says that an order does not work.
    return value * 1_000 if isinstance(value, int) and value > 0 else value


def _close(value: int) -> int:
    # A bar closes in the last microsecond before the next one opens.
    return value * 1_000 + 999
