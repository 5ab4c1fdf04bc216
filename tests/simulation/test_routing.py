"""Routed orders take the best of all books that are as good, and pay in their own quote asset."""

from decimal import Decimal

import pytest

from bot.simulation.account import AccountSpec
from bot.simulation.emissions import BookChanged, TradeMade, UserEvent
from bot.simulation.errors import ApiError
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.rules import DEFAULT_SYMBOLS, symbol_rules
from bot.simulation.stillmarket import StillMarket

D = Decimal
START_MS = 1_700_000_000_000
NAMES = ("BTCUSDT", "BTCUSDC", "BTCUSDP")
SYMBOLS = [
    symbol_rules(name, tick="1", step="0.1", base="BTC", quote=name[3:], max_quantity="1000")
    for name in NAMES
]
ASKS = {
    "BTCUSDT": (("30500", "3"), ("30800", "3")),
    "BTCUSDC": (("28000", "1"), ("30000", "1")),
    "BTCUSDP": (("29000", "1"), ("35000", "1")),
}
RICH = {"BTC": D(100), "USDT": D(10**6), "USDC": D(10**6), "USDP": D(10**6)}


class Routed:
    """An exchange of three books, and its client alice, who pays no commission."""

    def __init__(self, bids=None, asks=None):
        self.now_ms = START_MS
        self.exchange = SimulatedExchange(
            symbols=SYMBOLS,
            accounts=[
                AccountSpec("alice", balances=RICH, maker_rate=D(0), taker_rate=D(0)),
                AccountSpec("bob", balances=RICH),
            ],
            market=StillMarket(bids or {}, asks or {}),
            start_ms=START_MS,
        )
        self.exchange.take()

    def call(self, name, key="alice", **params):
        self.now_ms += 1
        texts = {k: str(v) for k, v in params.items()}
        return getattr(self.exchange, name)(key, texts, self.now_ms)

    def route(self, side="BUY", kind="LIMIT", **params):
        if kind == "LIMIT":
            params.setdefault("timeInForce", "GTC")
        return self.call("sor_order", symbol="BTCUSDT", side=side, type=kind, **params)

    def free(self, asset):
        held = self.exchange.state()["accounts"]["alice"][asset]
        assert D(held["locked"]) == 0
        return D(held["free"])


@pytest.fixture
def routed():
    return Routed(asks=ASKS)


def test_every_routed_walk_of_the_documentation(shared_json):
    cases = [c for c in shared_json("vectors/matching_walks.json")["cases"] if "SOR" in c["id"]]
    assert len(cases) == 3
    for case in cases:
        client = Routed(case.get("bids_by_symbol"), case.get("asks_by_symbol"))
        order = case["order"]
        more = {"price": order["price"], "timeInForce": order["tif"]} if "price" in order else {}
        body = client.route(order["side"], order["type"], quantity=order["qty"], **more)
        fills = [[D(f["price"]), D(f["qty"])] for f in body["fills"]]
        assert fills == [[D(p), D(q)] for p, q in case["fills"]], case["id"]
        assert D(body["cummulativeQuoteQty"]) == D(case["quote"])
        assert D(body["executedQty"]) == D(case.get("executedQty", order["qty"]))
        assert body["status"] == case["status"]
        paid = D(case["quote"]) if order["side"] == "BUY" else -D(case["quote"])
        assert client.free("USDT") == 10**6 - paid
        assert client.free("USDC") == client.free("USDP") == 10**6


def test_fills_are_allocations_and_no_trades(routed):
    body = routed.route(quantity="2", price="31000")
    assert body["fills"] == [
        {
            "matchType": "ONE_PARTY_TRADE_REPORT",
            "price": f"{price}.00000000",
            "qty": "1.00000000",
            "commission": "0.00000000",
            "commissionAsset": "BTC",
            "tradeId": -1,
            "allocId": number,
        }
        for number, price in enumerate((28000, 29000))
    ]
    assert (body["workingFloor"], body["usedSor"]) == ("SOR", True)
    assert routed.call("my_trades", symbol="BTCUSDT") == []
    first, second = routed.call("allocations", symbol="BTCUSDT")
    assert first == {
        "symbol": "BTCUSDT",
        "allocationId": 0,
        "allocationType": "SOR",
        "orderId": body["orderId"],
        "orderListId": -1,
        "price": "28000.00000000",
        "qty": "1.00000000",
        "quoteQty": "28000.00000000",
        "commission": "0.00000000",
        "commissionAsset": "BTC",
        "time": body["transactTime"],
        "isBuyer": True,
        "isMaker": False,
        "isAllocator": False,
    }
    after = {"symbol": "BTCUSDT", "fromAllocationId": 1}
    assert routed.call("allocations", **after) == [second]
    assert routed.call("allocations", **after, orderId=body["orderId"]) == [second]
    assert routed.call("allocations", symbol="BTCUSDT", limit=1, startTime=0) == [first]
    with pytest.raises(ApiError, match=r"-1128"):
        routed.call("allocations", **after, startTime=0)
    assert [a["account"] for a in routed.exchange.state()["allocations"]] == ["alice"] * 2


