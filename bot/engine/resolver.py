"""Questions about orders until the answer is certain.

Rule (Binance, "unknown execution status", and binance-spot-api-docs on recvWindow): a
request may still be on its way for its recvWindow plus the 10 s that the server gives
itself. Until then "order does not exist" proves nothing; after that it is certain. The time
counts from the latest moment at which the request can have left: for an ambiguous answer
that is when the answer came, because the request may have waited for its turn before.
"""

from dataclasses import dataclass
from typing import Final

from bot.domain.commands import CancelOrder, Command, FetchFills, QueryOrder
from bot.domain.order import Order
from bot.domain.values import MS_NS, SECOND_NS, OrderStatus

__all__ = ["Resolver"]

_SERVER_BUDGET_NS: Final = 10 * SECOND_NS
_FIRST_NS: Final = 200 * MS_NS
_LONGEST_NS: Final = 5 * SECOND_NS
_UNANSWERED_NS: Final = 30 * SECOND_NS


@dataclass(slots=True)
class _Question:
    due_ns: int
    pause_ns: int
    fills: bool = False
    """Fills are missing: ask for the order's trades, not for its status."""
    cancel: bool = False
    """Somebody wants it cancelled, and no answer said that it is."""
    unclear: bool = False
    """The last cancel failed or was not answered in time: it may be sent again."""
    doubted_ns: int = 0
    """When the answer proved ambiguous; 0 if none did."""


class Resolver:
    """Which orders must be asked about, and when next."""

    def __init__(self, *, recv_window_ms: int) -> None:
        self._certain_after_ns = recv_window_ms * MS_NS + _SERVER_BUDGET_NS
        self._questions: dict[str, _Question] = {}
        self.started_ns = 0
        """When this process began: an earlier one may have sent its orders until then."""

    def __len__(self) -> int:
        return len(self._questions)

    def watch(self, order: Order, now_ns: int) -> None:
        """An order is about to be sent: if nothing is heard of it for long, ask."""
        self._questions[order.client_order_id] = _Question(
            due_ns=now_ns + _UNANSWERED_NS, pause_ns=_FIRST_NS
        )

    def ask(self, client_order_id: str, now_ns: int, *, fills: bool = False) -> None:
        """Ask soon, and again until :meth:`settle`."""
        question = self._questions.get(client_order_id)
        if question is None:
            question = self._questions[client_order_id] = _Question(
                due_ns=now_ns + _FIRST_NS, pause_ns=_FIRST_NS
            )
        # The pause that it has reached: an answer that proves nothing does not undo the back-off.
        question.due_ns = min(question.due_ns, now_ns + question.pause_ns)
        question.fills = question.fills or fills

    def doubt(self, client_order_id: str, now_ns: int) -> None:
        """The answer to the request was ambiguous: ask soon."""
        self.ask(client_order_id, now_ns)
        self._questions[client_order_id].doubted_ns = now_ns

    def want_cancel(self, client_order_id: str, now_ns: int) -> None:
        """The cancel's outcome is unclear: ask, and cancel again if the order still works."""
        self.ask(client_order_id, now_ns)
        question = self._questions[client_order_id]
        question.cancel = question.unclear = True

    def watch_cancel(self, client_order_id: str, now_ns: int) -> None:
        """A cancel is about to be sent: if nothing is heard of it for long, ask."""
        question = self._questions.get(client_order_id)
        if question is None:
            question = self._questions[client_order_id] = _Question(
                due_ns=now_ns + _UNANSWERED_NS, pause_ns=_FIRST_NS
            )
        question.cancel = True

    def wants_cancel(self, client_order_id: str) -> bool:
        question = self._questions.get(client_order_id)
        return question is not None and question.cancel

    def has_fills(self, client_order_id: str) -> None:
        """No fill is missing any more; what else was asked is asked on."""
        question = self._questions.get(client_order_id)
        if question is not None:
            question.fills = False

    def settle(self, client_order_id: str) -> None:
        """The order's state is certain: no more questions."""
        self._questions.pop(client_order_id, None)

    def is_certain(self, order: Order, asked_ns: int) -> bool:
        """Whether "does not exist", asked then, proves that the order never will."""
        if order.status is OrderStatus.INTENT:
            return False  # it still waits here, and may be sent after the question
        question = self._questions.get(order.client_order_id)
        doubted_ns = 0 if question is None else question.doubted_ns
        sent_ns = max(order.sent_ns, order.created_ns, self.started_ns, doubted_ns)
        return asked_ns > sent_ns + self._certain_after_ns

    def next_ns(self) -> int | None:
        return min((q.due_ns for q in self._questions.values()), default=None)

    def due(self, now_ns: int) -> list[str]:
        """The orders to ask about now; each is put off, for longer each time."""
        ready = [cid for cid, question in self._questions.items() if question.due_ns <= now_ns]
        for client_order_id in ready:
            question = self._questions[client_order_id]
            question.due_ns = now_ns + question.pause_ns
            question.pause_ns = min(question.pause_ns * 2, _LONGEST_NS)
            question.unclear = question.cancel
        return ready

    def command(self, order: Order) -> Command:
        """The question to send about an order that is due."""
        question = self._questions[order.client_order_id]
        if question.fills and order.venue_order_id is not None:
            return FetchFills(
                client_order_id=order.client_order_id,
                symbol=order.symbol,
                venue_order_id=order.venue_order_id,
            )
        return QueryOrder(
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            conditional=order.is_untriggered,
        )

    def retry_cancel(self, order: Order) -> Command | None:
        """After an answer: the cancel to send again, if the order still works and should not."""
        question = self._questions.get(order.client_order_id)
        if question is None or not question.unclear or not order.status.is_working:
            return None
        question.unclear = False
        return CancelOrder(
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            conditional=order.is_untriggered,
        )
