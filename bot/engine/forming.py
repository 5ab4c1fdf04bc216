"""A bar while it forms, and what may still change it after it closed."""

from collections import deque
from decimal import Decimal
from typing import Final

import msgspec

from bot.domain.market import AggTrade, Bar, TradeTick

__all__ = ["Arrivals", "Forming", "exact", "singles"]

_NO_ID: Final = 2**63 - 1
_HOLES_KEPT: Final = 256


def exact(value: float) -> Decimal:
    """The decimal that the exchange wrote, back from the float that it became.

    A float's shortest decimal is the wire's own text as long as that has 15 digits or fewer.
    """
    return Decimal(float.__repr__(value))


def singles(trade: AggTrade) -> tuple[int, int, int]:
    """First id, last id and number of the single trades that were put together."""
    first, last = trade.first_trade_id, trade.last_trade_id
    return first, last, last - first + 1


class Forming(msgspec.Struct, gc=False):
    """What has been traded so far.

    Volumes are summed as decimals: sums of floats drift, and then a bar built from trades differs
    from the exchange's own in the last digit, and a bar of volume ends a trade too early or late.
    Pieces (trades, or shorter bars) have ids; the lowest one opens and the highest one closes,
    in whatever order they come.
    """

    begin: int
    """The first instant of the bar (ns), or of bars of trades the first id."""
    end: int
    """Where the next bar begins."""
    open: float
    high: float
    low: float
    close: float
    volume: Decimal = Decimal(0)
    quote_volume: Decimal = Decimal(0)
    taker_volume: Decimal = Decimal(0)
    taker_quote_volume: Decimal = Decimal(0)
    trades: int = 0
    first_trade_id: int = -1
    last_trade_id: int = -1
    first_id: int = _NO_ID
    last_id: int = -1
    open_ns: int = 0
    """Under which instant the bar is known: its key in a series of bars."""
    ts_ns: int = 0
    """Exchange time of the newest piece."""
    changed: bool = False
    """Something came in after it was issued as closed."""

    @classmethod
    def flat(cls, begin: int, end: int, price: float, open_ns: int) -> "Forming":
        """Nothing has been traded yet; the price is where it was, as in Binance's own bars."""
        return cls(begin, end, price, price, price, price, open_ns=open_ns)

    @property
    def is_flat(self) -> bool:
        return self.last_id < 0

    def level(self, price: float) -> None:
        """The price before this bar, in which nothing was traded, is another."""
        self.open = self.high = self.low = self.close = price

    def take(
        self,
        piece_id: int,
        trade: AggTrade | TradeTick,
        size: Decimal,
        worth: Decimal,
        trades: tuple[int, int, int],
    ) -> None:
        """Add a trade, or as much of one as ``size`` (base) and ``worth`` (quote) say.

        ``trades`` are the first and the last id of the single trades in it and how many count.
        """
        price = trade.price
        first, last, count = trades
        if self.last_id < 0:
            self.open = self.high = self.low = self.close = price
            self.first_id = self.last_id = piece_id
            self.first_trade_id, self.last_trade_id = first, last
        else:
            if price > self.high:
                self.high = price
            elif price < self.low:
                self.low = price
            if piece_id > self.last_id:
                self.last_id, self.close, self.last_trade_id = piece_id, price, last
            elif piece_id < self.first_id:
                self.first_id, self.open, self.first_trade_id = piece_id, price, first
        self.volume += size
        self.quote_volume += worth
        if not trade.buyer_is_maker:
            self.taker_volume += size
            self.taker_quote_volume += worth
        self.trades += count
        self.ts_ns = max(self.ts_ns, trade.ts_ns)

    def absorb(self, part: Bar) -> None:
        """Add a shorter bar that lies within this one, later than those before it."""
        if part.trades or part.volume:
            if self.last_id < 0:
                # An empty part before it says only where the price was.
                self.open, self.high, self.low = part.open, part.high, part.low
                self.first_trade_id = part.first_trade_id
            else:
                self.high = max(self.high, part.high)
                self.low = min(self.low, part.low)
            self.close = part.close
            self.last_id = part.open_ns
            self.last_trade_id = part.last_trade_id
        self.volume += exact(part.volume)
        self.quote_volume += exact(part.quote_volume)
        self.taker_volume += exact(part.taker_volume)
        self.taker_quote_volume += exact(part.taker_quote_volume)
        self.trades += part.trades
        self.ts_ns = max(self.ts_ns, part.ts_ns)

    def bar(
        self,
        symbol: str,
        interval: str,
        *,
        close_ns: int,
        closed: bool,
        ts_ns: int,
        recv_ns: int,
        late: bool = False,
    ) -> Bar:
        """The bar as it stands."""
        return Bar(
            symbol=symbol,
            interval=interval,
            open=self.open,
            high=self.high,
            low=self.low,
            close=self.close,
            volume=float(self.volume),
            quote_volume=float(self.quote_volume),
            trades=self.trades,
            open_ns=self.open_ns,
            close_ns=close_ns,
            closed=closed,
            ts_ns=ts_ns,
            recv_ns=recv_ns,
            taker_volume=float(self.taker_volume),
            taker_quote_volume=float(self.taker_quote_volume),
            first_trade_id=self.first_trade_id,
            last_trade_id=self.last_trade_id,
            late=late,
        )


class Arrivals:
    """Which ids of a stream have come: each is taken once, also when holes are filled later."""

    def __init__(self) -> None:
        self.last_id = -1
        self._holes: deque[tuple[int, int]] = deque(maxlen=_HOLES_KEPT)

    def is_new(self, first_id: int, last_id: int) -> bool:
        """Whether these ids had not come before; from now on they have."""
        newest = self.last_id
        if first_id > newest:
            if 0 <= newest < first_id - 1:
                self._holes.append((newest + 1, first_id - 1))
            self.last_id = last_id
            return True
        return bool(self._holes) and self._fill(first_id, last_id)

    @property
    def has_holes(self) -> bool:
        """Whether ids are missing between those that came."""
        return bool(self._holes)

    def close_holes(self) -> None:
        """What is missing is not waited for any more and not taken if it comes."""
        self._holes.clear()

    def _fill(self, first_id: int, last_id: int) -> bool:
        for number, (begin, end) in enumerate(self._holes):
            if begin <= first_id and last_id <= end:
                rest = [(begin, first_id - 1), (last_id + 1, end)]
                del self._holes[number]
                for hole in rest:
                    if hole[0] <= hole[1]:
                        self._holes.append(hole)
                return True
        return False
