"""First in, first out, beside average cost."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.fill import Fill
from bot.domain.lots import Lots
from bot.domain.position import UNIT, Position, position_key, to_unit
from bot.domain.terms import PositionSide
from bot.domain.values import Side

D = Decimal


def fill(side, quantity, price, commission="0", asset="USDT"):
    return Fill(
        symbol="BTCUSDT",
        trade_id=1,
        client_order_id="c",
        venue_order_id=1,
        side=Side(side),
        price=D(price),
        quantity=D(quantity),
        commission=D(commission),
        commission_asset=asset,
        maker=False,
        ts_ns=1,
        recv_ns=1,
    )


def test_the_oldest_is_sold_first():
    lots = Lots()
    for one in (fill("BUY", 1, 100), fill("BUY", 1, 200)):
        lots.apply(one, base="BTC")
    assert lots.apply(fill("SELL", 1, 250), base="BTC") == 150
    assert [(lot.quantity, lot.cost) for lot in lots.open] == [(1, 200)]
    assert lots.unrealised(D(250)) == 50


def test_a_part_of_a_lot_leaves_the_rest_of_its_cost():
    lots = Lots()
    lots.apply(fill("BUY", 3, 100), base="")
    assert lots.apply(fill("SELL", 1, 90), base="") == -10
    assert (lots.quantity, lots.cost) == (2, 200)


def test_crossing_zero_opens_a_lot_of_the_other_side():
    lots = Lots()
    lots.apply(fill("BUY", 1, 100), base="")
    assert lots.apply(fill("SELL", 3, 110), base="") == 10
    assert (lots.quantity, lots.cost) == (-2, -220)


def test_commission_in_the_base_asset_leaves_the_oldest_lot():
    lots = Lots()
    lots.apply(fill("BUY", 1, 100), base="BTC")
    assert lots.apply(fill("BUY", 1, 200, "0.1", "BTC"), base="BTC") == 10
    assert [lot.quantity for lot in lots.open] == [D("0.9"), 1]


def test_lots_of_an_inverse_contract():
    lots = Lots(inverse=True, size=D(100))
    lots.apply(fill("SELL", 100, 50_000), base="")
    lots.apply(fill("SELL", 100, 40_000), base="")
    assert lots.apply(fill("BUY", 100, 25_000), base="") == D("0.2")
    assert lots.unrealised(D(25_000)) == D("0.15")


trades = st.lists(
    st.builds(
        lambda side, q, p, fee, asset: fill(
            side, round(D(q) / 7000, 8), D(p) / 100, D(fee) / 10_000, asset
        ),
        st.sampled_from(["BUY", "SELL"]),
        st.integers(1, 50),
        st.integers(1, 1_000_000),
        st.integers(0, 100),
        st.sampled_from(["BTC", "USDT"]),
    ),
    max_size=25,
)


@given(trades, st.booleans(), st.integers(1, 10**6))
def test_both_ways_part_the_same_profit_and_no_money_is_lost(fills, inverse, price):
    position = Position(strategy_id="s", symbol="X", inverse=inverse)
    lots, cash = Lots(inverse=inverse), D(0)
    base = "" if inverse else "BTC"
    for one in fills:
        one_fee = one.commission if one.commission_asset == base else D(0)
        position.apply(one, base=base, fee_quote=None)
        lots.apply(one, base=base)
        if not inverse:
            cash -= (one.side.sign * one.quantity - one_fee) * one.price
            assert position.realised - position.cost == cash
        assert position.quantity == lots.quantity
    at = D(price) / 100
    whole = position.realised + position.unrealised(at)
    error = abs(whole - lots.realised - lots.unrealised(at))
    assert error <= (UNIT * 4 * (len(fills) + 1) if inverse else 0)


def test_what_is_rounded_has_no_zeros_at_its_end():
    assert str(to_unit(D("100.000"))) == "100"
    assert str(to_unit(D("0E-30"))) == "0"
    assert str(to_unit(D(1) / 3)) == "0.333333333333333333"


def test_a_position_is_named_by_its_symbol_and_in_hedge_mode_by_its_side():
    assert position_key("BTCUSDT") == "BTCUSDT"
    assert Position(strategy_id="s", symbol="X", side=PositionSide.SHORT).key == "X/SHORT"
