"""Listen keys: one for each account, valid for an hour after it was last used.

Source: Binance USDⓈ-M documentation, "User data streams". Events are sent to the connections of
the key that is valid; those of a key that has expired stay open, and silent.
"""

import secrets
import string
from typing import Any, Final

from bot.simulation.emissions import UserEvent
from bot.simulation.errors import ApiError
from bot.simulation.wire.futures.hub import FuturesHub

__all__ = ["ListenKeys", "is_listen_key"]

_LENGTH: Final = 64
_LETTERS: Final = string.ascii_letters + string.digits


def is_listen_key(name: str) -> bool:
    """Whether a stream's name has the form of a listen key."""
    return len(name) == _LENGTH and name.isascii() and name.isalnum()


class ListenKeys:
    """The keys of one market, and the way of user events to those who hold them."""

    def __init__(self, hub: FuturesHub, *, valid_s: float) -> None:
        self._hub = hub
        self._valid_ms = valid_s * 1000
        # account -> (key, when it expires)
        self._keys: dict[str, tuple[str, float]] = {}

    def start(self, account: str, now_ms: int) -> str:
        """The account's key, a new one where it has none; valid for the whole time again."""
        self.expire(now_ms)
        key = self._keys[account][0] if account in self._keys else _new_key()
        self._keys[account] = (key, now_ms + self._valid_ms)
        return key

    def renew(self, account: str, now_ms: int) -> str:
        """Make the account's key valid for the whole time again.

        Raises:
            ApiError: -1125, it has none.
        """
        self.expire(now_ms)
        if account not in self._keys:
            raise ApiError(400, -1125, "This listenKey does not exist.")
        return self.start(account, now_ms)

    def close(self, account: str) -> None:
        """The account's key is no longer valid; its connections are not told."""
        self._keys.pop(account, None)

    def expire(self, now_ms: int) -> None:
        """Say goodbye to the holders of keys whose time is over."""
        for account, (_, until_ms) in list(self._keys.items()):
            if until_ms <= now_ms:
                self._end(account, now_ms)

    def expire_all(self, now_ms: int) -> None:
        """As if the time of all keys were over."""
        for account in list(self._keys):
            self._end(account, now_ms)

    def publish(self, event: UserEvent) -> None:
        """Send an account's event to the connections of its key."""
        if event.account in self._keys:
            self._hub.publish_user(self._keys[event.account][0], event.payload)

    def _end(self, account: str, now_ms: int) -> None:
        key, _ = self._keys.pop(account)
        goodbye: dict[str, Any] = {"e": "listenKeyExpired", "E": now_ms, "listenKey": key}
        self._hub.publish_user(key, goodbye)


def _new_key() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
