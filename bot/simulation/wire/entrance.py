"""Where connections come in: what is no HTTP gets the page of Binance's front end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.simulation.wire.gateway import html_page

__all__ = ["Entrance", "invite"]

_SERVER_FAULT = 500
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Entrance(web.Server):
    """aiohttp's server, but for its words about itself."""

    def __init__(
        self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], **options: Any
    ) -> None:
        super().__init__(handler, **options)
        self._options = options

    def __call__(self) -> web.RequestHandler:
        return _Protocol(self, loop=asyncio.get_running_loop(), **self._options)


class _Protocol(web.RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = _SERVER_FAULT,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Before any handler: a request that cannot be read. The connection ends."""
        if status >= _SERVER_FAULT or request.writer.output_size:
            return super().handle_error(request, status, exc, message)
        page = html_page(status)
        page.force_close()
        return page


def invite(request: web.BaseRequest) -> None:
    """Ask for the body where the client waits to be asked."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport:
        request.transport.write(_CONTINUE)
