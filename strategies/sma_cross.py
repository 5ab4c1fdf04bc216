"""Two moving averages: hold the coin while the fast one is above the slow one.

It looks at bars of ``bar_seconds``, which the bot builds from trades. After each bar the averages
of the last ``fast`` and the last ``slow`` closes are compared: when the fast one is above, it buys
``size_quote`` worth, and when it is below, it sells what it holds. One order at a time. The
bars before its start are fetched, so it need not wait for ``slow`` bars before it can trade.
"""

from collections.abc import Sequence

from bot import Bar, BarsWanted, FeedChanged, FeedState, Field, Strategy, StrategyParams


class Params(StrategyParams):
    fast: int = Field(2, ge=1, le=500, description="bars in the fast average")
    slow: int = Field(5, ge=2, le=1000, description="bars in the slow average")
    bar_seconds: float = Field(0.5, ge=0.1, le=86_400, description="length of a bar")
    size_quote: float = Field(100.0, gt=0, description="worth of one purchase, quote units")

    def model_post_init(self, _: object) -> None:
        if self.fast >= self.slow:
            raise ValueError("fast must be below slow")

    @property
    def interval(self) -> str:
        return f"{round(self.bar_seconds * 1000)}ms"


class SmaCross(Strategy[Params]):
    """Buys when a fast moving average crosses above a slow one, sells when it falls below."""

    version = "2"

    def warm_up(self) -> Sequence[BarsWanted]:
        return [BarsWanted(s, self.params.interval, self.params.slow) for s in self.symbols]

    def on_start(self) -> None:
        self.waits = dict.fromkeys(self.symbols, 0)
        for symbol in self.symbols:
            self.subscribe_bars(symbol, self.params.interval)
            if self.params.size_quote < self.instrument(symbol).min_notional:
                self.log(f"size_quote is less than one may trade of {symbol}", "WARNING")

    def on_bar(self, bar: Bar) -> None:
        if not bar.closed or bar.late:
            return  # it still forms, or it is an old one that was corrected
        if self.waits[bar.symbol]:
            self.waits[bar.symbol] -= 1
        else:
            self.decide(bar.symbol, bar.close)

    def decide(self, symbol: str, price: float) -> None:
        bars = self.bars(symbol, self.params.interval, self.params.slow)
        if len(bars) < self.params.slow or self.is_blind or self.open_orders(symbol):
            return
        closes = [bar.close for bar in bars]
        fast = sum(closes[-self.params.fast :]) / self.params.fast
        slow = sum(closes) / self.params.slow
        rules = self.instrument(symbol)
        # What can be sold: whole steps, and worth enough for the exchange. The rest is dust.
        held = rules.quantity(self.position(symbol).quantity)
        holds = held > 0 and float(held) * price >= rules.min_notional
        if fast > slow and not holds:
            self.buy(symbol, rules.quantity_for_notional(self.params.size_quote, price))
        elif fast < slow and holds:
            self.sell(symbol, held)

    def on_feed(self, feed: FeedChanged) -> None:
        # Something was missed: averages across the hole would be wrong, so begin again.
        if feed.state is FeedState.DOWN:
            for symbol in feed.symbols or self.symbols:
                if symbol in self.waits:
                    self.waits[symbol] = self.params.slow
