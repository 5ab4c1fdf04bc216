"""Commission is taken from what is received, or in BNB; the documentation's sums come out."""

from decimal import Decimal

from bot.simulation.account import AccountSpec
from bot.simulation.commission import Commission, Rates, charge
from bot.simulation.fixedpoint import ONE, parse

D = Decimal


def rates(given):
    return Rates(**{name: parse(rate) for name, rate in given.items()})


def test_the_worked_example_of_the_documentation(shared_json):
    cases = shared_json("vectors/commission.json")["cases"]
    assert len(cases) == 3
    example = cases[0]
    given = example["rates"]
    commission = Commission(
        standard=rates(given["standardCommission"]),
        special=rates(given["specialCommission"]),
        tax=rates(given["taxCommission"]),
    )
    fee = charge(commission, parse(example["notional"]), is_buyer=False, is_maker=False)
    expected = {k: parse(v) for k, v in example["expected"].items() if k != "asset"}
    assert (fee.standard, fee.tax) == (expected["standard"], expected["tax"])
    # The file's note: the printed special rate has 30e-8 too much, its product has not.
    assert example["expected"]["asset"] == "USDT"
    assert abs(fee.special - expected["special"]) <= parse(example["notional"]) * 30 // ONE


def test_a_test_orders_rates_have_the_side_added(shared_json):
    for example in shared_json("vectors/commission.json")["cases"][1:]:
        (given,) = example["given"].values()
        (expected,) = example["expected"].values()
        for is_buyer in (True, False):
            assert rates(given).for_order(is_buyer=is_buyer) == expected


def test_binances_own_fills_and_the_balances_after_them(trader_at, shared_json):
    cases = shared_json("vectors/exchange_truth_spot_commission.json")["cases"]
    assert len(cases) == 3
    for case in cases:
        fill = case["filled"]
        quantity, price = str(fill["lastTradeQuantity"]), str(fill["lastTradePrice"])
        buys = fill["side"] == "BUY"
        discounted = fill["commission"] == 1.8e-05
        spec = AccountSpec(
            "alice", balances={"BNB": D(20), "USDT": D(3000)}, bnb_discount=discounted
        )
        level = ((price, "5"),)
        client = trader_at(
            () if buys else level, level if buys else (), specs=[spec], symbol="BNBUSDT"
        )
        body = client.place(fill["side"], "MARKET", symbol="BNBUSDT", quantity=quantity)
        (made,) = body["fills"]
        assert made["commissionAsset"] == fill["commissionAsset"]
        assert D(made["commission"]) == D(str(fill["commission"]))
        paid = D(body["cummulativeQuoteQty"])
        assert paid == D(str(fill["lastQuoteAssetTransactedQty"]))
        fee = D(made["commission"])
        if buys:
            assert client.funds("BNB")[0] == 20 + D(quantity) - fee
            assert client.funds("USDT")[0] == 3000 - paid
        else:
            assert client.funds("USDT")[0] == 3000 + paid - fee


def test_bnb_pays_three_quarters_while_there_is_enough(trader_at):
    balances = {"BTC": D(1), "USDT": D(100_000), "BNB": D("0.05")}
    client = trader_at(specs=[AccountSpec("alice", balances=balances, bnb_discount=True)])
    # The price of BNB is not known before it was traded.
    first = client.place(kind="MARKET", quantity="0.1")["fills"][0]
    assert first["commissionAsset"] == "BTC"
    listing = client.exchange._floor.listings["BNBUSDT"]
    listing.last_price_e8 = parse("600")
    second = client.place(kind="MARKET", quantity="0.1")["fills"][0]
    # 10.00016666 BNB x 0.00075
    assert (second["commissionAsset"], second["commission"]) == ("BNB", "0.00750012")
    third = client.place(kind="MARKET", quantity="0.7")["fills"][0]
    assert third["commissionAsset"] == "BTC"
