"""What every Store does: one suite for memory, a SQLite file and a PostgreSQL server."""

import asyncio
import threading
from decimal import Decimal

import pytest

from bot.domain.errors import DatabaseError
from bot.domain.events import OrderAccepted, OrderIntended
from bot.domain.fill import Fill
from bot.domain.order import Order
from bot.domain.records import (
    FillSaved,
    IncidentClosed,
    IncidentOpened,
    OrderEventSaved,
    OrderSaved,
    RunEnded,
    RunStarted,
    StateSaved,
)
from bot.domain.values import OrderStatus, OrderType, Side, TimeInForce
from bot.storage.memory import MemoryStore
from bot.storage.open import open_store, prepare

HERE = "sim:spot"
DAY_NS = 24 * 3600 * 10**9
START_NS = 1_700_000_000_000_000_000


class Shop:
    """Opens stores on the same data, one after the other."""

    def __init__(self, url):
        self._url = url
        self._memory = MemoryStore()
        self.store = None
        if url:
            prepare(url)

    def open(self):
        self.store = open_store(self._url) if self._url else self._memory
        return self.store

    async def reopen(self):
        if self._url:
            await self.store.close()
        return self.open()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def shop(request, tmp_path):
    url = ""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'bot.db'}"
    elif request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    shop = Shop(url)
    yield shop
    if shop.store is not None:
        await shop.store.close()


def started(run_id="r1", environment=HERE):
    return RunStarted(
        run_id=run_id,
        environment=environment,
        venue="sim",
        market="spot",
        code_version="0.1.0",
        settings_digest="abc",
        strategies={"sma": {"version": "1", "fast": "3"}},
        symbols=("BTCUSDT",),
        started_ns=START_NS,
    )


def order(client_order_id="a-1", *, status=OrderStatus.OPEN, at=START_NS, **changes):
    fields = {
        "client_order_id": client_order_id,
        "strategy_id": "sma",
        "run_id": "r1",
        "symbol": "BTCUSDT",
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "time_in_force": TimeInForce.GTC,
        "quantity": Decimal("0.00000001"),
        "price": Decimal("64231.12"),
        "status": status,
        "created_ns": at,
        "updated_ns": at,
        "events": 1,
    }
    return Order(**fields | changes)


def fill(trade_id, *, symbol="BTCUSDT", at=START_NS, quantity="0.5"):
    return FillSaved(
        fill=Fill(
            symbol=symbol,
            trade_id=trade_id,
            client_order_id="a-1",
            venue_order_id=7,
            side=Side.BUY,
            price=Decimal("64231.12"),
            quantity=Decimal(quantity),
            commission=Decimal("0.00000075"),
            commission_asset="BNB",
            maker=True,
            ts_ns=at,
            recv_ns=at + 1,
            source="sweep",
        ),
        strategy_id="sma",
        run_id="r1",
        fee_quote=Decimal("0.00045"),
        realised_quote=Decimal(0),
        position_after=Decimal(quantity),
    )


def incident(incident_id, *, kind="feed_gap", at=START_NS):
    return IncidentOpened(
        incident_id=incident_id,
        run_id="r1",
        kind=kind,
        severity="warning",
        subject="btcusdt@trade",
        cause="socket closed",
        from_ns=at,
    )


async def stored(store, *records):
    await store.durable(store.append(records))


async def test_marks_count_groups_and_an_empty_group_has_the_last_mark(shop):
    store = shop.open()
    assert store.append([]) == 0
    first = store.append([started()])
    second = store.append([OrderSaved(order())])
    assert second > first
    assert store.append([]) == second
    await store.durable(second)
    assert store.backlog == 0


async def test_mark_zero_is_durable_from_the_start(shop):
    await shop.open().durable(0)


async def test_a_mark_that_was_never_given_out_is_refused(shop):
    with pytest.raises(ValueError, match="never given out"):
        await shop.open().durable(5)


