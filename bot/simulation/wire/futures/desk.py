"""Where a futures request is decided: as on spot, with API keys alone and orders counted."""

from collections.abc import Callable, Mapping

from bot.simulation.errors import ApiError
from bot.simulation.faults import FaultPlan
from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.wire.desk import SECURITY, Desk, Verdict
from bot.simulation.wire.driver import Driver
from bot.simulation.wire.endpoints import Call, Endpoint
from bot.simulation.wire.futures.endpoints import FuturesEndpoint
from bot.simulation.wire.futures.pace import Pace
from bot.simulation.wire.keys import Keyring
from bot.simulation.wire.rules import WireRules

__all__ = ["FuturesDesk"]


class FuturesDesk(Desk):
    """``pace`` is shared by the desks of both markets."""

    def __init__(
        self,
        *,
        core: FuturesExchange,
        pace: Pace,
        driver: Driver,
        plan: FaultPlan,
        keyring: Keyring,
        rules: WireRules,
        now_ms: Callable[[], int],
    ) -> None:
        super().__init__(
            exchange=pace, driver=driver, plan=plan, keyring=keyring, rules=rules, now_ms=now_ms
        )
        self._core = core
        self._pace = pace

    def _account(
        self,
        endpoint: Endpoint,
        params: Mapping[str, str],
        payload: bytes,
        api_key: str | None,
        session: str | None,
    ) -> str:
        if not isinstance(endpoint, FuturesEndpoint) or not endpoint.keyed:
            return super()._account(endpoint, params, payload, api_key, session)
        if session is not None and api_key is None:
            return session
        if not api_key:
            raise ApiError(401, -2014, "API-key format invalid.")
        if self._keyring.find(api_key) is None:
            raise ApiError(401, -2015, "Invalid API-key, IP, or permissions for action.")
        return api_key

    def _execute(
        self, endpoint: Endpoint, account: str, params: Mapping[str, str], now_ms: int
    ) -> Verdict:
        orders = endpoint.orders(params) if isinstance(endpoint, FuturesEndpoint) else 0
        if orders:
            self._pace.check(account, orders, now_ms)
        asked = {name: value for name, value in params.items() if name not in SECURITY}
        body = endpoint.answer(
            Call(self._core, account, asked, now_ms, self.server_ms(), self._rules)
        )
        if not orders:
            return Verdict(body=body)
        self._pace.placed(account, orders, now_ms)
        counts = self._pace.unfilled_order_count(account, {}, now_ms)
        return Verdict(body=body, order_counts=tuple(counts))
