"""Positions against known answers of the exchange itself and of other frameworks."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bot.simulation.futures.contracts import DEFAULT_CONTRACTS
from bot.simulation.futures.positions import Position

LINEAR = DEFAULT_CONTRACTS["usdm"][0]
INVERSE = replace(DEFAULT_CONTRACTS["coinm"][0], size=Decimal(1))
CENT = Decimal("0.00000001")


def replayed(fills, contract=LINEAR):
    position = Position(contract, "BOTH")
    gains = []
    for fill in fills:
        quantity = Decimal(fill["qty"])
        signed = quantity if fill["side"] == "BUY" else -quantity
        gains.append(position.trade(signed, Decimal(fill["price"])))
    return position, gains


def test_positions_and_profits_are_those_of_the_known_answers(known_json):
    checked = 0
    for case in known_json("vectors/positions_pnl.json")["cases"]:
        if "average cost" not in case["method"] or "WITH fees" in case["method"]:
            continue
        fills = case["fills"]
        steps = case.get("expected_after_each") or [None] * len(fills)
        for number, expected in enumerate([*steps[:-1], case.get("expected_final") or steps[-1]]):
            if expected is None:
                continue
            position, gains = replayed(fills[: number + 1])
            fees = sum(Decimal(f["fee"] or 0) for f in fills[: number + 1])
            if "qty" in expected and not case["id"].startswith("freqtrade"):
                assert position.amount == Decimal(expected["qty"]), case["id"]
            # Where the position is flat, some report the last average.
            if position.amount and expected.get("avgOpen"):
                assert abs(position.entry - Decimal(expected["avgOpen"])) < Decimal("1e-9")
            if "realizedPnl" in expected:
                net = sum(gains) - fees
                assert abs(net - Decimal(expected["realizedPnl"])) <= 3 * CENT, case["id"]
            if "lastProfit" in expected:
                assert gains[-1] == Decimal(expected["lastProfit"])
            if "mark" in expected:
                profit = position.profit(Decimal(expected["mark"]["price"]))
                assert profit == Decimal(expected["mark"]["unrealizedPnl"])
            checked += 1
    assert checked > 25


def test_inverse_contracts_win_and_lose_coin(known_json):
    cases = [
        case
        for case in known_json("vectors/positions_pnl.json")["cases"]
        if "INVERSE" in case["method"]
    ]
    assert cases
    for case in cases:
        mark = case["expected_final"]["mark"]
        position, _ = replayed(case["fills"], INVERSE)
        profit = position.profit(Decimal(mark["price"]))
        assert abs(profit - Decimal(mark["unrealizedPnl"])) <= CENT
        if "notional" in mark:
            notional = abs(position.notional(Decimal(mark["price"])))
            assert abs(notional - Decimal(mark["notional"])) <= CENT


def test_the_average_price_of_an_inverse_position_is_weighted_by_coin():
    position, _ = replayed(
        [
            {"side": "BUY", "qty": "100", "price": "50000"},
            {"side": "BUY", "qty": "100", "price": "100000"},
        ],
        INVERSE,
    )
    assert abs(position.entry - Decimal("66666.66666667")) < CENT
    assert position.trade(Decimal(-200), position.entry) == 0


@pytest.mark.parametrize("contract", [LINEAR, INVERSE])
@pytest.mark.parametrize("sign", [1, -1])
def test_closing_at_the_break_even_price_leaves_nothing(contract, sign):
    position = Position(contract, "BOTH")
    position.trade(Decimal(sign), Decimal(60_000))
    fee = contract.value(Decimal(1), Decimal(60_000)) / 1000
    position.toll += fee
    price = position.break_even
    assert (price > 60_000) == (sign > 0)
    assert abs(position.trade(Decimal(-sign), price) - fee) <= CENT
    assert position.break_even == 0


def test_a_turn_closes_the_old_position_and_opens_the_rest():
    position, gains = replayed(
        [
            {"side": "BUY", "qty": "2", "price": "100"},
            {"side": "SELL", "qty": "5", "price": "110"},
        ]
    )
    assert gains == [0, 20]
    assert (position.amount, position.entry) == (-3, 110)


def test_profit_taken_moves_the_break_even_price():
    position = Position(LINEAR, "BOTH")
    position.trade(Decimal(2), Decimal(100))
    position.toll += Decimal(1)
    position.trade(Decimal(-1), Decimal(110))
    # One is left that cost 100; ten were won, and one paid.
    assert position.break_even == 91
