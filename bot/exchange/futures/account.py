"""What a futures account has, as REST answers say it: balances, positions, funding.

Source: Binance USDⓈ-M documentation, "Futures Account Balance V3", "Position Information V3",
"Get Income History"; COIN-M documentation, the same of version 1.
"""

from decimal import Decimal
from typing import Any, Final

import msgspec

from bot.domain.events import Balance, BalancesReported
from bot.domain.funding import FundingPaid
from bot.domain.margin import HeldPosition, PositionsReported
from bot.domain.terms import PositionSide
from bot.domain.values import MS_NS, Market
from bot.exchange.session import Session
from bot.ports import Clock

__all__ = ["INCOMES", "AccountReader", "margin_type"]

INCOMES: Final = 1000
"""Rows of a full page of ``income``."""

_ZERO: Final = Decimal(0)
_VERSIONS: Final = {Market.USDM: 3, Market.COINM: 1}
_MARGIN_TYPES: Final = {"isolated": "ISOLATED", "cross": "CROSSED", "crossed": "CROSSED"}


class _Balance(msgspec.Struct, rename="camel"):
    asset: str
    balance: Decimal
    update_time: int = 0


class _Position(msgspec.Struct):
    symbol: str
    positionAmt: Decimal  # noqa: N815 - Binance's keys
    entryPrice: Decimal  # noqa: N815
    unRealizedProfit: Decimal = _ZERO  # noqa: N815
    positionSide: str = "BOTH"  # noqa: N815
    isolatedWallet: Decimal = _ZERO  # noqa: N815
    marginType: str = ""  # noqa: N815
    maintMargin: Decimal | None = None  # noqa: N815
    updateTime: int = 0  # noqa: N815


class _Income(msgspec.Struct):
    symbol: str
    income: Decimal
    asset: str
    time: int
    tranId: int  # noqa: N815 - Binance's key


class AccountReader:
    """Asks for what the account has. Raises VenueError, or msgspec.ValidationError."""

    def __init__(
        self, session: Session, clock: Clock, market: Market, *, page: int = INCOMES
    ) -> None:
        """``page`` is how many incomes are asked for at a time."""
        self._session = session
        self._clock = clock
        self._market = market
        self._page = page

    async def balances(self) -> BalancesReported:
        """What is in the wallets. Weight 5.

        Without the profit of open positions, and whole: what stands behind positions as margin
        is in it, because the stream says no more than that either.
        """
        body = await self._ask("balance", {}, version=_VERSIONS[self._market])
        rows = msgspec.convert(body, list[_Balance], strict=False)
        return BalancesReported(
            balances=tuple(Balance(row.asset, row.balance, _ZERO) for row in rows),
            complete=True,
            ts_ns=max((row.update_time for row in rows), default=0) * MS_NS,
            recv_ns=self._clock.now_ns(),
            source="sweep",
        )

    async def positions(self) -> PositionsReported:
        """Every position that is not flat. Weight 5."""
        body = await self._ask("positionRisk", {}, version=_VERSIONS[self._market])
        rows = msgspec.convert(body, list[_Position], strict=False)
        return PositionsReported(
            positions=tuple(_held(row) for row in rows if row.positionAmt),
            complete=True,
            ts_ns=max((row.updateTime for row in rows), default=0) * MS_NS,
            recv_ns=self._clock.now_ns(),
            source="sweep",
        )

    async def funding(self, since_ns: int) -> list[FundingPaid]:
        """Payments from that time on, oldest first. Weight 30."""
        found: list[FundingPaid] = []
        start_ms = since_ns // MS_NS
        while True:
            params = {
                "incomeType": "FUNDING_FEE",
                "startTime": str(start_ms),
                "limit": str(self._page),
            }
            page = msgspec.convert(await self._ask("income", params), list[_Income], strict=False)
            found.extend(self._payment(row) for row in page)
            if len(page) < self._page or page[-1].time <= start_ms:
                return list({payment.occasion: payment for payment in found}.values())
            # Inclusive: what a page's end has cut in two comes again, and counts once.
            start_ms = page[-1].time

    def _payment(self, row: _Income) -> FundingPaid:
        return FundingPaid(
            symbol=row.symbol,
            asset=row.asset,
            amount=row.income,
            ts_ns=row.time * MS_NS,
            recv_ns=self._clock.now_ns(),
            transaction_id=row.tranId,
        )

    async def _ask(self, path: str, params: dict[str, str], *, version: int = 1) -> Any:
        return await self._session.futures(self._market, "get", path, params, version=version)


def margin_type(name: str) -> str:
    """Binance's word for it, which differs from place to place, as ours."""
    return _MARGIN_TYPES.get(name.lower(), name)


def _held(row: _Position) -> HeldPosition:
    return HeldPosition(
        symbol=row.symbol,
        side=PositionSide(row.positionSide),
        quantity=row.positionAmt,
        entry_price=row.entryPrice,
        unrealised=row.unRealizedProfit,
        margin_type=margin_type(row.marginType),
        isolated_wallet=row.isolatedWallet,
        maintenance=row.maintMargin,
    )
