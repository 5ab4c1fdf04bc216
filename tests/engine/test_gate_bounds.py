"""Bounds over several positions and orders, each at its exact edge; strategies with their own."""

import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from bot.domain.terms import PositionSide
from bot.domain.values import Market, OrderStatus, OrderType, Side
from bot.engine.risk import RiskLimits

D = Decimal
VECTORS = Path(__file__).resolve().parents[3] / "shared" / "data" / "vectors"
OFF = RiskLimits(
    max_order_notional=D(0),
    max_position_notional=D(0),
    max_open_orders=0,
    max_daily_loss=D(0),
    price_collar=D(0),
    max_orders_per_second=0,
)


@pytest.fixture
def bound(engine_driver):
    def make(*names, instruments=None, of=None, **limits):
        chosen = {k: D(v) if isinstance(v, str) else v for k, v in limits.items()}
        more = {} if instruments is None else {"instruments": instruments}
        limits = msgspec.structs.replace(OFF, **chosen)
        d = engine_driver(*(names or ("a", "b")), limits=limits, strategy_limits=of, **more)
        return d.live()

    return make


def ordered(d, name="a", symbol="BTCUSDT", side=Side.BUY, quantity=1, price=100, **terms):
    ask = {Side.BUY: "buy", Side.SELL: "sell"}[side]
    cid = d.act(lambda s: getattr(s, ask)(symbol, quantity, price, **terms), name)
    order = d.engine.blotter.get(cid)
    if order.status is not OrderStatus.REFUSED:
        d.accepted(cid, int(cid.rsplit("-", 1)[1]) + 100)
        return ""
    return order.reason


def test_one_strategy_on_all_its_symbols(bound):
    d = bound(max_strategy_notional="300")
    assert not ordered(d)
    assert not ordered(d, symbol="ETHUSDT", quantity=2)
    reason = ordered(d, symbol="ETHUSDT", quantity="0.1")
    assert reason == "MAX_STRATEGY: a with open orders is 310.0, above 300"
    assert not ordered(d, "b")


def test_all_strategies_on_one_symbol(bound):
    d = bound(max_symbol_notional="300")
    assert not ordered(d, "a", quantity=2)
    assert ordered(d, "b", quantity="1.1").startswith("MAX_SYMBOL: BTCUSDT with open orders is 310")
    assert not ordered(d, "b", quantity=1)
    assert not ordered(d, "b", symbol="ETHUSDT", quantity=3)


def test_all_strategies_on_all_symbols(bound):
    d = bound(max_account_notional="300")
    assert not ordered(d, "a", quantity=2)
    assert not ordered(d, "b", symbol="ETHUSDT", quantity=1)
    assert ordered(d, "b", quantity="0.1").startswith("MAX_ACCOUNT: all strategies with open ord")


def test_the_worse_of_all_buys_and_all_sells_counts(bound):
    d = bound(max_account_notional="300")
    assert not ordered(d, "a", quantity=2)
    assert not ordered(d, "a", side=Side.SELL, quantity=3)
    assert ordered(d, "a", side=Side.SELL, quantity="0.1")
    assert not ordered(d, "a", quantity=1)


def test_what_closes_passes_every_bound_of_notional(bound):
    d = bound(max_account_notional="300")
    cid = d.opened(quantity=3, strategy_id="a")
    d.filled(cid, quantity=D(3))
    assert ordered(d, quantity="0.1")
    d.quote(198, 202)
    assert not ordered(d, side=Side.SELL, quantity=3, price=200)


def test_open_orders_of_the_account(bound):
    d = bound(max_account_open_orders=2)
    assert not ordered(d, "a")
    assert not ordered(d, "b")
    assert ordered(d, "b") == "MAX_OPEN_ORDERS: 2 orders of the account are open already"


def test_orders_a_second_of_the_account(bound):
    d = bound(max_account_orders_per_second=2)
    assert not ordered(d, "a")
    assert not ordered(d, "b")
    assert ordered(d, "b") == (
        "MAX_ORDER_RATE: 2 orders were sent by all strategies in the last second"
    )
    d.wait(1)
    assert not ordered(d, "b")


