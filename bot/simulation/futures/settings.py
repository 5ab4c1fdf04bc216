"""How an account trades: leverage, margin type, position mode, isolated margin."""

from decimal import Decimal
from typing import Any, Final

from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import decimal
from bot.simulation.futures.account import FuturesAccount, MarginChange
from bot.simulation.futures.algos import AlgoStore
from bot.simulation.futures.amounts import ZERO, plain, rounded
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.futures.listing import FuturesListing
from bot.simulation.futures.orderform import flag
from bot.simulation.futures.positions import Position
from bot.simulation.futures.reports import account_update, leverage_update, multi_assets_update
from bot.simulation.parameters import Params, amount, integer, optional, required

__all__ = ["Settings"]

_DONE: Final = {"code": 200, "msg": "success"}
_MARGIN_TYPES: Final = frozenset({"ISOLATED", "CROSSED"})
_ADD: Final = 1
_REMOVE: Final = 2


class Settings:
    """Binance's endpoints that change how an account trades."""

    def __init__(self, floor: FuturesFloor, algos: AlgoStore) -> None:
        self._floor = floor
        self._algos = algos
        # Position mode is one for all markets of an account.
        self._markets = [self]

    def share_position_mode(self, other: "Settings") -> None:
        """One setting for both markets from now on (CM-UM integration of 2026-06-30).

        Where a restart brought back two, the market without orders and positions follows.
        """
        for key in self._floor.accounts:
            idle, busy = (other, self) if self._is_busy(key) else (self, other)
            mode = busy._floor.accounts[key].is_hedged  # noqa: SLF001 - of its own kind
            if not idle._is_busy(key):  # noqa: SLF001 - of its own kind
                idle._floor.accounts[key].is_hedged = mode  # noqa: SLF001 - of its own kind
        self._markets.append(other)
        other._markets.append(self)  # noqa: SLF001 - of its own kind

    def leverage(self, key: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST leverage``."""
        listing, account = self._listing(params), self._floor.accounts[key]
        contract, symbol = listing.contract, listing.rules.symbol
        wanted = integer(params, "leverage")
        if wanted is None:
            raise ApiError.missing("leverage")
        if not 1 <= wanted <= contract.brackets.most_leverage():
            raise ApiError.bad_request(-4028, f"Leverage {wanted} is not valid")
        before, held = account.leverage_of(symbol), self._held(account, symbol)
        if held and symbol in account.isolated and wanted < before:
            msg = "Leverage reduction is not supported in Isolated Margin Mode with open positions."
            raise ApiError.bad_request(-4161, msg)
        mark = self._floor.marks[symbol].price
        size = max((abs(p.notional(mark)) for p in held), default=ZERO)
        if size > contract.brackets.cap(wanted):
            msg = "Exceeded the maximum allowable position at current leverage."
            raise ApiError.bad_request(-2027, msg)
        account.leverage[symbol] = wanted
        if wanted < before and self._is_short_of_margin(account, listing):
            account.leverage[symbol] = before
            msg = "Leverage is smaller than permitted: insufficient margin balance."
            raise ApiError.bad_request(-2028, msg)
        self._floor.tell(key, leverage_update(symbol, wanted, now_ms))
        self._changed(key, listing, now_ms)
        cap = plain(contract.brackets.cap(wanted))
        name = "maxQty" if contract.is_inverse else "maxNotionalValue"
        return {"leverage": wanted, name: cap, "symbol": symbol}

    def margin_type(self, key: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST marginType``."""
        listing, account = self._listing(params), self._floor.accounts[key]
        symbol = listing.rules.symbol
        wanted = required(params, "marginType")
        if wanted not in _MARGIN_TYPES:
            raise ApiError.invalid("marginType")
        if (wanted == "ISOLATED") == (symbol in account.isolated):
            raise ApiError.bad_request(-4046, "No need to change margin type.")
        if self._floor.orders.open_count(key, symbol):
            msg = "Margin type cannot be changed if there exists open orders."
            raise ApiError.bad_request(-4047, msg)
        if self._held(account, symbol):
            msg = "Margin type cannot be changed if there exists position."
            raise ApiError.bad_request(-4048, msg)
        if wanted == "ISOLATED" and account.is_multi_asset:
            msg = "Unable to adjust to isolated-margin mode under the Multi-Assets mode."
            raise ApiError.bad_request(-4168, msg)
        if wanted == "ISOLATED":
            account.isolated.add(symbol)
        else:
            account.isolated.discard(symbol)
        self._changed(key, listing, now_ms)
        return dict(_DONE)

    def position_margin(self, key: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST positionMargin``: more or less money behind an isolated position."""
        listing, account = self._listing(params), self._floor.accounts[key]
        symbol = listing.rules.symbol
        sent, direction = amount(params, "amount"), integer(params, "type")
        if direction not in {_ADD, _REMOVE}:
            raise ApiError.bad_request(-4053, "Invalid position margin type.")
        if not sent:
            raise ApiError.bad_request(-4055, "Amount must be positive.")
        position = account.position(symbol, self._side(account, params))
        if not position.amount or symbol not in account.isolated:
            msg = "Cannot add position margin: position is 0."
            raise ApiError.bad_request(-4054, msg)
        change = decimal(sent)
        if direction == _ADD and change > self._floor.margins.available(
            account, listing.contract.margin_asset
        ):
            raise ApiError.bad_request(-4050, "Cross balance insufficient.")
        if direction == _REMOVE and change > self._removable(account, position):
            raise ApiError.bad_request(-4051, "Isolated balance insufficient.")
        position.isolated_wallet += change if direction == _ADD else -change
        position.update_ms = now_ms
        moved = MarginChange(symbol, position.side, direction or 0, change, now_ms)
        account.margin_changes.append(moved)
        self._floor.log.margin_change(key, moved)
        asset = listing.contract.margin_asset
        payload = account_update(
            account,
            "MARGIN_TRANSFER",
            now_ms,
            assets={asset: ZERO},
            positions=[(position, self._floor.margins.profit(position))],
        )
        self._floor.tell(key, payload)
        self._changed(key, listing, now_ms)
        msg = "Successfully modify position margin."
        return {"amount": float(change), "code": 200, "msg": msg, "type": direction}

    def position_mode(self, key: str) -> dict[str, Any]:
        """``GET positionSide/dual``."""
        return {"dualSidePosition": self._floor.accounts[key].is_hedged}

    def change_position_mode(self, key: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST positionSide/dual``."""
        account = self._floor.accounts[key]
        wanted = flag(params, "dualSidePosition")
        if wanted is None:
            raise ApiError.missing("dualSidePosition")
        if wanted == account.is_hedged:
            raise ApiError.bad_request(-4059, "No need to change position side.")
        if any(market._has_orders(key) for market in self._markets):  # noqa: SLF001 - its kind
            msg = "Position side cannot be changed if there exists open orders."
            raise ApiError.bad_request(-4067, msg)
        for market in self._markets:
            if market._floor.accounts[key].held():  # noqa: SLF001 - of its own kind
                msg = "Position side cannot be changed if there exists position."
                raise ApiError.bad_request(-4068, msg)
        for market in self._markets:
            market._set_position_mode(key, now_ms, is_hedged=wanted)  # noqa: SLF001 - its kind
        return dict(_DONE)

    def multi_assets(self, key: str) -> dict[str, Any]:
        """``GET multiAssetsMargin``."""
        return {"multiAssetsMargin": self._floor.accounts[key].is_multi_asset}

    def change_multi_assets(self, key: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST multiAssetsMargin``. The only margin asset here is USDT: it changes a flag."""
        account = self._floor.accounts[key]
        wanted = flag(params, "multiAssetsMargin")
        if wanted is None:
            raise ApiError.missing("multiAssetsMargin")
        if wanted == account.is_multi_asset:
            raise ApiError.bad_request(-4171, "No need to change Multi-Assets mode.")
        if wanted and account.isolated:
            msg = "Unable to adjust to Multi-Assets mode with symbols of isolated-margin mode."
            raise ApiError.bad_request(-4167, msg)
        account.is_multi_asset = wanted
        self._floor.tell(key, multi_assets_update(is_on=wanted, now_ms=now_ms))
        self._changed(key, next(iter(self._floor.books.values())), now_ms)
        return dict(_DONE)

    def fee_burn(self, key: str) -> dict[str, Any]:
        """``GET feeBurn``."""
        return {"feeBurn": self._floor.accounts[key].burns_bnb}

    def change_fee_burn(self, key: str, params: Params, now_ms: int) -> dict[str, Any]:
        """``POST feeBurn``."""
        wanted = flag(params, "feeBurn")
        if wanted is None:
            raise ApiError.missing("feeBurn")
        self._floor.accounts[key].burns_bnb = wanted
        self._changed(key, next(iter(self._floor.books.values())), now_ms)
        return dict(_DONE)

    # --- inside ------------------------------------------------------------------------------

    def _listing(self, params: Params) -> FuturesListing:
        listing = self._floor.books.get(required(params, "symbol"))
        if listing is None:
            raise ApiError.invalid_symbol()
        return listing

    def _has_orders(self, key: str) -> bool:
        """Conditional ones included."""
        counts = (self._floor.orders.open_count(key, symbol) for symbol in self._floor.contracts)
        return any(counts) or bool(self._algos.open(key))

    def _is_busy(self, key: str) -> bool:
        return self._has_orders(key) or bool(self._floor.accounts[key].held())

    def _set_position_mode(self, key: str, now_ms: int, *, is_hedged: bool) -> None:
        self._floor.accounts[key].is_hedged = is_hedged
        self._changed(key, next(iter(self._floor.books.values())), now_ms)

    def _held(self, account: FuturesAccount, symbol: str) -> list[Position]:
        return [p for p in account.slots(symbol) if p.amount]

    def _side(self, account: FuturesAccount, params: Params) -> str:
        side = optional(params, "positionSide") or "BOTH"
        if side not in account.sides():
            msg = "Order's position side does not match user's setting."
            raise ApiError.bad_request(-4061, msg)
        return side

    def _is_short_of_margin(self, account: FuturesAccount, listing: FuturesListing) -> bool:
        """Whether the account binds more than it has, at the leverage as it is now."""
        asset = listing.contract.margin_asset
        free = account.cross_wallet(asset) + self._floor.margins.cross_profit(account, asset)
        for symbol, contract in self._floor.contracts.items():
            if contract.margin_asset != asset:
                continue
            for position in account.slots(symbol):
                margin = self._floor.margins.slot(account, position)
                free -= margin.orders
                free -= ZERO if symbol in account.isolated else margin.position
        return free < 0

    def _removable(self, account: FuturesAccount, position: Position) -> Decimal:
        """What an isolated position has beyond its initial margin, losses counted."""
        margin = self._floor.margins.slot(account, position)
        loss = min(ZERO, self._floor.margins.profit(position))
        return max(ZERO, rounded(position.isolated_wallet + loss - margin.position))

    def _changed(self, key: str, listing: FuturesListing, now_ms: int) -> None:
        self._floor.log.account(key)
        self._floor.settle(listing, now_ms)
