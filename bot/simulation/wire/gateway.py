"""The HTTP side: REST requests in, Binance's bodies and headers out."""

import math
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from bot.simulation.errors import ApiError
from bot.simulation.wire import frames
from bot.simulation.wire.desk import Desk, Verdict
from bot.simulation.wire.endpoints import Endpoint
from bot.simulation.wire.limits import Allowance, Limits
from bot.simulation.wire.requests import rest_params, rest_payload
from bot.simulation.wire.routes import BY_ROUTE
from bot.simulation.wire.timeunits import answer_in_microseconds, wants_microseconds

__all__ = ["Gateway", "html_page", "json_response"]

_JSON: Final = "application/json;charset=UTF-8"
_SERVER: Final = {"Server": "nginx"}
_JSON_HEADERS: Final = {"Content-Type": _JSON} | _SERVER
_GONE: Final = 410
_RETIRED: Final = ("/api/v1/", "/api/v3/userDataStream", "/sapi/v1/userDataStream")
_REASONS: Final = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Not Allowed",
    410: "Gone",
    413: "Request Entity Too Large",
    418: "I'm a teapot",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
}
_LETTERS: Final = {"SECOND": "S", "MINUTE": "M", "HOUR": "H", "DAY": "D"}


class Gateway:
    def __init__(
        self,
        *,
        desk: Desk,
        limits: Limits,
        routes: Mapping[tuple[str, str], Endpoint] = BY_ROUTE,
    ) -> None:
        self._desk = desk
        self._routes = routes
        self._limits = limits

    async def answer(self, request: web.BaseRequest) -> web.Response | None:
        """The response; None where the connection must be cut."""
        path, _, query = request.raw_path.partition("?")
        allowance = self._limits.of(request.remote or "")
        if path.startswith(_RETIRED) or path == "/api/v1":
            return html_page(_GONE)
        endpoint = self._routes.get((request.method, path))
        if endpoint is None:
            return self._unknown(request.method, path)
        body = await request.read()
        try:
            micro = wants_microseconds(request.headers.get("X-MBX-TIME-UNIT"))
            params = rest_params(query, body)
        except ApiError as e:
            return _response(Verdict(error=e), allowance)
        verdict = self._desk.handle(
            endpoint,
            params=params,
            payload=rest_payload(query, body),
            api_key=request.headers.get("X-MBX-APIKEY"),
            session=None,
            allowance=allowance,
        )
        return _response(verdict, allowance, micro=micro)

    def _unknown(self, method: str, path: str) -> web.Response:
        if any(path == known for _, known in self._routes):
            body: dict[str, Any] = {
                "code": -1000,
                "msg": f"Request method '{method}' not supported",
            }
            return json_response(body, status=405)
        if not path.startswith("/sapi/"):
            return html_page(404)
        body = {
            "timestamp": self._desk.server_ms(),
            "status": 404,
            "error": "Not Found",
            "message": "No message available",
            "path": path,
        }
        return json_response(body, status=404)


def json_response(
    body: Any, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """A response with Binance's content type."""
    return web.Response(
        status=status, body=frames.encoded(body), headers=_JSON_HEADERS | (headers or {})
    )


def html_page(status: int) -> web.Response:
    """What Binance's front end answers where no JSON comes from behind it."""
    title = f"{status} {_REASONS.get(status, 'Error')}"
    lines = (
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<center><h1>{title}</h1></center>",
        "<hr><center>nginx</center>",
        "</body>",
        "</html>",
    )
    page = "".join(f"{line}\r\n" for line in lines)
    return web.Response(status=status, text=page, content_type="text/html", headers=_SERVER)


def _response(
    verdict: Verdict, allowance: Allowance, *, micro: bool = False
) -> web.Response | None:
    if verdict.cut:
        return None
    if verdict.html_status:
        return html_page(verdict.html_status)
    headers = _weight(allowance)
    for row in verdict.order_counts:
        letter = _LETTERS[row["interval"]]
        headers[f"X-MBX-ORDER-COUNT-{row['intervalNum']}{letter}"] = str(row["count"])
    status, body = 200, verdict.body
    if verdict.error is not None:
        status, body = verdict.error.status, verdict.error.body
        headers |= _wait(body)
    return json_response(
        answer_in_microseconds(body) if micro else body, status=status, headers=headers
    )


def _wait(body: dict[str, Any]) -> dict[str, str]:
    """When to come back: on REST it is a header, and a duration."""
    data = body.get("data", {})
    if "retryAfter" not in data:
        return {}
    del body["data"]
    return {"Retry-After": str(math.ceil((data["retryAfter"] - data["serverTime"]) / 1000))}


def _weight(allowance: Allowance) -> dict[str, str]:
    used = str(allowance.used_weight)
    return {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