def lost(d, name, amount):
    cid = d.opened(strategy_id=name)
    d.filled(cid)
    sale = d.sell(strategy_id=name)
    d.accepted(sale)
    d.filled(sale, side=Side.SELL, price=100 - D(amount))


def test_the_loss_of_one_strategy(bound):
    d = bound(max_strategy_daily_loss="50")
    lost(d, "a", "49")
    assert not ordered(d, "a")
    lost(d, "b", "50")
    assert ordered(d, "b") == "MAX_DAILY_LOSS: 50 USDT lost today by b, the bound is 50"
    assert not ordered(d, "a")


def test_a_strategy_may_have_bounds_of_its_own(bound):
    own = msgspec.structs.replace(OFF, max_order_notional=D(50), max_open_orders=1)
    d = bound(max_order_notional="500", of={"a": own})
    assert ordered(d, "a").startswith("MAX_ORDER_NOTIONAL: 100 is above 50")
    assert not ordered(d, "a", quantity="0.5")
    assert ordered(d, "a", quantity="0.5").startswith("MAX_OPEN_ORDERS: 1")
    assert not ordered(d, "b", quantity=5)


def test_positions_of_hedge_mode_are_bound_apart(bound, btcusdt):
    contract = msgspec.structs.replace(btcusdt, market=Market.USDM, settle="USDT")
    d = bound(instruments=(contract,), max_position_notional="300")
    long, short = PositionSide.LONG, PositionSide.SHORT
    assert not ordered(d, quantity=3, position_side=long)
    assert ordered(d, quantity="0.1", position_side=long).startswith("MAX_POSITION")
    assert not ordered(d, side=Side.SELL, quantity=3, position_side=short)
    cid = next(o.client_order_id for o in d.engine.blotter.open_orders() if o.side is Side.SELL)
    d.filled(cid, side=Side.SELL, quantity=D(3))
    # The trade did not say which position it was for; its order did.
    assert d.puppet("a").position("BTCUSDT", short).quantity == -3
    assert d.puppet("a").position("BTCUSDT").quantity == 0
    assert ordered(d, side=Side.SELL, quantity="0.1", position_side=short)
    assert not ordered(d, quantity=3, position_side=short)


def test_a_contract_of_dollars_is_worth_its_size(bound, btcusdt):
    inverse = msgspec.structs.replace(
        btcusdt,
        market=Market.COINM,
        settle="BTC",
        inverse=True,
        contract_size=D(100),
        step_size=D(1),
    )
    d = bound(instruments=(inverse,), max_order_notional="1000")
    assert not ordered(d, quantity=10)
    assert ordered(d, quantity=11) == "MAX_ORDER_NOTIONAL: 1100 is above 1000"


COUNTS = {"MAX_NUM_ORDERS": "max_orders", "MAX_NUM_ALGO_ORDERS": "max_conditional_orders"}


def test_counts_of_open_orders_decide_as_binance_documents_them(bound, btcusdt):
    path = VECTORS / "symbol_filters.json"
    if not path.exists():
        pytest.skip(f"no shared data: {path.name} is absent")
    checked = 0
    for case in json.loads(path.read_text())["cases"]:
        rules, given = case["filter"], case["given"]
        if rules["filterType"] not in COUNTS:
            continue
        field = COUNTS[rules["filterType"]]
        waits = field == "max_conditional_orders"
        kind = OrderType.STOP_MARKET if waits else OrderType.LIMIT
        most = rules["maxNumAlgoOrders" if waits else "maxNumOrders"]
        open_before = given[f"open_{'algo_' if waits else ''}orders_before_this_one"]
        types = tuple(one.value for one in OrderType)
        rule = msgspec.structs.replace(btcusdt, order_types=types, **{field: most})
        d = bound("a", instruments=(rule,))
        for number in range(open_before + 1):
            if waits:
                cid = d.act(lambda s: s.stop("BTCUSDT", Side.BUY, 1, 110), "a")
            else:
                cid = d.buy(strategy_id="a")
            order = d.engine.blotter.get(cid)
            if number < open_before:
                d.accepted(cid, number + 100)
        assert (order.status is OrderStatus.INTENT) is case["passes"], (rules, order.reason)
        assert order.order_type is kind
        assert case["passes"] or order.reason.startswith(rules["filterType"])
        checked += 1
    assert checked == 3
