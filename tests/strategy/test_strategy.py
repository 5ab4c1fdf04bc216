"""The class that a plugin derives from."""

from decimal import Decimal

import pytest
from pydantic import Field

from bot.domain.commands import StreamKind, Subscription
from bot.domain.values import Side, TimeInForce
from bot.strategy.params import StrategyParams
from bot.strategy.strategy import CALLBACKS, Strategy


class Params(StrategyParams):
    fast: int = Field(5, ge=1)


class Plain(Strategy[Params]):
    pass


class FakeContext:
    """Writes down what was asked of it."""

    strategy_id = "plain"
    now_ns = 42
    is_blind = True

    def __init__(self):
        self.asked = []

    def __getattr__(self, name):
        def call(*args, **kwargs):
            self.asked.append((name, args, kwargs))
            return f"answer of {name}"

        return call


@pytest.fixture
def fake_context():
    return FakeContext()


@pytest.fixture
def plain(fake_context):
    return Plain(context=fake_context, params=Params(), symbols=("BTCUSDT",))


def test_the_type_of_the_parameters_is_read_from_the_class():
    class Bare(Strategy[StrategyParams]):
        pass

    class Derived(Plain):
        pass

    assert Plain.params_type is Params
    assert Bare.params_type is StrategyParams
    assert Derived.params_type is Params


def test_the_names_of_callbacks_are_known():
    assert {
        "on_start",
        "on_stop",
        "on_trade",
        "on_agg_trade",
        "on_quote",
        "on_bar",
        "on_book",
        "on_mini_ticker",
        "on_ticker",
        "on_order",
        "on_fill",
        "on_feed",
        "on_timer",
    } == CALLBACKS


@pytest.mark.parametrize("callback", sorted(CALLBACKS))
def test_every_callback_may_be_left_out(plain, callback):
    arguments = () if callback in ("on_start", "on_stop") else (object(),)
    assert getattr(plain, callback)(*arguments) is None


def test_a_strategy_has_its_parameters_symbols_and_name(plain):
    assert plain.params.fast == 5
    assert plain.symbols == ("BTCUSDT",)
    assert (plain.strategy_id, plain.now_ns, plain.is_blind) == ("plain", 42, True)
    assert plain.version == "1"


@pytest.mark.parametrize(("method", "side"), [("buy", Side.BUY), ("sell", Side.SELL)])
def test_orders_go_to_the_context_as_they_were_asked_for(plain, fake_context, method, side):
    answer = getattr(plain, method)("BTCUSDT", 1.5)
    assert answer == "answer of submit"
    getattr(plain, method)(
        "BTCUSDT", Decimal(2), "100", post_only=True, time_in_force=TimeInForce.FOK
    )
    first, second = (kwargs for _, _, kwargs in fake_context.asked)
    assert first == {
        "symbol": "BTCUSDT",
        "side": side,
        "quantity": 1.5,
        "price": None,
        "post_only": False,
        "time_in_force": TimeInForce.GTC,
    }
    assert second == first | {
        "quantity": Decimal(2),
        "price": "100",
        "post_only": True,
        "time_in_force": TimeInForce.FOK,
    }


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        ("subscribe_trades", (), (StreamKind.TRADES, "")),
        ("subscribe_agg_trades", (), (StreamKind.AGG_TRADES, "")),
        ("subscribe_quotes", (), (StreamKind.QUOTES, "")),
        ("subscribe_bars", ("5m",), (StreamKind.BARS, "5m")),
        ("subscribe_book", (), (StreamKind.BOOK, "20")),
        ("subscribe_book", (5,), (StreamKind.BOOK, "5")),
        ("subscribe_mini_ticker", (), (StreamKind.MINI_TICKER, "")),
        ("subscribe_ticker", (), (StreamKind.TICKER, "")),
    ],
)
def test_each_subscription_names_its_stream(plain, fake_context, method, arguments, expected):
    getattr(plain, method)("BTCUSDT", *arguments)
    kind, detail = expected
    assert fake_context.asked == [("subscribe", (Subscription(kind, "BTCUSDT", detail),), {})]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda s: s.cancel("c"), ("cancel", ("c",))),
        (lambda s: s.position("X"), ("position", ("X",))),
        (lambda s: s.open_orders(), ("open_orders", (None,))),
        (lambda s: s.open_orders("X"), ("open_orders", ("X",))),
        (lambda s: s.order("c"), ("order", ("c",))),
        (lambda s: s.instrument("X"), ("instrument", ("X",))),
        (lambda s: s.quote("X"), ("quote", ("X",))),
        (lambda s: s.last_price("X"), ("last_price", ("X",))),
        (lambda s: s.set_timer("t", 1.5), ("set_timer", ("t", 1.5))),
        (lambda s: s.cancel_timer("t"), ("cancel_timer", ("t",))),
        (lambda s: s.save("k", 1), ("save", ("k", 1))),
        (lambda s: s.load("k"), ("load", ("k", None))),
        (lambda s: s.load("k", 7), ("load", ("k", 7))),
        (lambda s: s.log("x"), ("log", ("x", "INFO"))),
        (lambda s: s.log("x", "ERROR"), ("log", ("x", "ERROR"))),
    ],
)
def test_everything_else_is_asked_of_the_context(plain, fake_context, call, expected):
    call(plain)
    assert fake_context.asked == [(*expected, {})]
