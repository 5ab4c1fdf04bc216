"""One connection of the futures WebSocket API.

Source: Binance USDⓈ-M documentation, "WebSocket API general info". User data does not arrive
here: ``userDataStream.start`` gives a listen key for the private streams.
"""

from collections.abc import Mapping
from typing import Any

from bot.simulation.wire.desk import Desk
from bot.simulation.wire.endpoints import Endpoint
from bot.simulation.wire.limits import Allowance
from bot.simulation.wire.session import Session
from bot.simulation.wire.users import Subscriber, UserStreams

__all__ = ["FuturesSession"]


class FuturesSession(Session):
    def __init__(
        self,
        *,
        subscriber: Subscriber,
        desk: Desk,
        users: UserStreams,
        allowance: Allowance,
        show_limits: bool,
        endpoints: Mapping[str, Endpoint],
    ) -> None:
        super().__init__(
            subscriber=subscriber,
            desk=desk,
            users=users,
            allowance=allowance,
            show_limits=show_limits,
            endpoints=endpoints,
        )
        logon: dict[str, Any] = {
            name: do for name, do in self._methods.items() if name.startswith("session.")
        }
        del logon["session.subscriptions"]
        self._methods = logon

    def _status(self) -> dict[str, Any]:
        status = super()._status()
        del status["userDataStream"]
        return status
