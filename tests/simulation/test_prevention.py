"""Two orders of one account never trade with each other, unless they ask to."""

from decimal import Decimal

import pytest

from bot.simulation.account import AccountSpec
from bot.simulation.rules import symbol_rules

D = Decimal
CHEAP = symbol_rules("BTCUSDT", tick="0.1", step="0.1", min_notional="0", max_quantity="1000")
STATE = ("status", "executedQty", "cummulativeQuoteQty", "preventedQuantity", "origQty")


@pytest.fixture
def crossing(trader_at):
    """A function: rest one order, cross it with the other, give (client, maker, taker)."""

    def cross(maker, taker, *, market=()):
        client = trader_at(market, (), symbols=[CHEAP])
        resting = client.place(quantity=maker[0], price=maker[1], selfTradePreventionMode="NONE")
        client.events()
        kind = "LIMIT" if len(taker) > 2 else "MARKET"
        more = {"price": taker[2]} if len(taker) > 2 else {}
        mode = {"selfTradePreventionMode": taker[0]} if taker[0] else {}
        crossed = client.place("SELL", kind, quantity=taker[1], **more, **mode)
        return client, resting["orderId"], crossed

    return cross


def test_the_scenarios_of_the_documentation(trader_at, shared_json):
    cases = shared_json("vectors/stp.json")["cases"]
    assert [case["id"] for case in cases] == ["A", "C", "D", "F", "G"]
    for case in cases:
        client = trader_at((), (), symbols=[CHEAP])
        ids, answers = [], []
        for order in case["orders"]:
            params = {k: v for k, v in order.items() if k not in {"role", "side", "type"}}
            answers.append(client.place(order["side"], order["type"], **params))
            ids.append(answers[-1]["orderId"])
        assert len(case["outputs"]) == len(ids), case["id"]
        for order_id, answer, output in zip(ids, answers, case["outputs"], strict=True):
            theirs = output["body"]
            mine = answer if "fills" in theirs else client.query(orderId=order_id)
            for key in STATE:
                assert (key in mine) == (key in theirs), (case["id"], output["label"], key)
                if key in theirs:
                    same = mine[key] == theirs[key] or D(mine[key]) == D(theirs[key])
                    assert same, (case["id"], output["label"], key)
            assert len(mine.get("fills", ())) == len(theirs.get("fills", ()))
            walk = zip(
                mine.get("preventedMatches", ()), theirs.get("preventedMatches", ()), strict=True
            )
            for got, expected in walk:
                assert set(expected) <= set(got)
                assert D(got["price"]) == D(expected["price"])


def test_by_default_the_resting_order_gives_way_and_the_market_behind_it_trades(crossing):
    client, maker, taker = crossing(("1", "2"), ("", "1.5", "1"), market=[("1.9", "5")])
    assert client.query(orderId=maker)["status"] == "EXPIRED_IN_MATCH"
    assert (taker["status"], [f["price"] for f in taker["fills"]]) == ("FILLED", ["1.90000000"])
    assert taker["preventedMatches"][0]["makerPreventedQuantity"] == "1.00000000"
    assert client.funds("USDT")[1] == client.funds("BTC")[1] == 0


def test_the_report_names_the_counter_order(crossing):
    client, maker, taker = crossing(("6", "2"), ("EXPIRE_BOTH", "3", "2"))
    first, second = [e for e in client.events() if e.get("x") == "TRADE_PREVENTION"]
    assert (first["i"], first["U"], first["A"]) == (maker, taker["orderId"], "6.00000000")
    assert (second["i"], second["U"], second["B"]) == (taker["orderId"], maker, "3.00000000")
    assert first["X"] == second["X"] == "EXPIRED_IN_MATCH"
    assert {"v", "u", "Cs", "pl", "pL", "pY"} <= set(first)


@pytest.mark.parametrize("mode", ["DECREMENT", "TRANSFER"])
def test_decrement_leaves_the_larger_order_its_rest(crossing, mode):
    client, maker, taker = crossing(("6", "2"), (mode, "2", "2"))
    assert taker["status"] == "EXPIRED_IN_MATCH"
    body = client.query(orderId=maker)
    assert (body["status"], body["preventedQuantity"]) == ("NEW", "2.00000000")
    assert client.funds("USDT")[1] == 8
    assert client.exchange.depth({"symbol": "BTCUSDT"})["bids"] == [["2.00000000", "4.00000000"]]
    client.beside("bob").place("SELL", "MARKET", quantity="4")
    assert client.query(orderId=maker)["status"] == "FILLED"
    assert client.funds("USDT")[1] == 0


def test_fill_or_kill_does_not_count_on_ones_own_orders(trader_at):
    client = trader_at([("1.9", "5")], (), symbols=[CHEAP])
    mine = client.place(quantity="1", price="2")["orderId"]
    body = client.place("SELL", quantity="5.5", price="1.9", timeInForce="FOK")
    assert body["status"] == "EXPIRED"
    assert client.query(orderId=mine)["status"] == "NEW"


def test_a_market_buy_locks_what_it_costs_behind_ones_own_orders(trader_at):
    client = trader_at((), [("3", "5")], symbols=[CHEAP])
    client.place("SELL", quantity="2", price="2")
    body = client.place("BUY", "MARKET", quantity="2")
    assert (body["status"], body["cummulativeQuoteQty"]) == ("FILLED", "6.00000000")
    assert client.funds("USDT") == (D(999_994), D(0))


