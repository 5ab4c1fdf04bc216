"""Every event can be written down and read back as itself: sessions are replayed from that."""

from decimal import Decimal
from typing import get_args

import msgspec
import pytest

from bot.domain.events import Event, OrderFilled, OrderReported
from bot.domain.fill import Fill
from bot.domain.values import OrderStatus, Side

KINDS = get_args(Event)


def _example(kind):
    """An event with every required field set to something that fits its type."""
    fields = {}
    for field in msgspec.structs.fields(kind):
        if field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT:
            fields[field.name] = _value(field.type)
    return kind(**fields)


def _value(wanted):
    simple = {str: "x", int: 7, float: 1.5, bool: True, Decimal: Decimal("1.50")}
    if wanted in simple:
        return simple[wanted]
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return _example(wanted)
    if isinstance(wanted, type):
        return next(iter(wanted))
    if type(None) in get_args(wanted):
        return None
    return dict() if "dict" in str(wanted) else ()  # noqa: C408 - beside the empty tuple


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_event_is_read_back_as_it_was_written(kind):
    event = _example(kind)
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_event_is_frozen_and_knows_when_it_reached_us(kind):
    event = _example(kind)
    assert event.recv_ns == 7
    with pytest.raises(AttributeError):
        event.recv_ns = 8


def test_money_keeps_its_digits_on_the_way():
    report = _example(OrderReported)
    exact = msgspec.structs.replace(
        report, executed=Decimal("0.00000100"), status=OrderStatus.PARTIALLY_FILLED
    )
    back = msgspec.json.decode(msgspec.json.encode(exact), type=Event)
    assert str(back.executed) == "0.00000100"
    assert back.status is OrderStatus.PARTIALLY_FILLED


def test_a_fill_event_is_named_by_its_fill():
    event = _example(OrderFilled)
    assert event.client_order_id == event.fill.client_order_id == "x"
    assert isinstance(event.fill, Fill)
    assert event.fill.side is Side.BUY
