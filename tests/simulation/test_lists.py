"""Lists are found by id and by client id, and show what is left of them."""

from bot.simulation.lists import ListStore, OrderList


def made(list_id, client_id="mine", account="alice"):
    return OrderList(
        account=account,
        symbol="BTCUSDT",
        list_id=list_id,
        client_id=client_id,
        contingency="OCO",
        time_ms=5,
    )


def test_lists_are_found_and_closed():
    store = ListStore()
    first, second = made(3), made(4, "other")
    store.add(first)
    store.add(second)
    assert store.last_id == 4
    assert store.by_id("alice", 3) is first
    assert store.by_id("bob", 3) is None
    assert store.by_client_id("alice", "other") is second
    store.close(first)
    assert store.open("alice") == [second]
    assert store.all("alice") == [first, second]
    assert store.all("bob") == []


def test_a_done_list_says_so():
    one = made(1)
    assert (one.body()["listStatusType"], one.body()["listOrderStatus"]) == (
        "EXEC_STARTED",
        "EXECUTING",
    )
    one.is_done = True
    assert one.event(7)["l"] == one.event(7)["L"] == one.body()["listStatusType"] == "ALL_DONE"
    assert one.event(7, "UPDATED")["l"] == "UPDATED"
