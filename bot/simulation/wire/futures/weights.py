"""What futures requests weigh, by their parameters.

Source: Binance USDⓈ-M documentation, "IP weight" of each endpoint (2026).
"""

from collections.abc import Callable, Mapping

__all__ = ["Weight", "by_limit", "by_symbol", "flat"]

Weight = Callable[[Mapping[str, str]], int]

_DIGITS = 9


def flat(weight: int) -> Weight:
    """The same, whatever is asked."""
    return lambda _: weight


def by_symbol(one: int, every: int) -> Weight:
    """``one`` for a symbol, ``every`` for all of them."""
    return lambda params: one if params.get("symbol") else every


def by_limit(default: int, steps: tuple[tuple[int, int], ...], beyond: int) -> Weight:
    """The weight of the first step whose bound is not exceeded; a bad limit is the core's."""

    def weight(params: Mapping[str, str]) -> int:
        text = params.get("limit", "")
        usable = text.isascii() and text.isdigit() and len(text) < _DIGITS
        limit = int(text) if usable else default
        return next((w for bound, w in steps if limit <= bound), beyond)

    return weight
