"""What an account has: balances, margin and positions as Binance's endpoints state them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from bot.simulation.errors import ApiError
from bot.simulation.futures.account import FuturesAccount
from bot.simulation.futures.amounts import ZERO, money, plain
from bot.simulation.futures.contracts import Kind
from bot.simulation.futures.deleveraging import Deleveraging
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.futures.margins import SlotMargin
from bot.simulation.futures.positions import Position
from bot.simulation.parameters import Params, optional

__all__ = ["Statements"]

_ALIAS: Final = "SgsR"
_MOVES: Final = {"canDeposit": True, "canWithdraw": True}


class Statements:
    """Binance's account endpoints."""

    def __init__(self, floor: FuturesFloor, kind: Kind) -> None:
        self._floor = floor
        self._kind = kind
        self._deleveraging = Deleveraging(floor)

    def account(self, key: str, version: int) -> dict[str, Any]:
        """``GET account``; version 1 is COIN-M's, 3 lists only symbols in use."""
        account = self._floor.accounts[key]
        assets = [self._asset(account, asset) for asset in account.wallets]
        short = version == 3  # noqa: PLR2004 - the version's name
        positions = [
            self._account_position(account, p, version)
            for p in self._listed(account, only_used=short)
        ]
        if self._kind == "coinm":
            body: dict[str, Any] = {
                "feeTier": 0,
                "canTrade": account.can_trade,
                **_MOVES,
                "updateTime": 0,
            }
            return {**body, "assets": assets, "positions": positions}
        totals = _totals(assets)
        for row in assets:
            if not short:
                row["marginAvailable"] = True
        head: dict[str, Any] = {}
        if not short:
            head = {
                "feeTier": 0,
                "feeBurn": account.burns_bnb,
                "canTrade": account.can_trade,
                **_MOVES,
                "updateTime": 0,
            }
            head |= {"multiAssetsMargin": account.is_multi_asset, "tradeGroupId": -1}
        return {**head, **totals, "assets": assets, "positions": positions}

    def balance(self, key: str) -> list[dict[str, Any]]:
        """``GET balance``."""
        account = self._floor.accounts[key]
        rows = []
        for asset in account.wallets:
            state = self._asset(account, asset)
            row = {"accountAlias": _ALIAS, "asset": asset, "balance": state["walletBalance"]}
            if self._kind == "coinm":
                row["withdrawAvailable"] = state["maxWithdrawAmount"]
            row |= {
                name: state[name]
                for name in ("crossWalletBalance", "crossUnPnl", "availableBalance")
            }
            if self._kind == "usdm":
                row |= {"maxWithdrawAmount": state["maxWithdrawAmount"], "marginAvailable": True}
            row["updateTime"] = state["updateTime"]
            rows.append(row)
        return rows

    def position_risk(self, key: str, params: Params, version: int) -> list[dict[str, Any]]:
        """``GET positionRisk``; version 3 lists only symbols in use."""
        account = self._floor.accounts[key]
        symbol, pair = optional(params, "symbol"), optional(params, "pair")
        if symbol is not None and symbol not in self._floor.contracts:
            raise ApiError.invalid_symbol()
        short = version == 3 and self._kind == "usdm"  # noqa: PLR2004 - the version's name
        return [
            self._risk(account, position, short=short)
            for position in self._listed(account, only_used=short)
            if symbol in {None, position.contract.symbol} and pair in {None, position.contract.pair}
        ]

    # --- rows --------------------------------------------------------------------------------

    def _listed(self, account: FuturesAccount, *, only_used: bool) -> Iterable[Position]:
        for symbol in self._floor.contracts:
            is_used = self._floor.orders.open_count(account.key, symbol)
            for position in account.slots(symbol):
                if not only_used or is_used or position.amount:
                    yield position

    def _asset(self, account: FuturesAccount, asset: str) -> dict[str, Any]:
        margins = self._floor.margins
        profit = maintenance = held = ordered = ZERO
        for symbol, contract in self._floor.contracts.items():
            if contract.margin_asset != asset:
                continue
            for position in account.slots(symbol):
                margin = margins.slot(account, position)
                profit += margins.profit(position)
                maintenance += margin.maintenance
                held += margin.position
                ordered += margin.orders
        wallet = account.wallets[asset]
        cross, available = account.cross_wallet(asset), margins.available(account, asset)
        withdrawable = max(ZERO, min(available, cross))
        return {
            "asset": asset,
            "walletBalance": money(wallet),
            "unrealizedProfit": money(profit),
            "marginBalance": money(wallet + profit),
            "maintMargin": money(maintenance),
            "initialMargin": money(held + ordered),
            "positionInitialMargin": money(held),
            "openOrderInitialMargin": money(ordered),
            "crossWalletBalance": money(cross),
            "crossUnPnl": money(margins.cross_profit(account, asset)),
            "availableBalance": money(available),
            "maxWithdrawAmount": money(withdrawable),
            "updateTime": account.update_ms[asset],
        }

    def _account_position(
        self, account: FuturesAccount, position: Position, version: int
    ) -> dict[str, Any]:
        """A row of ``positions`` of ``GET account``."""
        contract = position.contract
        margin = self._floor.margins.slot(account, position)
        leverage = account.leverage_of(contract.symbol)
        cap = plain(contract.brackets.cap(leverage))
        profit = self._floor.margins.profit(position)
        mark = self._floor.marks[contract.symbol].price
        body = {
            "symbol": contract.symbol,
            "positionSide": position.side,
            "positionAmt": _amount(position),
            "unrealizedProfit": money(profit),
            **_margin_texts(margin),
            "updateTime": position.update_ms,
        }
        backing = {
            "isolatedWallet": plain(position.isolated_wallet),
            "notional": plain(position.notional(mark)),
        }
        if version == 3:  # noqa: PLR2004 - the version's name
            isolated = position.isolated_wallet + profit if position.isolated_wallet else ZERO
            return {**body, **backing, "isolatedMargin": money(isolated)}
        body |= {
            "leverage": str(leverage),
            "isolated": contract.symbol in account.isolated,
            "entryPrice": plain(position.entry),
            "breakEvenPrice": plain(position.break_even),
        }
        if self._kind == "coinm":
            backing["notionalValue"] = backing.pop("notional")
            return {**body, **backing, "maxQty": cap}
        bids, asks = plain(margin.bids), plain(margin.asks)
        return {**body, **backing, "maxNotional": cap, "bidNotional": bids, "askNotional": asks}

    def _risk(self, account: FuturesAccount, position: Position, *, short: bool) -> dict[str, Any]:
        contract = position.contract
        symbol = contract.symbol
        margins, mark = self._floor.margins, self._floor.marks[symbol]
        profit = margins.profit(position)
        isolated = position.isolated_wallet + profit if position.isolated_wallet else ZERO
        notional = plain(position.notional(mark.price))
        body: dict[str, Any] = {
            "symbol": symbol,
            "positionAmt": _amount(position),
            "entryPrice": plain(position.entry),
            "breakEvenPrice": plain(position.break_even),
            "markPrice": money(mark.price),
            "unRealizedProfit": money(profit),
            "liquidationPrice": plain(margins.liquidation(account, position)),
            "isolatedMargin": money(isolated),
            "isolatedWallet": plain(position.isolated_wallet),
            "positionSide": position.side,
            "updateTime": position.update_ms,
        }
        if short:
            margin = margins.slot(account, position)
            return {
                **body,
                "notional": notional,
                "marginAsset": contract.margin_asset,
                **_margin_texts(margin),
                "adl": self._deleveraging.quantile(account, position),
                "bidNotional": plain(margin.bids),
                "askNotional": plain(margin.asks),
            }
        leverage = account.leverage_of(symbol)
        cap = plain(contract.brackets.cap(leverage))
        body |= {
            "leverage": str(leverage),
            "marginType": account.margin_type(symbol),
            "isAutoAddMargin": "false",
        }
        if self._kind == "coinm":
            return {**body, "maxQty": cap, "notionalValue": notional}
        return {**body, "maxNotionalValue": cap, "notional": notional}


