"""Bars of so much volume, in base or in quote units ("dollar bars"), built from trades.

Each bar holds exactly the amount that its name says: a trade that crosses the threshold is
split, its price going into both bars, its size divided, its count staying with the bar in which
it began. Amounts are decimals inside: of floats, five hundred times 0.1 is not 50, and a bar
would end a trade too late. Where a quote amount cannot be divided by the price without a rest,
the quote side is exact and the base side is rounded to 28 digits; nothing is lost between bars.

The bars begin with the first trade that is known, so they are others after a restart. A trade
that is missed would shift all that follow: therefore trades after a hole wait, for a while, until
what was missed has been fetched, and then all are taken in the order of their ids. What comes
after that while is left out.
"""

from decimal import Decimal
from typing import Final

from bot.domain.interval import Interval, IntervalKind
from bot.domain.market import AggTrade, Bar
from bot.domain.values import SECOND_NS
from bot.engine.forming import Arrivals, Forming, exact, singles
from bot.engine.tradebars import NEVER_NS

__all__ = ["VolumeBars"]

_WAIT_NS: Final = 15 * SECOND_NS
"""How long trades wait for what was missed before them."""
_MOST_WAITING: Final = 20_000
_MOST_FROM_ONE_TRADE: Final = 1_000
"""Bars that one trade can fill; what is left then makes one larger bar."""


class VolumeBars:
    """Bars of one amount of volume on one symbol, from aggregate trades."""

    def __init__(self, symbol: str, interval: Interval, *, has_worth: bool = True) -> None:
        """``has_worth``: price times size is quote units; not so of COIN-M's contracts."""
        self._has_worth = has_worth
        self.symbol = symbol
        self.interval = interval
        # Engine time at which pass_time() has something to do.
        self.next_ns = NEVER_NS
        self._of_quote = interval.kind is IntervalKind.QUOTE_VOLUME
        self._arrivals = Arrivals()
        self._current: Forming | None = None
        self._opened_ns = 0
        self._waiting: list[AggTrade] = []

    @property
    def last_id(self) -> int:
        """The newest id that was taken in; -1 before the first."""
        return self._arrivals.last_id

    def begin_whole(self, begin: int) -> None:
        """Where it begins makes no difference: these bars begin with their first trade."""

    def add(self, trade: AggTrade) -> list[Bar]:
        """Take a trade in; the bars that follow from it."""
        if not self._arrivals.is_new(trade.agg_id, trade.agg_id):
            return []
        if not self._arrivals.has_holes and not self._waiting:
            return self._take(trade)
        if not self._waiting:
            self.next_ns = trade.recv_ns + _WAIT_NS
        self._waiting.append(trade)
        if self._arrivals.has_holes and len(self._waiting) < _MOST_WAITING:
            return []
        return self._take_waiting()

    def pass_time(self, now_ns: int) -> list[Bar]:
        """It is this late: what waited long enough waits no longer."""
        return self._take_waiting() if now_ns >= self.next_ns else []

    def pause(self) -> None:
        """Nothing can be heard; no bar of volume ends by that."""

    def _take_waiting(self) -> list[Bar]:
        self.next_ns = NEVER_NS
        self._arrivals.close_holes()
        waiting, self._waiting = self._waiting, []
        waiting.sort(key=lambda trade: trade.agg_id)
        return [bar for trade in waiting for bar in self._take(trade)]

    def _take(self, trade: AggTrade) -> list[Bar]:
        size, price = exact(trade.size), exact(trade.price)
        if not self._has_worth:
            price = Decimal(0)
        worth = size * price
        trades = singles(trade)
        issued: list[Bar] = []
        while True:
            bar = self._current = self._current or self._opened(trade)
            room = self._room(bar)
            enough = (worth if self._of_quote else size) >= room
            if not enough or len(issued) == _MOST_FROM_ONE_TRADE:
                break
            part = self._part(room, size, worth, price)
            bar.take(trade.agg_id, trade, *part, trades)
            issued.append(self._bar(bar, trade, closed=True))
            self._current = None
            size, worth, trades = size - part[0], worth - part[1], (*trades[:2], 0)
            if not (worth if self._of_quote else size):
                return issued
        bar.take(trade.agg_id, trade, size, worth, trades)
        issued.append(self._bar(bar, trade, closed=False))
        return issued

    def _part(
        self, room: Decimal, size: Decimal, worth: Decimal, price: Decimal
    ) -> tuple[Decimal, Decimal]:
        """(base, quote) of the trade that fill the bar."""
        if not self._of_quote:
            return room, room * price
        return (size if worth == room else room / price), room

    def _room(self, bar: Forming) -> Decimal:
        filled = bar.quote_volume if self._of_quote else bar.volume
        return self.interval.amount - filled

    def _opened(self, trade: AggTrade) -> Forming:
        # In one instant several bars may open: each is known by an instant of its own.
        self._opened_ns = max(trade.ts_ns, self._opened_ns + 1)
        return Forming.flat(trade.agg_id, trade.agg_id, trade.price, self._opened_ns)

    def _bar(self, bar: Forming, trade: AggTrade, *, closed: bool) -> Bar:
        return bar.bar(
            self.symbol,
            self.interval.text,
            close_ns=max(trade.ts_ns, bar.open_ns),
            closed=closed,
            ts_ns=trade.ts_ns,
            recv_ns=trade.recv_ns,
        )