def test_reports_tell_match_type_allocation_and_floor(routed):
    routed.route(quantity="1", price="31000")
    events = [e.payload for e in routed.exchange.take() if isinstance(e, UserEvent)]
    assert [e.get("x") for e in events] == ["NEW", "TRADE", None]
    new, trade, _ = events
    assert (new["k"], new["uS"], "b" in new) == ("SOR", True, False)
    assert (trade["b"], trade["a"], trade["t"]) == ("ONE_PARTY_TRADE_REPORT", 0, -1)


def test_the_public_sees_trades_where_the_liquidity_was(routed):
    routed.route(quantity="2.5", price="31000")
    taken = routed.exchange.take()
    traded = [(e.symbol, e.price) for e in taken if isinstance(e, TradeMade)]
    assert traded == [("BTCUSDC", 28000), ("BTCUSDP", 29000), ("BTCUSDC", 30000)]
    assert {e.symbol for e in taken if isinstance(e, BookChanged)} == {"BTCUSDC", "BTCUSDP"}
    assert routed.exchange.trades({"symbol": "BTCUSDT"}) == []


def test_what_is_left_rests_in_its_own_book_and_trades_there(routed):
    body = routed.route(quantity="3", price="29500")
    assert (body["status"], body["executedQty"]) == ("PARTIALLY_FILLED", "2.00000000")
    assert routed.exchange.depth({"symbol": "BTCUSDT"})["bids"] == [
        ["29500.00000000", "1.00000000"]
    ]
    params = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "1"}
    routed.call("place_order", "bob", **params)
    asked = routed.call("query_order", symbol="BTCUSDT", orderId=body["orderId"])
    assert (asked["status"], asked["workingFloor"]) == ("FILLED", "EXCHANGE")
    (trade,) = routed.call("my_trades", symbol="BTCUSDT")
    assert (trade["qty"], trade["isMaker"], trade["id"] >= 0) == ("1.00000000", True, True)


def test_all_or_nothing_counts_all_books(routed):
    all_of_it = {"price": "30500", "timeInForce": "FOK"}
    assert routed.route(quantity="6.1", **all_of_it)["status"] == "EXPIRED"
    assert routed.route(quantity="6", **all_of_it)["status"] == "FILLED"


def test_a_market_order_holds_what_all_books_ask(routed):
    funds = routed.exchange._floor.ledger.accounts["alice"].balance("USDT")
    funds.free = 57_000 * 10**8 - 1
    with pytest.raises(ApiError, match="insufficient balance"):
        routed.route(kind="MARKET", quantity="2")
    funds.free += 1
    assert routed.route(kind="MARKET", quantity="2")["status"] == "FILLED"
    assert funds.free == 0


def test_ones_own_order_in_another_book_is_prevented(routed):
    own = {"symbol": "BTCUSDC", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC"}
    mine = routed.call("place_order", **own, quantity="1", price="27000")
    body = routed.route(quantity="1", price="31000")
    assert body["status"] == "FILLED"
    assert D(body["fills"][0]["price"]) == 28000
    (prevented,) = body["preventedMatches"]
    assert (prevented["makerSymbol"], prevented["makerOrderId"]) == ("BTCUSDC", mine["orderId"])
    gone = routed.call("query_order", symbol="BTCUSDC", orderId=mine["orderId"])
    assert gone["status"] == "EXPIRED_IN_MATCH"
    (match,) = routed.call("prevented_matches", symbol="BTCUSDT", orderId=body["orderId"])
    assert match["makerSymbol"] == "BTCUSDC"


def test_a_client_who_rests_in_another_book_trades_in_it(routed):
    own = {"symbol": "BTCUSDC", "side": "SELL", "type": "LIMIT", "timeInForce": "GTC"}
    rests = routed.call("place_order", "bob", **own, quantity="2", price="27000")
    stop = {"symbol": "BTCUSDC", "side": "SELL", "type": "STOP_LOSS", "quantity": "1"}
    routed.call("place_order", "bob", **stop, trailingDelta="2000")
    routed.route(quantity="2", price="27000")
    (trade,) = routed.call("my_trades", "bob", symbol="BTCUSDC")
    assert (trade["orderId"], trade["quoteQty"]) == (rests["orderId"], "54000.00000000")
    assert trade["commissionAsset"] == "USDC"
    # The trade was seen by the stop orders of its own book.
    (waits,) = routed.call("open_orders", "bob")
    assert waits["trailingTime"] > 0


def test_exchange_info_names_the_books_only_where_there_are_some(routed):
    known = [{"baseAsset": "BTC", "symbols": list(NAMES)}]
    assert routed.exchange.exchange_info({})["sors"] == known
    plain = SimulatedExchange(
        symbols=DEFAULT_SYMBOLS, accounts=[], market=StillMarket(), start_ms=START_MS
    )
    assert "sors" not in plain.exchange_info({})