def test_accounts_trade_with_each_other_freely(trader_at):
    client = trader_at((), (), symbols=[CHEAP])
    client.place(quantity="1", price="2")
    assert client.beside("bob").place("SELL", quantity="1", price="2")["status"] == "FILLED"


def test_decrement_lets_the_rest_of_a_larger_taker_rest(crossing):
    client, maker, taker = crossing(("2", "2"), ("DECREMENT", "6", "2"))
    assert client.query(orderId=maker)["status"] == "EXPIRED_IN_MATCH"
    assert (taker["status"], taker["preventedQuantity"]) == ("NEW", "2.00000000")
    assert client.funds("BTC") == (D(6), D(4))
    assert client.exchange.depth({"symbol": "BTCUSDT"})["asks"] == [["2.00000000", "4.00000000"]]


@pytest.fixture
def group(trader_at):
    """Two accounts of trade group 1 and one of none, with the balances of the documentation."""
    money = {"BTC": D(20_000), "USDT": D(20_000)}
    rules = symbol_rules("BTCUSDT", tick="0.01", step="0.1", min_notional="0")
    specs = [AccountSpec(key, balances=money, trade_group=1) for key in ("alice", "bob")]
    specs.append(AccountSpec("carol", balances=money))
    alice = trader_at((), (), symbols=[rules], specs=specs)
    return alice, alice.beside("bob"), alice.beside("carol")


def test_a_transfer_within_a_trade_group_is_that_of_the_documentation(group):
    """Scenario H of stp_faq.md."""
    maker, taker, _ = group
    mode = {"selfTradePreventionMode": "TRANSFER", "price": "0.20"}
    resting = maker.place(quantity="0.6", **mode)
    maker.events()
    body = taker.place("SELL", quantity="0.2", **mode)
    assert (body["status"], body["preventedQuantity"], body["tradeGroupId"]) == (
        *("EXPIRED_IN_MATCH", "0.20000000", 1),
    )
    (match,) = body["preventedMatches"]
    assert match["makerPreventedQuantity"] == match["takerPreventedQuantity"] == "0.20000000"
    assert body["fills"] == []
    asked = maker.query(orderId=resting["orderId"])
    assert (asked["status"], asked["preventedQuantity"]) == ("NEW", "0.20000000")
    assert (maker.funds("BTC"), maker.funds("USDT")) == (
        (D("20000.2"), D(0)),
        (D("19999.88"), D("0.08")),
    )
    assert (taker.funds("BTC"), taker.funds("USDT")) == (
        (D("19999.8"), D(0)),
        (D("20000.04"), D(0)),
    )
    report, position = maker.events()
    assert (report["x"], report["u"], report["X"]) == ("TRADE_PREVENTION", 1, "NEW")
    assert {b["a"] for b in position["B"]} == {"BTC", "USDT"}


def test_both_members_may_ask_about_the_match_and_nobody_else(group):
    maker, taker, stranger = group
    maker.place(quantity="1", price="2")
    order_id = taker.place("SELL", quantity="1", price="2")["orderId"]
    asked = {"symbol": "BTCUSDT", "orderId": order_id}
    mine, theirs = (one.call("prevented_matches", **asked) for one in (maker, taker))
    assert mine == theirs
    assert mine[0]["tradeGroupId"] == 1
    assert stranger.call("prevented_matches", **asked) == []


@pytest.mark.parametrize(
    ("maker_mode", "taker_mode", "effective"),
    [
        ("TRANSFER", "TRANSFER", "TRANSFER"),
        ("EXPIRE_MAKER", "TRANSFER", "DECREMENT"),
        ("NONE", "TRANSFER", "DECREMENT"),
        ("TRANSFER", "EXPIRE_TAKER", "EXPIRE_TAKER"),
        ("TRANSFER", "DECREMENT", "DECREMENT"),
    ],
)
def test_a_transfer_needs_both_orders_to_ask_for_it(group, maker_mode, taker_mode, effective):
    maker, taker, _ = group
    maker.place(quantity="1", price="2", selfTradePreventionMode=maker_mode)
    body = taker.place("SELL", quantity="1", price="2", selfTradePreventionMode=taker_mode)
    asked = {"symbol": "BTCUSDT", "orderId": body["orderId"]}
    (match,) = taker.call("prevented_matches", **asked)
    assert match["selfTradePreventionMode"] == effective
    moved = taker.funds("USDT")[0] - 20_000
    assert moved == (2 if effective == "TRANSFER" else 0)


def test_a_market_order_is_transferred_too(group):
    maker, taker, _ = group
    maker.place("SELL", quantity="1", price="2", selfTradePreventionMode="TRANSFER")
    body = taker.place("BUY", "MARKET", quantity="1", selfTradePreventionMode="TRANSFER")
    assert body["status"] == "EXPIRED_IN_MATCH"
    assert taker.funds("BTC") == (D(20_001), D(0))
    assert taker.funds("USDT") == (D(19_998), D(0))
    assert maker.funds("USDT") == (D(20_002), D(0))


def test_a_group_shows_in_the_account_and_strangers_trade(group):
    maker, taker, stranger = group
    assert [one.call("account_info").get("tradeGroupId") for one in group] == [1, 1, None]
    maker.place(quantity="1", price="2")
    assert "tradeGroupId" not in stranger.place("SELL", quantity="0.5", price="2")
    assert stranger.call("my_trades", symbol="BTCUSDT")
    assert taker.call("my_trades", symbol="BTCUSDT") == []
