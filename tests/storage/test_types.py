"""What goes into a column comes out equal, on SQLite and on PostgreSQL."""

import sqlite3
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.values import Side
from bot.storage.connection import normalise_url, writing_engine
from bot.storage.types import EnumName, ExactDecimal, JsonText, Nanoseconds, decimal_sum

TABLE = sa.Table(
    "samples",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("money", ExactDecimal),
    sa.Column("side", EnumName(Side)),
    sa.Column("data", JsonText),
    sa.Column("at", Nanoseconds),
)
MONEY = st.decimals(allow_nan=False, allow_infinity=False, places=None).filter(
    lambda d: d == 0 or -30 < d.adjusted() < 30
)


@pytest.fixture
def samples(any_url):
    engine = writing_engine(normalise_url(any_url))
    with engine.begin() as connection:
        TABLE.create(connection)
    yield engine
    engine.dispose()


def put(engine, *values):
    with engine.begin() as connection:
        connection.execute(TABLE.delete())
        connection.execute(TABLE.insert(), [{"money": value} for value in values])


def money(engine):
    with engine.connect() as connection:
        return connection.execute(sa.select(TABLE.c.money).order_by(TABLE.c.id)).scalars().all()


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.lists(MONEY, min_size=1, max_size=20))
def test_money_comes_out_as_it_went_in(samples, values):
    put(samples, *values)
    assert money(samples) == values


@pytest.mark.parametrize(
    "text", ["0.00000001", "1E-8", "1E+12", "1234567890123.123456789012345678", "-0.1", "0E-18"]
)
def test_sizes_that_exchanges_use_are_exact(samples, text):
    put(samples, Decimal(text))
    assert money(samples) == [Decimal(text)]


def test_an_average_with_all_its_digits_is_not_rounded(samples):
    third = Decimal(1) / Decimal(3)
    put(samples, third)
    assert money(samples) == [third]


def test_sums_are_exact(samples):
    put(samples, *[Decimal("0.1")] * 3, Decimal("1E+30"), Decimal("1E-18"))
    with samples.connect() as connection:
        total = connection.execute(sa.select(decimal_sum(TABLE.c.money))).scalar_one()
    assert total == Decimal("1000000000000000000000000000000.300000000000000001")


def test_the_sum_of_no_rows_is_none(samples):
    with samples.connect() as connection:
        total = connection.execute(
            sa.select(decimal_sum(TABLE.c.money)).where(TABLE.c.id < 0)
        ).scalar_one()
    assert total in (None, Decimal(0))


@pytest.mark.parametrize("value", [0.1, 1, "0.1"])
def test_only_decimals_are_money(samples, value):
    with pytest.raises(sa.exc.StatementError, match="Decimal only"):
        put(samples, value)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "sNaN"])
def test_money_is_finite(samples, value):
    with pytest.raises(sa.exc.StatementError, match="finite"):
        put(samples, Decimal(value))


def test_enumerations_json_and_nanoseconds_come_out_as_they_went_in(samples):
    row = {"side": Side.SELL, "data": {"a": ["b", 1]}, "at": 2**62, "money": None}
    with samples.begin() as connection:
        connection.execute(TABLE.insert(), [row])
        found = connection.execute(sa.select(TABLE)).one()
    assert (found.side, found.data, found.at, found.money) == (
        Side.SELL,
        {"a": ["b", 1]},
        2**62,
        None,
    )
    assert isinstance(found.side, Side)


def test_a_word_that_is_no_member_is_refused(samples):
    with samples.connect() as connection, pytest.raises(sa.exc.StatementError):
        connection.execute(TABLE.insert(), [{"side": "SIDEWAYS"}])


def test_sqlite_keeps_money_as_fixed_text(sqlite_url):
    url = normalise_url(sqlite_url)
    engine = writing_engine(url)
    with engine.begin() as connection:
        TABLE.create(connection)
        connection.execute(TABLE.insert(), [{"money": Decimal("1E-8")}])
    engine.dispose()
    plain = sqlite3.connect(url.database)
    assert plain.execute("SELECT money, typeof(money) FROM samples").fetchone() == (
        "0.00000001",
        "text",
    )
    plain.close()
