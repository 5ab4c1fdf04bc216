"""Binance's refusals: HTTP status, code and exact text (errors.md of its documentation)."""

from typing import Any, Final

__all__ = [
    "BAD_COMBINATION",
    "CANCEL_REJECTED",
    "FILTER_FAILURE",
    "MARKET_CLOSED",
    "NEW_ORDER_REJECTED",
    "ApiError",
]

FILTER_FAILURE: Final = -1013
BAD_COMBINATION: Final = -1128
NEW_ORDER_REJECTED: Final = -2010
CANCEL_REJECTED: Final = -2011
MARKET_CLOSED: Final = "Market is closed."


class ApiError(Exception):
    """A request that the exchange refuses.

    Attributes: ``status`` is the HTTP status, ``code`` and ``msg`` are the body's,
    ``data`` is the body's optional third key.
    """

    def __init__(
        self, status: int, code: int, msg: str, data: dict[str, Any] | None = None
    ) -> None:
        super().__init__(status, code, msg)
        self.status = status
        self.code = code
        self.msg = msg
        self.data = data

    def __str__(self) -> str:
        return f"{self.msg} ({self.code})"

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        body: dict[str, Any] = {"code": self.code, "msg": self.msg}
        if self.data is not None:
            body["data"] = self.data
        return body

    @classmethod
    def bad_request(cls, code: int, msg: str) -> "ApiError":
        return cls(400, code, msg)

    @classmethod
    def filter_failure(cls, name: str) -> "ApiError":
        return cls(400, FILTER_FAILURE, f"Filter failure: {name}")

    @classmethod
    def order_rejected(cls, msg: str) -> "ApiError":
        """The matching engine's no."""
        return cls(400, NEW_ORDER_REJECTED, msg)

    @classmethod
    def missing(cls, parameter: str) -> "ApiError":
        msg = f"Mandatory parameter '{parameter}' was not sent, was empty/null, or malformed."
        return cls(400, -1102, msg)

    @classmethod
    def missing_both(cls, one: str, other: str) -> "ApiError":
        msg = f"Param '{one}' or '{other}' must be sent, but both were empty/null!"
        return cls(400, -1102, msg)

    @classmethod
    def not_required(cls, parameter: str) -> "ApiError":
        return cls(400, -1106, f"Parameter '{parameter}' sent when not required.")

    @classmethod
    def invalid(cls, parameter: str) -> "ApiError":
        return cls(400, -1130, f"Data sent for parameter '{parameter}' is not valid.")

    @classmethod
    def invalid_symbol(cls) -> "ApiError":
        return cls(400, -1121, "Invalid symbol.")
