"""Futures WebSocket connections from the handshake to the end.

Source: the change notice of 2026-03-06 and what clients are known to send: the private stream
is asked for by path, by ``listenKey=`` with or without ``events=``, or by SUBSCRIBE.
"""

from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from aiohttp import web

from bot.simulation.wire.endpoints import Endpoint
from bot.simulation.wire.futures.hub import FuturesListener
from bot.simulation.wire.futures.listenkeys import is_listen_key
from bot.simulation.wire.futures.session import FuturesSession
from bot.simulation.wire.limits import Allowance
from bot.simulation.wire.reception import Reception
from bot.simulation.wire.users import Subscriber

__all__ = ["FuturesReception"]


class FuturesReception(Reception):
    """Of one path: ``/public``, ``/market``, ``/private`` or ``/dstream``."""

    async def serve_streams(self, request: web.BaseRequest, prefix: str) -> web.StreamResponse:
        """``ws``, ``ws/<streams>`` and ``stream?streams=`` below the prefix, until the end."""
        path, _, query = request.raw_path.partition("?")
        options = parse_qs(query, max_num_fields=100)
        rest = path.removeprefix(prefix)
        combined = rest == "/stream"
        asked = options.get("streams", [""])[0] if combined else unquote(rest[len("/ws/") :])
        names = [name for text in (asked, *options.get("listenKey", [])) for name in _parts(text)]
        events = frozenset(event for text in options.get("events", []) for event in _parts(text))
        is_private = prefix == "/private" or any(is_listen_key(name) for name in names)
        return await self._listen(
            request,
            kind="user" if is_private else "market",
            names=names,
            controls=self._controls,
            listener=lambda peer: FuturesListener(peer, combined=combined, events=events),
        )

    async def converse(
        self, request: web.BaseRequest, methods: Mapping[str, Endpoint]
    ) -> web.StreamResponse:
        """``/ws-fapi/v1`` or ``/ws-dapi/v1``, until the connection ends."""
        options = parse_qs(request.raw_path.partition("?")[2], max_num_fields=100)
        show_limits = options.get("returnRateLimits", ["true"])[0] != "false"

        def session(subscriber: Subscriber, allowance: Allowance) -> FuturesSession:
            return FuturesSession(
                subscriber=subscriber,
                desk=self._desk,
                users=self._users,
                allowance=allowance,
                show_limits=show_limits,
                endpoints=methods,
            )

        return await self._converse(request, micro=False, session=session)


def _parts(text: str) -> list[str]:
    return [part for part in text.split("/") if part]
