"""What was traded in a rolling window of time."""

from collections import deque

__all__ = ["Window"]


class _Bucket:
    __slots__ = (
        "base",
        "close",
        "count",
        "first_id",
        "high",
        "last_id",
        "low",
        "open",
        "quote",
        "start_ms",
    )

    def __init__(self, start_ms: int, price_e8: int, trade_id: int) -> None:
        self.start_ms = start_ms
        self.open = self.high = self.low = self.close = price_e8
        self.base = self.quote = self.count = 0
        self.first_id = self.last_id = trade_id


class Window:
    """Sums over the last ``span_ms``, in steps of ``bucket_ms``."""

    def __init__(self, span_ms: int, bucket_ms: int) -> None:
        self.span_ms = span_ms
        self.base = 0
        self.quote = 0
        self.count = 0
        # The close of what last left the window, 0 if nothing did.
        self.before = 0
        self._bucket_ms = bucket_ms
        self._buckets: deque[_Bucket] = deque()

    def add(
        self, price_e8: int, quantity_e8: int, quote_e8: int, time_ms: int, trade_id: int
    ) -> None:
        """Count one trade in. Times do not go back by more than the window is coarse."""
        bucket = self._buckets[-1] if self._buckets else None
        if bucket is None or time_ms >= bucket.start_ms + self._bucket_ms:
            bucket = _Bucket(time_ms - time_ms % self._bucket_ms, price_e8, trade_id)
            self._buckets.append(bucket)
            self.expire(time_ms)
        bucket.high = max(bucket.high, price_e8)
        bucket.low = min(bucket.low, price_e8)
        bucket.close = price_e8
        bucket.base += quantity_e8
        bucket.quote += quote_e8
        bucket.last_id = trade_id
        bucket.count += 1
        self.count += 1
        self.base += quantity_e8
        self.quote += quote_e8

    def expire(self, now_ms: int) -> None:
        """Forget what is older than the span."""
        limit = now_ms - self.span_ms
        while self._buckets and self._buckets[0].start_ms + self._bucket_ms <= limit:
            old = self._buckets.popleft()
            self.base -= old.base
            self.quote -= old.quote
            self.count -= old.count
            self.before = old.close

    def average(self, now_ms: int) -> int:
        """The volume-weighted price; 0 if nothing was traded."""
        self.expire(now_ms)
        return self.quote * 10**8 // self.base if self.base else 0

    def prices(self, now_ms: int) -> tuple[int, int, int] | None:
        """(open, high, low); None if nothing was traded."""
        self.expire(now_ms)
        if not self._buckets:
            return None
        high = max(b.high for b in self._buckets)
        return self._buckets[0].open, high, min(b.low for b in self._buckets)

    def ids(self) -> tuple[int, int]:
        """First and last trade id; (-1, -1) if nothing was traded."""
        if not self._buckets:
            return -1, -1
        return self._buckets[0].first_id, self._buckets[-1].last_id
