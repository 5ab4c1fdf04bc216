"""The class that a plugin derives from."""

import inspect
from typing import get_args

import pytest
from pydantic import Field

from bot.domain.commands import StreamKind, Subscription
from bot.domain.market import MarketEvent, WholeMarket
from bot.domain.terms import PositionSide
from bot.strategy.market import CALLBACK_OF
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
        "on_order",
        "on_fill",
        "on_feed",
        "on_timer",
        *(callback for _, callback in CALLBACK_OF.values()),
    } <= CALLBACKS


def test_every_kind_of_stream_has_a_callback_whose_argument_is_its_event():
    assert set(CALLBACK_OF) == set(StreamKind)
    for event_type, callback in CALLBACK_OF.values():
        *_, argument = inspect.signature(getattr(Strategy, callback)).parameters.values()
        assert argument.annotation is event_type
    subscribed = {event_type for event_type, _ in CALLBACK_OF.values()}
    assert subscribed | {WholeMarket} == set(get_args(MarketEvent))


@pytest.mark.parametrize("callback", sorted(CALLBACKS))
def test_every_callback_may_be_left_out(plain, callback):
    arguments = () if callback in ("on_start", "on_stop") else (object(),)
    assert getattr(plain, callback)(*arguments) is None


def test_a_strategy_has_its_parameters_symbols_and_name(plain):
    assert plain.params.fast == 5
    assert plain.symbols == ("BTCUSDT",)
    assert (plain.strategy_id, plain.now_ns, plain.is_blind) == ("plain", 42, True)
    assert plain.version == "1"


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        ("subscribe_trades", (), (StreamKind.TRADES, "")),
        ("subscribe_agg_trades", (), (StreamKind.AGG_TRADES, "")),
        ("subscribe_quotes", (), (StreamKind.QUOTES, "")),
        ("subscribe_bars", ("5m",), (StreamKind.BARS, "5m")),
        ("subscribe_book", (), (StreamKind.BOOK, "20")),
        ("subscribe_book", (5,), (StreamKind.BOOK, "5")),
        ("subscribe_book", (20, 1000), (StreamKind.BOOK, "20@1000ms")),
        ("subscribe_depth", (), (StreamKind.DEPTH, "100ms")),
        ("subscribe_depth", (500,), (StreamKind.DEPTH, "500ms")),
        ("subscribe_rpi_depth", (), (StreamKind.RPI_DEPTH, "")),
        ("subscribe_block_trades", (), (StreamKind.BLOCK_TRADES, "")),
        ("subscribe_mini_ticker", (), (StreamKind.MINI_TICKER, "")),
        ("subscribe_ticker", (), (StreamKind.TICKER, "")),
        ("subscribe_window_ticker", ("4h",), (StreamKind.WINDOW_TICKER, "4h")),
        ("subscribe_average_price", (), (StreamKind.AVERAGE_PRICE, "")),
        ("subscribe_reference_price", (), (StreamKind.REFERENCE_PRICE, "")),
        ("subscribe_mark_price", (), (StreamKind.MARK_PRICE, "1s")),
        ("subscribe_mark_price", ("3s",), (StreamKind.MARK_PRICE, "3s")),
        ("subscribe_index_price", (), (StreamKind.INDEX_PRICE, "1s")),
        ("subscribe_mark_bars", ("5m",), (StreamKind.MARK_BARS, "5m")),
        ("subscribe_index_bars", ("5m",), (StreamKind.INDEX_BARS, "5m")),
        ("subscribe_liquidations", (), (StreamKind.LIQUIDATIONS, "")),
        ("subscribe_contract_info", (), (StreamKind.CONTRACT_INFO, "")),
        ("subscribe_composite_index", (), (StreamKind.COMPOSITE_INDEX, "")),
        ("subscribe_asset_index", (), (StreamKind.ASSET_INDEX, "")),
        ("subscribe_trading_session", (), (StreamKind.TRADING_SESSION, "")),
    ],
)
def test_each_subscription_names_its_stream(plain, fake_context, method, arguments, expected):
    given = getattr(plain, method)("BTCUSDT", *arguments)
    kind, detail = expected
    assert given == Subscription(kind, "BTCUSDT", detail)
    assert fake_context.asked == [("subscribe", (given,), {})]


def test_a_continuous_contract_is_named_by_pair_and_type(plain):
    given = plain.subscribe_continuous_bars("BTCUSDT", "1h", "CURRENT_QUARTER")
    assert given == Subscription(StreamKind.CONTINUOUS_BARS, "BTCUSDT_CURRENT_QUARTER", "1h")


def test_whole_markets_are_asked_for_with_a_star(plain):
    assert plain.subscribe_liquidations().symbol == "*"
    assert plain.subscribe_mark_price("usdm:*").symbol == "usdm:*"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda s: s.cancel("c"), ("cancel", ("c",))),
        (lambda s: s.position("X"), ("position", ("X", PositionSide.BOTH))),
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