def _amount(position: Position) -> str:
    return position.contract.quantity_text(int(position.amount * 10**8))


def _margin_texts(margin: SlotMargin) -> dict[str, str]:
    return {
        "initialMargin": plain(margin.initial),
        "maintMargin": plain(margin.maintenance),
        "positionInitialMargin": plain(margin.position),
        "openOrderInitialMargin": plain(margin.orders),
    }


def _totals(assets: list[dict[str, Any]]) -> dict[str, str]:
    """The sums of USDⓈ-M; its margin assets are dollars."""

    def total(name: str) -> str:
        return money(sum((Decimal(row[name]) for row in assets), ZERO))

    return {
        "totalInitialMargin": total("initialMargin"),
        "totalMaintMargin": total("maintMargin"),
        "totalWalletBalance": total("walletBalance"),
        "totalUnrealizedProfit": total("unrealizedProfit"),
        "totalMarginBalance": total("marginBalance"),
        "totalPositionInitialMargin": total("positionInitialMargin"),
        "totalOpenOrderInitialMargin": total("openOrderInitialMargin"),
        "totalCrossWalletBalance": total("crossWalletBalance"),
        "totalCrossUnPnl": total("crossUnPnl"),
        "availableBalance": total("availableBalance"),
        "maxWithdrawAmount": total("maxWithdrawAmount"),
    }
