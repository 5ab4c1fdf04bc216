"""What the account holds, and what each strategy made of it, as rows."""

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bot.domain.amendments import SymbolConfigured, SymbolNotConfigured
from bot.domain.events import Balance, BalancesReported, SnapshotDue
from bot.domain.funding import FundingPaid
from bot.domain.margin import MarginCalled, PositionsReported
from bot.domain.records import BalanceSaved, EquitySaved
from bot.engine.funding import Funding
from bot.engine.margin import Margin

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Account"]


class Account:
    """Balances as the exchange reports them; equity as the positions make it."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.balances: dict[str, Balance] = {}
        self.margin = Margin(engine)
        self.funding = Funding(engine)

    def routes(self) -> dict[type, Callable[[Any], None]]:
        """What takes which event."""
        return {
            BalancesReported: self.on_balances,
            PositionsReported: self.margin.on_positions,
            MarginCalled: self.margin.on_call,
            FundingPaid: self.funding.on_paid,
            SymbolConfigured: self.on_configured,
            SymbolNotConfigured: self.on_not_configured,
            SnapshotDue: self.on_snapshot_due,
        }

    def on_balances(self, event: BalancesReported) -> None:
        """Keep what is said, and write down what changed."""
        if event.complete:
            present = {balance.asset for balance in event.balances}
            gone = [asset for asset in self.balances if asset not in present]
            zero = Decimal(0)
            changed = [*event.balances, *(Balance(asset, zero, zero) for asset in gone)]
        else:
            changed = list(event.balances)
        for balance in changed:
            if self.balances.get(balance.asset) == balance:
                continue
            self.balances[balance.asset] = balance
            self._engine.record(
                BalanceSaved(
                    run_id=self._engine.config.run_id,
                    balance=balance,
                    ts_ns=event.ts_ns,
                    source=event.source,
                )
            )

    def on_configured(self, event: SymbolConfigured) -> None:
        """Leverage or margin type are as a strategy wanted them."""
        parts = [f"leverage {event.leverage}"] if event.leverage else []
        parts += [event.margin_type] if event.margin_type else []
        self._engine.log("INFO", f"{event.symbol}: {', '.join(parts)}")

    def on_not_configured(self, event: SymbolNotConfigured) -> None:
        """They are as they were."""
        self._engine.incident(
            "symbol_not_configured", event.symbol, event.reason, severity="warning"
        )

    def on_snapshot_due(self, _: SnapshotDue) -> None:
        """A row of equity for each position."""
        self._engine.safeguard.look()
        for position in self._engine.blotter.positions.values():
            price = self._engine.cache.exact_price(position.symbol)
            self._engine.record(
                EquitySaved(
                    run_id=self._engine.config.run_id,
                    strategy_id=position.strategy_id,
                    symbol=position.key,
                    position=position.quantity,
                    price=price,
                    realised=position.realised,
                    unrealised=position.unrealised(price) if price is not None else Decimal(0),
                    fees=position.fees,
                    ts_ns=self._engine.now_ns,
                    funding=position.funding,
                )
            )
