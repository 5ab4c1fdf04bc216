import pytest

from bot.domain.errors import Rejected, Unavailable
from bot.domain.values import SECOND_NS
from bot.exchange.lease import ConnectionLease, KeyLease


class _Clock:
    def __init__(self) -> None:
        self.ns = 10**18

    def now_ns(self) -> int:
        return self.ns


class _Keys:
    """The exchange's side of listenKeys."""

    def __init__(self) -> None:
        self.valid = ""
        self.made = 0
        self.prolonged = 0
        self.away = False
        self.connected: list[str] = []

    async def create(self) -> str:
        if not self.valid:
            self.made += 1
            self.valid = f"key-{self.made}"
        return self.valid

    async def prolong(self, key: str) -> None:
        if self.away:
            raise Unavailable("no answer")
        if key != self.valid:
            raise Rejected(-1125, "This listenKey does not exist.")
        self.prolonged += 1

    def lease(self) -> KeyLease:
        return KeyLease(create=self.create, prolong=self.prolong, on_new_key=self.connected.append)


async def test_a_connection_is_replaced_before_its_24_hours_and_not_earlier():
    clock, causes = _Clock(), []
    since = clock.ns
    lease = ConnectionLease(clock=clock, up_since_ns=lambda: since, reconnect=causes.append)
    clock.ns += 22 * 3600 * SECOND_NS
    await lease.renew()
    assert causes == []
    clock.ns += 3601 * SECOND_NS
    await lease.renew()
    assert len(causes) == 1


async def test_a_connection_that_is_down_is_left_to_its_own_reconnection():
    clock, causes = _Clock(), []
    lease = ConnectionLease(clock=clock, up_since_ns=lambda: None, reconnect=causes.append)
    clock.ns += 48 * 3600 * SECOND_NS
    await lease.renew()
    assert causes == []


async def test_a_key_is_made_once_and_then_prolonged():
    keys = _Keys()
    lease = keys.lease()
    assert await lease.acquire() == "key-1"
    await lease.renew()
    await lease.renew()
    assert (keys.made, keys.prolonged, keys.connected) == (1, 2, ["key-1"])


async def test_a_key_that_is_gone_is_made_again_and_connected_to():
    keys = _Keys()
    lease = keys.lease()
    await lease.acquire()
    keys.valid = ""
    await lease.renew()
    assert keys.connected == ["key-1", "key-2"]
    assert lease.key == "key-2"


async def test_an_expired_key_is_replaced_without_waiting_for_the_next_renewal():
    keys = _Keys()
    lease = keys.lease()
    await lease.acquire()
    keys.valid = ""
    await lease.expired()
    assert keys.connected == ["key-1", "key-2"]


async def test_a_renewal_that_fails_keeps_the_key_and_tells():
    keys = _Keys()
    lease = keys.lease()
    await lease.acquire()
    keys.away = True
    with pytest.raises(Unavailable):
        await lease.renew()
    assert lease.key == "key-1"
