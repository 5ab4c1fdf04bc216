"""Every documented text of the matching engine and of the filters is said, or named as never."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.simulation.account import AccountSpec
from bot.simulation.errors import ApiError
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.rules import DEFAULT_SYMBOLS, FEATURES, symbol_rules
from bot.simulation.stillmarket import StillMarket

VECTORS = Path(__file__).parents[3] / "shared/data/vectors/error_messages.json"
CASES = json.loads(VECTORS.read_text())["cases"] if VECTORS.exists() else []
START_MS = 1_700_000_000_000

NEVER = {
    "Cancel order is invalid. Check origClOrdId and orderId.": "-1102 comes first",
    'Rest API trading is not enabled." / "WebSocket API trading is not enabled.': (
        "no door is closed to a symbol alone"
    ),
}
PLAIN = replace(
    DEFAULT_SYMBOLS[0],
    unsupported=frozenset({*FEATURES, "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT"})
    | {"TAKE_PROFIT_LIMIT"},
)
PERCENT = {"filterType": "PERCENT_PRICE", "multiplierUp": "1.1", "multiplierDown": "0.9"}
PERCENT |= {"avgPriceMins": 5}
MORE = {
    "PERCENT_PRICE": PERCENT,
    "MAX_POSITION": {"filterType": "MAX_POSITION", "maxPosition": "11"},
    "MAX_NUM_ICEBERG_ORDERS": {"filterType": "MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders": 1},
    "MAX_NUM_ORDERS": {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 1},
}
WIDE = {
    "EXCHANGE_MAX_NUM_ORDERS": "maxNumOrders",
    "EXCHANGE_MAX_NUM_ICEBERG_ORDERS": "maxNumIcebergOrders",
    "EXCHANGE_MAX_NUM_ORDER_LISTS": "maxNumOrderLists",
}


class Counter:
    """Where orders are refused; ``.said`` is the last refusal."""

    def __init__(self, rules=DEFAULT_SYMBOLS[0], *, filters=(), **spec):
        self.exchange = SimulatedExchange(
            symbols=[rules],
            accounts=[AccountSpec("alice", **spec)],
            market=StillMarket(
                {"BTCUSDT": [("60000", "1")]}, {"BTCUSDT": [("60001", "1"), ("60002", "9")]}
            ),
            start_ms=START_MS,
            exchange_filters=filters,
        )
        self.now_ms = START_MS
        self.said = None

    def call(self, name, **params):
        self.now_ms += 1
        texts = {"symbol": "BTCUSDT", **{k: str(v) for k, v in params.items()}}
        try:
            return getattr(self.exchange, name)("alice", texts, self.now_ms)
        except ApiError as refusal:
            self.said = refusal
            return None

    def place(self, side="BUY", kind="LIMIT", **params):
        if kind in {"LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"}:
            params = {"timeInForce": "GTC", "quantity": "0.01", "price": "50000", **params}
        return self.call("place_order", side=side, type=kind, **params)

    def traded(self):
        self.place(price="60001", quantity="0.01")
        return self

    def halted(self):
        self.exchange._floor.listings["BTCUSDT"].status = "HALT"
        return self

    def amend(self, quantity, **order):
        made = self.place(**order)
        return self.call("amend_order", orderId=made["orderId"], newQty=quantity)

    def amend_pending(self):
        pending = {"pendingType": "LIMIT", "pendingSide": "SELL", "pendingPrice": "70000"}
        pending |= {"pendingTimeInForce": "GTC"}
        made = self.call("place_opo", **WORKING, **pending)
        return self.call("amend_order", orderId=made["orders"][1]["orderId"], newQty="0.001")

    def amend_often(self):
        made = self.place(quantity="1")
        for step in range(11):
            self.call("amend_order", orderId=made["orderId"], newQty=f"0.{90 - step}")


WORKING = {"workingType": "LIMIT", "workingSide": "BUY", "workingTimeInForce": "GTC"}
WORKING |= {"workingPrice": "50000", "workingQuantity": "0.01"}
PENDING = {"pendingType": "MARKET", "pendingSide": "SELL"}
OCO = {"side": "SELL", "quantity": "0.01", "aboveType": "LIMIT_MAKER", "abovePrice": "70000"}
OCO |= {"belowType": "STOP_LOSS", "belowStopPrice": "50000"}
REPLACE = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
REPLACE |= {"price": "50000", "cancelOrderId": "1", "cancelReplaceMode": "STOP_ON_FAILURE"}


def small(name):
    """A counter whose book cannot give one lot for a quote amount."""
    rules = symbol_rules("BTCUSDT", tick="0.01", step="0.00001", min_notional="0")
    lots = {"filterType": name, "minQty": "20", "maxQty": "9000", "stepSize": "0.00001"}
    filters = [f for f in rules.filters if f["filterType"] not in {"LOT_SIZE", "MARKET_LOT_SIZE"}]
    return Counter(replace(rules, filters=(*filters, lots)))


def with_filter(name):
    return Counter(replace(DEFAULT_SYMBOLS[0], filters=(*DEFAULT_SYMBOLS[0].filters, MORE[name])))


UNSUPPORTED = {
    "Iceberg orders": {"icebergQty": "0.005"},
    "Stop loss orders": {"kind": "STOP_LOSS", "quantity": "1", "stopPrice": "50000"},
    "Stop loss limit orders": {"kind": "STOP_LOSS_LIMIT", "stopPrice": "50000"},
    "Take profit orders": {"kind": "TAKE_PROFIT", "quantity": "1", "stopPrice": "70000"},
    "Take profit limit orders": {"kind": "TAKE_PROFIT_LIMIT", "stopPrice": "70000"},
    "Market orders": {"kind": "MARKET", "quantity": "0.01"},
    "Pegged orders": {"pegPriceType": "PRIMARY_PEG"},
}


def unsupported(counter, message):
    """Ask a symbol that supports nothing for what the message is about."""
    for kind, order in UNSUPPORTED.items():
        if message.startswith(kind):
            return counter.place("SELL", **order)
    if message.startswith("Quote order qty"):
        return counter.place(kind="MARKET", quoteOrderQty="100")
    if message.startswith("OCO"):
        return counter.call("place_oco", **OCO)
    if message.startswith("OPO"):
        return counter.call("place_opo", **WORKING, **PENDING)
    return counter.call("cancel_replace", **REPLACE)


TEXTS = {
    "Unknown order sent.": lambda: run(lambda c: c.call("cancel_order", orderId=7)),
    "Market is closed.": lambda: run(lambda c: c.halted().place()),
    "Account has insufficient balance for requested action.": lambda: run(
        lambda c: c.place(quantity="100")
    ),
    "Price * QTY is zero or less.": lambda: run(
        lambda c: c.place(price="0.00000001", quantity="0.1"),
        Counter(replace(DEFAULT_SYMBOLS[0], filters=())),
    ),
    "IcebergQty exceeds QTY.": lambda: run(lambda c: c.place(quantity="0.1", icebergQty="0.2")),
    "This account may not place or cancel orders.": lambda: run(
        lambda c: c.place(), Counter(can_trade=False)
    ),
    "This symbol is not permitted for this account.": lambda: run(
        lambda c: c.place(), Counter(symbols=frozenset({"ETHUSDT"}))
    ),
    "Unsupported order combination": lambda: run(
        lambda c: c.place(timeInForce="IOC", icebergQty="0.005")
    ),
    "Order would immediately match and take.": lambda: run(
        lambda c: c.call(
            *("place_order",), side="BUY", type="LIMIT_MAKER", quantity="0.01", price="60001"
        )
    ),
    "Order was not canceled due to cancel restrictions.": lambda: run(
        lambda c: (
            c.place(newClientOrderId="mine")
            and c.call(
                "cancel_order",
                origClientOrderId="mine",
                cancelRestrictions="ONLY_PARTIALLY_FILLED",
            )
        )
    ),
    "Order book liquidity is less than `LOT_SIZE` filter minimum quantity.": lambda: run(
        lambda c: c.place(kind="MARKET", quoteOrderQty="900000"), small("LOT_SIZE")
    ),
    "Order book liquidity is less than `MARKET_LOT_SIZE` filter minimum quantity.": lambda: run(
        lambda c: c.place(kind="MARKET", quoteOrderQty="900000"), small("MARKET_LOT_SIZE")
    ),
    "Order amend (quantity increase) is not supported.": lambda: run(lambda c: c.amend("2")),
    'The requested action would change no state; rejecting".': lambda: run(
        lambda c: c.amend("0.01")
    ),
    "This order type may not use pegged price.": lambda: run(
        lambda c: c.place(kind="MARKET", quantity="1", pegPriceType="PRIMARY_PEG")
    ),
    "This price peg cannot be used with this order type.": lambda: run(
        lambda c: c.place(timeInForce="IOC", pegPriceType="PRIMARY_PEG")
    ),
    "Order amend (pending OPO order) is not supported.": lambda: run(lambda c: c.amend_pending()),
    "Filter failure: PERCENT_PRICE": lambda: run(
        lambda c: c.traded().place(), with_filter("PERCENT_PRICE")
    ),
    "Filter failure: LOT_SIZE": lambda: run(lambda c: c.place(quantity="0.000001")),
    "Filter failure: NOTIONAL": lambda: run(lambda c: c.place(quantity="0.00001")),
    "Filter failure: ICEBERG_PARTS": lambda: run(
        lambda c: c.place(quantity="1.01", icebergQty="0.01")
    ),
    "Filter failure: MAX_POSITION": lambda: run(
        lambda c: c.place(quantity="1.1"), with_filter("MAX_POSITION")
    ),
    "Filter failure: MAX_NUM_ORDERS": lambda: run(
        lambda c: c.place() and c.place(), with_filter("MAX_NUM_ORDERS")
    ),
    "Filter failure: MAX_NUM_ICEBERG_ORDERS": lambda: run(
        lambda c: [c.place(quantity="0.1", icebergQty="0.05") for _ in range(2)],
        with_filter("MAX_NUM_ICEBERG_ORDERS"),
    ),
    "Filter failure: MAX_NUM_ORDER_AMENDS": lambda: run(lambda c: c.amend_often()),
    "Filter failure: TRAILING_DELTA": lambda: run(
        lambda c: c.place("SELL", "STOP_LOSS", quantity="1", trailingDelta="9")
    ),
    **{
        f"Filter failure: {name}": lambda name=name: run(
            lambda c: (
                c.call("place_oco", **OCO)
                if "LISTS" in name
                else c.place(quantity="0.1", icebergQty="0.05")
            ),
            Counter(filters=[{"filterType": name, WIDE[name]: 0}]),
        )
        for name in WIDE
    },
}


def run(act, counter=None):
    """The counter after the act."""
    counter = counter or Counter()
    act(counter)
    return counter


def test_the_file_is_walked_as_a_whole():
    if not CASES:
        pytest.skip(f"no known answers at {VECTORS}")
    assert len(CASES) == 39
    assert set(NEVER) < {case["message"] for case in CASES}


@pytest.mark.skipif(not CASES, reason=f"no known answers at {VECTORS}")
@pytest.mark.parametrize(
    "message", [c["message"] for c in CASES if c["message"] not in NEVER], ids=lambda text: text
)
def test_a_documented_text_is_said(message):
    if message in TEXTS:
        counter = TEXTS[message]()
    else:
        counter = Counter(PLAIN)
        unsupported(counter, message)
    assert counter.said is not None, "it was not refused"
    # One text has the documentation's own stray marks behind it.
    assert counter.said.msg == message.removesuffix('".')
    codes = {-2010, -2011, -2038} if "Filter" not in message else {-1013, -2038}
    assert counter.said.code in codes
    assert counter.said.status == 400


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda c: c.place(kind="MARKET", quantity="1"), "Market orders are not supported"),
        (lambda c: c.place("SELL", "STOP_LOSS", quantity="1", trailingDelta="50"), "Stop loss"),
        (lambda c: c.place(pegPriceType="PRIMARY_PEG"), "Pegged orders are not supported"),
        (lambda c: c.call("place_oto", **WORKING, **PENDING, pendingQuantity="0.01"), "OTO"),
        (lambda c: c.amend("0.005"), "Order amend is not supported"),
    ],
)
def test_what_a_symbol_does_not_support_is_refused(act, text):
    rules = replace(DEFAULT_SYMBOLS[0], unsupported=PLAIN.unsupported | {"MARKET"})
    counter = Counter(rules)
    act(counter)
    assert counter.said.msg.startswith(text)
    info = counter.exchange.exchange_info({})["symbols"][0]
    assert info["orderTypes"] == ["LIMIT", "LIMIT_MAKER"]
    assert not any(info[key] for key in FEATURES.values())


def test_an_account_that_may_not_trade_may_look():
    counter = Counter(can_trade=False)
    assert counter.exchange.account_info("alice", {}, START_MS)["canTrade"] is False
    assert counter.call("all_orders") == []


def test_a_mode_that_a_symbol_does_not_name_is_refused():
    counter = Counter(replace(DEFAULT_SYMBOLS[0], stp_modes=("NONE", "EXPIRE_MAKER")))
    assert counter.place(selfTradePreventionMode="NONE")
    counter.place(selfTradePreventionMode="EXPIRE_TAKER")
    assert (counter.said.code, counter.said.msg) == (
        -1013,
        "This symbol does not allow the specified self-trade prevention mode.",
    )
