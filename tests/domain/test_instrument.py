"""The crossing from observation to money, and the exchange's filters at their bounds."""

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.instrument import Instrument
from bot.domain.values import OrderType, Side

BTC = Instrument(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=Decimal("0.01"),
    step_size=Decimal("0.00001"),
)


def with_rules(**rules):
    numbers = {k: Decimal(v) for k, v in rules.items() if isinstance(v, str) and k != "status"}
    return msgspec.structs.replace(BTC, **rules | numbers)


def violation(instrument, *, type="LIMIT", side="BUY", quantity="1", price="100", at="100"):  # noqa: A002 - Binance's key
    return instrument.violation(
        order_type=OrderType(type),
        side=Side(side),
        quantity=Decimal(quantity),
        price=None if type == "MARKET" else Decimal(price),
        reference_price=None if at is None else Decimal(at),
    )


# --- rounding ------------------------------------------------------------------------------


def test_a_float_is_read_by_its_shortest_decimal():
    fine = with_rules(tick_size="0.1", step_size="0.1")
    assert fine.price(0.1) == Decimal("0.1")
    assert fine.quantity(0.3) == Decimal("0.3")
    assert fine.quantity(0.1 + 0.2) == Decimal("0.3")


def test_a_float_of_another_kind_is_read_as_the_float_that_it_is():
    class Float64(float):
        """As numpy's: a float whose repr is not a number."""

        def __repr__(self):
            return f"np.float64({float(self)!r})"

    class Float32:
        """As numpy's: not a float, but it can become one."""

        def __float__(self):
            return 0.10000000149011612

    assert BTC.price(Float64(64000.016)) == Decimal("64000.02")
    assert BTC.price(Float32()) == Decimal("0.10")


@pytest.mark.parametrize("value", [64000, "64000", 64000.0, Decimal(64000)])
def test_every_kind_of_number_is_taken(value):
    assert BTC.price(value) == BTC.quantity(value) == 64000


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "NaN", Decimal("-Infinity")])
def test_what_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match="must be a finite number"):
        BTC.price(value)


@pytest.mark.parametrize("value", ["", "1,5", "a lot"])
def test_what_is_not_a_number_is_refused(value):
    with pytest.raises(ValueError, match="must be a number"):
        BTC.quantity(value)


@pytest.mark.parametrize("value", [1e20, 1e300, "1e999999", -1e25])
def test_what_nobody_could_trade_is_refused(value):
    with pytest.raises(ValueError, match="beyond anything that is traded"):
        BTC.quantity(value)


def test_prices_round_to_the_nearest_tick_and_for_a_side_never_past_what_was_asked():
    assert BTC.price("100.004") == Decimal("100.00")
    assert BTC.price("100.006") == Decimal("100.01")
    assert BTC.price_for(Side.BUY, "100.009") == Decimal("100.00")
    assert BTC.price_for(Side.SELL, "100.001") == Decimal("100.01")
    assert BTC.price_for(Side.SELL, "100.01") == Decimal("100.01")


def test_quantities_round_down():
    assert BTC.quantity("0.000019") == Decimal("0.00001")
    assert BTC.quantity("0.000009") == 0


def test_without_a_step_nothing_is_rounded():
    assert with_rules(tick_size="0").price("1.23456789") == Decimal("1.23456789")


def test_a_quantity_for_a_notional_stays_within_it():
    assert BTC.quantity_for_notional(50, "64000") == Decimal("0.00078")
    with pytest.raises(ValueError, match="a price must be above 0, got 0"):
        BTC.quantity_for_notional(50, 0)


def test_many_digits_do_not_round_a_quantity_up():
    just_below = "0." + "9" * 40
    assert with_rules(step_size="1").quantity(just_below) == 0
    assert with_rules(step_size="1").quantity_for_notional(just_below, 1) == 0
    assert with_rules(step_size="1E-10").quantity("9" * 20) == Decimal("9" * 20)


numbers = st.decimals("0.00000001", "99999999", allow_nan=False, allow_infinity=False)
steps = st.sampled_from(["0.00000001", "0.001", "0.005", "0.5", "1", "25"]).map(Decimal)


