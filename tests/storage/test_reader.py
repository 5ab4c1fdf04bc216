"""Typed rows, filtered, while the bot writes."""

from decimal import Decimal

import pytest

from bot.domain.errors import DatabaseError
from bot.domain.events import Balance, OrderFilled, OrderIntended
from bot.domain.records import BalanceSaved, EquitySaved, IncidentOpened
from bot.domain.values import OrderStatus, Side
from bot.storage.connection import reading_engine
from bot.storage.open import downgrade, open_store, prepare
from bot.storage.reader import Filter, TradeReader


@pytest.fixture
async def reader(any_url, ledger, fill_database):
    records = [ledger.run()]
    records += ledger.life("a", fills=[("1", "100")])
    records += ledger.life("b", Side.SELL, fills=[("1", "110")])
    records += ledger.life("c", symbol="ETHUSDT", strategy_id="quoting")
    incident = IncidentOpened(
        incident_id="r1-1",
        run_id="r1",
        kind="late_fill",
        severity="info",
        subject="b",
        cause="x",
        from_ns=ledger.tick(),
    )
    amount = Balance("USDT", Decimal("1000.00000001"), Decimal(0))
    money = BalanceSaved(run_id="r1", balance=amount, ts_ns=ledger.now_ns, source="stream")
    equity = EquitySaved(
        run_id="r1",
        strategy_id="sma",
        symbol="*",
        position=Decimal(0),
        price=None,
        realised=Decimal(10),
        unrealised=Decimal(0),
        fees=Decimal("0.2"),
        ts_ns=ledger.now_ns,
    )
    await fill_database(any_url, *records, incident, money, equity, ledger.ended())
    with TradeReader(any_url) as reader:
        yield reader


def ids(rows):
    return [row.order.client_order_id for row in rows]


async def test_orders_come_oldest_first_and_filtered(reader):
    assert ids(reader.orders()) == ["a", "b", "c"]
    assert ids(reader.orders(Filter(strategy="quoting"))) == ["c"]
    assert ids(reader.orders(Filter(symbol="BTCUSDT"))) == ["a", "b"]
    assert ids(reader.orders(Filter(status="OPEN"))) == ["c"]
    assert ids(reader.orders(Filter(limit=2))) == ["b", "c"]
    middle = reader.order("b").row.order.created_ns
    assert ids(reader.orders(Filter(from_ns=middle))) == ["b", "c"]
    assert ids(reader.orders(Filter(to_ns=middle))) == ["a"]
    assert ids(reader.orders(Filter(environment="elsewhere"))) == []


async def test_an_order_brings_its_whole_story(reader):
    history = reader.order("b")
    assert history.row.order.status is OrderStatus.FILLED
    assert [event.number for event in history.events] == [1, 2, 3, 4]
    first, last = history.events[0], history.events[-1]
    assert isinstance(first.event, OrderIntended)
    assert (first.ts_ns, first.cause, first.status_after) == (None, "bar", "INTENT")
    assert isinstance(last.event, OrderFilled)
    assert last.ts_ns == last.event.fill.ts_ns
    assert last.event.fill == history.fills[0].fill
    assert history.fills[0].realised_quote == Decimal(10)
    assert [incident.kind for incident in history.incidents] == ["late_fill"]


async def test_an_order_that_is_not_there_is_none(reader):
    assert reader.order("nobody") is None
    assert reader.order("a", environment="elsewhere") is None


async def test_totals_are_exact_sums_of_fills(reader):
    (total,) = reader.totals()
    assert (total.strategy_id, total.symbol, total.fills) == ("sma", "BTCUSDT", 2)
    assert (total.volume, total.realised, total.fees) == (
        Decimal(210),
        Decimal(10),
        Decimal("0.2"),
    )


async def test_the_other_tables_are_typed_rows(reader):
    (run,) = reader.runs()
    assert (run.strategies, run.symbols) == ({"sma": {"version": "1"}}, ("BTCUSDT",))
    assert run.outcome == "stopped"
    assert run.ended_ns > run.started_ns
    (incident,) = reader.incidents(kind="late_fill")
    assert (incident.subject, incident.to_ns) == ("b", None)
    assert reader.incidents(Filter(symbol="BTCUSDT")) == []
    (balance,) = reader.balances(asset="USDT")
    assert balance.free == Decimal("1000.00000001")
    (equity,) = reader.equity(Filter(strategy="sma"))
    assert (equity.price, equity.realised) == (None, Decimal(10))
    assert reader.notes() == []
    assert [row.fill.trade_id for row in reader.fills(Filter(limit=1))] == [2]


async def test_a_limit_below_one_is_refused(reader):
    with pytest.raises(DatabaseError, match="limit must be at least 1"):
        reader.fills(Filter(limit=0))


async def test_reading_while_the_bot_writes(any_url, ledger):
    prepare(any_url)
    store = open_store(any_url)
    with TradeReader(any_url) as reader:
        assert reader.orders() == []
        await store.durable(store.append([ledger.run(), *ledger.life("a")]))
        assert ids(reader.orders()) == ["a"]
    await store.close()


def test_a_missing_database_is_one_line(sqlite_url, tmp_path):
    with pytest.raises(DatabaseError, match="there is no database"):
        TradeReader(sqlite_url)
    assert list(tmp_path.iterdir()) == []


async def test_a_reader_cannot_write(reader):
    import sqlalchemy as sa

    with pytest.raises(sa.exc.DBAPIError), reader._engine.connect() as connection:
        connection.exec_driver_sql("DELETE FROM notes")


def test_a_refused_database_is_let_go(sqlite_url, monkeypatch):
    prepare(sqlite_url)
    downgrade(sqlite_url, "base")
    engines = []

    def kept(url):
        engines.append(reading_engine(url))
        return engines[0]

    monkeypatch.setattr("bot.storage.reader.reading_engine", kept)
    with pytest.raises(DatabaseError, match="has no tables yet"):
        TradeReader(sqlite_url)
    assert engines[0].pool.checkedin() == engines[0].pool.checkedout() == 0
