"""How long from a frame's arrival to the end of its handlers."""

from typing import Final

__all__ = ["Latency"]

_KEPT: Final = 65_536


class Latency:
    """Quantiles over the latest measurements; recording costs a list assignment."""

    def __init__(self) -> None:
        self._ring = [0] * _KEPT
        self._count = 0

    def add(self, took_ns: int) -> None:
        """One measurement, nanoseconds."""
        self._ring[self._count % _KEPT] = took_ns
        self._count += 1

    def quantiles_us(self) -> dict[str, float]:
        """``p50`` and ``p99`` in microseconds; zeros before the first measurement."""
        kept = sorted(self._ring[: min(self._count, _KEPT)])
        if not kept:
            return {"p50": 0.0, "p99": 0.0}
        return {
            name: round(kept[min(int(len(kept) * share), len(kept) - 1)] / 1000, 1)
            for name, share in (("p50", 0.50), ("p99", 0.99))
        }