async def test_what_is_durable_is_known_to_the_next_process(shop):
    placed = order(
        venue_order_id=2**53 + 1,
        filled=Decimal("0.000000005"),
        filled_quote=Decimal("1E+12"),
        sent_ns=START_NS + 5,
        reason="ümlaut ✓",
        price=None,
    )
    await stored(shop.open(), started(), OrderSaved(placed))
    recovery = (await shop.reopen()).recover(HERE)
    assert recovery.orders == (placed,)
    assert recovery.recent_orders == ()
    assert recovery.fills == ()
    assert recovery.state == {}
    assert recovery.open_incidents == ()
    assert recovery.halted == ""


async def test_an_empty_database_recovers_nothing(shop):
    assert shop.open().recover(HERE).orders == ()


async def test_the_last_row_of_an_order_stands(shop):
    store = shop.open()
    await stored(store, started(), OrderSaved(order()))
    partly = order(status=OrderStatus.PARTIALLY_FILLED, filled=Decimal("0.000000003"), events=3)
    await stored(store, OrderSaved(order(events=2)), OrderSaved(partly))
    assert store.recover(HERE).orders == (partly,)


async def test_live_orders_come_oldest_first_and_ended_ones_apart(shop):
    store = shop.open()
    unknown = order("u", status=OrderStatus.UNKNOWN, at=START_NS + 2)
    intent = order("i", status=OrderStatus.INTENT, at=START_NS + 1)
    filled = order("f", status=OrderStatus.FILLED, at=START_NS + 3)
    canceled = order("c", status=OrderStatus.CANCELED, at=START_NS + 4)
    await stored(store, started(), *map(OrderSaved, (canceled, unknown, filled, intent)))
    recovery = store.recover(HERE)
    assert recovery.orders == (intent, unknown)
    assert recovery.recent_orders == (filled, canceled)


async def test_orders_that_ended_long_ago_are_not_recovered(shop):
    store = shop.open()
    old = order("old", status=OrderStatus.FILLED, at=START_NS)
    new = order("new", status=OrderStatus.FILLED, at=START_NS + 4 * DAY_NS)
    await stored(store, started(), OrderSaved(old), OrderSaved(new))
    assert store.recover(HERE).recent_orders == (new,)


async def test_second_report_of_a_trade_changes_nothing(shop):
    store = shop.open()
    await stored(store, started(), OrderSaved(order()), fill(1, quantity="0.5"))
    await stored(store, fill(1, quantity="0.7"), fill(1, symbol="ETHUSDT"))
    fills = store.recover(HERE).fills
    assert [(f.fill.symbol, f.fill.quantity) for f in fills] == [
        ("BTCUSDT", Decimal("0.5")),
        ("ETHUSDT", Decimal("0.5")),
    ]


async def test_fills_come_back_whole_in_the_order_of_their_booking(shop):
    store = shop.open()
    late, early = fill(12, at=START_NS), fill(11, at=START_NS + 9)
    await stored(store, started(), early, late)
    found = store.recover(HERE).fills
    assert [f.fill for f in found] == [early.fill, late.fill]
    assert found[0].strategy_id == "sma"
    assert found[0].fee_quote == Decimal("0.00045")


async def test_environments_do_not_see_each_other(shop):
    store = shop.open()
    await stored(store, started(), OrderSaved(order()), fill(1), incident("r1-1"))
    elsewhere = order(quantity=Decimal(3))
    await stored(
        store,
        started("r2", "testnet:spot"),
        OrderSaved(elsewhere),
        fill(1, quantity="3"),
        StateSaved(strategy_id="sma", key="k", value="1", ts_ns=START_NS),
    )
    here, there = store.recover(HERE), store.recover("testnet:spot")
    assert here.orders == (order(),)
    assert there.orders == (elsewhere,)
    assert here.fills[0].fill.quantity == Decimal("0.5")
    assert there.fills[0].fill.quantity == Decimal(3)
    assert (here.state, there.state) == ({}, {"sma": {"k": "1"}})
    assert (len(here.open_incidents), len(there.open_incidents)) == (1, 0)


