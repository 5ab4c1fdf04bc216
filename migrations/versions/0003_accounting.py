"""Contracts, funding and late fees in the books: instruments, funding, hedge sides.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

from bot.storage import views
from bot.storage.types import ExactDecimal, RowId

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_VIEWS = ("v_pnl_daily", "v_trades", "v_fills")


def upgrade() -> None:
    connection = op.get_bind()
    for name in _VIEWS:
        connection.exec_driver_sql(f"DROP VIEW {name}")
    op.add_column("fills", sa.Column("fee_valued_ns", sa.BigInteger()))
    side = sa.Column("position_side", sa.Text(), nullable=False, server_default="BOTH")
    op.add_column("fills", side)
    funding = sa.Column("funding", ExactDecimal(), nullable=False, server_default="0")
    op.add_column("equity", funding)
    _make_funding()
    _make_instruments()
    for name, query in views.revision_0003(connection.dialect.name).items():
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {query}")


def downgrade() -> None:
    connection = op.get_bind()
    for name in (*_VIEWS, "v_funding"):
        connection.exec_driver_sql(f"DROP VIEW {name}")
    op.drop_column("fills", "fee_valued_ns")
    op.drop_column("fills", "position_side")
    op.drop_column("equity", "funding")
    op.drop_table("instruments")
    op.drop_table("funding")
    first = views.revision_0001(connection.dialect.name)
    for name in reversed(_VIEWS):
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {first[name]}")


def _make_funding() -> None:
    unique = ("environment", "occasion", "strategy_id", "position_side")
    op.create_table(
        "funding",
        sa.Column("id", RowId, nullable=False),
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("payment", ExactDecimal(), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.Column("strategy_id", sa.Text(), nullable=False),
        sa.Column("position_side", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("ts_ns", sa.BigInteger(), nullable=False),
        sa.Column("recv_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funding")),
        sa.UniqueConstraint(*unique, name=op.f(f"uq_funding_{'_'.join(unique)}")),
    )
    op.create_index(op.f("ix_funding_ts_ns"), "funding", ["ts_ns"])
    op.create_index(op.f("ix_funding_strategy_id_ts_ns"), "funding", ["strategy_id", "ts_ns"])


def _make_instruments() -> None:
    op.create_table(
        "instruments",
        sa.Column("environment", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("market", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("pnl_asset", sa.Text(), nullable=False),
        sa.Column("contract_size", ExactDecimal(), nullable=False),
        sa.Column("inverse", sa.Boolean(), nullable=False),
        sa.Column("tick_size", ExactDecimal(), nullable=False),
        sa.Column("step_size", ExactDecimal(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("seen_ns", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("environment", "symbol", name=op.f("pk_instruments")),
    )
