"""Every case of the vectors about money and grids goes through our own classes, or is named here
with the reason why it cannot."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from bot.domain.fill import Fill
from bot.domain.instrument import Instrument
from bot.domain.lots import Lots
from bot.domain.position import Position, worth_of
from bot.domain.subaccount import Subaccount
from bot.domain.values import Market, Side

CENT = Decimal("1e-8")
CLOSE = Decimal("1e-6")
"""The sources round to 7 or 8 digits, some of them after going through binary floats."""


def exact(value) -> Decimal:
    return Decimal(str(value))


def fill(side, quantity, price, commission=0, asset="USDT", number=1) -> Fill:
    return Fill(
        symbol="X",
        trade_id=number,
        client_order_id="c",
        venue_order_id=1,
        side=Side(side),
        price=exact(price),
        quantity=exact(quantity),
        commission=exact(commission),
        commission_asset=asset,
        maker=False,
        ts_ns=number,
        recv_ns=number,
    )


# --- positions_pnl ------------------------------------------------------------------------


def position_after(case, count) -> Position:
    inverse = case["method"].startswith("INVERSE")
    position, lots = Position(strategy_id="s", symbol="X", inverse=inverse), Lots(inverse=inverse)
    for f in case["fills"][:count]:
        one = fill(f["side"], f["qty"], f["price"], f["fee"] or 0, f["feeAsset"] or "USD")
        position.apply(one, base="", fee_quote=one.commission)
        lots.apply(one, base="")
    price = Decimal(100)
    both = position.realised + position.unrealised(price)
    assert lots.realised + lots.unrealised(price) == both, "two ways to part the same profit"
    return position


def with_fees_in_cost(position: Position) -> dict[str, Decimal]:
    """What a book says that adds what was paid to the cost of what is held."""
    sign = 1 if position.quantity > 0 else -1
    held = abs(position.cost) + sign * position.fees
    return {"avgOpen": held / abs(position.quantity) if position.quantity else Decimal(0)}


def said_of(case, count) -> dict[str, Decimal]:
    """Our answers to everything that a case may ask after so many fills."""
    position, before = position_after(case, count), position_after(case, count - 1)
    said = {
        "qty": position.quantity,
        "avgOpen": position.average_price,
        "cost": abs(position.cost),
        "quote": position.realised - position.cost - position.fees,
        "realizedPnl": position.booked,
        "accumulatedProfit": position.realised,
        "lastProfit": position.realised - before.realised,
        "lastNetProfit": position.booked - before.booked,
    }
    if "WITH fees in cost" in case["method"]:
        said |= with_fees_in_cost(position)
        entry = with_fees_in_cost(before)["avgOpen"] if before.quantity else Decimal(0)
        closed = case["fills"][count - 1]
        if before.quantity and position.quantity != before.quantity:
            said["profit"] = (exact(closed["price"]) - entry) * exact(closed["qty"])
        said["netProfit"] = position.booked
    if "WITHOUT fees" in case["method"]:
        said["quote"] += position.fees
    if case["id"].startswith("freqtrade"):
        # The fees of what is still held are not counted yet.
        rate = exact(case["feeRate"])
        said["cumRealizedNet"] = position.booked + rate * abs(position.cost)
    return said


def wanted_of(case):
    """(number of fills, what is expected after them)."""
    yield from enumerate(case.get("expected_after_each", ()), 1)
    if "expected_final" in case:
        yield len(case["fills"]), case["expected_final"]


def check_position(case) -> None:
    for count, expected in wanted_of(case):
        if expected is None:
            continue  # the source says nothing of the state after this fill
        said = said_of(case, count)
        is_flat = said["qty"] == 0
        for key, value in expected.items():
            if key in NOT_OURS or value is None or (is_flat and key in OF_WHAT_IS_CLOSED):
                continue
            if key == "side":
                signs = {"LONG": 1, "SHORT": -1, "FLAT": 0}
                assert (said["qty"] > 0) - (said["qty"] < 0) == signs[value]
            elif key == "mark":
                check_mark(position_after(case, count), value)
            else:
                assert abs(said[key] - exact(value)) <= CLOSE, (key, said[key], value)


NOT_OURS = {
    "relProfit": "a ratio to all that was ever invested",
    "avgClose": "what was closed has no average here",
    "lastRealizedNet": "the difference of two cumRealizedNet, which are compared",
}
OF_WHAT_IS_CLOSED = {"avgOpen", "qty", "cost"}
"""Some sources keep the last average, freqtrade also the last quantity, of what is closed."""


def check_mark(position, mark) -> None:
    price = exact(mark["price"])
    said = {
        "unrealizedPnl": position.unrealised(price),
        "totalPnl": position.net(price),
        "notional": abs(
            worth_of(position.quantity, price, inverse=position.inverse, size=position.size)
        ),
    }
    for key, value in mark.items():
        if key != "price":
            assert abs(said[key] - exact(value)) <= CLOSE, (key, said[key], value)


# --- trade_profit_fees ----------------------------------------------------------------------


def check_profit(case) -> None:
    amount, opened = exact(case["amount"]), exact(case["open_rate"])
    into, out = ("SELL", "BUY") if case["is_short"] else ("BUY", "SELL")
    sign = -1 if case["is_short"] else 1
    rate_in = exact(case.get("fee_open", case.get("fee_rate")))
    entry = fill(into, amount, opened, amount * opened * rate_in)
    position = Position(strategy_id="s", symbol="X")
    position.apply(entry, base="", fee_quote=entry.commission)
    open_value = abs(position.cost) + sign * position.fees
    if "expected_open_value" in case:
        assert abs(open_value - exact(case["expected_open_value"])) <= CLOSE
        return
    closed = exact(case["close_rate"])
    rate_out = exact(case.get("fee_close", case.get("fee_rate")))
    leave = fill(out, amount, closed, amount * closed * rate_out)
    before = position.booked - position.cost
    position.apply(leave, base="", fee_quote=leave.commission)
    position.receive(exact(case["funding_fees"]))
    if "expected_close_value" in case:
        came = sign * (position.booked - position.cost - before)
        assert abs(came - exact(case["expected_close_value"])) <= CLOSE
        return
    net = position.net(None)
    assert position.quantity == 0
    assert abs(net - exact(case["profit"])) <= Decimal("2e-6")
    assert abs(net / open_value * case["lev"] - exact(case["profit_ratio"])) <= CLOSE


# --- what Binance itself reported -----------------------------------------------------------


def check_futures_truth(case) -> None:
    position, wallet = Position(strategy_id="s", symbol="X"), None
    if case.get("initialWallet") is not None:
        wallet = exact(case["initialWallet"])
    began_before = False
    for number, row in enumerate(case["fills"]):
        traded = row.get("fill", {}).get("order")  # one row was kept as it came
        if traded is not None:
            row = {  # noqa: PLW2901 - the same facts under the names of the others
                "side": traded["orderSide"],
                "lastQty": traded["lastFilledQuantity"],
                "lastPrice": traded["lastFilledPrice"],
                "commission": traded["commissionAmount"],
                "realisedProfit": traded["realisedProfit"],
                "after": None,
            }
        after, paid = row["after"], row.get("commission")
        if paid is None and after and "breakEvenPrice" in after:
            paid = exact(row["lastQty"]) * exact(row["lastPrice"]) * Decimal("0.0005")
        one = fill(row["side"], row["lastQty"], row["lastPrice"], paid or 0)
        if number == 0 and after:
            # Its entry is known to the 5 digits of the report only.
            began_before = begin_before(position, one, after)
        realised = position.apply(one, base="", fee_quote=one.commission)
        if "realisedProfit" in row:
            assert abs(realised - exact(row["realisedProfit"])) <= CLOSE, number
        if after is None:
            wallet = None
            continue
        assert position.quantity == exact(after["positionAmount"]), number
        # Binance rounds the entry price of a futures position to 5 digits.
        assert abs(position.average_price - exact(after["entryPrice"])) <= Decimal("1e-5"), number
        if "breakEvenPrice" in after:
            even = (position.cost + position.fees) / position.quantity
            assert abs(even - exact(after["breakEvenPrice"])) <= CLOSE
        reported = None if "walletBalance" not in after else exact(after["walletBalance"])
        # A transfer moves the wallet beside the trades; the recorder says where that was.
        if wallet is not None and row.get("wallet_identity_holds"):
            error = abs(wallet + realised - one.commission - reported)
            assert error <= (CLOSE if began_before else 2 * CENT), number
        wallet = reported


def begin_before(position, one, after) -> bool:
    """One recording begins with something held: as much as explains the first report."""
    earlier = exact(after["positionAmount"]) - one.side.sign * one.quantity
    if earlier:
        price = exact(after["entryPrice"])
        total = price * exact(after["positionAmount"]) - one.side.sign * one.notional
        first = fill("BUY" if earlier > 0 else "SELL", abs(earlier), total / earlier)
        position.apply(first, base="", fee_quote=Decimal(0))
    return bool(earlier)


BNBUSDT = Instrument(
    symbol="X", base="BNB", quote="USDT", tick_size=Decimal("0.1"), step_size=Decimal("0.001")
)


def check_spot_truth(case) -> None:
    report = case["filled"]
    one = fill(
        report["side"],
        report["lastTradeQuantity"],
        report["lastTradePrice"],
        f"{report['commission']:.8f}",
        report["commissionAsset"],
    )
    assert one.notional == exact(report["lastQuoteAssetTransactedQty"])
    position, account = Position(strategy_id="s", symbol="X"), Subaccount(strategy_id="s")
    fee = one.commission * (one.price if one.commission_asset == "BNB" else 1)
    realised = position.apply(one, base="BNB", fee_quote=fee)
    account.apply(one, BNBUSDT, realised)
    assert account.assets["BNB"] == position.quantity
    assert account.assets["USDT"] == position.realised - position.cost - position.fees
    if "balances_before" not in case:  # the first of four: only what moved is known
        assert account.assets == {"BNB": Decimal("0.023982"), "USDT": Decimal("-9.8256")}
        return
    for asset, amount in case["reported_after"].items():
        assert exact(case["balances_before"][asset]) + account.assets[asset] == exact(amount)


# --- the walk -------------------------------------------------------------------------------

WALKS: dict[str, tuple[Callable, int, int]] = {
    # How each case is checked, how many cases there are, how many of them are not ours.
    "positions_pnl": (check_position, 33, 0),
    "trade_profit_fees": (check_profit, 31, 0),
    "exchange_truth_futures": (check_futures_truth, 9, 0),
    "exchange_truth_spot_commission": (check_spot_truth, 3, 0),
}


@pytest.mark.parametrize("name", WALKS)
def test_every_case_is_checked_or_has_its_reason(name, vector_cases):
    check, whole, not_ours = WALKS[name]
    reasons, wrong = {}, []
    for number, case in enumerate(vector_cases(name)):
        label = f"{number} {case.get('id') or case.get('what') or case.get('symbol') or ''}"
        try:
            reason = check(case)
        except AssertionError as e:
            wrong.append(f"{label}: {str(e)[:200]} {case.get('why', '')}")
            continue
        if reason:
            reasons[label] = reason
    assert not wrong, "\n".join(wrong)
    assert number + 1 == whole
    assert len(reasons) == not_ours, reasons


def test_an_inverse_contract_earns_in_its_base_asset():
    """100 contracts of 100 USD each, from 50,000 to 40,000: 10,000/40,000 - 10,000/50,000."""
    position = Position(strategy_id="s", symbol="X", inverse=True, size=Decimal(100))
    position.apply(fill("SELL", 100, 50_000), base="", fee_quote=None)
    assert position.apply(fill("BUY", 100, 40_000), base="", fee_quote=None) == Decimal("0.05")
    contract = Instrument(
        symbol="X",
        base="BTC",
        quote="USD",
        settle="BTC",
        tick_size=Decimal("0.1"),
        step_size=Decimal(1),
        market=Market.COINM,
        inverse=True,
        contract_size=Decimal(100),
    )
    assert contract.notional(Decimal(100), Decimal(50_000)) == 10_000
    assert contract.worth(Decimal(100), Decimal(50_000)) == Decimal("0.2")
    assert contract.quantity_for_notional(250, 50_000) == 2
    assert contract.quantity_for_worth("0.2", 50_000) == 100
    assert (contract.pnl_asset, contract.held_asset) == ("BTC", "")
