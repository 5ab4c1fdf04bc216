"""Migrations go up and down, leave no difference, and are found when installed."""

import shutil
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.domain.errors import DatabaseError
from bot.domain.order import Order
from bot.domain.terms import PLAIN, OrderTerms
from bot.domain.values import OrderType, Side, TimeInForce
from bot.storage import migrate, schema
from bot.storage.connection import normalise_url, writing_engine
from bot.storage.recovery import recover

ROOT = Path(__file__).parents[2]


@pytest.fixture
def look(any_url):
    """Ask a fresh connection something."""
    engine = writing_engine(normalise_url(any_url))

    def ask(question):
        with engine.connect() as connection:
            return question(connection)

    yield ask
    engine.dispose()


def tables(connection):
    found = sa.inspect(connection)
    return {*found.get_table_names(), *found.get_view_names()} - {"alembic_version"}


def test_up_makes_every_table_and_view_and_down_removes_them(any_url, look):
    url = normalise_url(any_url)
    assert look(migrate.is_empty)
    migrate.upgrade(url)
    views = {"v_orders", "v_fills", "v_trades", "v_funding", "v_pnl_daily"}
    assert look(tables) == {*schema.metadata.tables, *views}
    assert look(migrate.current) == migrate.head()
    migrate.downgrade(url, "base")
    assert look(tables) == set()
    migrate.upgrade(url)
    assert look(migrate.current) == migrate.head()


def test_models_and_migrations_agree(any_url, look):
    migrate.upgrade(normalise_url(any_url))
    assert look(migrate.differences) == []


def test_a_column_that_is_missing_is_a_difference(sqlite_url):
    url = normalise_url(sqlite_url)
    migrate.upgrade(url)
    engine = writing_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE notes DROP COLUMN author")
        assert len(migrate.differences(connection)) == 1
    engine.dispose()


def test_a_migration_that_fails_leaves_nothing_behind(any_url, look, tmp_path, monkeypatch):
    scripts = tmp_path / "scripts"
    shutil.copytree(migrate.scripts(), scripts)
    first = scripts / "versions" / "0001_trade_database.py"
    first.write_text(first.read_text() + "\nold = upgrade\ndef upgrade():\n    old()\n    1 / 0\n")
    monkeypatch.setattr(migrate, "scripts", lambda: scripts)
    with pytest.raises(ZeroDivisionError):
        migrate.upgrade(normalise_url(any_url))
    assert look(tables) == set()


def test_an_unknown_revision_is_one_line(sqlite_url):
    with pytest.raises(DatabaseError, match="cannot be migrated to zz"):
        migrate.upgrade(normalise_url(sqlite_url), "zz")


def test_an_installed_wheel_finds_its_migrations(tmp_path):
    """As pip would unpack it: the package alone, with the migrations inside."""
    pytest.importorskip("hatchling")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    shutil.rmtree(site / "migrations", ignore_errors=True)
    code = (
        "from bot.storage import migrate, open\n"
        "open.prepare('sqlite:///installed.db')\n"
        "print(migrate.scripts())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(site)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == str(site / "bot" / "_migrations")


def test_what_was_stored_before_orders_had_terms_is_read_as_plain(any_url, look):
    url = normalise_url(any_url)
    migrate.upgrade(url, "0001")
    columns = (
        "environment, client_order_id, strategy_id, run_id, symbol, side, order_type,"
        " time_in_force, quantity, status, filled, filled_quote, reason,"
        " created_ns, updated_ns, sent_ns, events"
    )
    engine = writing_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO orders ({columns}) VALUES ('e', 'a', 's', 'r', 'BTCUSDT', 'BUY',"
            " 'MARKET', 'GTC', '1', 'FILLED', '1', '100', '', 1, 2, 1, 4)"
        )
    engine.dispose()
    migrate.upgrade(url)
    (order,) = look(lambda connection: recover(connection, "e").recent_orders)
    assert (order.client_order_id, order.terms) == ("a", PLAIN)


def test_terms_come_back_as_they_were_stored(any_url, look):
    terms = OrderTerms(trigger_price=Decimal("0.10"), reduce_only=True, list_id="l-1")
    url = normalise_url(any_url)
    migrate.upgrade(url)
    engine = writing_engine(url)
    with engine.begin() as connection:
        order = Order(
            client_order_id="a",
            strategy_id="s",
            run_id="r",
            symbol="BTCUSDT",
            side=Side.SELL,
            order_type=OrderType.STOP_MARKET,
            time_in_force=TimeInForce.GTC,
            quantity=Decimal(1),
            price=None,
            terms=terms,
        )
        row = {name: getattr(order, name) for name in Order.__struct_fields__}
        connection.execute(schema.orders.insert().values(environment="e", **row))
    engine.dispose()
    (found,) = look(lambda connection: recover(connection, "e").orders)
    assert found == order
    shown = look(lambda c: c.exec_driver_sql("SELECT terms FROM v_orders").scalar_one())
    assert shown == '{"trigger_price":"0.10","reduce_only":true,"list_id":"l-1"}'
