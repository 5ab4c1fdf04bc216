import json
from decimal import Decimal
from pathlib import Path

import pytest

from bot.review.legs import holdings_of

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "data" / "vectors"


def position_cases() -> list:
    path = VECTORS / "positions_pnl.json"
    if not path.is_file():
        reason = f"the recorded vectors are not there: {path}"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    return [
        pytest.param(case, id=case["id"])
        for case in json.loads(path.read_text())["cases"]
        # The conventions of the others put fees into the cost, or invert the contract.
        if case["method"].startswith(("average cost; fee in quote", "average cost WITHOUT fees"))
        and "expected_final" in case
    ]


@pytest.mark.parametrize("case", position_cases())
def test_positions_are_those_of_other_frameworks(case, made_fills):
    fills = [(f["side"], f["qty"], f["price"], f["fee"] or "0") for f in case["fills"]]
    expected = {k: v for k, v in case["expected_final"].items() if v is not None}

    (holding,) = holdings_of(made_fills(*fills))

    position = holding.position
    assert position.quantity == Decimal(expected["qty"])
    if position.quantity and "avgOpen" in expected:
        assert float(position.average_price) == pytest.approx(float(expected["avgOpen"]))
    if "realizedPnl" in expected:
        net = position.realised - position.fees
        assert float(net) == pytest.approx(float(expected["realizedPnl"]))
    if "accumulatedProfit" in expected:
        assert position.realised == Decimal(expected["accumulatedProfit"])
    if "mark" in expected:
        unrealised = position.unrealised(Decimal(expected["mark"]["price"]))
        assert float(unrealised) == pytest.approx(float(expected["mark"]["unrealizedPnl"]))


def test_spot_round_trips_with_fees_are_those_of_other_frameworks(made_fills):
    path = VECTORS / "trade_profit_fees.json"
    if not path.is_file():
        pytest.skip(f"the recorded vectors are not there: {path}")
    checked = 0
    for case in json.loads(path.read_text())["cases"]:
        is_plain_spot = case.get("trading_mode") == "spot" and not case["is_short"]
        if case["what"] != "round trip profit" or not is_plain_spot or case["lev"] != 1:
            continue
        amount, begin, end = (
            Decimal(str(case[key])) for key in ("amount", "open_rate", "close_rate")
        )
        paid = amount * begin * Decimal(str(case["fee_open"]))
        got = amount * end * Decimal(str(case["fee_close"]))
        rows = made_fills(("BUY", amount, begin, paid), ("SELL", amount, end, got))
        (holding,) = holdings_of(rows)
        # The vectors are rounded to seven digits.
        assert float(holding.position.net(None)) == pytest.approx(case["profit"], abs=2e-6)
        checked += 1
    assert checked >= 3


def test_what_is_stored_is_compared_with_the_fold(made_fills):
    rows = made_fills(("BUY", "1", "100", "0"), ("SELL", "1", "110", "0"))
    rows[1].realised_quote = Decimal(9)

    (holding,) = holdings_of(rows)

    assert [leg.differs for leg in holding.legs] == [False, True]


def test_each_strategy_has_its_own_holding(made_fills):
    one = made_fills(("BUY", "1", "100", "0"), strategy="a")
    two = made_fills(("SELL", "3", "100", "0"), strategy="b")

    held = holdings_of([*one, *two])

    assert [(h.strategy, h.position.quantity) for h in held] == [("a", 1), ("b", -3)]


def test_a_fee_without_a_known_value_counts_nothing_and_is_marked(made_fills):
    (row,) = made_fills(("BUY", "1", "100", "2"))
    row.fee_quote = None

    (leg,) = holdings_of([row])[0].legs

    assert (leg.fee, leg.fee_is_unknown) == (0, True)
