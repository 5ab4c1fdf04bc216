"""Orders are found by their ids; an id is free again when its order is over."""

from bot.simulation.orders import Order
from bot.simulation.orderstore import OrderStore


def order(order_id, client_order_id="mine", account="alice"):
    return Order(
        account=account,
        symbol="BTCUSDT",
        order_id=order_id,
        client_order_id=client_order_id,
        is_buy=True,
        order_type="LIMIT",
        time_in_force="GTC",
        price_e8=1,
        quantity_e8=1,
    )


def test_a_client_id_means_the_newest_order_that_had_it():
    store = OrderStore()
    old, new = order(1), order(2)
    store.add(old)
    assert store.is_taken("alice", "mine")
    store.close(old)
    assert not store.is_taken("alice", "mine")
    assert store.by_client_id("alice", "BTCUSDT", "mine") is old
    store.add(new)
    assert store.by_client_id("alice", "BTCUSDT", "mine") is new
    assert store.open("alice", "BTCUSDT") == [new]
    assert store.all("alice", "BTCUSDT") == [old, new]


def test_accounts_do_not_see_each_other():
    store = OrderStore()
    store.add(order(1))
    assert not store.is_taken("bob", "mine")
    assert store.by_id("bob", "BTCUSDT", 1) is None
    assert store.open_count("bob", "BTCUSDT") == 0
