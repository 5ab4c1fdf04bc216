"""The HTTP side of futures: as on spot, but for what is answered to unknown paths."""

from aiohttp import web

from bot.simulation.wire.gateway import Gateway, json_response

__all__ = ["FuturesGateway"]


class FuturesGateway(Gateway):
    def _unknown(self, method: str, path: str) -> web.Response:
        """The futures servers speak JSON here, and say the same of path and method."""
        body = {"code": -5000, "msg": f"Path {path}, Method {method} is invalid"}
        return json_response(body, status=404)
