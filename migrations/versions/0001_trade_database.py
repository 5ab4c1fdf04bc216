"""The trade database: runs, orders, fills and what explains them.

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op

from bot.storage import views
from bot.storage.types import ExactDecimal, RowId

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('balances',
    sa.Column('environment', sa.Text(), nullable=False),
    sa.Column('asset', sa.Text(), nullable=False),
    sa.Column('ts_ns', sa.BigInteger(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('free', ExactDecimal(), nullable=False),
    sa.Column('locked', ExactDecimal(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('environment', 'asset', 'ts_ns', name=op.f('pk_balances'))
    )
    op.create_table('equity',
    sa.Column('environment', sa.Text(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('strategy_id', sa.Text(), nullable=False),
    sa.Column('symbol', sa.Text(), nullable=False),
    sa.Column('ts_ns', sa.BigInteger(), nullable=False),
    sa.Column('position', ExactDecimal(), nullable=False),
    sa.Column('price', ExactDecimal()),
    sa.Column('realised', ExactDecimal(), nullable=False),
    sa.Column('unrealised', ExactDecimal(), nullable=False),
    sa.Column('fees', ExactDecimal(), nullable=False),
    sa.PrimaryKeyConstraint('run_id', 'strategy_id', 'symbol', 'ts_ns', name=op.f('pk_equity'))
    )
    op.create_index(op.f('ix_equity_strategy_id_symbol_ts_ns'), 'equity', ['strategy_id', 'symbol', 'ts_ns'])
    op.create_index(op.f('ix_equity_ts_ns'), 'equity', ['ts_ns'])
    op.create_table('fills',
    sa.Column('id', RowId, nullable=False),
    sa.Column('environment', sa.Text(), nullable=False),
    sa.Column('symbol', sa.Text(), nullable=False),
    sa.Column('trade_id', sa.BigInteger(), nullable=False),
    sa.Column('client_order_id', sa.Text(), nullable=False),
    sa.Column('venue_order_id', sa.BigInteger(), nullable=False),
    sa.Column('strategy_id', sa.Text(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('side', sa.Text(), nullable=False),
    sa.Column('price', ExactDecimal(), nullable=False),
    sa.Column('quantity', ExactDecimal(), nullable=False),
    sa.Column('notional', ExactDecimal(), nullable=False),
    sa.Column('commission', ExactDecimal(), nullable=False),
    sa.Column('commission_asset', sa.Text(), nullable=False),
    sa.Column('fee_quote', ExactDecimal()),
    sa.Column('realised_quote', ExactDecimal(), nullable=False),
    sa.Column('position_after', ExactDecimal(), nullable=False),
    sa.Column('maker', sa.Boolean(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('ts_ns', sa.BigInteger(), nullable=False),
    sa.Column('recv_ns', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_fills')),
    sa.UniqueConstraint('environment', 'symbol', 'trade_id', 'side', name=op.f('uq_fills_environment_symbol_trade_id_side'))
    )
    op.create_index(op.f('ix_fills_environment_client_order_id'), 'fills', ['environment', 'client_order_id'])
    op.create_index(op.f('ix_fills_strategy_id_ts_ns'), 'fills', ['strategy_id', 'ts_ns'])
    op.create_index(op.f('ix_fills_symbol_ts_ns'), 'fills', ['symbol', 'ts_ns'])
    op.create_index(op.f('ix_fills_ts_ns'), 'fills', ['ts_ns'])
    op.create_table('incidents',
    sa.Column('incident_id', sa.Text(), nullable=False),
    sa.Column('environment', sa.Text(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('severity', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('from_ns', sa.BigInteger(), nullable=False),
    sa.Column('to_ns', sa.BigInteger()),
    sa.Column('healed_by', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('incident_id', name=op.f('pk_incidents'))
    )
    op.create_index(op.f('ix_incidents_environment_to_ns'), 'incidents', ['environment', 'to_ns'])
    op.create_index(op.f('ix_incidents_from_ns'), 'incidents', ['from_ns'])
    op.create_index(op.f('ix_incidents_kind_from_ns'), 'incidents', ['kind', 'from_ns'])
    op.create_index(op.f('ix_incidents_subject'), 'incidents', ['subject'])
    op.create_table('notes',
    sa.Column('id', RowId, nullable=False),
    sa.Column('about', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('author', sa.Text(), nullable=False),
    sa.Column('created_ns', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notes'))
    )
    op.create_index(op.f('ix_notes_about_subject'), 'notes', ['about', 'subject'])
    op.create_index(op.f('ix_notes_created_ns'), 'notes', ['created_ns'])
    op.create_table('order_events',
    sa.Column('id', RowId, nullable=False),
    sa.Column('environment', sa.Text(), nullable=False),
    sa.Column('client_order_id', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('status_after', sa.Text(), nullable=False),
    sa.Column('cause', sa.Text(), nullable=False),
    sa.Column('ts_ns', sa.BigInteger()),
    sa.Column('recv_ns', sa.BigInteger(), nullable=False),
    sa.Column('payload', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_events')),
    sa.UniqueConstraint('environment', 'client_order_id', 'number', name=op.f('uq_order_events_environment_client_order_id_number'))
    )
    op.create_index(op.f('ix_order_events_recv_ns'), 'order_events', ['recv_ns'])
    op.create_table('orders',
    sa.Column('environment', sa.Text(), nullable=False),
    sa.Column('client_order_id', sa.Text(), nullable=False),
    sa.Column('venue_order_id', sa.BigInteger()),
    sa.Column('strategy_id', sa.Text(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('symbol', sa.Text(), nullable=False),
    sa.Column('side', sa.Text(), nullable=False),
    sa.Column('order_type', sa.Text(), nullable=False),
    sa.Column('time_in_force', sa.Text(), nullable=False),
    sa.Column('quantity', ExactDecimal(), nullable=False),
    sa.Column('price', ExactDecimal()),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('filled', ExactDecimal(), nullable=False),
    sa.Column('filled_quote', ExactDecimal(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('created_ns', sa.BigInteger(), nullable=False),
    sa.Column('updated_ns', sa.BigInteger(), nullable=False),
    sa.Column('sent_ns', sa.BigInteger(), nullable=False),
    sa.Column('events', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('environment', 'client_order_id', name=op.f('pk_orders'))
    )
    op.create_index(op.f('ix_orders_created_ns'), 'orders', ['created_ns'])
    op.create_index(op.f('ix_orders_environment_status'), 'orders', ['environment', 'status'])
    op.create_index(op.f('ix_orders_environment_updated_ns'), 'orders', ['environment', 'updated_ns'])
    op.create_index(op.f('ix_orders_strategy_id_created_ns'), 'orders', ['strategy_id', 'created_ns'])
    op.create_index(op.f('ix_orders_symbol_created_ns'), 'orders', ['symbol', 'created_ns'])
    op.create_index(op.f('ix_orders_venue_order_id'), 'orders', ['venue_order_id'])
    op.create_table('runs',
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('environment', sa.Text(), nullable=False),
    sa.Column('venue', sa.Text(), nullable=False),
    sa.Column('market', sa.Text(), nullable=False),
    sa.Column('code_version', sa.Text(), nullable=False),
    sa.Column('settings_digest', sa.Text(), nullable=False),
    sa.Column('strategies', sa.Text(), nullable=False),
    sa.Column('symbols', sa.Text(), nullable=False),
    sa.Column('started_ns', sa.BigInteger(), nullable=False),
    sa.Column('ended_ns', sa.BigInteger()),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('run_id', name=op.f('pk_runs'))
    )
    op.create_index(op.f('ix_runs_environment_started_ns'), 'runs', ['environment', 'started_ns'])
    op.create_table('strategy_state',
    sa.Column('environment', sa.Text(), nullable=False),
    sa.Column('strategy_id', sa.Text(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('ts_ns', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('environment', 'strategy_id', 'key', name=op.f('pk_strategy_state'))
    )
    connection = op.get_bind()
    for name, query in views.revision_0001(connection.dialect.name).items():
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {query}")


def downgrade() -> None:
    connection = op.get_bind()
    for name in views.revision_0001(op.get_bind().dialect.name):
        connection.exec_driver_sql(f"DROP VIEW {name}")
    for table in ('strategy_state', 'runs', 'orders', 'order_events', 'notes', 'incidents', 'fills', 'equity', 'balances'):
        op.drop_table(table)
