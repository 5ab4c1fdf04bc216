"""The simulated futures exchange: positions, margin and funding behind Binance's own bodies.

Sans-I/O: no clock, no sockets, no randomness of its own. Time comes in as ``now_ms``; what
happened comes out of :meth:`FuturesExchange.take`.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from bot.simulation.account import AccountSpec
from bot.simulation.futures.clientside import ClientSide
from bot.simulation.futures.clockwork import Clockwork, FuturesSource
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS, Contract, Kind
from bot.simulation.futures.emissions import Emission
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.futures.funding import FundingDesk
from bot.simulation.futures.liquidation import LiquidationDesk
from bot.simulation.futures.recovery import opening_record, replay
from bot.simulation.futures.truth import truth
from bot.simulation.journal import Journal, read_lines

__all__ = ["DEFAULT_CONTRACTS", "FuturesExchange", "Kind"]

Body = dict[str, Any]


class FuturesExchange(ClientSide):
    """One futures exchange: USDⓈ-M or COIN-M.

    ``account`` is the API key. ``params`` are the decoded parameters, as text; unknown ones are
    ignored, as on Binance's futures. Each call that takes ``now_ms`` first moves the market up
    to it. Answers are what Binance's REST API gives. Emissions pile up until they are taken:
    take them after each call.

    Raises:
        ApiError: from any call: what Binance would answer instead.
    """

    def __init__(
        self,
        *,
        market: Kind,
        symbols: Sequence[Contract],
        accounts: Sequence[AccountSpec],
        source: FuturesSource,
        start_ms: int,
        journal: Journal | None = None,
        records: Iterable[dict[str, Any]] = (),
        funding_ms: int | None = None,
        insurance: Mapping[str, Decimal] | None = None,
    ) -> None:
        """``funding_ms`` between two fundings; None: what the contracts say (8 hours).

        ``insurance`` is what the insurance fund has of each asset; None: plenty.
        """
        floor = FuturesFloor(symbols, accounts, journal, funding_ms=funding_ms, insurance=insurance)
        super().__init__(floor, source, market, start_ms)
        self._specs = {spec.key: spec for spec in accounts}
        self._clockwork = Clockwork(
            floor,
            source,
            self._countdown,
            (
                self._desk.expire,
                FundingDesk(floor).settle,
                self._algos.watch,
                LiquidationDesk(floor).watch,
            ),
        )
        replay(floor, self._algos.store, records)
        if journal is not None:
            journal.write(opening_record(floor, start_ms))
        self._clockwork.start(start_ms)

    @classmethod
    def restore(
        cls,
        lines: Iterable[str | bytes],
        *,
        market: Kind,
        symbols: Sequence[Contract],
        accounts: Sequence[AccountSpec],
        source: FuturesSource,
        start_ms: int,
        journal: Journal | None = None,
        funding_ms: int | None = None,
        insurance: Mapping[str, Decimal] | None = None,
    ) -> "FuturesExchange":
        """The exchange that wrote these journal lines: same accounts, positions, orders, ids.

        Open orders rest again, before the market fills the book around them. Without lines it
        is a new exchange.

        Raises:
            DataError: a line is damaged, or of other accounts or contracts.
        """
        return cls(
            market=market,
            symbols=symbols,
            accounts=accounts,
            source=source,
            start_ms=start_ms,
            journal=journal,
            records=read_lines(lines),
            funding_ms=funding_ms,
            insurance=insurance,
        )

    # --- time ------------------------------------------------------------------------

    def advance(self, now_ms: int) -> None:
        """Move the market up to now: fills, triggers, liquidations, funding."""
        self._now_ms = max(self._now_ms, now_ms)
        self._clockwork.advance(self._now_ms)

    def next_due_ms(self) -> int | None:
        """When :meth:`advance` next has something to do."""
        return self._clockwork.next_due_ms()

    def take(self) -> list[Emission]:
        """What happened since the last call, in order."""
        taken, self._floor.out = self._floor.out, []
        return taken

    # --- what is so -----------------------------------------------------------------

    @property
    def accounts(self) -> Mapping[str, AccountSpec]:
        """By API key."""
        return MappingProxyType(self._specs)

    def state(self) -> Body:
        """The truth about the clients' accounts.

        ``{"orders", "trades", "algos", "positions", "income": [... + "account"], "balances":
        {asset: amount} of the first account, "accounts": {key: {asset: wallet balance}}}``.
        """
        return truth(self._floor, self._algos.store)
