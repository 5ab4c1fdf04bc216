"""Fills and wallets as Binance itself reported them, and what must always hold."""

from dataclasses import replace
from decimal import Decimal

from bot.simulation.fixedpoint import parse
from bot.simulation.futures.account import opened
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS
from bot.simulation.futures.journal import ChangeLog
from bot.simulation.futures.ledger import Ledger
from bot.simulation.futures.orders import FuturesOrder

BNB = DEFAULT_CONTRACTS["usdm"][2]
# Binance counted in floating point then, and cut: the last digit may differ.
LAST_DIGIT = Decimal("0.00000001")
RATES = {True: Decimal("0.0002"), False: Decimal("0.0004")}


def number(value):
    return Decimal(str(value))


def booked(ledger, fill):
    quantity = parse(number(fill["lastQty"]))
    order = FuturesOrder(
        account="alice",
        symbol=BNB.symbol,
        contract=BNB,
        order_id=1,
        client_order_id="x",
        is_buy=fill["side"] == "BUY",
        # What was liquidated paid no commission.
        order_type="LIQUIDATION" if fill.get("commission") == 0 else "LIMIT",
        time_in_force="GTC",
        price_e8=0,
        quantity_e8=quantity,
    )
    return ledger.settle(
        order,
        price=number(fill["lastPrice"]),
        quantity_e8=quantity,
        trade_id=1,
        now_ms=1,
        is_maker=fill["isMaker"],
    )


def fresh(maker_rate=RATES[True]):
    """A ledger of one account with the commission of 2022."""
    spec = replace(
        opened("alice", "", "usdm", {"USDT": Decimal(0)}),
        maker_rate=maker_rate,
        taker_rate=RATES[False],
    )
    return Ledger([spec], {BNB.symbol: BNB}, ChangeLog(None))


def reported(fill):
    """A fill of which only the order's own report was recorded, in the form of the others."""
    order = fill["fill"]["order"]
    return {
        "side": order["orderSide"],
        "lastQty": order["lastFilledQuantity"],
        "lastPrice": order["lastFilledPrice"],
        "commission": order["commissionAmount"],
        "realisedProfit": order["realisedProfit"],
        "isMaker": order["isMakerTrade"],
    }


def seed(account, after):
    """Begin where the recording begins: in the middle of a position."""
    position = account.position(BNB.symbol, "BOTH")
    position.amount = after["positionAmount"]
    position.cost = after["positionAmount"] * after["entryPrice"]
    account.wallets["USDT"] = after["walletBalance"]


def test_positions_profits_commissions_and_wallets_follow_what_binance_reported(known_json):
    cases = [
        case
        for case in known_json("vectors/exchange_truth_futures.json")["cases"]
        if case["id"].startswith("metacodi")
    ]
    compared, seeded, unconfirmed = 0, 0, 0
    for case in cases:
        ledger, slack = fresh(), LAST_DIGIT
        account = ledger.accounts["alice"]
        position = account.position(BNB.symbol, "BOTH")
        for number_of, fill in enumerate(case["fills"]):
            if fill["after"] is None:
                booked(ledger, reported(fill))
                unconfirmed += 1
                continue
            after = {name: number(value) for name, value in fill["after"].items()}
            signed = number(fill["lastQty"]) * (1 if fill["side"] == "BUY" else -1)
            if not number_of and after["positionAmount"] != signed:
                seed(account, after)
                # An entry price of five places, for 0.14.
                slack = Decimal("0.0000007")
                seeded += 1
                continue
            if not number_of or fill.get("wallet_identity_holds") is False:
                # Money came or went between the recorded fills.
                net = number(fill["realisedProfit"]) - number(fill["commission"] or 0)
                account.wallets["USDT"] = after["walletBalance"] - net
            trade = booked(ledger, fill)
            assert position.amount == after["positionAmount"]
            assert abs(position.entry - after["entryPrice"]) < Decimal("0.00001")
            assert abs(trade.realised - number(fill["realisedProfit"])) <= slack
            if fill["commission"] is not None:
                assert abs(trade.commission - number(fill["commission"])) <= LAST_DIGIT
            assert abs(account.wallets["USDT"] - after["walletBalance"]) <= slack + 4 * LAST_DIGIT
            compared += 1
    assert (len(cases), compared, seeded, unconfirmed) == (7, 36, 1, 1)


def test_a_break_even_price_is_entry_and_commission(known_json):
    cases = [
        case
        for case in known_json("vectors/exchange_truth_futures.json")["cases"]
        if not case["id"].startswith("metacodi")
    ]
    # SOL's taker paid 0.05 %, ETHUSDC's maker nothing.
    rates = {"SOLUSDT": Decimal("0.0005"), "ETHUSDC": Decimal(0)}
    assert len(cases) == len(rates)
    for case in cases:
        (fill,) = case["fills"]
        ledger = fresh(rates[case["id"].split("/")[1].split()[0]])
        booked(ledger, {**fill, "isMaker": True})
        position = ledger.accounts["alice"].position(BNB.symbol, "BOTH")
        assert position.entry == Decimal(fill["after"]["entryPrice"])
        assert position.break_even == Decimal(fill["after"]["breakEvenPrice"])


def test_the_market_has_the_other_side_of_every_position(trader):
    trader.place("BUY", quantity="1.5")
    trader.beside("bob").place("SELL", quantity="0.5")
    floor = trader.exchange._floor
    assert floor.ledger.house["BTCUSDT"] == Decimal(-1)


def test_each_change_of_a_wallet_is_an_income(trader):
    trader.place("BUY", quantity="1")
    trader.quote("60500.00", "60500.10")
    trader.place("SELL", quantity="1")
    rows = trader.call("income")
    assert [row["incomeType"] for row in rows] == ["COMMISSION", "REALIZED_PNL", "COMMISSION"]
    assert rows[1]["income"] == "499.90000000"
    assert trader.wallet() == 100_000 + sum(Decimal(row["income"]) for row in rows)
    only = trader.call("income", incomeType="REALIZED_PNL")
    assert only == [rows[1]]


def test_makers_and_takers_pay_their_rates(trader):
    trader.place("BUY", quantity="1")
    trader.place("BUY", "LIMIT", quantity="1", price="60000", timeInForce="GTX")
    trader.quote("59000.00", "59000.10")
    taken, made = trader.call("user_trades", symbol="BTCUSDT")
    assert (taken["maker"], taken["commission"]) == (False, "30.00005000")
    assert (made["maker"], made["commission"]) == (True, "12.00000000")
