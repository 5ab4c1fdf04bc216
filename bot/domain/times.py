"""Instants as people read and write them; inside, they are integer nanoseconds UTC."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

__all__ = ["day_of", "iso_utc", "ns_of"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def iso_utc(ns: int) -> str:
    """ISO 8601 with microseconds: ``2024-08-08T23:54:16.172216Z``."""
    at = _EPOCH + timedelta(microseconds=ns // 1000)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def day_of(ns: int) -> date:
    """The UTC day that the instant falls on."""
    return (_EPOCH + timedelta(microseconds=ns // 1000)).date()


def ns_of(text: str) -> int:
    """The instant that an ISO 8601 text names; without a zone it is UTC, without a time midnight.

    Raises:
        ValueError: it names none.
    """
    at = datetime.fromisoformat(text)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return (at - _EPOCH) // _MICROSECOND * 1000