@given(numbers, steps)
def test_every_rounding_lands_on_the_grid_within_one_step(value, step):
    instrument = with_rules(tick_size=str(step), step_size=str(step))
    down, up = instrument.price_for(Side.BUY, value), instrument.price_for(Side.SELL, value)
    near = instrument.price(value)
    assert down <= value <= up
    assert up - down in (0, step)
    assert near in (down, up)
    assert abs(near - value) <= step / 2
    assert instrument.quantity(value) == down
    # Not -value: the operator would round it to the digits of the context first.
    assert instrument.quantity(value.copy_negate()) == down.copy_negate()
    assert not any(rounded % step for rounded in (down, up, near))


@given(numbers, numbers, steps)
def test_a_notional_buys_the_most_that_it_can_pay(notional, price, step):
    instrument = with_rules(step_size=str(step))
    quantity = instrument.quantity_for_notional(notional, price)
    wide = Decimal("1e-12")  # the products below have more digits than the default context
    assert quantity * price <= notional + wide
    assert (quantity + step) * price > notional - wide


# --- filters -------------------------------------------------------------------------------


def test_an_order_within_all_bounds_passes():
    assert violation(BTC) is None


def test_a_symbol_that_does_not_trade_takes_no_order():
    assert violation(with_rules(status="HALT")) == "SYMBOL_STATUS: BTCUSDT is HALT"


def test_an_order_type_that_the_symbol_does_not_take():
    only_limit = with_rules(order_types=("LIMIT",))
    assert violation(only_limit) is None
    text = "ORDER_TYPE: BTCUSDT does not take MARKET orders"
    assert violation(only_limit, type="MARKET") == text


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_a_quantity_must_be_above_zero(quantity):
    assert "LOT_SIZE" in violation(BTC, quantity=quantity)


@pytest.mark.parametrize("price", ["0", "-0.01"])
def test_a_price_must_be_above_zero_even_where_the_filter_is_off(price):
    assert violation(BTC, price=price) == f"PRICE_FILTER: price {price} is not above 0"


def test_the_lot_of_a_market_order_is_bound_by_both_filters():
    rules = with_rules(min_quantity="0.00001", market_max_quantity="2", market_min_quantity="0.1")
    assert violation(rules, quantity="3") is None
    market = {"type": "MARKET"}
    assert violation(rules, quantity="2", **market) is None
    assert violation(rules, quantity="2.00001", **market).startswith("MARKET_LOT_SIZE")
    assert violation(rules, quantity="0.09", **market).startswith("MARKET_LOT_SIZE")
    assert violation(rules, quantity="0.000001", **market).startswith("LOT_SIZE")
    coarse = with_rules(market_step_size="0.5")
    assert violation(coarse, quantity="1.25", **market).startswith("MARKET_LOT_SIZE")


def test_the_percent_bounds_need_a_reference_price():
    rules = with_rules(bid_multiplier_up="1.2", bid_multiplier_down="0.2")
    assert violation(rules, price="1000", at=None) is None
    assert violation(rules, price="120.01") == (
        "PERCENT_PRICE_BY_SIDE: price 120.01 is above 120.0"
    )


def test_a_market_order_without_a_reference_price_is_left_to_the_venue():
    assert violation(with_rules(min_notional="10"), type="MARKET", quantity="0.01", at=None) is None


def test_the_text_is_in_fixed_notation():
    assert violation(BTC, quantity="0.000000001") == (
        "LOT_SIZE: quantity 0.000000001 is not on the step 0.00001"
    )


def test_a_huge_number_is_a_violation_or_passes_but_never_an_error():
    assert violation(BTC, quantity="9" * 19) is None
    assert "LOT_SIZE" in violation(BTC, quantity="9" * 19 + ".000001")


# --- the exchange's own answers ------------------------------------------------------------

