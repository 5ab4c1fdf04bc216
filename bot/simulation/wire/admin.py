"""The exchange's own control side: its truth, and the faults and scenes it is told to make."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import orjson
from aiohttp import web

from bot.simulation.errors import ApiError
from bot.simulation.exchange import SimulatedExchange
from bot.simulation.faults import FaultPlan, parse_faults
from bot.simulation.scenes import SceneScript, parse_scenes
from bot.simulation.wire.connections import Connections
from bot.simulation.wire.gateway import json_response

__all__ = ["Admin"]


class FundsMove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the list that ``POST /sim/funds`` takes."""

    asset: Annotated[str, msgspec.Meta(pattern="^[A-Z0-9]{1,20}$")]
    amount: Decimal
    """Into what is free; negative: out of it."""
    lock: bool = False
    """Locked, or unlocked, apart from orders instead."""
    account: str = ""
    """The API key; without it: the first account."""


class Admin:
    def __init__(
        self,
        *,
        exchange: SimulatedExchange,
        plan: FaultPlan,
        connections: Connections,
        now_ms: Callable[[], int],
        futures: Callable[[], dict[str, Any]] = dict,
        script: SceneScript | None = None,
    ) -> None:
        """Without a ``script`` the market follows none."""
        self._exchange = exchange
        self._plan = plan
        self._connections = connections
        self._now_ms = now_ms
        self._futures = futures
        self._script = script

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """The response to a request below ``/sim/``."""
        route = (request.method, request.path)
        try:
            if route == ("GET", "/sim/state"):
                return json_response(self._state())
            if request.path == "/sim/scene":
                return json_response(self._scenes(request.method, await request.read()))
            if route == ("POST", "/sim/funds"):
                return json_response(self._funds(_json(await request.read())))
            if route == ("POST", "/sim/faults"):
                self._plan.add(parse_faults(_json(await request.read())), self._now_ms())
            elif route == ("DELETE", "/sim/faults"):
                self._plan.clear()
            elif route != ("GET", "/sim/faults"):
                there = "/sim/state, /sim/faults, /sim/funds and /sim/scene"
                msg = f"no {route[0]} {route[1]}: there are {there}"
                return json_response({"code": -1000, "msg": msg}, status=404)
        except ApiError as e:
            return json_response(e.body, status=e.status)
        return json_response({"faults": self._plan.active()})

    def _scenes(self, method: str, body: bytes) -> dict[str, Any]:
        """``GET``, ``POST`` and ``DELETE /sim/scene``."""
        script, now_ms = self._script, self._now_ms()
        if script is None:
            msg = "scenes need a generated market: a tape is played as it was recorded"
            raise ApiError(400, -1130, msg)
        if method == "POST":
            script.add(parse_scenes(_json(body)), now_ms)
        elif method == "DELETE":
            script.clear(now_ms)
        elif method != "GET":
            raise ApiError(405, -1000, "/sim/scene takes GET, POST and DELETE")
        return {"scenes": script.active(now_ms)}

    def _funds(self, moves: Any) -> dict[str, Any]:
        """``POST /sim/funds``: deposits, withdrawals and locks, each as soon as it was read."""
        try:
            read = msgspec.convert(moves, list[FundsMove])
        except msgspec.ValidationError as e:
            raise ApiError(400, -1130, f"the list of funds: {e}") from None
        return {"funds": [self._moved(move) for move in read]}

    def _moved(self, move: FundsMove) -> dict[str, Any]:
        account = move.account or next(iter(self._exchange.accounts), "")
        try:
            return self._exchange.move_funds(
                account, move.asset, move.amount, self._now_ms(), as_lock=move.lock
            )
        except ValueError as e:
            raise ApiError(400, -1130, f"the amount of {move.asset}: {e}") from None

    def _state(self) -> dict[str, Any]:
        described = [connection.describe() for connection in self._connections]
        return self._exchange.state() | {
            "futures": self._futures(),
            "connections": described,
            "clock": self._now_ms(),
        }


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except json.JSONDecodeError as e:
        msg = f"the body is not JSON: line {e.lineno} column {e.colno}"
        raise ApiError(400, -1130, msg) from None
