"""Margin and liquidation prices against known answers."""

from decimal import Decimal

import pytest

from bot.simulation.futures.brackets import Brackets
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS
from bot.simulation.futures.margins import liquidation_price
from bot.simulation.futures.positions import Position

LINEAR = DEFAULT_CONTRACTS["usdm"][0]
INVERSE = DEFAULT_CONTRACTS["coinm"][0]


def number(value):
    return Decimal(str(value))


def held(contract, amount, price):
    position = Position(contract, "BOTH")
    position.trade(number(amount), number(price))
    return position


def test_liquidation_prices_are_those_of_binances_own_example(known_json):
    cases = [
        case
        for case in known_json("vectors/futures_liquidation.json")["cases"]
        if case["what"] == "liquidation price"
    ]
    assert len(cases) == 3
    for case in cases:
        wallet = number(case["wallet_balance"])
        for other in case["open_trades"]:
            if other["pair"] == case["pair"]:
                continue
            mark = number(other["mark_price"])
            position = held(LINEAR, other["amount"], other["open_rate"])
            maintenance = abs(position.notional(mark)) * number(other["mm_ratio"])
            maintenance -= number(other["maintenance_amt"])
            wallet += position.profit(mark) - maintenance
        price = liquidation_price(
            held(LINEAR, case["amount"], case["open_rate"]),
            wallet=wallet,
            ratio=number(case["mm_ratio"]),
            cum=number(case["maintenance_amt"]),
        )
        assert round(float(price), 2) == pytest.approx(case["expected"], abs=0.011)


# Binance's brackets of that time: (most leverage, cap, maintenance ratio).
TIERS = {
    "BNB/USDT:USDT": (
        *((20, "10000", "0.0065"), (20, "50000", "0.01"), (20, "250000", "0.02")),
        *((10, "1000000", "0.05"), (5, "2000000", "0.1"), (4, "5000000", "0.125")),
        *((3, "10000000", "0.15"), (2, "20000000", "0.25"), (1, "50000000", "0.5")),
    ),
    "BTC/USDT:USDT": (
        *((125, "50000", "0.004"), (100, "250000", "0.005"), (50, "1000000", "0.01")),
        *((20, "7500000", "0.025"), (10, "40000000", "0.05"), (5, "100000000", "0.1")),
        *((4, "200000000", "0.125"), (3, "400000000", "0.15"), (2, "600000000", "0.25")),
        (1, "1000000000", "0.5"),
    ),
}


def test_maintenance_margin_is_ratio_and_amount_of_binances_brackets(known_json):
    cases = known_json("vectors/futures_liquidation.json")["cases"]
    tiered = [case for case in cases if case["what"].startswith("maintenance margin ratio")]
    assert (len(tiered), len(cases)) == (4, 7)
    for case in tiered:
        notional = number(case["notional_value"])
        expected = notional * number(case["mm_ratio"]) - number(case["amt"])
        brackets = Brackets(TIERS[case["pair"]])
        assert brackets.maintenance(notional) == expected
        # Where one bracket ends the next begins: both say the same.
        above = brackets.of(notional + 1)
        assert (above.ratio, above.cum) == (number(case["mm_ratio"]), number(case["amt"]))


@pytest.mark.parametrize("contract", [LINEAR, INVERSE])
@pytest.mark.parametrize("sign", [1, -1])
def test_at_the_liquidation_price_wallet_and_profit_equal_the_maintenance_margin(contract, sign):
    position = held(contract, sign * 10, 60_000)
    wallet = contract.value(Decimal(10), Decimal(60_000)) / 10
    ratio, cum = Decimal("0.01"), contract.value(Decimal(10), Decimal(60_000)) / 1000
    price = liquidation_price(position, wallet=wallet, ratio=ratio, cum=cum)
    balance = wallet + position.profit(price)
    assert abs(balance - (abs(position.notional(price)) * ratio - cum)) < Decimal("1e-9")
    assert (price < 60_000) == (sign > 0)


def test_a_position_with_more_money_than_it_can_lose_is_never_liquidated():
    position = held(LINEAR, 1, 60_000)
    assert (
        liquidation_price(position, wallet=Decimal(100_000), ratio=Decimal("0.01"), cum=Decimal(0))
        == 0
    )


def test_of_buys_and_sells_only_the_larger_exposure_binds_margin(trader):
    trader.call("leverage", symbol="BTCUSDT", leverage=10)
    trader.place("BUY", "LIMIT", quantity="1", price="59000")
    trader.place("SELL", "LIMIT", quantity="1", price="61000")
    account = trader.call("account", version=2)
    assert account["totalOpenOrderInitialMargin"] == "6100.00000000"
    assert account["totalPositionInitialMargin"] == "0.00000000"
    assert account["availableBalance"] == "93900.00000000"


def test_an_order_against_the_position_binds_nothing(trader):
    trader.place("BUY", quantity="1")
    before = trader.call("account", version=2)
    trader.place("SELL", "LIMIT", quantity="1", price="61000")
    after = trader.call("account", version=2)
    assert after["totalOpenOrderInitialMargin"] == "0.00000000"
    assert after["availableBalance"] == before["availableBalance"]


def test_in_hedge_mode_both_sides_bind_margin(trader):
    trader.call("change_position_mode", dualSidePosition="true")
    trader.call("leverage", symbol="BTCUSDT", leverage=10)
    trader.place("BUY", quantity="1", positionSide="LONG")
    trader.place("SELL", quantity="1", positionSide="SHORT")
    account = trader.call("account", version=2)
    assert Decimal(account["totalPositionInitialMargin"]) == pytest.approx(Decimal(12000), abs=1)


def test_margin_behind_an_isolated_position_is_counted_once(trader):
    trader.call("margin_type", symbol="BTCUSDT", marginType="ISOLATED")
    trader.call("leverage", symbol="BTCUSDT", leverage=10)
    trader.place("BUY", quantity="1")
    account = trader.call("account", version=2)
    wallet = Decimal(account["totalWalletBalance"])
    assert wallet == trader.wallet()
    behind = wallet - Decimal(account["totalCrossWalletBalance"])
    assert behind == Decimal("6000.01")
    assert Decimal(account["availableBalance"]) == wallet - behind
