"""Every case of the vectors about grids and filters goes through Instrument, or is named here
with the reason why it cannot."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

import pytest

from bot.domain.conditions import terms_violation
from bot.domain.events import OrderIntended
from bot.domain.instrument import Instrument
from bot.domain.terms import OrderTerms
from bot.domain.values import OrderType, Side, TimeInForce


def exact(value) -> Decimal:
    return Decimal(str(value))


MODES = {
    "ROUND_UP": ROUND_CEILING,
    "ROUND_DOWN": ROUND_FLOOR,
    "ROUND": ROUND_HALF_EVEN,
    "TRUNCATE": ROUND_DOWN,
}


def with_rules(**rules) -> Instrument:
    given = {"tick_size": "0.00000001", "step_size": "0.00000001"} | rules
    types = ("LIMIT", "MARKET", *(kind.value for kind in OrderType))
    exactly = {k: Decimal(v) if isinstance(v, str) else v for k, v in given.items()}
    return Instrument(symbol="X", base="X", quote="Y", order_types=types, **exactly)


def step_of(case) -> Decimal:
    """The grid that a number of decimal places or digits stands for, at this value."""
    mode, precision = case["precision_mode"], case["precision"]
    if mode in {"TICK_SIZE", 4}:
        return exact(precision)
    places = int(precision)
    if mode == "SIGNIFICANT_DIGITS":
        places -= exact(case.get("amount", case.get("price"))).adjusted() + 1
    return Decimal(1).scaleb(-places)


def check_rounding(case) -> None:
    step, wanted = step_of(case), exact(case["expected"])
    if "contract_size" in case:
        size = exact(case["contract_size"])
        contracts = with_rules(step_size=str(step)).quantity(exact(case["amount"]) / size)
        assert contracts * size == wanted
    elif "amount" in case:
        assert with_rules(step_size=str(step)).quantity(case["amount"]) == wanted
    else:
        rounding = MODES[case["rounding_mode"]]
        assert with_rules(tick_size=str(step)).price(case["price"], rounding=rounding) == wanted


def check_grid(case) -> None:
    instrument = with_rules(
        tick_size=case["tickSize"],
        step_size=case["stepSize"],
        min_price=case.get("minPrice") or "0",
        max_price=case.get("maxPrice") or "0",
    )

    def reason(quantity, price) -> str | None:
        return instrument.violation(
            order_type=OrderType.LIMIT,
            side=Side.BUY,
            quantity=exact(quantity),
            price=exact(price),
            reference_price=None,
        )

    for price in case["real_prices"]:
        assert reason(case["stepSize"], price) is None
        assert instrument.price(float(price)) == exact(price)
    for quantity in case["real_quantities"]:
        assert reason(quantity, case["real_prices"][0]) is None
        assert instrument.quantity(float(quantity)) == exact(quantity)
    off = case["off_grid_examples"]
    for price in off["prices"]:
        assert "PRICE_FILTER" in reason(case["stepSize"], price)
    for quantity in off["quantities"]:
        assert "LOT_SIZE" in reason(quantity, case["real_prices"][0])


NAMES = {
    "minPrice": "min_price",
    "maxPrice": "max_price",
    "tickSize": "tick_size",
    "minNotional": "min_notional",
    "maxNotional": "max_notional",
    "applyToMarket": "min_notional_applies_to_market",
    "applyMinToMarket": "min_notional_applies_to_market",
    "applyMaxToMarket": "max_notional_applies_to_market",
    "bidMultiplierUp": "bid_multiplier_up",
    "bidMultiplierDown": "bid_multiplier_down",
    "askMultiplierUp": "ask_multiplier_up",
    "askMultiplierDown": "ask_multiplier_down",
    "limit": "max_iceberg_parts",
}
LOTS = {"minQty": "min_quantity", "maxQty": "max_quantity", "stepSize": "step_size"}
BY_THE_GATE = {"MAX_NUM_ORDERS", "MAX_NUM_ALGO_ORDERS"}
"""Walked in tests/engine/test_gate_bounds.py: the rule needs to know what is open."""
LEFT_TO_THE_VENUE = {
    "MAX_POSITION": "counts what is free and locked of the whole account, of others too",
    "MAX_NUM_ORDER_AMENDS": "the venue counts amendments; past the bound it says -2038",
    "MAX_NUM_ORDER_LISTS": "the venue counts lists; past the bound it refuses the list",
}
PROFITS_THAT_TRAIL = {
    ("TAKE_PROFIT_LIMIT", "SELL"): "we send trailing stops, no trailing take-profits",
    ("TAKE_PROFIT", "BUY"): "we send trailing stops, no trailing take-profits",
}


def check_filter(case) -> str | None:
    """The reason why it is not ours to decide, if it is not."""
    rules, given = dict(case["filter"]), case["given"]
    kind = rules.pop("filterType")
    if kind in BY_THE_GATE or kind in LEFT_TO_THE_VENUE:
        return LEFT_TO_THE_VENUE.get(kind, "decided by the gate")
    if kind == "TRAILING_DELTA" and (given["type"], given["side"]) in PROFITS_THAT_TRAIL:
        return PROFITS_THAT_TRAIL[given["type"], given["side"]]
    prefix = "market_" if kind == "MARKET_LOT_SIZE" else ""
    set_to = {NAMES[k]: v for k, v in rules.items() if k in NAMES}
    set_to |= {prefix + LOTS[k]: v for k, v in rules.items() if k in LOTS}
    if kind == "PERCENT_PRICE":
        for side in ("bid", "ask"):
            set_to[f"{side}_multiplier_up"] = rules["multiplierUp"]
            set_to[f"{side}_multiplier_down"] = rules["multiplierDown"]
    if kind == "TRAILING_DELTA":
        for where in ("Above", "Below"):
            bounds = (rules[f"minTrailing{where}Delta"], rules[f"maxTrailing{where}Delta"])
            set_to[f"trailing_{where.lower()}"] = bounds
    reason = refusal(with_rules(**set_to), given)
    assert (reason is None) is case["passes"], reason
    assert reason is None or kind in reason or kind in {"PERCENT_PRICE", "MIN_NOTIONAL"}
    return None


def refusal(instrument, given) -> str | None:
    trails, is_market = "trailingDelta" in given, given.get("type") == "MARKET"
    order_type = OrderType.MARKET if is_market else OrderType.LIMIT
    if trails:
        order_type = OrderType.TRAILING_STOP_MARKET
    quantity = exact(given.get("quantity", "1"))
    iceberg = given.get("icebergQty")
    at = given.get("weightedAveragePrice5m") or given.get("weightedAveragePrice")
    intent = OrderIntended(
        client_order_id="c",
        strategy_id="s",
        run_id="r",
        symbol="X",
        side=Side(given.get("side", "BUY")),
        order_type=order_type,
        time_in_force=TimeInForce.GTC,
        quantity=quantity,
        price=None if is_market or trails else exact(given.get("price", "100")),
        recv_ns=1,
        terms=OrderTerms(
            iceberg_quantity=None if iceberg is None else exact(iceberg),
            trailing_bips=given.get("trailingDelta"),
        ),
    )
    return instrument.violation(
        order_type=order_type,
        side=intent.side,
        quantity=quantity,
        price=intent.price,
        reference_price=None if at is None else exact(at),
    ) or terms_violation(instrument, intent)


# --- the walk -------------------------------------------------------------------------------

WALKS: dict[str, tuple[Callable, int, int]] = {
    # How each case is checked, how many cases there are, how many of them are not ours.
    "precision_rounding": (check_rounding, 71, 0),
    "price_quantity_grid": (check_grid, 40, 0),
    "symbol_filters": (check_filter, 42, 10),
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
