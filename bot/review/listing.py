"""Orders, fills, incidents, runs and equity as rows to read."""

from decimal import Decimal
from typing import Self

import msgspec

from bot.review.port import (
    EquityView,
    FillView,
    IncidentView,
    OrderView,
    RunView,
    TradeReaderPort,
    Where,
)

__all__ = ["EquityLine", "FillLine", "IncidentLine", "OrderLine", "RunLine", "runs"]


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    created_ns: int
    client_order_id: str
    order_id: int | None
    """The exchange's id."""
    environment: str
    run_id: str
    strategy: str
    symbol: str
    side: str
    type: str
    time_in_force: str
    quantity: Decimal
    price: Decimal | None
    status: str
    filled: Decimal
    average_price: Decimal | None
    reason: str
    updated_ns: int

    @classmethod
    def of(cls, row: OrderView) -> Self:
        order = row.order
        return cls(
            created_ns=order.created_ns,
            client_order_id=order.client_order_id,
            order_id=order.venue_order_id,
            environment=row.environment,
            run_id=order.run_id,
            strategy=order.strategy_id,
            symbol=order.symbol,
            side=order.side.value,
            type=order.order_type.value,
            time_in_force=order.time_in_force.value,
            quantity=order.quantity,
            price=order.price,
            status=order.status.value,
            filled=order.filled,
            average_price=order.average_price,
            reason=order.reason,
            updated_ns=order.updated_ns,
        )


class FillLine(msgspec.Struct, frozen=True, kw_only=True):
    time_ns: int
    """The exchange's time."""
    trade_id: int
    symbol: str
    side: str
    price: Decimal
    quantity: Decimal
    notional: Decimal
    commission: Decimal
    commission_asset: str
    fee_quote: Decimal | None
    realised: Decimal
    position_after: Decimal
    maker: bool
    client_order_id: str
    order_id: int
    strategy: str
    source: str
    run_id: str
    environment: str

    @classmethod
    def of(cls, row: FillView) -> Self:
        fill = row.fill
        return cls(
            time_ns=fill.ts_ns,
            trade_id=fill.trade_id,
            symbol=fill.symbol,
            side=fill.side.value,
            price=fill.price,
            quantity=fill.quantity,
            notional=fill.notional,
            commission=fill.commission,
            commission_asset=fill.commission_asset,
            fee_quote=row.fee_quote,
            realised=row.realised_quote,
            position_after=row.position_after,
            maker=fill.maker,
            client_order_id=fill.client_order_id,
            order_id=fill.venue_order_id,
            strategy=row.strategy_id,
            source=fill.source,
            run_id=row.run_id,
            environment=row.environment,
        )


class IncidentLine(msgspec.Struct, frozen=True, kw_only=True):
    from_ns: int
    to_ns: int | None
    lasted_span_ns: int | None
    """None while it lasts."""
    kind: str
    severity: str
    subject: str
    cause: str
    healed_by: str
    incident_id: str
    run_id: str
    environment: str

    @classmethod
    def of(cls, row: IncidentView) -> Self:
        return cls(
            from_ns=row.from_ns,
            to_ns=row.to_ns,
            lasted_span_ns=None if row.to_ns is None else row.to_ns - row.from_ns,
            kind=row.kind,
            severity=row.severity,
            subject=row.subject,
            cause=row.cause,
            healed_by=row.healed_by,
            incident_id=row.incident_id,
            run_id=row.run_id,
            environment=row.environment,
        )


class RunLine(msgspec.Struct, frozen=True, kw_only=True):
    started_ns: int
    ended_ns: int | None
    run_id: str
    environment: str
    venue: str
    market: str
    strategies: list[str]
    symbols: list[str]
    outcome: str
    """'' while it runs, and for ever if it was killed."""
    code_version: str

    @classmethod
    def of(cls, row: RunView) -> Self:
        return cls(
            started_ns=row.started_ns,
            ended_ns=row.ended_ns,
            run_id=row.run_id,
            environment=row.environment,
            venue=row.venue,
            market=row.market,
            strategies=list(row.strategies),
            symbols=list(row.symbols),
            outcome=row.outcome,
            code_version=row.code_version,
        )


class EquityLine(msgspec.Struct, frozen=True, kw_only=True):
    time_ns: int
    strategy: str
    symbol: str
    position: Decimal
    price: Decimal | None
    realised: Decimal
    unrealised: Decimal
    fees: Decimal
    net: Decimal
    run_id: str
    environment: str

    @classmethod
    def of(cls, row: EquityView) -> Self:
        return cls(
            time_ns=row.ts_ns,
            strategy=row.strategy_id,
            symbol=row.symbol,
            position=row.position,
            price=row.price,
            realised=row.realised,
            unrealised=row.unrealised,
            fees=row.fees,
            net=row.realised + row.unrealised - row.fees,
            run_id=row.run_id,
            environment=row.environment,
        )


def runs(reader: TradeReaderPort, where: Where) -> list[RunLine]:
    """Those with the strategy and the symbol, if such are wanted."""
    return [
        RunLine.of(row)
        for row in reader.runs(where)
        if (where.strategy is None or where.strategy in row.strategies)
        and (where.symbol is None or where.symbol in row.symbols)
    ]
