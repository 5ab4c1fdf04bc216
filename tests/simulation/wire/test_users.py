"""How many user data subscriptions one connection may have."""

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.wire.users import Subscriber


def test_a_thousand_may_be_active_at_once():
    subscriber = Subscriber(None, micro=False)
    for number in range(1_000):
        subscriber.by_account[str(number)] = subscriber.next_id()
    with pytest.raises(ApiError) as caught:
        subscriber.next_id()
    assert caught.value.code == -2042
    subscriber.by_account.popitem()
    assert subscriber.next_id() == 1_000


def test_65535_are_all_that_a_connection_ever_gets():
    subscriber = Subscriber(None, micro=False)
    assert [subscriber.next_id() for _ in range(65_535)][-1] == 65_534
    with pytest.raises(ApiError) as caught:
        subscriber.next_id()
    assert caught.value.code == -2042
