"""Whether the terms of an order make sense on a symbol, before the venue is asked."""

from decimal import ROUND_CEILING, Decimal

from bot.domain.events import OrderIntended
from bot.domain.instrument import Instrument
from bot.domain.terms import PositionSide, TriggerBy
from bot.domain.values import SECOND_NS, Market, OrderType, Side, TimeInForce, as_fixed

__all__ = ["terms_violation"]

_GTD_AHEAD_NS = 600 * SECOND_NS
_FUTURES_STEP_BIPS = 10


def terms_violation(instrument: Instrument, intent: OrderIntended) -> str | None:
    """Why the venue would refuse the order's terms, or None.

    The text begins with the name of Binance's filter or of the term, and gives the value.
    Sources: Binance documentation, "Filters" and "New order" (spot and USDⓈ-M).
    """
    on_spot = instrument.market is Market.SPOT
    return (
        (_on_spot(intent) if on_spot else _on_futures(intent))
        or _condition(instrument, intent)
        or _iceberg(instrument, intent)
    )


def _on_spot(intent: OrderIntended) -> str | None:
    terms = intent.terms
    if terms.reduce_only or terms.close_position:
        return "REDUCE_ONLY: spot has no positions to reduce; sell what you hold"
    if terms.position_side is not PositionSide.BOTH:
        return "POSITION_SIDE: spot has no position sides"
    if intent.time_in_force is TimeInForce.GTD:
        return "TIME_IN_FORCE: spot has no GTD; set a timer and cancel"
    if terms.price_protect:
        return "PRICE_PROTECT: spot has no mark price to protect from"
    if terms.trigger_by is not TriggerBy.LAST:
        return "TRIGGER_BY: spot orders are set off by the last price only"
    return None


def _on_futures(intent: OrderIntended) -> str | None:
    terms = intent.terms
    if terms.quote_quantity is not None:
        return "QUOTE_QUANTITY: futures take base quantities only; use size_by_quote()"
    if terms.iceberg_quantity is not None:
        return "ICEBERG: futures have no iceberg orders"
    if terms.reduce_only and terms.position_side is not PositionSide.BOTH:
        return "REDUCE_ONLY: in hedge mode the position side says it (-4061)"
    if intent.time_in_force is not TimeInForce.GTD:
        return None
    if terms.good_till_ns is None:
        return "GOOD_TILL: GTD needs good_till_ns"
    if terms.good_till_ns <= intent.recv_ns + _GTD_AHEAD_NS:
        return "GOOD_TILL: GTD must end more than 600 s from now"
    return None


def _condition(instrument: Instrument, intent: OrderIntended) -> str | None:
    terms, kind = intent.terms, intent.order_type
    if not kind.is_conditional:
        if terms.trigger_price is not None or terms.trailing_bips is not None:
            return f"TRIGGER_PRICE: a {kind.value} order has no trigger"
        return None
    if kind is OrderType.TRAILING_STOP_MARKET:
        return _trailing(instrument, intent)
    if terms.trigger_price is None:
        return f"TRIGGER_PRICE: a {kind.value} order needs one"
    return _on_tick(instrument, "trigger price", terms.trigger_price)


def _trailing(instrument: Instrument, intent: OrderIntended) -> str | None:
    bips = intent.terms.trailing_bips
    if bips is None or bips <= 0:
        return f"TRAILING_DELTA: a trailing stop needs a distance above 0, got {bips}"
    low, high = instrument.trailing_above if intent.side is Side.BUY else instrument.trailing_below
    if (low and bips < low) or (high and bips > high):
        return f"TRAILING_DELTA: {bips} bips is not within {low} to {high}"
    if instrument.market is not Market.SPOT and bips % _FUTURES_STEP_BIPS:
        return f"TRAILING_DELTA: futures take tenths of a per cent, got {bips} bips"
    activation = intent.terms.activation_price
    return None if activation is None else _on_tick(instrument, "activation price", activation)


def _iceberg(instrument: Instrument, intent: OrderIntended) -> str | None:
    shown = intent.terms.iceberg_quantity
    if shown is None:
        return None
    if shown <= 0:
        return f"ICEBERG_PARTS: the part that is shown must be above 0, got {as_fixed(shown)}"
    parts = int((intent.quantity / shown).to_integral_value(rounding=ROUND_CEILING))
    if instrument.max_iceberg_parts and parts > instrument.max_iceberg_parts:
        return f"ICEBERG_PARTS: {parts} parts are more than {instrument.max_iceberg_parts}"
    return None


def _on_tick(instrument: Instrument, name: str, price: Decimal) -> str | None:
    if price <= 0:
        return f"PRICE_FILTER: {name} {as_fixed(price)} is not above 0"
    if instrument.price(price) != price:
        tick = as_fixed(instrument.tick_size)
        return f"PRICE_FILTER: {name} {as_fixed(price)} is not on the tick {tick}"
    return None
