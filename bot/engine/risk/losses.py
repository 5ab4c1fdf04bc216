"""What was earned and lost since the day began."""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.domain.values import EXTERNAL
from bot.engine.cache import Cache

if TYPE_CHECKING:
    from bot.engine.blotter import Blotter

__all__ = ["Losses"]

_ZERO: Final = Decimal(0)


class Losses:
    """Realised, funding and fees of our strategies since 00:00 UTC, and open losses of now."""

    def __init__(self, *, cache: Cache, blotter: "Blotter") -> None:
        self._cache = cache
        self._blotter = blotter
        # What had been earned when the present day began.
        self._account: dict[str, Decimal] = {}
        self._strategies: dict[tuple[str, str], Decimal] = {}

    def start_day(
        self,
        before_today: dict[str, Decimal] | None = None,
        of_strategies: dict[tuple[str, str], Decimal] | None = None,
    ) -> None:
        """A day begins. On start-up in the middle of one, what had been earned by 00:00."""
        self._account, self._strategies = {}, {}
        for strategy_id, asset, booked, _ in self._by_position():
            key = (strategy_id, asset)
            self._account[asset] = self._account.get(asset, _ZERO) + booked
            self._strategies[key] = self._strategies.get(key, _ZERO) + booked
        if before_today is not None:
            self._account = dict(before_today)
            self._strategies = dict(of_strategies or {})

    def of_today(self, asset: str, strategy_id: str | None = None) -> Decimal:
        """What was lost in the asset since the day began (below 0: earned)."""
        earned = unrealised = _ZERO
        for owner, counted_in, booked, open_pnl in self._by_position():
            if counted_in == asset and strategy_id in {None, owner}:
                earned += booked
                unrealised += open_pnl or _ZERO
        start = (
            self._account.get(asset, _ZERO)
            if strategy_id is None
            else self._strategies.get((strategy_id, asset), _ZERO)
        )
        return -(earned - start + min(unrealised, _ZERO))

    def equity(self, asset: str, strategy_id: str | None = None) -> Decimal | None:
        """All that was ever earned with what is open; None while a price of it is missing."""
        total = _ZERO
        for owner, counted_in, booked, open_pnl in self._by_position():
            if counted_in == asset and strategy_id in {None, owner}:
                if open_pnl is None:
                    return None
                total += booked + open_pnl
        return total

    def assets(self) -> set[tuple[str, str]]:
        """(strategy, PnL asset) of everything that is or was held."""
        return {(owner, asset) for owner, asset, _, _ in self._by_position()}

    def _by_position(self) -> list[tuple[str, str, Decimal, Decimal | None]]:
        """(strategy, PnL asset, booked, unrealised) of what we trade.

        What somebody else does on the account is neither our gain nor our loss.
        """
        rows = []
        for position in self._blotter.positions.values():
            instrument = self._cache.instruments.get(position.symbol)
            if position.strategy_id == EXTERNAL or instrument is None:
                continue
            price = self._cache.exact_price(position.symbol) if position.quantity else _ZERO
            open_pnl = None if price is None else position.unrealised(price)
            rows.append((position.strategy_id, instrument.pnl_asset, position.booked, open_pnl))
        return rows
