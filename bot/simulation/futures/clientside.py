"""What clients ask of a futures exchange about themselves, and have it do."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final

from bot.simulation.errors import ApiError
from bot.simulation.futures.algodesk import AlgoDesk
from bot.simulation.futures.amendments import AmendmentDesk
from bot.simulation.futures.batches import each_order, each_to_cancel
from bot.simulation.futures.clockwork import FuturesSource
from bot.simulation.futures.conditions import Conditions
from bot.simulation.futures.contracts import Kind
from bot.simulation.futures.countdown import Countdown
from bot.simulation.futures.desk import OrderDesk
from bot.simulation.futures.enquiries import Enquiries
from bot.simulation.futures.floor import FuturesFloor
from bot.simulation.futures.marketdata import MarketData
from bot.simulation.futures.settings import Settings
from bot.simulation.futures.statements import Statements
from bot.simulation.parameters import required

__all__ = ["ClientSide"]

Params = Mapping[str, str]
Body = dict[str, Any]

_CANCELLED: Final = {"code": 200, "msg": "The operation of cancel all open order is done."}


class ClientSide(MarketData, ABC):
    """Binance's signed endpoints: each lets the market catch up, then asks its desk."""

    def __init__(
        self, floor: FuturesFloor, source: FuturesSource, kind: Kind, start_ms: int
    ) -> None:
        super().__init__(floor, source, kind, start_ms)
        self._desk = OrderDesk(floor)
        self._algos = AlgoDesk(floor, self._desk)
        self._amendments = AmendmentDesk(floor, self._desk)
        self._countdown = Countdown(floor, self._desk)
        self._settings = Settings(floor, self._algos.store)
        self._enquiries = Enquiries(floor, self._desk)
        self._statements = Statements(floor, kind)
        self._conditions = Conditions(floor, kind)

    @abstractmethod
    def advance(self, now_ms: int) -> None:
        """Move the market up to now."""

    def share_position_mode(self, other: "ClientSide") -> None:
        """Hedge mode is one setting of an account in both markets from now on."""
        self._settings.share_position_mode(other._settings)  # noqa: SLF001 - of its own kind

    def place_order(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/order``."""
        return self._desk.place(account, params, self._trade(account, now_ms))

    def test_order(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/order/test``."""
        return self._desk.test(account, params, self._trade(account, now_ms))

    def modify_order(self, account: str, params: Params, now_ms: int) -> Body:
        """``PUT /fapi/v1/order``."""
        return self._amendments.modify(account, params, self._trade(account, now_ms))

    def cancel_order(self, account: str, params: Params, now_ms: int) -> Body:
        """``DELETE /fapi/v1/order``."""
        return self._desk.cancel(account, params, self._enter(account, now_ms))

    def cancel_open_orders(self, account: str, params: Params, now_ms: int) -> Body:
        """``DELETE /fapi/v1/allOpenOrders``."""
        at_ms = self._enter(account, now_ms)
        self._desk.cancel_all(account, required(params, "symbol"), at_ms)
        return dict(_CANCELLED)

    def batch_place(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``POST /fapi/v1/batchOrders``."""
        at_ms = self._trade(account, now_ms)
        return each_order(params, lambda wish: self._desk.place(account, wish, at_ms))

    def batch_modify(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``PUT /fapi/v1/batchOrders``."""
        at_ms = self._trade(account, now_ms)
        return each_order(params, lambda wish: self._amendments.modify(account, wish, at_ms))

    def batch_cancel(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``DELETE /fapi/v1/batchOrders``."""
        at_ms = self._enter(account, now_ms)
        return each_to_cancel(params, lambda one: self._desk.cancel(account, one, at_ms))

    def query_order(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/order``."""
        self._enter(account, now_ms)
        return self._enquiries.order(account, params)

    def open_order(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/openOrder``."""
        self._enter(account, now_ms)
        return self._enquiries.open_order(account, params)

    def open_orders(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/openOrders``."""
        self._enter(account, now_ms)
        return self._enquiries.open_orders(account, params)

    def all_orders(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/allOrders``."""
        self._enter(account, now_ms)
        return self._enquiries.all_orders(account, params)

    def user_trades(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/userTrades``."""
        self._enter(account, now_ms)
        return self._enquiries.user_trades(account, params)

    def force_orders(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/forceOrders``."""
        self._enter(account, now_ms)
        return self._enquiries.force_orders(account, params)

    def countdown_cancel_all(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/countdownCancelAll``."""
        return self._countdown.set(account, params, self._enter(account, now_ms))

    def place_algo(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/algoOrder``."""
        return self._algos.place(account, params, self._trade(account, now_ms))

    def cancel_algo(self, account: str, params: Params, now_ms: int) -> Body:
        """``DELETE /fapi/v1/algoOrder``."""
        return self._algos.cancel(account, params, self._enter(account, now_ms))

    def cancel_open_algos(self, account: str, params: Params, now_ms: int) -> Body:
        """``DELETE /fapi/v1/algoOpenOrders``."""
        return self._algos.cancel_all(account, params, self._enter(account, now_ms))

    def query_algo(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/algoOrder``."""
        self._enter(account, now_ms)
        return self._algos.query(account, params)

    def open_algos(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/openAlgoOrders``."""
        self._enter(account, now_ms)
        return self._algos.open(account, params)

    def all_algos(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/allAlgoOrders``."""
        self._enter(account, now_ms)
        return self._algos.all(account, params)

    def account(self, account: str, params: Params, now_ms: int, *, version: int = 3) -> Body:
        """``GET /fapi/v2/account``, ``/fapi/v3/account``, ``/dapi/v1/account``."""
        del params
        self._enter(account, now_ms)
        return self._statements.account(account, version)

    def balance(self, account: str, params: Params, now_ms: int, *, version: int = 3) -> list[Body]:
        """``GET /fapi/v2/balance``, ``/fapi/v3/balance``, ``/dapi/v1/balance``."""
        del params, version
        self._enter(account, now_ms)
        return self._statements.balance(account)

    def position_risk(
        self, account: str, params: Params, now_ms: int, *, version: int = 3
    ) -> list[Body]:
        """``GET /fapi/v2/positionRisk``, ``/fapi/v3/positionRisk``, ``/dapi/v1/positionRisk``."""
        self._enter(account, now_ms)
        return self._statements.position_risk(account, params, version)

    def leverage(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/leverage``."""
        return self._settings.leverage(account, params, self._enter(account, now_ms))

    def margin_type(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/marginType``."""
        return self._settings.margin_type(account, params, self._enter(account, now_ms))

    def position_margin(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/positionMargin``."""
        return self._settings.position_margin(account, params, self._enter(account, now_ms))

    def margin_history(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/positionMargin/history``."""
        self._enter(account, now_ms)
        return self._enquiries.margin_history(account, params)

    def fee_burn(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/feeBurn``."""
        del params
        self._enter(account, now_ms)
        return self._settings.fee_burn(account)

    def change_fee_burn(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/feeBurn``."""
        return self._settings.change_fee_burn(account, params, self._enter(account, now_ms))

    def trading_status(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/apiTradingStatus``."""
        del params
        return self._conditions.trading_status(self._enter(account, now_ms))

    def position_mode(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/positionSide/dual``."""
        del params
        self._enter(account, now_ms)
        return self._settings.position_mode(account)

    def change_position_mode(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/positionSide/dual``."""
        return self._settings.change_position_mode(account, params, self._enter(account, now_ms))

    def multi_assets(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/multiAssetsMargin``."""
        del params
        self._enter(account, now_ms)
        return self._settings.multi_assets(account)

    def change_multi_assets(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/multiAssetsMargin``."""
        return self._settings.change_multi_assets(account, params, self._enter(account, now_ms))

    def income(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/income``."""
        self._enter(account, now_ms)
        return self._enquiries.income(account, params)

    def leverage_brackets(self, account: str, params: Params, now_ms: int) -> Body | list[Body]:
        """``GET /fapi/v1/leverageBracket``, ``/dapi/v2/leverageBracket``."""
        self._enter(account, now_ms)
        return self._conditions.brackets(params)

    def commission_rate(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/commissionRate``."""
        self._enter(account, now_ms)
        return self._conditions.commission_rate(account, params)

    def adl_quantile(self, account: str, params: Params, now_ms: int) -> Body | list[Body]:
        """``GET /fapi/v1/adlQuantile``."""
        self._enter(account, now_ms)
        return self._conditions.adl_quantile(account, params)

    def sign_stock_contract(self, account: str, params: Params, now_ms: int) -> Body:
        """``POST /fapi/v1/stock/contract``: nothing is traded here that asks for it."""
        del params
        self._enter(account, now_ms)
        return {"code": 200, "msg": "success"}

    def account_config(self, account: str, params: Params, now_ms: int) -> Body:
        """``GET /fapi/v1/accountConfig``."""
        del params
        self._enter(account, now_ms)
        return self._conditions.account_config(account)

    def symbol_config(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/symbolConfig``."""
        self._enter(account, now_ms)
        return self._conditions.symbol_config(account, params)

    def order_amendments(self, account: str, params: Params, now_ms: int) -> list[Body]:
        """``GET /fapi/v1/orderAmendment``."""
        self._enter(account, now_ms)
        return self._enquiries.amendments(account, params)

    def _enter(self, account: str, now_ms: int) -> int:
        """Let the market catch up before the account acts; the exchange's time."""
        if account not in self._floor.accounts:
            raise ApiError(401, -2015, "Invalid API-key, IP, or permissions for action.")
        self.advance(now_ms)
        return self._now_ms

    def _trade(self, account: str, now_ms: int) -> int:
        """As :meth:`_enter`, for those who may do more than look and cancel."""
        at_ms = self._enter(account, now_ms)
        if not self._floor.accounts[account].can_trade:
            raise ApiError(401, -2015, "Invalid API-key, IP, or permissions for action.")
        return at_ms
