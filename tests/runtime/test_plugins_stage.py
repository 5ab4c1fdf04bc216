"""The small exchange and the clock that tests of plugins are played on."""

from decimal import Decimal
from pathlib import Path

import pytest

from bot import (
    Field,
    Fill,
    OrderStatus,
    QuoteTick,
    Side,
    Strategy,
    StrategyParams,
    TimeInForce,
)
from bot.domain.errors import StrategyError
from bot.testing import Stage

EXAMPLES = Path(__file__).parents[2] / "strategies"


class Params(StrategyParams):
    size: float = Field(1.0, gt=0)


class Idle(Strategy[Params]):
    """Does nothing by itself; the tests ask on its behalf."""

    def on_start(self) -> None:
        self.heard: list[str] = []
        self.subscribe_quotes(self.symbols[0])

    def on_quote(self, quote: QuoteTick) -> None:
        self.heard.append("quote")
        if "buy" in self.heard:
            self.heard.remove("buy")
            self.buy(quote.symbol, self.params.size)

    def on_fill(self, fill: Fill) -> None:
        self.heard.append("fill")

    def on_timer(self, name: str) -> None:
        self.heard.append(name)


def ordered(stage, side, price=None, **more):
    """The order after it was asked for and the exchange has answered."""
    place = stage.strategy.buy if side is Side.BUY else stage.strategy.sell
    cid = place("BTCUSDT", 1, price, **more)
    stage.advance(0)
    return next(order for order in stage.orders if order.client_order_id == cid)


@pytest.fixture
def stage():
    made = Stage(Idle)
    made.quote(99.9, 100.1)
    return made


def test_a_market_order_fills_at_the_touch_and_pays_commission_in_what_it_receives(stage):
    order = ordered(stage, Side.BUY)
    assert (order.status, order.average_price) == (OrderStatus.FILLED, Decimal("100.1"))
    assert stage.position().quantity == Decimal("0.999")
    assert ordered(stage, Side.SELL).average_price == Decimal("99.9")


def test_a_limit_rests_until_a_trade_or_a_quote_reaches_it(stage):
    first = ordered(stage, Side.BUY, 99.0)
    second = ordered(stage, Side.BUY, 98.0)
    assert {first.status, second.status} == {OrderStatus.OPEN}

    stage.trade(99.0, size=0.4)
    assert [order.filled for order in stage.orders] == [Decimal("0.4"), 0]
    stage.trade(98.5)
    assert [order.status for order in stage.orders] == [OrderStatus.FILLED, OrderStatus.OPEN]
    stage.quote(97.0, 97.2)
    assert [fill.price for fill in stage.fills] == [99, 99, 98]


def test_a_post_only_order_that_would_take_is_rejected(stage):
    order = ordered(stage, Side.SELL, 99.9, post_only=True)
    assert order.status is OrderStatus.REJECTED
    assert "immediately match" in order.reason


def test_an_immediate_order_that_meets_nobody_expires(stage):
    assert ordered(stage, Side.BUY, 99, time_in_force=TimeInForce.IOC).status.is_terminal
    assert stage.fills == []


def test_a_cancelled_order_trades_no_more(stage):
    order = ordered(stage, Side.BUY, 99.0)
    stage.strategy.cancel(order.client_order_id)
    stage.advance(0)
    stage.trade(90)
    assert (stage.orders[0].status, stage.fills) == (OrderStatus.CANCELED, [])


def test_an_order_by_hand_is_answered_before_the_next_event():
    stage = Stage(Idle, size=2)
    stage.strategy.heard.append("buy")
    stage.quote(99.9, 100.1)
    assert stage.strategy.heard == ["quote", "fill"]
    assert stage.fills[0].quantity == 2


def test_timers_fire_at_their_time(stage):
    stage.strategy.set_timer("beat", 1.0)
    stage.advance(3.5)
    assert stage.strategy.heard == ["quote", "beat", "beat", "beat"]
    assert stage.strategy.now_ns == stage.now_ns


def test_what_was_saved_is_there_after_a_restart(stage):
    stage.strategy.save("seen", [1, 2])
    stage.advance(0)
    again = Stage(Idle, saved=stage.saved)
    assert again.strategy.load("seen") == [1, 2]


def test_what_the_strategy_raises_is_raised(stage):
    stage.strategy.heard = None
    with pytest.raises(AttributeError):
        stage.quote(1, 2)


def test_parameters_are_checked():
    with pytest.raises(StrategyError, match="size=0"):
        Stage(Idle, size=0)


def test_two_stages_of_the_same_events_are_alike():
    def played():
        stage = Stage(str(EXAMPLES / "quoting.py"))
        for n in range(50):
            stage.quote(99.9 + n % 7, 100.1 + n % 7, after_s=0.3)
            stage.trade(100.0 + n % 5)
        return stage.commands, stage.fills

    assert played() == played()