async def test_the_last_value_of_a_state_stands(shop):
    store = shop.open()
    values = ('{"n": 1}', '{"n": 2}')
    await stored(
        store,
        started(),
        *(StateSaved(strategy_id="sma", key="x", value=v, ts_ns=START_NS) for v in values),
    )
    assert store.recover(HERE).state == {"sma": {"x": '{"n": 2}'}}


async def test_a_halt_stays_latched_until_it_is_resumed(shop):
    store = shop.open()
    await stored(
        store, started(), StateSaved(strategy_id="_engine", key="halt", value='"loss"', ts_ns=1)
    )
    store = await shop.reopen()
    assert store.recover(HERE).halted == "loss"
    await stored(
        store,
        started("r2"),
        StateSaved(strategy_id="_engine", key="halt", value='""', ts_ns=2),
    )
    assert store.recover(HERE).halted == ""


async def test_only_incidents_that_last_are_open(shop):
    store = shop.open()
    await stored(
        store,
        started(),
        incident("r1-1"),
        IncidentClosed(incident_id="r1-1", to_ns=START_NS + 5, healed_by="sweep"),
        incident("r1-2", kind="user_blind", at=START_NS + 1),
        incident("r1-3"),
    )
    await stored(store, IncidentClosed(incident_id="r1-3", to_ns=START_NS + 6, healed_by="x"))
    (row,) = store.recover(HERE).open_incidents
    assert (row.incident_id, row.kind, row.subject) == ("r1-2", "user_blind", "btcusdt@trade")
    assert row.from_ns == START_NS + 1


async def test_every_kind_of_record_is_taken(shop):
    store = shop.open()
    intent = OrderIntended(
        client_order_id="a-1",
        strategy_id="sma",
        run_id="r1",
        symbol="BTCUSDT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(1),
        price=Decimal(2),
        recv_ns=START_NS,
    )
    accepted = OrderAccepted(client_order_id="a-1", venue_order_id=7, ts_ns=1, recv_ns=2)
    await stored(
        store,
        started(),
        OrderSaved(order()),
        OrderEventSaved(client_order_id="a-1", number=1, event=intent, status_after="INTENT"),
        OrderEventSaved(client_order_id="a-1", number=2, event=accepted, status_after="OPEN"),
        RunEnded(run_id="r1", ended_ns=START_NS + 1, outcome="stopped"),
    )
    assert store.recover(HERE).orders == (order(),)


async def test_many_wait_for_their_own_marks_at_once(shop):
    store = shop.open()
    await stored(store, started())
    marks = [store.append([OrderSaved(order(f"a-{n}"))]) for n in range(50)]
    async with asyncio.TaskGroup() as tasks:
        for mark in reversed(marks):
            tasks.create_task(store.durable(mark))
    assert len(store.recover(HERE).orders) == 50


async def test_a_waiter_that_gave_up_disturbs_nobody(shop):
    store = shop.open()
    await stored(store, started())
    mark = store.append([OrderSaved(order())])
    task = asyncio.create_task(store.durable(mark))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await store.durable(mark)


async def test_threads_may_append(shop):
    store = shop.open()
    await stored(store, started())

    def work(number):
        for n in range(20):
            store.append([OrderSaved(order(f"{number}-{n}"))])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    await store.durable(store.append([]))
    assert len(store.recover(HERE).orders) == 80


async def test_close_writes_what_is_queued(shop):
    store = shop.open()
    store.append([started()])
    store.append([OrderSaved(order())])
    store = await shop.reopen()
    assert store.recover(HERE).orders == (order(),)


async def test_after_close_nothing_becomes_durable(shop):
    store = shop.open()
    await stored(store, started())
    await store.close()
    mark = store.append([OrderSaved(order())])
    with pytest.raises(DatabaseError, match="closed"):
        await store.durable(mark)
