"""Flatten a futures account over a direct line: both order services, the exchange's positions."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from bot.domain.errors import Rejected
from bot.domain.values import Market, Side, as_fixed
from bot.exchange.flatten import GONE, ROUNDS, DirectFlatten, Holding, Outcome

__all__ = ["FuturesFlatten"]

_POSITIONS_VERSION: Final = {Market.USDM: 3, Market.COINM: 1}


class FuturesFlatten(DirectFlatten):
    """A position is a fact of the exchange here, and the whole of it is closed, reduce-only.

    A closing order bears the name of the strategy that holds most of it. Where strategies hold
    against each other the account is flat before their books are: the engine evens them out.
    """

    owner = ""
    """The strategy of a position that no strategy of ours holds, as far as we know."""

    def run(self, symbols: Sequence[str], holdings: Sequence[Holding]) -> Outcome:
        """As :meth:`DirectFlatten.run`; of ``holdings`` the names matter, not the quantities."""
        for symbol in symbols:
            self.guarded(symbol, self.cancel_all, symbol)
            self.guarded(f"{symbol} conditional", self._cancel_conditional, symbol)
        for symbol in symbols:
            mine = [holding for holding in holdings if holding.symbol == symbol]
            self.guarded(f"{symbol} position", self._close_all, symbol, mine)
        return self.outcome

    def _cancel_conditional(self, symbol: str) -> None:
        for _ in range(ROUNDS):
            found = self._conditional(symbol)
            if not found:
                return
            for name in found:
                self.tell("flatten_cancel", name, None, None, symbol)
                try:
                    self.line.remove("algoOrder", self.patience, clientAlgoId=name)
                except Rejected as failure:
                    if failure.code not in GONE:
                        raise
                    continue
                self.outcome.cancelled.append(name)
        for name in self._conditional(symbol):
            self.outcome.left.append(f"order {name} is still open")

    def _conditional(self, symbol: str) -> list[str]:
        body = self.line.ask("openAlgoOrders", self.patience, symbol=symbol)
        rows = body.get("orders", []) if isinstance(body, dict) else body
        return [row["clientAlgoId"] for row in rows if self.is_ours(row["clientAlgoId"])]

    def _close_all(self, symbol: str, mine: Sequence[Holding]) -> None:
        for _ in range(ROUNDS):
            rows = self._positions(symbol)
            if not rows:
                return
            for row in rows:
                self._close_position(symbol, row, mine)
        for row in self._positions(symbol):
            amount = as_fixed(Decimal(row["positionAmt"]))
            self.outcome.left.append(f"the account holds {amount} {symbol}")

    def _close_position(self, symbol: str, row: dict[str, Any], mine: Sequence[Holding]) -> None:
        amount = Decimal(row["positionAmt"])
        side = Side.SELL if amount > 0 else Side.BUY
        holding = max(
            mine,
            key=lambda held: held.quantity * -side.sign,
            default=Holding(strategy_id=self.owner, symbol=symbol, quantity=amount),
        )
        position_side = row.get("positionSide", "BOTH")
        # Binance refuses reduceOnly in hedge mode, where the position's side says as much.
        terms = (
            {"reduceOnly": "true"} if position_side == "BOTH" else {"positionSide": position_side}
        )
        self.trade(holding, side, abs(amount), **terms)

    def _positions(self, symbol: str) -> list[dict[str, Any]]:
        # COIN-M asks by pair; the rows name their symbols.
        params: dict[str, Any] = {"symbol": symbol} if self.line.market is Market.USDM else {}
        body = self.line.ask(
            "positionRisk",
            self.patience,
            version=_POSITIONS_VERSION[self.line.market],
            **params,
        )
        return [row for row in body if row["symbol"] == symbol and Decimal(row["positionAmt"])]
