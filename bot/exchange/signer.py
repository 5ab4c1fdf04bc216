"""How requests of the WebSocket API are signed.

Source: Binance spot documentation, "WebSocket API", "SIGNED request security": the payload is
every parameter but the signature, sorted by name, ``name=value`` joined by ``&`` and not
percent-encoded.
"""

import hmac
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

__all__ = ["Keys", "Signer"]


class Keys(Protocol):
    """An account's keys and the exchange's clock: a :class:`bot.exchange.session.Session`."""

    API_KEY: Any
    API_SECRET: Any
    PRIVATE_KEY: Any
    REQUEST_RECVWINDOW: Any
    timestamp_offset: Any

    def signature_of(self, payload: str) -> str: ...

    @property
    def can_log_on(self) -> bool: ...


class Signer:
    """Signs with the account's key, which it reads once; an HMAC takes two microseconds."""

    def __init__(self, keys: Keys, *, now_s: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._now_s = now_s
        self._api_key = str(keys.API_KEY or "")
        self._recv_window = str(keys.REQUEST_RECVWINDOW)
        secret = keys.API_SECRET
        self._secret = str(secret).encode() if secret and not keys.PRIVATE_KEY else b""

    def signed(self, params: Mapping[str, str]) -> dict[str, str]:
        """The parameters with key, time and signature."""
        whole = dict(params)
        whole["apiKey"] = self._api_key
        self._stamp(whole)
        payload = "&".join([f"{name}={whole[name]}" for name in sorted(whole)])
        if self._secret:
            whole["signature"] = hmac.digest(self._secret, payload.encode(), "sha256").hex()
        else:
            whole["signature"] = self._keys.signature_of(payload)
        return whole

    def stamped(self, params: Mapping[str, str]) -> dict[str, str]:
        """The parameters with the time alone, as a connection takes them that is logged on."""
        whole = dict(params)
        self._stamp(whole)
        return whole

    def _stamp(self, params: dict[str, str]) -> None:
        now_ms = int(self._now_s() * 1000) + int(self._keys.timestamp_offset)
        params["timestamp"] = str(now_ms)
        params["recvWindow"] = self._recv_window
