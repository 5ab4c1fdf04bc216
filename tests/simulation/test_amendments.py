"""A reduction in the words of the REST API."""

from bot.simulation.amendments import Amendment


def test_quantities_are_before_and_after():
    one = Amendment("BTCUSDT", 9, 22, "old", "new", 5 * 10**8, 4 * 10**8, 77)
    assert one.body() == {
        "symbol": "BTCUSDT",
        "orderId": 9,
        "executionId": 22,
        "origClientOrderId": "old",
        "newClientOrderId": "new",
        "origQty": "5.00000000",
        "newQty": "4.00000000",
        "time": 77,
    }
