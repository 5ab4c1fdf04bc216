"""Where a request is decided, whichever way it came: faults, limits, identity, the exchange."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec
from loguru import logger

from bot.simulation.errors import ApiError
from bot.simulation.faults import FaultPlan, HttpFault
from bot.simulation.wire.driver import Driver
from bot.simulation.wire.endpoints import Call, Endpoint
from bot.simulation.wire.keys import Keyring, SigningKey
from bot.simulation.wire.limits import Allowance
from bot.simulation.wire.requests import authenticate, check_time
from bot.simulation.wire.rules import WireRules

__all__ = ["SECURITY", "Desk", "Verdict"]

SECURITY: Final = frozenset({"signature", "apiKey", "timestamp", "recvWindow", "returnRateLimits"})
"""Parameters that are the wire's own."""
_TOO_MANY: Final = 429
_CANCEL_REPLACE_FAILED: Final = (-2021, -2022)
_TEN_SECONDS_MS: Final = 10_000
_DAY_MS: Final = 86_400_000


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a request: a body, an error, an HTML page, or a cut connection."""

    body: Any = None
    error: ApiError | None = None
    html_status: int = 0
    cut: bool = False
    order_counts: tuple[dict[str, Any], ...] = ()
    """The account's ORDERS rate limits, after an order was placed or replaced."""


class Counted(Protocol):
    """An exchange, as far as its ORDERS rate limits go."""

    def unfilled_order_count(
        self, account: str, params: Mapping[str, str], now_ms: int
    ) -> list[dict[str, Any]]: ...


class Desk:
    def __init__(
        self,
        *,
        exchange: Counted,
        driver: Driver,
        plan: FaultPlan,
        keyring: Keyring,
        rules: WireRules,
        now_ms: Callable[[], int],
    ) -> None:
        self._exchange = exchange
        self._driver = driver
        self._plan = plan
        self._keyring = keyring
        self._rules = rules
        self._now_ms = now_ms

    def server_ms(self) -> int:
        """The clock as clients see it."""
        now_ms = self._now_ms()
        return now_ms + self._plan.clock_skew_ms(now_ms)

    def handle(
        self,
        endpoint: Endpoint,
        *,
        params: Mapping[str, str],
        payload: bytes,
        api_key: str | None,
        session: str | None,
        allowance: Allowance,
    ) -> Verdict:
        """Decide one request; never raises. ``session`` is the account that is logged on."""
        now_ms = self._driver.step()
        fault = self._plan.http(endpoint.method, endpoint.path, now_ms)
        if fault is not None and fault.when != "after":
            return self._struck(fault)
        account = ""
        try:
            allowance.charge(endpoint.weight(params), self.server_ms())
            account = self._account(endpoint, params, payload, api_key, session)
            verdict = self._execute(endpoint, account, params, now_ms)
            if endpoint.is_order and endpoint.is_free(verdict.body):
                allowance.refund(endpoint.weight(params))
        except ApiError as e:
            counts = self._counts(account, now_ms) if e.code in _CANCEL_REPLACE_FAILED else ()
            verdict = Verdict(error=self._with_wait(e), order_counts=counts)
        except Exception:  # noqa: BLE001 - wall: a request must not bring the exchange down
            logger.exception("{} {} failed", endpoint.method, endpoint.path)
            unknown = "An unknown error occurred while processing the request."
            verdict = Verdict(error=ApiError(500, -1000, unknown))
        self._driver.settle()
        return verdict if fault is None else self._struck(fault)

    def authenticate(
        self, params: Mapping[str, str], payload: bytes, api_key: str | None
    ) -> tuple[str, SigningKey]:
        """Who signed the request, and with which kind of key.

        Raises:
            ApiError: nobody whom the exchange knows, or not at this time.
        """
        key = authenticate(self._keyring, api_key, params, payload)
        check_time(params, self.server_ms())
        return api_key or "", key

    def weight_row(self, allowance: Allowance) -> dict[str, Any]:
        """The REQUEST_WEIGHT entry of ``rateLimits``."""
        return {
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": self._rules.weight_per_minute,
            "count": allowance.used_weight,
        }

    def _account(
        self,
        endpoint: Endpoint,
        params: Mapping[str, str],
        payload: bytes,
        api_key: str | None,
        session: str | None,
    ) -> str:
        if not endpoint.signed:
            return ""
        if session is not None and api_key is None and "signature" not in params:
            check_time(params, self.server_ms())
            return session
        return self.authenticate(params, payload, api_key)[0]

    def _execute(
        self, endpoint: Endpoint, account: str, params: Mapping[str, str], now_ms: int
    ) -> Verdict:
        asked = {name: value for name, value in params.items() if name not in SECURITY}
        call = Call(self._exchange, account, asked, now_ms, self.server_ms(), self._rules)
        body = endpoint.answer(call)
        if not endpoint.is_order or not endpoint.shows_counts:
            return Verdict(body=body)
        return Verdict(body=body, order_counts=self._counts(account, now_ms))

    def _counts(self, account: str, now_ms: int) -> tuple[dict[str, Any], ...]:
        return tuple(self._exchange.unfilled_order_count(account, {}, now_ms))

    def _with_wait(self, error: ApiError) -> ApiError:
        """Too many orders: the next window of ten seconds, or day, is when to come back."""
        if error.status != _TOO_MANY or error.data is not None:
            return error
        server_ms = self.server_ms()
        window_ms = _DAY_MS if "DAY" in error.msg else _TEN_SECONDS_MS
        retry_at_ms = (server_ms // window_ms + 1) * window_ms
        data = {"serverTime": server_ms, "retryAfter": retry_at_ms}
        return ApiError(error.status, error.code, error.msg, data)

    def _struck(self, fault: HttpFault) -> Verdict:
        if not fault.status:
            return Verdict(cut=True)
        if fault.kind == "html_body":
            error = ApiError(fault.status, fault.code, fault.msg)
            return Verdict(error=error, html_status=fault.status)
        data = None
        if fault.kind == "rate_limit":
            server_ms = self.server_ms()
            retry_at_ms = server_ms + fault.retry_after_s * 1000
            data = {"serverTime": server_ms, "retryAfter": retry_at_ms}
        return Verdict(error=ApiError(fault.status, fault.code, fault.msg, data))
