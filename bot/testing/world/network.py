"""Requests between the bot and the exchange: each may be lost, late, cut, or answered badly."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp
import msgspec

from bot.domain.errors import Rejected, VenueError
from bot.exchange import failures
from bot.simulation.errors import ApiError
from bot.testing.world.choices import Choices
from bot.testing.world.site import Site
from bot.testing.world.timeline import Pending, Timeline
from bot.testing.world.troubles import Troubles

__all__ = ["Network", "WorldSession"]

_MS: Final = 1_000_000
_TIMEOUT_MS: Final = 10_000
_RECV_WINDOW_MS: Final = 5_000
_SERVER_MS: Final = 10_000
_TIMESTAMP_OFF: Final = -1021

_FATES: Final = (
    "late",
    "overdue",
    "refused",
    "lost",
    "unanswered",
    "cut_before",
    "cut_after",
    "error_before",
    "error_after",
    "timeout_before",
    "timeout_after",
    "page",
    "broken_body",
    "throttled",
    "out_of_window",
)
_PAGE: Final = (502, "<html><h1>502 Bad Gateway</h1></html>")
_ERRORS: Final = {
    "error_before": (503, '{"code": -1000, "msg": "Service unavailable."}'),
    "error_after": (500, '{"code": -1000, "msg": "An unknown error occurred."}'),
    "timeout_before": (504, '{"code": -1007, "msg": "Timeout waiting for response."}'),
    "timeout_after": (408, '{"code": -1007, "msg": "Timeout waiting for response."}'),
    "page": _PAGE,
    "broken_body": (200, '{"symbol": "BTC'),
    "throttled": (429, '{"code": -1003, "msg": "Too many requests."}'),
    "out_of_window": (400, '{"code": -1021, "msg": "Timestamp outside of the recvWindow."}'),
}
_EXECUTED: Final = frozenset(
    {
        "late",
        "overdue",
        "unanswered",
        "cut_after",
        "error_after",
        "timeout_after",
        "broken_body",
        "page",
    }
)


class Network:
    """``sent`` is called when a request leaves, ``executed`` when the exchange gets it."""

    def __init__(
        self,
        timeline: Timeline,
        choices: Choices,
        site: Site,
        *,
        note: Callable[[str, str], None],
    ) -> None:
        self._timeline = timeline
        self._choices = choices
        self._site = site
        self._note = note
        self.troubles = Troubles()
        self.executed: Callable[[str, str, Mapping[str, str]], None] = lambda *_: None

    def request(self, method: str, path: str, params: Mapping[str, str]) -> Pending:
        """Send it; what is pending becomes the body, or raises a VenueError."""
        pending, choices = Pending(), self._choices
        asked = failures.Request(method, "https://exchange" + path)
        up_ms = choices.between(1, max(self.troubles.slow_network_ms, 2))
        fate = choices.pick(_FATES) if choices.chance(self.troubles.request) else "good"
        if fate == "refused":
            error = aiohttp.ConnectionTimeoutError()
            self._fail(pending, up_ms, failures.of_exception(asked, error))
            return pending
        if fate != "good":
            self._note("network", f"{asked} {params.get('newClientOrderId', '')}: {fate}")
        if fate == "overdue":
            # Whoever carried it has given up, and it is on its way all the same.
            cut = failures.of_exception(asked, aiohttp.ServerDisconnectedError())
            self._fail(pending, up_ms, cut)
        if fate in {"late", "overdue"}:
            # As late as may be: up to the window on the way, and 10 s at the exchange.
            up_ms = choices.between(1, _RECV_WINDOW_MS) + choices.between(0, _SERVER_MS)
        if fate in {"good", "late", *_EXECUTED}:
            self._timeline.after(
                up_ms * _MS + choices.between(0, 999_999),
                lambda: self._arrive(pending, asked, path, params, fate),
            )
        else:
            self._without_execution(pending, asked, up_ms, fate)
        self._fail(pending, _TIMEOUT_MS, failures.of_exception(asked, TimeoutError()))
        return pending

    def _arrive(
        self,
        pending: Pending,
        asked: failures.Request,
        path: str,
        params: Mapping[str, str],
        fate: str,
    ) -> None:
        down_ms = self._choices.between(1, max(self.troubles.slow_network_ms, 2))
        if self._site.is_out:
            outage = failures.of_response(asked, *_headers(_ERRORS["error_before"]))
            self._fail(pending, down_ms, outage)
            return
        self.executed(asked.method, path, params)
        body: Any = None
        error: VenueError | None = None
        try:
            body = self._site.execute(asked.method, path, params)
        except ApiError as refusal:
            text = msgspec.json.encode(refusal.body).decode()
            error = failures.of_response(asked, refusal.status, {}, text)
        if fate == "unanswered":
            return
        if fate == "cut_after":
            error = failures.of_exception(asked, aiohttp.ServerDisconnectedError())
        elif fate in _ERRORS:
            error = failures.of_response(asked, *_headers(_ERRORS[fate]))
        if error is not None:
            self._fail(pending, down_ms, error)
        else:
            self._timeline.after(down_ms * _MS, lambda: pending.bring(body))

    def _without_execution(
        self, pending: Pending, asked: failures.Request, up_ms: int, fate: str
    ) -> None:
        if fate == "lost":
            return
        if fate == "cut_before":
            error = failures.of_exception(asked, aiohttp.ServerDisconnectedError())
        else:
            error = failures.of_response(asked, *_headers(_ERRORS[fate]))
        self._fail(pending, up_ms * 2, error)

    def _fail(self, pending: Pending, after_ms: int, error: VenueError) -> None:
        self._timeline.after(after_ms * _MS, lambda: pending.fail(error))


def _headers(answer: tuple[int, str]) -> tuple[int, dict[str, str], str]:
    return answer[0], {}, answer[1]


class WorldSession:
    """What the venue and the sweep use of :class:`bot.exchange.session.Session`."""

    def __init__(
        self, network: Network, sent: Callable[[str, str, Mapping[str, str]], None]
    ) -> None:
        self._network = network
        self._sent = sent

    async def signed(self, method: str, path: str, params: Mapping[str, str]) -> Any:
        return await self._call(method.upper(), f"/api/v3/{path}", params)

    async def get_order(self, **params: Any) -> Any:
        return await self._call("GET", "/api/v3/order", _texts(params))

    async def get_my_trades(self, **params: Any) -> Any:
        return await self._call("GET", "/api/v3/myTrades", _texts(params))

    async def get_open_orders(self, **params: Any) -> Any:
        return await self._call("GET", "/api/v3/openOrders", _texts(params))

    async def get_account(self, **params: Any) -> Any:
        return await self._call("GET", "/api/v3/account", _texts(params))

    async def _call(self, method: str, path: str, params: Mapping[str, str]) -> Any:
        self._sent(method, path, params)
        try:
            return await self._network.request(method, path, params)
        except Rejected as failure:
            if failure.code != _TIMESTAMP_OFF:
                raise
        # As the real session does: it was refused before it was looked at.
        return await self._network.request(method, path, params)


def _texts(params: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items()}
