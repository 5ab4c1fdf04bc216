"""The views give the same answers on both databases, and in a client that knows nothing of us."""

import contextlib
import sqlite3
from decimal import Decimal

import pytest
import sqlalchemy as sa

from bot.domain.values import Side
from bot.storage.connection import file_of, normalise_url


@contextlib.contextmanager
def plain_client(url):
    """Any SQL client: on SQLite one without our functions."""
    parsed = normalise_url(url)
    path = file_of(parsed)
    if path is not None:
        engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(path))
    else:
        engine = sa.create_engine(parsed, poolclass=sa.NullPool)
    with engine.connect() as connection:
        yield lambda query: connection.execute(sa.text(query)).mappings().all()
    engine.dispose()


def trip(row):
    money = [Decimal(row[name]) for name in ("realised_quote", "fees_quote", "net_quote")]
    return row["trade"], row["direction"], row["status"], row["fills"], row["peak_quantity"], *money


@pytest.fixture
async def trips(any_url, ledger, fill_database):
    async def read(*lives):
        await fill_database(any_url, ledger.run(), *(r for life in lives for r in life))
        with plain_client(any_url) as query:
            return [trip(row) for row in query("SELECT * FROM v_trades ORDER BY trade")]

    return read


async def test_a_trip_goes_from_flat_to_flat(trips, ledger):
    found = await trips(
        ledger.life("a", fills=[("0.4", "100"), ("0.6", "101")]),
        ledger.life("b", Side.SELL, fills=[("1", "103")]),
        ledger.life("c", fills=[("1", "90")]),
    )
    assert found == [
        (1, "LONG", "CLOSED", 3, 1.0, Decimal("2.4"), Decimal("0.3"), Decimal("2.1")),
        (2, "LONG", "OPEN", 1, 1.0, Decimal(0), Decimal("0.1"), Decimal("-0.1")),
    ]


async def test_a_fill_across_zero_ends_one_trip_and_begins_the_next(trips, ledger):
    found = await trips(
        ledger.life("a", fills=[("1", "100")]),
        ledger.life("b", Side.SELL, quantity="3", fills=[("3", "110")]),
        ledger.life("c", quantity="2", fills=[("2", "111")]),
    )
    assert found == [
        (1, "LONG", "CLOSED", 2, 1.0, Decimal(10), Decimal("0.2"), Decimal("9.8")),
        (2, "SHORT", "CLOSED", 2, 2.0, Decimal(-2), Decimal("0.1"), Decimal("-2.1")),
    ]


async def test_dust_of_a_fee_in_the_base_asset_does_not_keep_a_trip_open(trips, ledger):
    found = await trips(
        ledger.life("a", fills=[("1", "100")], fee="0.001", fee_asset="BTC"),
        ledger.life("b", Side.SELL, fills=[("0.99", "110")], fee="0"),
        ledger.life("c", fills=[("1", "100")], fee="0"),
    )
    assert [(row[0], row[2], row[3]) for row in found] == [(1, "CLOSED", 2), (2, "OPEN", 1)]


async def test_the_last_part_of_a_closing_order_belongs_to_its_trip(trips, ledger):
    found = await trips(
        ledger.life("a", fills=[("1", "100")]),
        ledger.life("b", Side.SELL, fills=[("0.995", "110"), ("0.005", "110")]),
    )
    assert [(row[0], row[2], row[3]) for row in found] == [(1, "CLOSED", 3)]


async def test_days_add_up_exactly(any_url, ledger, fill_database):
    lives = [
        *ledger.life("a", quantity="1", fills=[("1", "1000000000000.1")], fee="0.00000001"),
        *ledger.life("b", Side.SELL, quantity="1", fills=[("1", "999999999999.9")], fee="0"),
    ]
    await fill_database(any_url, ledger.run(), *lives)
    with plain_client(any_url) as query:
        (row,) = query("SELECT * FROM v_pnl_daily")
    assert row["day"] == "2023-11-14"
    assert (row["strategy_id"], row["symbol"], row["fills"]) == ("sma", "BTCUSDT", 2)
    assert Decimal(row["volume_quote"]) == 2_000_000_000_000
    assert Decimal(row["realised_quote"]) == Decimal("-0.2")
    assert Decimal(row["fees_quote"]) == Decimal("0.00000001")
    assert Decimal(row["net_quote"]) == Decimal("-0.20000001")


@pytest.mark.parametrize(
    "value", ["0", "-0.4", "-1", "0.6", "-1.6", "12", "100", "-0.000000000001"]
)
def test_sums_in_views_have_the_right_sign_and_digits(value):
    from bot.storage.views import _Sqlite

    sql = _Sqlite()
    parts, total = sql.parts("x", "y", "net"), sql.total("net")
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (x TEXT, y TEXT)")
    # value = (value + 1.5) - 1.5, over two rows, one of them without a fee.
    rows = [(format(Decimal(value) + 1, "f"), "1.5"), ("0.5", None)]
    connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
    (found,) = connection.execute(f"SELECT {total} FROM (SELECT {parts} FROM t)").fetchone()
    connection.close()
    assert found == format(Decimal(value), "f")


async def test_orders_and_fills_read_like_a_ledger(any_url, ledger, fill_database):
    await fill_database(
        any_url, ledger.run(), *ledger.life("a", fills=[("0.5", "100"), ("0.5", "102")])
    )
    with plain_client(any_url) as query:
        (order,) = query("SELECT * FROM v_orders")
        fills = query("SELECT * FROM v_fills ORDER BY trade_id")
    assert (order["status"], order["average_price"]) == ("FILLED", 101.0)
    assert order["created"] == "2023-11-14 22:13:22.000"
    assert [fill["time"][-12:] for fill in fills] == ["22:13:25.000", "22:13:26.000"]
