from decimal import Decimal

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, create_engine, select
from sqlalchemy.dialects import sqlite

from bot.storage.prepared import Prepared
from bot.storage.types import ExactDecimal, JsonText

COINS = Table(
    "coins",
    MetaData(),
    Column("name", Text, primary_key=True),
    Column("amount", ExactDecimal),
    Column("detail", JsonText),
    Column("number", Integer, server_default="7"),
)


@pytest.fixture
def purse():
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        COINS.metadata.create_all(connection)
        yield connection
    engine.dispose()


def put(connection, *rows):
    once = sqlite.insert(COINS).on_conflict_do_nothing(index_elements=["name"])
    return Prepared(once, COINS, list(rows[0]), connection.dialect).execute(connection, rows)


@pytest.mark.parametrize("count", [1, 3])
def test_rows_come_out_as_they_went_in_and_absent_columns_have_their_default(purse, count):
    amounts = [Decimal("0.000000000000000001") + number for number in range(count)]
    # The order of the keys is no order of the columns.
    rows = [
        {"detail": {"n": number}, "name": str(number), "amount": amount}
        for number, amount in enumerate(amounts)
    ]
    assert put(purse, *rows).rowcount == count
    stored = purse.execute(select(COINS).order_by(COINS.c.name)).all()
    assert stored == [(str(n), amount, {"n": n}, 7) for n, amount in enumerate(amounts)]


def test_a_row_that_is_there_already_is_left(purse):
    for amount in ("1", "2"):
        put(purse, {"name": "a", "amount": Decimal(amount)})
    assert purse.execute(select(COINS.c.amount)).scalar_one() == 1


def test_what_a_type_refuses_is_refused(purse):
    with pytest.raises(TypeError, match="money is stored from Decimal only"):
        put(purse, {"name": "a", "amount": 0.5})
