"""What callbacks asked for and is not handled yet: first in, first out, under fresh names."""

from collections import deque
from typing import TYPE_CHECKING, Final

from bot.engine.identity import client_order_id
from bot.engine.request import Action, Cancel, OrderList, OrderWish, Replace, Request

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["RequestQueue"]

_AT_ONCE: Final = 200
"""Requests handled in one feed; the rest wait for the next, so that no loop holds the bot."""


class RequestQueue:
    """A callback's requests are handled after it has ended: nothing changes while it runs."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.waiting: deque[Request] = deque()
        """Looked at after each event."""
        self._counter = 0
        self.cause: object = None
        """What the present callback handles: an event, or the name of a timer."""

    def handle(self) -> None:
        """Turn what waits into intents and commands."""
        for _ in range(_AT_ONCE):
            if not self.waiting:
                return
            self._engine.intake.handle(self.waiting.popleft())

    def fresh_id(self, strategy_id: str) -> str:
        """A client order id that this run has not used."""
        self._counter += 1
        return client_order_id(strategy_id, self._engine.config.run_id, self._counter)

    def order(self, strategy_id: str, wish: OrderWish, cause: str = "") -> str:
        """Name a new order and queue it; the callback goes on."""
        made = self.fresh_id(strategy_id)
        self.add(strategy_id, made, wish, cause)
        return made

    def add(
        self,
        strategy_id: str,
        client_order_id: str,
        action: Action,
        cause: str = "",
        *,
        closing: bool = False,
    ) -> None:
        """Queue a request about an order that has its name."""
        self.waiting.append(
            Request(strategy_id, client_order_id, action, cause or self.cause_name(), closing)
        )

    def cancel(self, strategy_id: str, client_order_id: str) -> bool:
        """Queue a cancel; False if there is no such open order of the strategy."""
        order = self._engine.blotter.get(client_order_id)
        known = order is not None and order.strategy_id == strategy_id
        if known and order is not None and order.status.is_terminal:
            return False
        if not (
            known
            or self.is_asked(client_order_id, strategy_id)
            or self._engine.lists.awaits(client_order_id, strategy_id)
        ):
            return False
        self.add(strategy_id, client_order_id, Cancel())
        return True

    def is_asked(self, client_order_id: str, strategy_id: str | None = None) -> bool:
        """Whether an order of that name waits here to be placed."""
        return any(
            client_order_id in _placed(request)
            for request in self.waiting
            if strategy_id in {None, request.strategy_id}
        )

    def cause_name(self) -> str:
        """What the present callback handles, as a word."""
        return self.cause if isinstance(self.cause, str) else type(self.cause).__name__


def _placed(request: Request) -> tuple[str, ...]:
    action = request.action
    match action:
        case OrderWish():
            return (request.client_order_id,)
        case OrderList():
            return tuple(client_order_id for client_order_id, _ in action.legs)
        case Replace():
            return (action.client_order_id,)
        case _:
            return ()
