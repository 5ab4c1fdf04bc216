"""A simple market maker: one bid and one ask that wait to be traded with.

Each side is worked on its own: no order, place one; the order is too far from where it
should be, cancel it (the next quote places the new one). Both orders are post-only, so
they never take; the exchange refuses one that would, and it is tried again later.
"""

from decimal import Decimal

from bot import (
    SECOND_NS,
    FeedChanged,
    FeedState,
    Field,
    Order,
    OrderStatus,
    QuoteTick,
    Side,
    Strategy,
    StrategyParams,
)

NOT_TAKEN = (OrderStatus.REFUSED, OrderStatus.REJECTED, OrderStatus.NOT_PLACED)


class Params(StrategyParams):
    size_quote: float = Field(
        100.0,
        gt=0,
        description="worth of an order, quote units; more where the exchange takes no less",
    )
    spread_bps: float = Field(
        0.0, ge=0, le=1000, description="least distance of bid and ask; 0 joins the best prices"
    )
    requote_bps: float = Field(1.0, ge=0, le=1000, description="how far an order may be off")
    max_position_quote: float = Field(500.0, gt=0, description="stop adding beyond this worth")
    allow_short: bool = Field(default=True, description="False: sell only what was bought before")
    min_interval_s: float = Field(0.5, ge=0.1, description="least time between requests on a side")
    retry_s: float = Field(2.0, ge=0.1, description="pause of a side after a refused order")


class Quoting(Strategy[Params]):
    """Keeps one bid and one ask at or behind the best prices, within an inventory limit."""

    version = "1"

    def on_start(self) -> None:
        # When each side of each symbol may next send a request.
        self.next_ns: dict[tuple[str, Side], int] = {}
        for symbol in self.symbols:
            self.subscribe_quotes(symbol)

    def on_quote(self, quote: QuoteTick) -> None:
        if not self.is_blind:
            self.work(quote, Side.BUY)
            self.work(quote, Side.SELL)

    def work(self, quote: QuoteTick, side: Side) -> None:
        """Bring one side nearer to how it should be, with at most one request."""
        if self.now_ns < self.next_ns.get((quote.symbol, side), 0):
            return
        price = self.price(quote, side)
        quantity = self.quantity(quote, side)
        resting = [order for order in self.open_orders(quote.symbol) if order.side is side]
        if resting:
            off_bps = abs(float(resting[0].price or 0) / price - 1) * 10_000
            if off_bps > self.params.requote_bps or not quantity:
                self.cancel(resting[0].client_order_id)
                self.wait(quote.symbol, side, self.params.min_interval_s)
        elif quantity:
            place = self.buy if side is Side.BUY else self.sell
            place(quote.symbol, quantity, price, post_only=True)
            self.wait(quote.symbol, side, self.params.min_interval_s)

    def price(self, quote: QuoteTick, side: Side) -> float:
        """Half the spread from the middle, but never ahead of the best price."""
        away = self.params.spread_bps / 20_000
        if side is Side.BUY:
            return min(quote.bid, quote.mid * (1 - away))
        return max(quote.ask, quote.mid * (1 + away))

    def quantity(self, quote: QuoteTick, side: Side) -> Decimal:
        """What to offer on the side now; 0 if the inventory allows no more."""
        rules = self.instrument(quote.symbol)
        held = self.position(quote.symbol).quantity
        bid, mid = rules.price(quote.bid), rules.price(quote.mid)
        if float(rules.notional(held, mid)) * side.sign >= self.params.max_position_quote:
            return Decimal(0)
        wanted = rules.quantity_for_notional(self.params.size_quote, mid)
        if rules.notional(wanted, bid) < rules.min_notional:
            # Of a contract the least that the exchange takes may be more than was wished.
            wanted = rules.quantity_for_notional(rules.min_notional, bid) + rules.step_size
        if side is Side.SELL and not self.params.allow_short:
            wanted = min(wanted, rules.quantity(max(held, Decimal(0))))
        at = min(bid, rules.price(self.price(quote, side)))
        return wanted if rules.notional(wanted, at) >= rules.min_notional else Decimal(0)

    def on_order(self, order: Order) -> None:
        if order.status in NOT_TAKEN:
            self.wait(order.symbol, order.side, self.params.retry_s)

    def on_feed(self, feed: FeedChanged) -> None:
        # Blind orders are for others to profit from: take them back until we see again.
        if feed.state in {FeedState.DOWN, FeedState.STALE}:
            for symbol in feed.symbols or self.symbols:
                self.cancel_all(symbol)

    def on_stop(self) -> None:
        self.cancel_all()

    def wait(self, symbol: str, side: Side, seconds: float) -> None:
        self.next_ns[symbol, side] = self.now_ns + int(seconds * SECOND_NS)