RULES = {
    "PRICE_FILTER": {"minPrice": "min_price", "maxPrice": "max_price", "tickSize": "tick_size"},
    "LOT_SIZE": {"minQty": "min_quantity", "maxQty": "max_quantity", "stepSize": "step_size"},
    "MARKET_LOT_SIZE": {
        "minQty": "market_min_quantity",
        "maxQty": "market_max_quantity",
        "stepSize": "market_step_size",
    },
    "MIN_NOTIONAL": {
        "minNotional": "min_notional",
        "applyToMarket": "min_notional_applies_to_market",
    },
    "NOTIONAL": {
        "minNotional": "min_notional",
        "maxNotional": "max_notional",
        "applyMinToMarket": "min_notional_applies_to_market",
        "applyMaxToMarket": "max_notional_applies_to_market",
    },
    "PERCENT_PRICE_BY_SIDE": {
        "bidMultiplierUp": "bid_multiplier_up",
        "bidMultiplierDown": "bid_multiplier_down",
        "askMultiplierUp": "ask_multiplier_up",
        "askMultiplierDown": "ask_multiplier_down",
    },
}


def test_filters_decide_as_binance_documents_them(vector_cases):
    checked = 0
    for case in vector_cases("symbol_filters"):
        rules = dict(case["filter"])
        kind = rules.pop("filterType")
        if kind == "PERCENT_PRICE":  # one pair of bounds for both sides
            up, down = rules["multiplierUp"], rules["multiplierDown"]
            rules = {"bidMultiplierUp": up, "bidMultiplierDown": down}
            names = RULES["PERCENT_PRICE_BY_SIDE"]
        elif kind in RULES:
            names = RULES[kind]
        else:
            continue  # icebergs, lists and trailing stops are never sent; counts: the risk gate
        fine = {"tick_size": "0.00000001", "step_size": "0.00000001"}
        instrument = with_rules(**fine | {names[k]: v for k, v in rules.items() if k in names})
        given = case["given"]
        reason = violation(
            instrument,
            type=given.get("type", "LIMIT"),
            side=given.get("side", "BUY"),
            quantity=given.get("quantity", "1"),
            price=given.get("price", "100"),
            at=given.get("weightedAveragePrice5m") or given.get("weightedAveragePrice"),
        )
        assert (reason is None) is case["passes"], (case, reason)
        checked += 1
    assert checked >= 25


def test_levels_of_real_books_lie_on_the_grid(vector_cases):
    checked = 0
    for case in vector_cases("price_quantity_grid"):
        instrument = with_rules(
            tick_size=case["tickSize"],
            step_size=case["stepSize"],
            min_price=case.get("minPrice") or "0",
            max_price=case.get("maxPrice") or "0",
        )
        for price in case["real_prices"]:
            assert violation(instrument, price=price, at=None) is None, (case["symbol"], price)
            assert instrument.price(float(price)) == Decimal(price)
            checked += 1
        for quantity in case["real_quantities"]:
            order = {"quantity": quantity, "price": case["real_prices"][0]}
            assert violation(instrument, **order, at=None) is None, (case["symbol"], quantity)
            assert instrument.quantity(float(quantity)) == Decimal(quantity)
        for price in case["off_grid_examples"]["prices"]:
            assert "PRICE_FILTER" in violation(instrument, price=price, at=None)
    assert checked >= 100


MODES = {
    "ROUND_UP": ROUND_CEILING,
    "ROUND_DOWN": ROUND_FLOOR,
    "ROUND": ROUND_HALF_EVEN,
    "TRUNCATE": ROUND_DOWN,
}


def test_rounding_to_a_tick_as_other_frameworks_do_it(vector_cases):
    checked = 0
    for case in vector_cases("precision_rounding"):
        if case["precision_mode"] not in ("TICK_SIZE", 4) or "contract_size" in case:
            continue
        step = str(case["precision"])
        wanted = Decimal(str(case["expected"]))
        if "amount" in case:
            assert with_rules(step_size=step).quantity(case["amount"]) == wanted, case
        else:
            rounded = with_rules(tick_size=step).price(
                case["price"], rounding=MODES[case["rounding_mode"]]
            )
            assert rounded == wanted, case
        checked += 1
    assert checked >= 15
