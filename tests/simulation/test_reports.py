"""User events: the right ones, in Binance's order, with Binance's keys."""

from decimal import Decimal

from bot.simulation.account import AccountSpec
from bot.simulation.rules import symbol_rules

D = Decimal


def kinds(events):
    return [(e.get("x"), e.get("X")) if e["e"] == "executionReport" else e["e"] for e in events]


def test_a_resting_order_is_new_then_traded_as_maker(alice):
    alice.place(quantity="0.5", price="60000.50", newClientOrderId="mine")
    assert kinds(alice.events()) == [("NEW", "NEW"), "outboundAccountPosition"]
    alice.beside("bob").place("SELL", "MARKET", quantity="0.2")
    trade, position = alice.events()
    assert (trade["x"], trade["X"], trade["m"], trade["w"]) == (
        "TRADE",
        "PARTIALLY_FILLED",
        True,
        True,
    )
    assert (trade["l"], trade["L"], trade["Y"], trade["z"]) == (
        "0.20000000",
        "60000.50000000",
        "12000.10000000",
        "0.20000000",
    )
    assert (trade["n"], trade["N"]) == ("0.00020000", "BTC")
    assert {b["a"]: D(b["l"]) for b in position["B"]} == {"BTC": D(0), "USDT": D("18000.15")}


def test_an_ioc_order_is_new_traded_expired_and_then_the_balances(alice):
    alice.place(quantity="2", price="60001", timeInForce="IOC")
    events = alice.events()
    assert kinds(events) == [
        ("NEW", "NEW"),
        ("TRADE", "PARTIALLY_FILLED"),
        ("EXPIRED", "EXPIRED"),
        "outboundAccountPosition",
    ]
    assert events[2]["eR"] == "UNFILLED_IOC_QUANTITY_EXPIRED"
    assert "eR" not in events[0]


def test_on_a_cancel_the_client_ids_change_places(alice):
    alice.place(quantity="0.5", price="59000", newClientOrderId="mine")
    alice.events()
    alice.cancel(origClientOrderId="mine", newClientOrderId="bye")
    canceled, position = alice.events()
    assert (canceled["c"], canceled["C"], canceled["x"], canceled["t"]) == (
        "bye",
        "mine",
        "CANCELED",
        -1,
    )
    assert position["B"][1] == {"a": "USDT", "f": "1000000.00000000", "l": "0.00000000"}


def test_strategy_ids_are_echoed_where_they_were_given(alice):
    alice.place(quantity="0.5", price="59000", strategyId=7, strategyType=1000001)
    new = alice.events()[0]
    assert (new["j"], new["J"]) == (7, 1000001)


def test_the_documented_market_order_event_for_event(trader_at, shared_json):
    """Book of 2 + 2, order for 6: the sequence of market_orders_faq.md, with commission in BNB."""
    cases = shared_json("vectors/order_lifecycle_sequences.json")["cases"]
    assert len(cases) == 2
    case = cases[0]
    rules = symbol_rules("LTCBNB", tick="0.01", step="0.01", min_notional="0.1")
    spec = AccountSpec(
        "alice",
        balances={"LTC": D("3007.1174567"), "BNB": D("1000.12065670")},
        maker_rate=D("0.0005"),
        taker_rate=D("0.0005"),
    )
    client = trader_at((), (("1", "2"), ("1", "2")), specs=[spec], symbols=[rules], symbol="LTCBNB")
    client.place(
        symbol="LTCBNB",
        kind="MARKET",
        quantity="6",
        newClientOrderId="8LGC97RRgNPVQk979VIhjt",
        selfTradePreventionMode="NONE",
    )
    ours, theirs = client.events(), case["events"]
    assert kinds(ours) == kinds(theirs)
    # Ids and times are ours; commission is in the received asset, as the account has no discount.
    own = {"E", "T", "O", "W", "i", "I", "t", "n", "N", "eR", "u", "B"}
    for mine, documented in zip(ours, theirs, strict=True):
        assert [k for k in mine if k != "eR"] == list(documented)
        assert {k: v for k, v in mine.items() if k not in own} == {
            k: v for k, v in documented.items() if k not in own
        }
    numbers = [e["I"] for e in ours[:-1]]
    assert [n - numbers[0] for n in numbers] == [e["I"] - 62 for e in theirs[:-1]]
    assert [b["a"] for b in ours[-1]["B"]] == [b["a"] for b in theirs[-1]["B"]]


def test_a_makers_life_is_what_binance_told_of_one(trader_at, shared_json):
    """A LIMIT order of 2025 that rested and was filled; its commission was paid in BNB."""
    case = shared_json("vectors/order_lifecycle_sequences.json")["cases"][1]
    new, position, trade = case["events"]
    usdt, bnb = D("1.82939400") + D("7.87654000"), D(1)
    spec = AccountSpec("alice", balances={"USDT": usdt, "BNB": bnb}, bnb_discount=True)
    other = AccountSpec("bob", balances={"BNB": D(5)})
    client = trader_at((), (), specs=[spec, other], symbol="BNBUSDT")
    client.place(symbol="BNBUSDT", quantity=new["q"], price=new["p"], newClientOrderId=new["c"])
    first, held = client.events()
    assert [list(first), list(held)] == [list(new), list(position)]
    own = {"E", "T", "O", "W", "i", "I", "t", "u", "B"}
    assert {k: v for k, v in first.items() if k not in own} == {
        k: v for k, v in new.items() if k not in own
    }
    locked = {b["a"]: b["l"] for b in held["B"]}
    assert locked == {b["a"]: b["l"] for b in position["B"]}
    assert locked["USDT"] == case["expected"]["locked_after_new"]["USDT"]
    sold = {"symbol": "BNBUSDT", "quantity": trade["l"]}
    client.beside("bob").place("SELL", "MARKET", **sold)
    filled, _ = client.events()
    assert list(filled) == list(trade)
    assert {k: v for k, v in filled.items() if k not in own} == {
        k: v for k, v in trade.items() if k not in own
    }


def test_keys_and_their_order_are_those_of_recorded_reports(alice, shared_json):
    recorded = [
        m["msg"]
        for m in shared_json("ws/messages_spot.jsonl")
        if m["event"] == "executionReport"
        and m["nature"] in {"captured", "doc-example"}
        and "V" in m["msg"]
    ]
    assert recorded
    alice.place(quantity="0.1", price="60001")
    for report in alice.events()[:-1]:
        for theirs in recorded:
            assert list(report) == [k for k in theirs if k != "eR"]
            for key, value in report.items():
                if key != "N":
                    assert type(value) is type(theirs[key]), key
