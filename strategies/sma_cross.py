"""Two moving averages: hold the coin while the fast one is above the slow one.

Trades are gathered into short bars by their own time. After each bar the averages of the
last ``fast`` and the last ``slow`` closes are compared: when the fast one is above, it buys
``size_quote`` worth, and when it is below, it sells what it holds. One order at a time.
"""

from collections import deque

from bot import SECOND_NS, FeedChanged, FeedState, Field, Strategy, StrategyParams, TradeTick


class Params(StrategyParams):
    fast: int = Field(2, ge=1, le=500, description="bars in the fast average")
    slow: int = Field(5, ge=2, le=1000, description="bars in the slow average")
    bar_seconds: float = Field(0.5, ge=0.1, le=86_400, description="length of a bar")
    size_quote: float = Field(100.0, gt=0, description="worth of one purchase, quote units")

    def model_post_init(self, _: object) -> None:
        if self.fast >= self.slow:
            raise ValueError("fast must be below slow")


class SmaCross(Strategy[Params]):
    """Buys when a fast moving average crosses above a slow one, sells when it falls below."""

    version = "1"

    def on_start(self) -> None:
        self.bar_ns = int(self.params.bar_seconds * SECOND_NS)
        self.closes = {symbol: deque[float](maxlen=self.params.slow) for symbol in self.symbols}
        self.latest: dict[str, TradeTick] = {}
        for symbol in self.symbols:
            self.subscribe_trades(symbol)
            if self.params.size_quote < self.instrument(symbol).min_notional:
                self.log(f"size_quote is less than one may trade of {symbol}", "WARNING")

    def on_trade(self, trade: TradeTick) -> None:
        before = self.latest.get(trade.symbol, trade)
        if trade.ts_ns < before.ts_ns:
            return  # it came late, and its bar may be over
        self.latest[trade.symbol] = trade
        if trade.ts_ns // self.bar_ns > before.ts_ns // self.bar_ns:
            # The first trade of a new bar: the trade before it closed the last one.
            self.closes[trade.symbol].append(before.price)
            self.decide(trade.symbol, trade.price)

    def decide(self, symbol: str, price: float) -> None:
        closes = list(self.closes[symbol])
        if len(closes) < self.params.slow or self.is_blind or self.open_orders(symbol):
            return
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
                if symbol in self.closes:
                    self.closes[symbol].clear()
                    self.latest.pop(symbol, None)
