"""Average cost against other people's books, and the identity that no book may break."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.fill import Fill
from bot.domain.position import Position
from bot.domain.values import Side

CENT = Decimal("0.00000001")


def fill(side, quantity, price, commission="0", asset="USDT"):
    return Fill(
        symbol="BTCUSDT",
        trade_id=1,
        client_order_id="c",
        venue_order_id=1,
        side=Side(side),
        price=Decimal(price),
        quantity=Decimal(quantity),
        commission=Decimal(commission),
        commission_asset=asset,
        maker=False,
        ts_ns=1,
        recv_ns=1,
    )


def book(*fills, base="BTC"):
    position = Position(strategy_id="s", symbol="BTCUSDT")
    for one in fills:
        in_base = one.commission_asset == base
        fee = one.commission * one.price if in_base else one.commission
        position.apply(one, base=base, fee_quote=fee)
    return position


def test_buys_add_at_their_price():
    position = book(fill("BUY", "1", "100"), fill("BUY", "3", "104"))
    assert (position.quantity, position.average_price) == (4, 103)
    assert position.realised == 0
    assert position.fills == 2


def test_a_sell_realises_against_the_average_and_leaves_it():
    position = book(fill("BUY", "4", "100"), fill("SELL", "1", "110"))
    assert (position.quantity, position.average_price, position.realised) == (3, 100, 10)


def test_closing_leaves_no_average():
    position = book(fill("BUY", "4", "100"), fill("SELL", "4", "90"))
    assert (position.quantity, position.average_price, position.realised) == (0, 0, -40)


def test_crossing_zero_begins_a_new_average_at_the_price_of_the_crossing():
    position = book(fill("BUY", "4", "100"), fill("SELL", "6", "110"))
    assert (position.quantity, position.average_price, position.realised) == (-2, 110, 40)
    back = book(fill("SELL", "2", "110"), fill("BUY", "5", "100"))
    assert (back.quantity, back.average_price, back.realised) == (3, 100, 20)


def test_apply_returns_what_this_fill_realised():
    position = book(fill("BUY", "4", "100"))
    assert position.apply(fill("SELL", "1", "110"), base="BTC", fee_quote=None) == 10
    assert position.apply(fill("SELL", "1", "120"), base="BTC", fee_quote=None) == 20
    assert position.realised == 30


def test_commission_in_the_base_asset_leaves_the_holding_and_is_counted_once():
    position = book(fill("BUY", "1", "100", "0.001", "BTC"))
    assert position.quantity == Decimal("0.999")
    assert position.fees == Decimal("0.1")
    assert position.net(Decimal(100)) == Decimal("-0.1")


def test_commission_in_another_asset_leaves_the_holding_as_it_is():
    position = book(fill("BUY", "1", "100", "0.05", "USDT"))
    assert position.quantity == 1
    assert position.net(Decimal(100)) == Decimal("-0.05")


def test_a_fee_of_unknown_value_is_not_guessed():
    position = Position(strategy_id="s", symbol="BTCUSDT")
    position.apply(fill("BUY", "1", "100", "0.001", "BNB"), base="BTC", fee_quote=None)
    assert position.fees == 0
    assert position.quantity == 1


def test_without_a_price_only_what_is_realised_counts():
    position = book(fill("BUY", "4", "100"), fill("SELL", "1", "110", "1"))
    assert position.net(None) == 9
    assert position.net(Decimal(101)) == 9 + 3
    assert position.unrealised(Decimal(98)) == -6


# Tenths of a unit, whole prices: as fine as a market, coarse enough to meet zero often.
trades = st.lists(
    st.builds(
        lambda side, q, p, fee, asset: fill(
            side, Decimal(q) / 10, Decimal(p) / 100, Decimal(fee) / 10_000, asset
        ),
        st.sampled_from(["BUY", "SELL"]),
        st.integers(1, 50),
        st.integers(1, 1_000_000),
        st.integers(0, 100),
        st.sampled_from(["BTC", "USDT"]),
    ),
    max_size=25,
)


@given(trades, st.integers(1, 1_000_000).map(lambda p: Decimal(p) / 100))
def test_net_is_the_change_of_cash_and_holding_at_any_price(fills, price):
    cash = holding = Decimal(0)
    for one in fills:
        cash -= one.side.sign * one.notional
        holding += one.side.sign * one.quantity
        if one.commission_asset == "BTC":
            holding -= one.commission
        else:
            cash -= one.commission
    position = book(*fills)
    assert position.quantity == holding
    assert abs(position.net(price) - (cash + holding * price)) < CENT


@given(trades)
def test_there_is_an_average_price_exactly_while_something_is_held(fills):
    position = book(*fills)
    assert bool(position.average_price) is bool(position.quantity)


# --- other people's answers ---------------------------------------------------------------

SAME_METHOD = ("average cost; fee in quote", "average cost WITHOUT fees")


def _fills_of(case):
    return [
        fill(f["side"], f["qty"], f["price"], f["fee"] or "0", f["feeAsset"] or "USD")
        for f in case["fills"]
    ]


# They round to eight digits, some of them after going through binary floats.
CLOSE = Decimal("1e-7")


def _check_state(position, expected):
    if expected is None:  # the source says nothing of the state after this fill
        return
    wanted = {
        key: Decimal(value)
        for key, value in expected.items()
        if isinstance(value, str) and key in {"qty", "avgOpen", "realizedPnl", "accumulatedProfit"}
    }
    actual = {
        "qty": position.quantity,
        # The sources keep the average of what is closed; here nothing held has no average.
        "avgOpen": position.average_price if position.quantity else wanted.get("avgOpen"),
        "realizedPnl": position.realised - position.fees,
        "accumulatedProfit": position.realised,
    }
    for key, value in wanted.items():
        assert abs(actual[key] - value) <= CLOSE, (key, actual[key], value)
    mark = expected.get("mark") or {"price": "1"}
    price = Decimal(mark["price"])
    at_mark = {"unrealizedPnl": position.unrealised(price), "totalPnl": position.net(price)}
    for key, value in at_mark.items():
        if key in mark:
            assert abs(value - Decimal(mark[key])) <= CLOSE, (key, value, mark[key])


def test_positions_agree_with_other_frameworks_that_count_alike(vector_cases):
    checked = 0
    for case in vector_cases("positions_pnl"):
        if not case["method"].startswith(SAME_METHOD):
            continue
        fills = _fills_of(case)
        try:
            if "expected_final" in case:
                _check_state(book(*fills, base="-"), case["expected_final"])
            for number, expected in enumerate(case.get("expected_after_each", ()), start=1):
                _check_state(book(*fills[:number], base="-"), expected)
        except AssertionError as e:
            raise AssertionError(f"{case['id']}: {e}") from e
        checked += 1
    assert checked >= 20


def test_positions_agree_with_freqtrade_on_averaging_in_and_out(vector_cases):
    checked = 0
    for case in vector_cases("positions_pnl"):
        if not case["id"].startswith("freqtrade/") or Decimal(str(case.get("feeRate", 0) or 0)):
            continue
        fills = _fills_of(case)
        for number, expected in enumerate(case["expected_after_each"], start=1):
            position = book(*fills[:number], base="-")
            wanted = Decimal(expected["cumRealizedNet"])
            assert abs(position.realised - wanted) < Decimal("1e-6"), (case["id"], number)
            if number < len(fills):  # freqtrade keeps the last quantity on a closed record
                assert position.quantity == Decimal(expected["qty"]), (case["id"], number)
                average = Decimal(expected["avgOpen"])
                assert abs(position.average_price - average) < Decimal("1e-6")
        checked += 1
    assert checked >= 1


def test_a_spot_round_trip_earns_what_freqtrade_computes(vector_cases):
    checked = 0
    for case in vector_cases("trade_profit_fees"):
        if case["what"] != "round trip profit" or case["trading_mode"] != "spot":
            continue
        amount, opened, closed = (
            Decimal(str(case[key])) for key in ("amount", "open_rate", "close_rate")
        )
        fee_in = amount * opened * Decimal(str(case["fee_open"]))
        fee_out = amount * closed * Decimal(str(case["fee_close"]))
        position = book(fill("BUY", amount, opened, fee_in), fill("SELL", amount, closed, fee_out))
        assert abs(position.net(None) - Decimal(str(case["profit"]))) < Decimal("1e-6")
        checked += 1
    assert checked == 3


def test_the_holding_moves_as_binance_reported_the_balance(vector_cases):
    checked = 0
    for case in vector_cases("exchange_truth_spot_commission"):
        before = case.get("balances_before")
        if before is None:
            continue
        report = case["filled"]
        one = fill(
            report["side"],
            str(report["lastTradeQuantity"]),
            str(report["lastTradePrice"]),
            f"{report['commission']:.8f}",
            report["commissionAsset"],
        )
        position = book(one, base="BNB")
        after = {asset: Decimal(amount) for asset, amount in case["reported_after"].items()}
        cash = -one.side.sign * one.notional
        cash -= one.commission if one.commission_asset == "USDT" else 0
        assert Decimal(before["BNB"]) + position.quantity == after["BNB"]
        assert Decimal(before["USDT"]) + cash == after["USDT"]
        # And so net is the change of the account's worth at any price.
        price = Decimal(400)
        worth = position.quantity * price + cash
        assert abs(position.net(price) - worth) < CENT
        checked += 1
    assert checked == 2


def test_base_commission_as_binance_took_it(vector_cases):
    report = vector_cases("exchange_truth_spot_commission")[0]["filled"]
    assert report["commissionAsset"] == "BNB"
    one = fill("BUY", "0.024", "409.4", f"{report['commission']:.8f}", "BNB")
    assert book(one, base="BNB").quantity == Decimal("0.023982")
