"""What an account may ask about itself: orders, trades, balances, rates."""

from collections.abc import Set as AbstractSet
from typing import Any, Final

from bot.simulation.account import OwnTrade
from bot.simulation.answers import queried
from bot.simulation.desk import OrderDesk
from bot.simulation.errors import BAD_COMBINATION, ApiError
from bot.simulation.fixedpoint import text
from bot.simulation.floor import Floor
from bot.simulation.orders import Order
from bot.simulation.parameters import (
    Params,
    check_known,
    integer,
    limit,
    no_such_symbol,
    optional,
    required,
)

__all__ = ["Enquiries"]

_DAY_MS: Final = 86_400_000
_FILTERS: Final = frozenset({"orderId", "startTime", "endTime", "fromId"})
_TRADE_COMBINATIONS: Final = frozenset(
    frozenset(names)
    for names in (
        (),
        ("orderId",),
        ("startTime",),
        ("endTime",),
        ("fromId",),
        ("startTime", "endTime"),
        ("orderId", "fromId"),
    )
)


class Enquiries:
    """Binance's USER_DATA endpoints."""

    def __init__(self, floor: Floor, desk: OrderDesk) -> None:
        self._floor = floor
        self._desk = desk

    def order(self, account: str, params: Params) -> dict[str, Any]:
        """``GET /api/v3/order``."""
        check_known(params, frozenset({"symbol", "orderId", "origClientOrderId"}))
        symbol = self._symbol(params)
        order = self._desk.find(account, symbol, params)
        if order is None:
            raise ApiError.bad_request(-2013, "Order does not exist.")
        return queried(order)

    def open_orders(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET /api/v3/openOrders``."""
        check_known(params, frozenset({"symbol"}))
        if optional(params, "symbol") is not None:
            symbols = [self._symbol(params)]
        else:
            symbols = list(self._floor.listings)
        store = self._floor.orders
        return [queried(order) for name in symbols for order in store.open(account, name)]

    def all_orders(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET /api/v3/allOrders``: ``orderId`` is inclusive."""
        check_known(params, frozenset({"symbol", "orderId", "startTime", "endTime", "limit"}))
        symbol = self._symbol(params)
        rows = self._floor.orders.all(account, symbol)
        most = limit(params)
        from_id = integer(params, "orderId")
        start, end = _times(params)
        chosen: list[Order] = [
            o
            for o in rows
            if (from_id is None or o.order_id >= from_id)
            and (start is None or o.time_ms >= start)
            and (end is None or o.time_ms <= end)
        ]
        newest = from_id is None and start is None
        return [queried(o) for o in (chosen[-most:] if newest else chosen[:most])]

    def my_trades(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET /api/v3/myTrades``: ``fromId`` is inclusive."""
        known = {"symbol", "orderId", "startTime", "endTime", "fromId", "limit"}
        check_known(params, frozenset(known))
        symbol = self._symbol(params)
        _check_combination(params.keys() & _FILTERS)
        most = limit(params)
        order_id, from_id = integer(params, "orderId"), integer(params, "fromId")
        start, end = _times(params)
        chosen: list[OwnTrade] = [
            t
            for t in self._floor.ledger.accounts[account].trades.get(symbol, ())
            if (order_id is None or t.order_id == order_id)
            and (from_id is None or t.trade_id >= from_id)
            and (start is None or t.time_ms >= start)
            and (end is None or t.time_ms <= end)
        ]
        newest = from_id is None and start is None
        return [t.body() for t in (chosen[-most:] if newest else chosen[:most])]

    def account(self, key: str, params: Params) -> dict[str, Any]:
        """``GET /api/v3/account``."""
        check_known(params, frozenset({"omitZeroBalances"}))
        account = self._floor.ledger.accounts[key]
        omit_zero = params.get("omitZeroBalances", "").lower() == "true"
        standard = account.commission.standard
        basis_points = 10_000
        return {
            "makerCommission": standard.maker // basis_points,
            "takerCommission": standard.taker // basis_points,
            "buyerCommission": standard.buyer // basis_points,
            "sellerCommission": standard.seller // basis_points,
            "commissionRates": standard.body(),
            "canTrade": account.can_trade,
            "canWithdraw": True,
            "canDeposit": True,
            "brokered": False,
            "requireSelfTradePrevention": False,
            "preventSor": False,
            "updateTime": account.update_ms,
            "accountType": "SPOT",
            **({"tradeGroupId": account.trade_group} if account.trade_group >= 0 else {}),
            "balances": [
                {"asset": asset, "free": text(b.free), "locked": text(b.locked)}
                for asset, b in account.balances.items()
                if not omit_zero or b.free or b.locked
            ],
            "permissions": ["SPOT"],
            "uid": account.uid,
        }

    def commission(self, key: str, params: Params) -> dict[str, Any]:
        """``GET /api/v3/account/commission``."""
        check_known(params, frozenset({"symbol"}))
        symbol = self._symbol(params)
        rates = self._floor.ledger.accounts[key].commission
        return {
            "symbol": symbol,
            "standardCommission": rates.standard.body(),
            "specialCommission": rates.special.body(),
            "taxCommission": rates.tax.body(),
            "discount": rates.discount(),
        }

    def prevented_matches(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET /api/v3/myPreventedMatches``: by ``preventedMatchId``, or by ``orderId``."""
        known = {"symbol", "preventedMatchId", "orderId", "fromPreventedMatchId", "limit"}
        check_known(params, frozenset(known))
        symbol = self._symbol(params)
        match_id, order_id = integer(params, "preventedMatchId"), integer(params, "orderId")
        from_id = integer(params, "fromPreventedMatchId")
        if (match_id is None) == (order_id is None) or (from_id is not None and order_id is None):
            msg = "Combination of optional parameters invalid."
            raise ApiError.bad_request(BAD_COMBINATION, msg)
        chosen = [
            one.body()
            for one in self._floor.ledger.accounts[account].prevented.get(symbol, ())
            if (match_id is None or one.match_id == match_id)
            and (order_id is None or order_id in {one.taker_order_id, one.maker_order_id})
            and (from_id is None or one.match_id >= from_id)
        ]
        return chosen[: limit(params)]

    def allocations(self, account: str, params: Params) -> list[dict[str, Any]]:
        """``GET /api/v3/myAllocations``: ``fromAllocationId`` is inclusive."""
        known = {"startTime", "endTime", "fromAllocationId", "limit", "orderId", "symbol"}
        check_known(params, frozenset(known))
        symbol = self._symbol(params)
        renamed = {"fromId" if name == "fromAllocationId" else name for name in params}
        _check_combination(renamed & _FILTERS)
        most = limit(params)
        order_id, from_id = integer(params, "orderId"), integer(params, "fromAllocationId")
        start, end = _times(params)
        chosen = [
            one
            for one in self._floor.ledger.accounts[account].allocations.get(symbol, ())
            if (order_id is None or one.order_id == order_id)
            and (from_id is None or one.allocation_id >= from_id)
            and (start is None or one.time_ms >= start)
            and (end is None or one.time_ms <= end)
        ]
        newest = from_id is None and start is None
        return [one.allocation() for one in (chosen[-most:] if newest else chosen[:most])]

    def my_filters(self, account: str, params: Params) -> dict[str, Any]:
        """``GET /api/v3/myFilters``: what limits the account beyond a single order."""
        check_known(params, frozenset({"symbol"}))
        rules = self._floor.listings[self._symbol(params)].rules
        limits = self._floor.ledger.accounts[account].asset_limits
        return {
            "exchangeFilters": [dict(f) for f in self._floor.exchange_filters],
            "symbolFilters": [dict(f) for f in rules.filters if "NUM" in f["filterType"]],
            "assetFilters": [
                {"filterType": "MAX_ASSET", "asset": asset, "limit": text(limits[asset])}
                for asset in (rules.base, rules.quote)
                if asset in limits
            ],
        }

    def _symbol(self, params: Params) -> str:
        symbol = required(params, "symbol")
        if symbol not in self._floor.listings:
            raise no_such_symbol(symbol)
        return symbol


def _check_combination(sent: AbstractSet[str]) -> None:
    """Which filters of trades may be given together (-1128)."""
    if frozenset(sent) not in _TRADE_COMBINATIONS:
        msg = "Combination of optional parameters invalid."
        raise ApiError.bad_request(BAD_COMBINATION, msg)


def _times(params: Params) -> tuple[int | None, int | None]:
    """``startTime`` and ``endTime``, at most a day apart."""
    start, end = integer(params, "startTime"), integer(params, "endTime")
    if start is not None and end is not None and end - start > _DAY_MS:
        raise ApiError.bad_request(-1127, "More than 24 hours between startTime and endTime.")
    return start, end
