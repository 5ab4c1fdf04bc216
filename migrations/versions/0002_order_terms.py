"""Orders say more than side, type, quantity and price: trigger prices, lists, reduce-only.

Revision: 0002, after 0001
"""

import sqlalchemy as sa
from alembic import op

from bot.storage import views

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("terms", sa.Text()))
    for name in ("triggered", "cancel_requested"):
        column = sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        op.add_column("orders", column)
    _replace_views(views.revision_0002)


def downgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql("DROP VIEW v_orders")
    for name in ("terms", "triggered", "cancel_requested"):
        op.drop_column("orders", name)
    first = views.revision_0001(connection.dialect.name)
    connection.exec_driver_sql(f"CREATE VIEW v_orders AS {first['v_orders']}")


def _replace_views(revision) -> None:
    connection = op.get_bind()
    for name, query in revision(connection.dialect.name).items():
        connection.exec_driver_sql(f"DROP VIEW {name}")
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {query}")
