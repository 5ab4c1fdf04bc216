"""What is refused leaves nothing behind: no funds locked, no id used, nothing told."""

import pytest

from bot.simulation.errors import ApiError


@pytest.mark.parametrize(
    "order",
    [
        {"quantity": "100", "price": "60000"},
        {"kind": "LIMIT_MAKER", "quantity": "1", "price": "60001"},
        {"quantity": "1", "price": "60000.001"},
        {"kind": "STOP_LOSS", "side": "SELL", "quantity": "11", "stopPrice": "50000"},
    ],
)
def test_a_refused_order_leaves_no_trace(alice, order):
    first = alice.place(quantity="0.1", price="50000")["orderId"]
    alice.events()
    before = alice.exchange.state()
    with pytest.raises(ApiError):
        alice.place(**order)
    assert alice.exchange.state() == before
    assert alice.events() == []
    assert alice.place(quantity="0.1", price="50000")["orderId"] == first + 1


def test_a_quote_amount_too_small_for_a_step_is_refused(trader_at):
    client = trader_at((), ())
    with pytest.raises(ApiError, match="LOT_SIZE` filter minimum quantity"):
        client.place(kind="MARKET", quoteOrderQty="100")
