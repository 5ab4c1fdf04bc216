"""What a walk through the book leaves behind: trades with ids, and both sides told."""


def test_both_clients_hear_of_the_same_trade(alice):
    bob = alice.beside("bob")
    resting = alice.place(quantity="0.5", price="60000.50")
    alice.events()
    taken = bob.place("SELL", "MARKET", quantity="0.7")
    fills = taken["fills"]
    assert [(f["price"], f["qty"]) for f in fills] == [
        ("60000.50000000", "0.50000000"),
        ("60000.00000000", "0.20000000"),
    ]
    report = bob.beside("alice").call("my_trades", symbol="BTCUSDT")
    assert [(t["id"], t["orderId"], t["isMaker"]) for t in report] == [
        (fills[0]["tradeId"], resting["orderId"], True)
    ]


def test_a_trade_that_was_prevented_is_no_trade(alice):
    before = len(alice.exchange.trades({"symbol": "BTCUSDT"}))
    alice.place(quantity="0.5", price="60000.50")
    alice.place("SELL", quantity="0.5", price="60000.50", selfTradePreventionMode="EXPIRE_TAKER")
    assert len(alice.exchange.trades({"symbol": "BTCUSDT"})) == before
    assert alice.call("my_trades", symbol="BTCUSDT") == []
