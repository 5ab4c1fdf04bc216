"""What can go wrong, by what to do next.

::

    BotError
    ├── UserError            fix the input; the text says what, which value, what to do
    │   ├── SettingsError
    │   ├── StrategyError    a plugin that cannot be found, loaded or configured
    │   ├── DatabaseError    locked, newer, not migrated, unreachable
    │   ├── DataError        a tape or file that cannot be read
    │   └── VenueSetupError  unknown symbol, wrong key, exchange unreachable at start
    ├── IllegalTransition    an order event that the transition table does not allow
    └── VenueError           the exchange did not do what was asked
        ├── NotSent          certain: it never left; safe to forget
        ├── Rejected         certain: the exchange said no (code, reason)
        ├── Throttled        certain: too fast; wait ``retry_after_s``
        ├── OutcomeUnknown   it may have been executed: ask, never send again
        └── Unavailable      a query got no answer; ask again later
"""

__all__ = [
    "BotError",
    "DataError",
    "DatabaseError",
    "IllegalTransition",
    "NotSent",
    "OutcomeUnknown",
    "Rejected",
    "SettingsError",
    "StrategyError",
    "Throttled",
    "Unavailable",
    "UserError",
    "VenueError",
    "VenueSetupError",
]


class BotError(Exception):
    """Everything this project raises on purpose."""


class UserError(BotError):
    """The person at the keyboard can mend it. ``str()`` is the one line that they read."""


class SettingsError(UserError):
    pass


class StrategyError(UserError):
    pass


class DatabaseError(UserError):
    pass


class DataError(UserError):
    pass


class VenueSetupError(UserError):
    pass


class IllegalTransition(BotError):
    """The event cannot happen to an order in that status."""

    def __init__(self, client_order_id: str, status: str, event: str) -> None:
        super().__init__(client_order_id, status, event)
        self.client_order_id = client_order_id
        self.status = status
        self.event = event

    def __str__(self) -> str:
        return f"order {self.client_order_id} is {self.status}: {self.event} cannot follow"


class VenueError(BotError):
    """The exchange, or the way to it, failed."""


class NotSent(VenueError):
    """The request never left this machine."""


class Rejected(VenueError):
    """An explicit refusal.

    Attributes: ``code`` is Binance's (negative) or the HTTP status, ``reason`` its text,
    ``data`` what came with them (the two halves of a cancel-and-replace), or None.
    """

    def __init__(self, code: int, reason: str, data: object = None) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
        self.data = data

    def __str__(self) -> str:
        return f"{self.reason} ({self.code})"


class Throttled(VenueError):
    """Refused for its rate (HTTP 429 or 418). ``retry_after_s`` is how long to be silent.

    ``code`` is Binance's, or 0: after -1015 only new orders have to wait.
    """

    def __init__(self, retry_after_s: float, reason: str, code: int = 0) -> None:
        super().__init__(retry_after_s, reason, code)
        self.retry_after_s = retry_after_s
        self.reason = reason
        self.code = code

    def __str__(self) -> str:
        return f"{self.reason}; wait {self.retry_after_s:g} s"


class OutcomeUnknown(VenueError):
    """The request may or may not have been executed (time-out, 5xx, -1006, -1007, cut socket)."""


class Unavailable(VenueError):
    """A question, not an order, got no usable answer."""
