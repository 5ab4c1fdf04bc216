"""Requests as they were sent: parameters, the payload that was signed, who may ask.

Source: Binance spot documentation, "Request security" and "Timing security".
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from bot.simulation.errors import ApiError
from bot.simulation.wire.keys import Keyring, SigningKey

__all__ = ["authenticate", "check_time", "rest_params", "rest_payload", "ws_params", "ws_payload"]

_KEY_FORMAT: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TIMESTAMP: Final = re.compile(r"[0-9]{1,20}")
_WINDOW: Final = re.compile(r"[0-9]{1,20}(\.[0-9]{1,3})?")
"""Milliseconds, or with their places microseconds."""
_AHEAD_MS: Final = 1_000
_DEFAULT_WINDOW: Final = Decimal(5_000)
_MAX_WINDOW: Final = Decimal(60_000)
_MICROSECONDS_FROM: Final = 10**14
_MAX_PARAMS: Final = 200


def rest_params(query: str, body: bytes) -> dict[str, str]:
    """The decoded parameters; one that stands in the query wins over one in the body.

    Raises:
        ApiError: too many of them, one twice in the same place, or text that is no UTF-8.
    """
    params: dict[str, str] = {}
    try:
        for part in (query, body.decode()):
            pairs = parse_qsl(
                part, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMS
            )
            names = [name for name, _ in pairs if name != "signature"]
            if len(set(names)) < len(names):
                raise ApiError(400, -1101, "Duplicate values for a parameter detected.")
            for name, value in pairs:
                params.setdefault(name, value)
    except UnicodeDecodeError:
        raise ApiError(400, -1100, "Illegal characters found in a parameter.") from None
    except ValueError:
        raise ApiError(400, -1101, "Too many parameters sent for this endpoint.") from None
    return params


def rest_payload(query: str, body: bytes) -> bytes:
    """What the client signed: query, then body, as sent, without ``signature``."""
    return _unsigned(query.encode(errors="surrogateescape")) + _unsigned(body)


def ws_params(message: bytes | str, sent: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a WebSocket API request as text, numbers in their own spelling."""
    if any(isinstance(value, float) for value in sent.values()):
        sent = _spelled(message)
    return {name: _text(value) for name, value in sent.items()}


def ws_payload(params: Mapping[str, str]) -> bytes:
    """What the client signed: all parameters but ``signature``, sorted by name."""
    return "&".join(f"{k}={v}" for k, v in sorted(params.items()) if k != "signature").encode()


def authenticate(
    keyring: Keyring, api_key: str | None, params: Mapping[str, str], payload: bytes
) -> SigningKey:
    """The key that signed the payload.

    Raises:
        ApiError: 401 for the key, 400 for what is missing or wrongly signed.
    """
    if not api_key or not _KEY_FORMAT.fullmatch(api_key):
        raise ApiError(401, -2014, "API-key format invalid.")
    signature = params.get("signature")
    for name in ("timestamp", "signature"):
        if not params.get(name):
            raise ApiError.missing(name)
    key = keyring.find(api_key)
    if key is None:
        raise ApiError(401, -2015, "Invalid API-key, IP, or permissions for action.")
    if signature is None or not key.accepts(payload, signature):
        raise ApiError(400, -1022, "Signature for this request is not valid.")
    return key


def check_time(params: Mapping[str, str], server_ms: int) -> None:
    """Accept what is less than a second ahead and no older than ``recvWindow``.

    Raises:
        ApiError: -1021, or what is wrong with the two parameters.
    """
    timestamp = params.get("timestamp")
    if not timestamp:
        raise ApiError.missing("timestamp")
    if not _TIMESTAMP.fullmatch(timestamp):
        msg = "Illegal characters found in parameter 'timestamp'; legal range is '^[0-9]{1,20}$'."
        raise ApiError(400, -1100, msg)
    window = _window(params.get("recvWindow"))
    sent = Decimal(timestamp)
    if sent >= _MICROSECONDS_FROM:
        sent /= 1_000
    if sent >= server_ms + _AHEAD_MS:
        msg = "Timestamp for this request was 1000ms ahead of the server's time."
        raise ApiError(400, -1021, msg)
    if server_ms - sent > window:
        raise ApiError(400, -1021, "Timestamp for this request is outside of the recvWindow.")


def _window(text: str | None) -> Decimal:
    if text is None:
        return _DEFAULT_WINDOW
    if not text:
        raise ApiError(400, -1105, "Parameter 'recvWindow' was empty.")
    if not _WINDOW.fullmatch(text):
        raise ApiError.invalid("recvWindow")
    window = Decimal(text)
    if window > _MAX_WINDOW:
        raise ApiError(400, -1131, "recvWindow must be less than 60000.")
    return window


def _unsigned(part: bytes) -> bytes:
    return b"&".join(pair for pair in part.split(b"&") if not pair.startswith(b"signature="))


def _spelled(message: bytes | str) -> dict[str, Any]:
    # 0.00001 must not come back as 1e-05: it is part of what was signed.
    import json  # noqa: PLC0415 - the only parser that hands over a number's spelling

    params = json.loads(message, parse_float=str, parse_int=str)["params"]
    return dict(params)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return orjson.dumps(value).decode()
