"""What a strategy asks for reaches the context as a draft that says all of it."""

from decimal import Decimal

import pytest

from bot.domain.terms import Contingency, ListRole, PositionSide, TriggerBy
from bot.domain.values import OrderType, Side, TimeInForce
from bot.strategy.draft import OrderDraft
from bot.strategy.orders import BracketIds, OcoIds, OrderEntry, OtoIds


class _Context:
    def __init__(self):
        self.drafts = []
        self.lists = []
        self.other = []

    def submit(self, draft):
        self.drafts.append(draft)
        return "id-1"

    def submit_list(self, contingency, legs):
        self.lists.append((contingency, list(legs)))
        return tuple(f"id-{n}" for n, _ in enumerate(legs))

    def configure(self, *args):
        self.other.append(args)


@pytest.fixture
def asked():
    return _Context()


@pytest.fixture
def entry(asked):
    entry = OrderEntry()
    entry._context = asked
    return entry


def draft(**fields):
    return OrderDraft(**({"symbol": "BTCUSDT", "side": Side.SELL} | fields))


@pytest.mark.parametrize(("method", "side"), [("buy", Side.BUY), ("sell", Side.SELL)])
def test_plain_orders(entry, asked, method, side):
    ask = getattr(entry, method)
    assert ask("BTCUSDT", 1.5) == "id-1"
    ask("BTCUSDT", 1, "100")
    ask("BTCUSDT", Decimal(2), "100", post_only=True)
    ask("BTCUSDT", 1, 100, time_in_force=TimeInForce.GTD, good_till_ns=9, reduce_only=True)
    assert asked.drafts == [
        draft(side=side, order_type=OrderType.MARKET, quantity=1.5),
        draft(side=side, order_type=OrderType.LIMIT, quantity=1, price="100"),
        draft(side=side, order_type=OrderType.LIMIT_MAKER, quantity=Decimal(2), price="100"),
        draft(
            side=side,
            order_type=OrderType.LIMIT,
            quantity=1,
            price=100,
            time_in_force=TimeInForce.GTD,
            good_till_ns=9,
            reduce_only=True,
        ),
    ]


def test_orders_by_their_cost(entry, asked):
    entry.buy_for("BTCUSDT", 100)
    entry.sell_for("BTCUSDT", 50)
    assert asked.drafts == [
        draft(side=Side.BUY, order_type=OrderType.MARKET, quote_quantity=100),
        draft(side=Side.SELL, order_type=OrderType.MARKET, quote_quantity=50),
    ]


def test_conditional_orders(entry, asked):
    entry.stop("BTCUSDT", Side.SELL, 1, 90, reduce_only=True, trigger_by=TriggerBy.MARK)
    entry.stop("BTCUSDT", Side.SELL, 1, 90, 89)
    entry.take_profit("BTCUSDT", Side.SELL, 1, 110, position_side=PositionSide.LONG)
    entry.take_profit("BTCUSDT", Side.SELL, 1, 110, 109)
    entry.trailing_stop("BTCUSDT", Side.SELL, 1, distance_percent=0.35, activation_price=105)
    assert asked.drafts == [
        draft(
            order_type=OrderType.STOP_MARKET,
            quantity=1,
            trigger_price=90,
            trigger_by=TriggerBy.MARK,
            reduce_only=True,
        ),
        draft(order_type=OrderType.STOP_LIMIT, quantity=1, price=89, trigger_price=90),
        draft(
            order_type=OrderType.TAKE_PROFIT_MARKET,
            quantity=1,
            trigger_price=110,
            position_side=PositionSide.LONG,
        ),
        draft(order_type=OrderType.TAKE_PROFIT_LIMIT, quantity=1, price=109, trigger_price=110),
        draft(
            order_type=OrderType.TRAILING_STOP_MARKET,
            quantity=1,
            trailing_bips=35,
            activation_price=105,
        ),
    ]


def test_a_pair_and_a_bracket_name_each_order(entry, asked):
    assert entry.oco("BTCUSDT", Side.SELL, 1, take_profit=110, stop=90) == OcoIds("id-0", "id-1")
    profit = draft(order_type=OrderType.LIMIT, quantity=1, price=110)
    loss = draft(order_type=OrderType.STOP_MARKET, quantity=1, trigger_price=90)
    pair = [(ListRole.TAKE_PROFIT, profit), (ListRole.STOP_LOSS, loss)]
    assert asked.lists == [(Contingency.OCO, pair)]
    ids = entry.bracket("BTCUSDT", Side.BUY, 1, 100, take_profit=110, stop=90)
    assert ids == BracketIds("id-0", "id-1", "id-2")
    first = draft(side=Side.BUY, order_type=OrderType.LIMIT, quantity=1, price=100)
    assert asked.lists[1] == (Contingency.OTOCO, [(ListRole.WORKING, first), *pair])


def test_one_order_triggers_another(entry, asked):
    first = draft(order_type=OrderType.LIMIT, quantity=1, price=110)
    then = draft(side=Side.BUY, order_type=OrderType.MARKET, quantity=1)
    assert entry.oto(first, then) == OtoIds("id-0", "id-1")
    legs = [(ListRole.WORKING, first), (ListRole.PENDING, then)]
    assert asked.lists == [(Contingency.OTO, legs)]


def test_settings_of_a_contract(entry, asked):
    entry.set_leverage("BTCUSDT", 5)
    entry.set_margin_type("BTCUSDT", "ISOLATED")
    assert asked.other == [("BTCUSDT", 5, ""), ("BTCUSDT", None, "ISOLATED")]
