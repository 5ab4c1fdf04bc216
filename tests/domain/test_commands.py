"""What the engine wants done can be kept, compared and written down."""

from decimal import Decimal

import msgspec
import pytest

from bot.domain.commands import (
    CancelOrder,
    Command,
    FetchFills,
    OrderRef,
    QueryOrder,
    StreamKind,
    SubmitOrder,
    Subscribe,
    Subscription,
    Sweep,
)
from bot.domain.values import OrderType, Side, TimeInForce

COMMANDS = [
    SubmitOrder(
        client_order_id="c",
        symbol="X",
        side=Side.BUY,
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal("0.10"),
        price=None,
    ),
    CancelOrder(client_order_id="c", symbol="X"),
    QueryOrder(client_order_id="c", symbol="X"),
    FetchFills(client_order_id="c", symbol="X", venue_order_id=1),
    Sweep(
        generation=1,
        cause="test",
        symbols=("X",),
        orders=(OrderRef("c", "X", None),),
        since={"X": 4},
    ),
    Subscribe(subscriptions=(Subscription(StreamKind.BARS, "X", "1m"),)),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_a_command_is_read_back_as_it_was_written(command):
    assert msgspec.json.decode(msgspec.json.encode(command), type=Command) == command


def test_equal_subscriptions_are_one():
    one, same = (Subscription(StreamKind.BARS, "X", "1m") for _ in range(2))
    assert len({one, same, Subscription(StreamKind.BARS, "X", "5m")}) == 2
