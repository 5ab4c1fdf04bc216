"""The tables of the trade database.

There are no foreign keys, on purpose: a row that tells of money is never refused because
another row is missing. ``bot db verify`` finds what does not fit together.

``environment`` says which account on which exchange; ids of orders and trades mean
something only within it. All times are nanoseconds UTC.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from bot.domain.instrument import Instrument
from bot.domain.terms import OrderTerms, PositionSide
from bot.domain.values import Market, OrderStatus, OrderType, Side, TimeInForce
from bot.storage.types import EnumName, ExactDecimal, JsonText, Nanoseconds, RowId, StructText

__all__ = [
    "balances",
    "equity",
    "fills",
    "funding",
    "incidents",
    "instruments",
    "metadata",
    "notes",
    "order_events",
    "orders",
    "runs",
    "strategy_state",
]

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

runs: Final = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("environment", Text, nullable=False),
    Column("venue", Text, nullable=False),
    Column("market", Text, nullable=False),
    Column("code_version", Text, nullable=False),
    Column("settings_digest", Text, nullable=False),
    # Strategy id -> its version and parameters.
    Column("strategies", JsonText, nullable=False),
    Column("symbols", JsonText, nullable=False),
    Column("started_ns", Nanoseconds, nullable=False),
    # NULL: still running, or killed.
    Column("ended_ns", Nanoseconds),
    Column("outcome", Text, nullable=False),
    Index(None, "environment", "started_ns"),
)

orders: Final = Table(
    "orders",
    metadata,
    Column("environment", Text, nullable=False),
    Column("client_order_id", Text, nullable=False),
    Column("venue_order_id", BigInteger),
    Column("strategy_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("side", EnumName(Side), nullable=False),
    Column("order_type", EnumName(OrderType), nullable=False),
    Column("time_in_force", EnumName(TimeInForce), nullable=False),
    # Base units.
    Column("quantity", ExactDecimal, nullable=False),
    # Quote units; NULL for a market order.
    Column("price", ExactDecimal),
    Column("status", EnumName(OrderStatus), nullable=False),
    Column("filled", ExactDecimal, nullable=False),
    Column("filled_quote", ExactDecimal, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_ns", Nanoseconds, nullable=False),
    Column("updated_ns", Nanoseconds, nullable=False),
    # 0: never handed to the network.
    Column("sent_ns", Nanoseconds, nullable=False),
    # How many rows order_events has for it.
    Column("events", Integer, nullable=False),
    # Trigger price, list and the like as JSON; NULL: nothing but what stands above.
    Column("terms", StructText(OrderTerms)),
    # A conditional order that was set off.
    Column("triggered", Boolean, nullable=False, server_default=false()),
    Column("cancel_requested", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("environment", "client_order_id"),
    Index(None, "environment", "status"),
    Index(None, "created_ns"),
    Index(None, "strategy_id", "created_ns"),
    Index(None, "symbol", "created_ns"),
    Index(None, "venue_order_id"),
    Index(None, "environment", "updated_ns"),
)

order_events: Final = Table(
    "order_events",
    metadata,
    # The order in which rows were committed.
    Column("id", RowId, primary_key=True),
    Column("environment", Text, nullable=False),
    Column("client_order_id", Text, nullable=False),
    # From 1 without holes, for each order.
    Column("number", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status_after", Text, nullable=False),
    Column("cause", Text, nullable=False),
    # The exchange's time; NULL if the event is our own.
    Column("ts_ns", Nanoseconds),
    Column("recv_ns", Nanoseconds, nullable=False),
    # The whole event as JSON, with its kind under "type".
    Column("payload", Text, nullable=False),
    UniqueConstraint("environment", "client_order_id", "number"),
    Index(None, "recv_ns"),
)

fills: Final = Table(
    "fills",
    metadata,
    # The order in which they reached us, which is the order of the positions' fold.
    Column("id", RowId, primary_key=True),
    Column("environment", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("trade_id", BigInteger, nullable=False),
    Column("client_order_id", Text, nullable=False),
    Column("venue_order_id", BigInteger, nullable=False),
    Column("strategy_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("side", EnumName(Side), nullable=False),
    Column("price", ExactDecimal, nullable=False),
    Column("quantity", ExactDecimal, nullable=False),
    # Price times quantity, quote units.
    Column("notional", ExactDecimal, nullable=False),
    Column("commission", ExactDecimal, nullable=False),
    Column("commission_asset", Text, nullable=False),
    # The commission in the symbol's PnL asset; NULL while no price is known.
    Column("fee_quote", ExactDecimal),
    # When it was valued, if not at the time of the fill but later.
    Column("fee_valued_ns", Nanoseconds),
    # Quote units, before fees.
    Column("realised_quote", ExactDecimal, nullable=False),
    # Base units that the strategy held after it.
    Column("position_after", ExactDecimal, nullable=False),
    # LONG or SHORT in hedge mode.
    Column("position_side", EnumName(PositionSide), nullable=False, server_default="BOTH"),
    Column("maker", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("ts_ns", Nanoseconds, nullable=False),
    Column("recv_ns", Nanoseconds, nullable=False),
    # With the side: a match of two orders of this account is two fills.
    UniqueConstraint("environment", "symbol", "trade_id", "side"),
    Index(None, "environment", "client_order_id"),
    Index(None, "ts_ns"),
    Index(None, "strategy_id", "ts_ns"),
    Index(None, "symbol", "ts_ns"),
)

funding: Final = Table(
    "funding",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("environment", Text, nullable=False),
    # Names the payment, however often it is told.
    Column("occasion", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("asset", Text, nullable=False),
    # What the account received (below 0: paid), and this strategy's part of it.
    Column("payment", ExactDecimal, nullable=False),
    Column("amount", ExactDecimal, nullable=False),
    Column("strategy_id", Text, nullable=False),
    Column("position_side", EnumName(PositionSide), nullable=False),
    Column("run_id", Text, nullable=False),
    # -1: the stream told of it, which gives no id.
    Column("transaction_id", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("ts_ns", Nanoseconds, nullable=False),
    Column("recv_ns", Nanoseconds, nullable=False),
    UniqueConstraint("environment", "occasion", "strategy_id", "position_side"),
    Index(None, "ts_ns"),
    Index(None, "strategy_id", "ts_ns"),
)

instruments: Final = Table(
    "instruments",
    metadata,
    Column("environment", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("market", EnumName(Market), nullable=False),
    Column("base", Text, nullable=False),
    Column("quote", Text, nullable=False),
    # The asset that profit, loss and fees are counted in.
    Column("pnl_asset", Text, nullable=False),
    Column("contract_size", ExactDecimal, nullable=False),
    Column("inverse", Boolean, nullable=False),
    Column("tick_size", ExactDecimal, nullable=False),
    Column("step_size", ExactDecimal, nullable=False),
    # All of it, as JSON.
    Column("rules", StructText(Instrument), nullable=False),
    Column("seen_ns", Nanoseconds, nullable=False),
    PrimaryKeyConstraint("environment", "symbol"),
)

balances: Final = Table(
    "balances",
    metadata,
    Column("environment", Text, nullable=False),
    Column("asset", Text, nullable=False),
    Column("ts_ns", Nanoseconds, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("free", ExactDecimal, nullable=False),
    Column("locked", ExactDecimal, nullable=False),
    Column("source", Text, nullable=False),
    PrimaryKeyConstraint("environment", "asset", "ts_ns"),
)

equity: Final = Table(
    "equity",
    metadata,
    Column("environment", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("strategy_id", Text, nullable=False),
    # "*" sums over a strategy's symbols in one quote asset.
    Column("symbol", Text, nullable=False),
    Column("ts_ns", Nanoseconds, nullable=False),
    Column("position", ExactDecimal, nullable=False),
    Column("price", ExactDecimal),
    Column("realised", ExactDecimal, nullable=False),
    Column("unrealised", ExactDecimal, nullable=False),
    Column("fees", ExactDecimal, nullable=False),
    Column("funding", ExactDecimal, nullable=False, server_default="0"),
    PrimaryKeyConstraint("run_id", "strategy_id", "symbol", "ts_ns"),
    Index(None, "ts_ns"),
    Index(None, "strategy_id", "symbol", "ts_ns"),
)

incidents: Final = Table(
    "incidents",
    metadata,
    Column("incident_id", Text, primary_key=True),
    Column("environment", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("from_ns", Nanoseconds, nullable=False),
    # NULL while it lasts.
    Column("to_ns", Nanoseconds),
    Column("healed_by", Text, nullable=False),
    Index(None, "from_ns"),
    Index(None, "kind", "from_ns"),
    Index(None, "subject"),
    Index(None, "environment", "to_ns"),
)

strategy_state: Final = Table(
    "strategy_state",
    metadata,
    Column("environment", Text, nullable=False),
    # "_engine" is the engine's own.
    Column("strategy_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    # JSON.
    Column("value", Text, nullable=False),
    Column("ts_ns", Nanoseconds, nullable=False),
    PrimaryKeyConstraint("environment", "strategy_id", "key"),
)

notes: Final = Table(
    "notes",
    metadata,
    Column("id", RowId, primary_key=True),
    # What the note is about: "order", "run", "incident", "day" ...
    Column("about", Text, nullable=False),
    # ... and which one.
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_ns", Nanoseconds, nullable=False),
    Index(None, "about", "subject"),
    Index(None, "created_ns"),
)
