"""Whose money is where: accounts, the anonymous rest of the market, and the commission taken."""

from collections import defaultdict
from collections.abc import Sequence

from bot.simulation.account import Account, AccountSpec, OwnTrade
from bot.simulation.commission import charge
from bot.simulation.fixedpoint import notional
from bot.simulation.listing import Listing
from bot.simulation.orders import Order

__all__ = ["Ledger"]

_FIRST_UID = 354_937_868


class Ledger:
    """Every unit of money; trading moves it and never makes or destroys any."""

    def __init__(self, specs: Sequence[AccountSpec], listings: dict[str, Listing]) -> None:
        self.accounts = {
            spec.key: Account.opened(spec, _FIRST_UID + n) for n, spec in enumerate(specs)
        }
        # What clients won from (negative) or lost to the rest of the market.
        self.house: defaultdict[str, int] = defaultdict(int)
        self.fees: defaultdict[str, int] = defaultdict(int)
        self._listings = listings

    def settle(
        self,
        order: Order,
        listing: Listing,
        *,
        price_e8: int,
        quantity_e8: int,
        trade_id: int,
        now_ms: int,
        is_maker: bool,
        allocation_id: int = -1,
    ) -> OwnTrade:
        """Book one fill of a client's order: funds, commission, trade. Counts it into the order."""
        rules = listing.rules
        account = self.accounts[order.account]
        paid = notional(price_e8, quantity_e8)
        order.executed_e8 += quantity_e8
        order.quote_e8 += paid
        order.update_ms = now_ms
        self._exchange(account, listing, order, quantity_e8, paid)
        fee, asset = self._commission(account, listing, order, quantity_e8, paid, is_maker=is_maker)
        account.balance(asset).free -= fee
        self.fees[asset] += fee
        account.update_ms = now_ms
        trade = OwnTrade(
            symbol=rules.symbol,
            trade_id=trade_id,
            order_id=order.order_id,
            price_e8=price_e8,
            quantity_e8=quantity_e8,
            quote_e8=paid,
            commission_e8=fee,
            commission_asset=asset,
            time_ms=now_ms,
            is_buyer=order.is_buy,
            is_maker=is_maker,
            list_id=order.list_id,
            allocation_id=allocation_id,
        )
        account.keep(trade)
        return trade

    def transfer(
        self, buyer: Order, seller: Order, listing: Listing, *, quantity_e8: int, price_e8: int
    ) -> None:
        """Move what the two do not trade from account to account, out of what they hold."""
        rules, paid = listing.rules, notional(price_e8, quantity_e8)
        buys, sells = self.accounts[buyer.account], self.accounts[seller.account]
        buys.balance(rules.quote).locked -= paid
        buyer.locked_e8 -= paid
        sells.balance(rules.quote).free += paid
        sells.balance(rules.base).locked -= quantity_e8
        seller.locked_e8 -= quantity_e8
        buys.balance(rules.base).free += quantity_e8

    def keep_for_rest(self, order: Order, listing: Listing) -> None:
        """Free what an open order holds beyond the need of its rest."""
        if order.is_buy and not order.limit_e8:
            return
        rest = order.remaining_e8
        keep = min(order.locked_e8, notional(order.limit_e8, rest) if order.is_buy else rest)
        asset = listing.rules.quote if order.is_buy else listing.rules.base
        self.accounts[order.account].unlock(asset, order.locked_e8 - keep)
        order.locked_e8 = keep

    def _exchange(
        self, account: Account, listing: Listing, order: Order, quantity_e8: int, paid_e8: int
    ) -> None:
        """Base against quote, out of what the order holds; the house is the other side."""
        rules = listing.rules
        base, quote = account.balance(rules.base), account.balance(rules.quote)
        if order.is_buy:
            # A limit order keeps aside what its rest needs; a better price frees the difference.
            keep = order.locked_e8 - paid_e8
            if order.limit_e8:
                keep = notional(order.limit_e8, order.remaining_e8)
            quote.locked -= order.locked_e8 - keep
            quote.free += order.locked_e8 - keep - paid_e8
            order.locked_e8 = keep
            base.free += quantity_e8
            self.house[rules.base] -= quantity_e8
            self.house[rules.quote] += paid_e8
        else:
            base.locked -= quantity_e8
            order.locked_e8 -= quantity_e8
            quote.free += paid_e8
            self.house[rules.base] += quantity_e8
            self.house[rules.quote] -= paid_e8

    def _commission(
        self,
        account: Account,
        listing: Listing,
        order: Order,
        quantity_e8: int,
        paid_e8: int,
        *,
        is_maker: bool,
    ) -> tuple[int, str]:
        """(amount, asset) of the commission on a fill that is already booked."""
        rules = listing.rules
        received, asset = (quantity_e8, rules.base) if order.is_buy else (paid_e8, rules.quote)
        rates = account.commission
        if rates.in_bnb:
            bnb = self._in_bnb(listing, quantity_e8, paid_e8)
            fee = charge(rates, bnb, is_buyer=order.is_buy, is_maker=is_maker, discounted=True)
            if bnb and fee.total <= account.balance("BNB").free:
                return fee.total, "BNB"
        fee = charge(rates, received, is_buyer=order.is_buy, is_maker=is_maker)
        return fee.total, asset

    def _in_bnb(self, listing: Listing, quantity_e8: int, paid_e8: int) -> int:
        """The worth of a fill in BNB; 0 if no price is known."""
        if listing.rules.base == "BNB":
            return quantity_e8
        if listing.rules.quote == "BNB":
            return paid_e8
        priced = self._listings.get(f"BNB{listing.rules.quote}")
        if priced is None or not priced.last_price_e8:
            return 0
        return paid_e8 * 10**8 // priced.last_price_e8
