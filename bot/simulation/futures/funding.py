"""Funding: what longs and shorts pay each other every few hours."""

from bot.simulation.futures.account import FuturesAccount
from bot.simulation.futures.amounts import rounded
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.futures.marks import Funding
from bot.simulation.futures.positions import Position
from bot.simulation.futures.reports import account_update

__all__ = ["FundingDesk"]


class FundingDesk:
    """With a positive rate longs pay their notional x rate, and shorts receive it."""

    def __init__(self, floor: FuturesFloor) -> None:
        self._floor = floor

    def settle(self, now_ms: int) -> None:
        """Carry out what is due up to now."""
        for symbol, mark in self._floor.marks.items():
            for funding in mark.fundings_due():
                # On a tape the market has a time of its own, and accounts have the exchange's.
                at_ms = funding.time_ms + now_ms - mark.market_ms
                self._floor.log.funding(symbol, funding)
                for account in self._floor.accounts.values():
                    for position in account.slots(symbol):
                        if position.amount:
                            self._charge(account, position, funding, at_ms)
                self._floor.settle(self._floor.books[symbol], now_ms)

    def _charge(
        self, account: FuturesAccount, position: Position, funding: Funding, at_ms: int
    ) -> None:
        contract = position.contract
        asset = contract.margin_asset
        change = -rounded(position.notional(funding.mark) * funding.rate)
        self._floor.ledger.pay(account, "FUNDING_FEE", change, at_ms, contract=contract)
        isolated = contract.symbol in account.isolated
        if isolated:
            position.isolated_wallet += change
        payload = account_update(
            account,
            "FUNDING_FEE",
            at_ms,
            assets={asset: change},
            # Of a cross position only the balance is reported.
            positions=[(position, self._floor.margins.profit(position))] if isolated else (),
            symbol=contract.symbol,
        )
        self._floor.tell(account.key, payload)
