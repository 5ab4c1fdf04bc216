"""On what terms an account trades: brackets, commission, modes, leverage."""

from typing import Any

from bot.simulation.errors import ApiError
from bot.simulation.futures.amounts import plain
from bot.simulation.futures.contracts import Kind
from bot.simulation.futures.deleveraging import Deleveraging
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.parameters import Params, optional, required

__all__ = ["Conditions"]


class Conditions:
    """Binance's endpoints about settings and terms."""

    def __init__(self, floor: FuturesFloor, kind: Kind) -> None:
        self._floor = floor
        self._kind = kind
        self._deleveraging = Deleveraging(floor)

    def adl_quantile(self, key: str, params: Params) -> list[dict[str, Any]] | dict[str, Any]:
        """``GET adlQuantile``: which place each position has if others' debts are shared out."""
        account = self._floor.accounts[key]
        wanted = optional(params, "symbol")
        rows = []
        for symbol in self._floor.contracts:
            slots = account.slots(symbol)
            if not any(p.amount for p in slots) or wanted not in {None, symbol}:
                continue
            places = {"LONG": 0, "SHORT": 0, "HEDGE" if account.is_hedged else "BOTH": 0}
            places |= {p.side: self._deleveraging.quantile(account, p) for p in slots}
            rows.append({"symbol": symbol, "adlQuantile": places})
        return rows[0] if wanted and rows else rows

    def brackets(self, params: Params) -> list[dict[str, Any]]:
        """``GET leverageBracket``; for one symbol too it is a list, as its users know it."""
        wanted, pair = optional(params, "symbol"), optional(params, "pair")
        if wanted is not None and wanted not in self._floor.contracts:
            raise ApiError.invalid_symbol()
        return [
            {
                "symbol": contract.symbol,
                "notionalCoef": 1.0,
                "brackets": contract.brackets.rows(in_quantity=contract.is_inverse),
            }
            for contract in self._floor.contracts.values()
            if wanted in {None, contract.symbol} and pair in {None, contract.pair}
        ]

    def commission_rate(self, key: str, params: Params) -> dict[str, Any]:
        """``GET commissionRate``."""
        symbol = required(params, "symbol")
        if symbol not in self._floor.contracts:
            raise ApiError.invalid_symbol()
        account = self._floor.accounts[key]
        body = {
            "symbol": symbol,
            "makerCommissionRate": plain(account.maker_rate),
            "takerCommissionRate": plain(account.taker_rate),
        }
        if self._kind == "usdm":
            body["rpiCommissionRate"] = plain(account.maker_rate)
        return body

    def trading_status(self, now_ms: int) -> dict[str, Any]:
        """``GET apiTradingStatus``: no account here has ever been found to misbehave."""
        return {"indicators": {}, "updateTime": now_ms}

    def account_config(self, key: str) -> dict[str, Any]:
        """``GET accountConfig``."""
        account = self._floor.accounts[key]
        return {
            "feeTier": 0,
            "canTrade": account.can_trade,
            "canDeposit": True,
            "canWithdraw": True,
            "dualSidePosition": account.is_hedged,
            "updateTime": 0,
            "multiAssetsMargin": account.is_multi_asset,
            "tradeGroupId": -1,
        }

    def symbol_config(self, key: str, params: Params) -> list[dict[str, Any]]:
        """``GET symbolConfig``."""
        account = self._floor.accounts[key]
        wanted = optional(params, "symbol")
        if wanted is not None and wanted not in self._floor.contracts:
            raise ApiError.invalid_symbol()
        return [
            {
                "symbol": symbol,
                "marginType": "ISOLATED" if symbol in account.isolated else "CROSSED",
                "isAutoAddMargin": False,
                "leverage": account.leverage_of(symbol),
                "maxNotionalValue": plain(contract.brackets.cap(account.leverage_of(symbol))),
            }
            for symbol, contract in self._floor.contracts.items()
            if wanted in {None, symbol}
        ]
