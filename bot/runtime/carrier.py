"""How a command gets to the venue: an intent only once it is durable, and each of them once.

It awaits nothing but the venue, the market's history and the store, so it runs on any loop, and
in the tests' world on none.
"""

from collections.abc import Callable, Sequence

from bot.domain.commands import (
    AmendOrder,
    CancelOrder,
    Command,
    ConfigureSymbol,
    FetchBars,
    FetchBook,
    FetchFills,
    FetchTrades,
    QueryOrder,
    ReplaceOrder,
    SubmitList,
    SubmitOrder,
    Sweep,
)
from bot.domain.errors import DatabaseError
from bot.domain.events import Event, HaltRequested, OrderSubmitted
from bot.domain.values import SECOND_NS
from bot.ports import Clock, Emit, MarketHistory, Store, Venue
from bot.runtime.inquiries import inquire
from bot.runtime.logs import logger
from bot.runtime.mishaps import Submission, dropped, failed, orders_of

__all__ = ["Carrier"]


class Carrier:
    """Carries one command at a time to the venue; the answers go back as events."""

    def __init__(
        self,
        *,
        venue: Venue,
        history: MarketHistory,
        store: Store,
        clock: Clock,
        closed: Callable[[], str],
        intent_max_age_s: float,
        exempt: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._venue = venue
        self._history = history
        self._store = store
        self._clock = clock
        # Why no order may be sent at this moment, or '': the gate may close after an
        # intent was approved and before it is durable.
        self._closed = closed
        # Client ids that may be sent all the same: they close positions.
        self._exempt = exempt
        self._max_age_ns = int(intent_max_age_s * SECOND_NS)
        self.emit: Emit = lambda _: None
        """Where answers go."""

    async def carry(self, command: Command, mark: int) -> None:
        """Send the command once ``mark`` is durable, if it places orders, and emit the answers."""
        try:
            answers = await self._answers(command, mark)
            for answer in answers:
                self.emit(answer)
        except Exception as e:  # noqa: BLE001 - wall: the way to the venue
            logger.bind(source="sender").opt(exception=e).debug("{} failed", command)
            cause = f"{type(e).__name__}: {e}"
            for event in failed(command, cause, self._clock.now_ns()):
                self.emit(event)

    async def _answers(self, command: Command, mark: int) -> Sequence[Event]:
        match command:
            case SubmitOrder() | SubmitList() | ReplaceOrder():
                return await self._submit(command, mark)
            case AmendOrder():
                return await self._venue.amend(command)
            case ConfigureSymbol():
                return await self._venue.configure(command)
            case CancelOrder():
                return await self._venue.cancel(command)
            case QueryOrder():
                return await self._venue.query(command)
            case FetchFills():
                return await self._venue.fetch_fills(command)
            case Sweep():
                return await self._venue.sweep(command)
            case FetchBook() | FetchBars() | FetchTrades():
                return [await inquire(command, self._history, self._clock)]
            case _:  # pragma: no cover - Subscribe and Unsubscribe are for the market feed
                return ()

    async def _submit(self, command: Submission, mark: int) -> Sequence[Event]:
        wanted_ns = self._clock.now_ns()
        try:
            await self._store.durable(mark)
        except DatabaseError as e:
            # What cannot be written down is not sent, and nothing else will be.
            now_ns = self._clock.now_ns()
            self.emit(HaltRequested(reason=f"the database failed: {e}", recv_ns=now_ns))
            return dropped(command, f"its intent could not be stored: {e}", now_ns)
        now_ns = self._clock.now_ns()
        if now_ns - wanted_ns > self._max_age_ns:
            waited_s = (now_ns - wanted_ns) / SECOND_NS
            return dropped(command, f"its intent took {waited_s:.1f} s to store: too old", now_ns)
        reason = self._closed()
        if reason and not all(self._exempt(one.client_order_id) for one in orders_of(command)):
            return dropped(command, f"not sent: {reason}", now_ns)
        for order in orders_of(command):
            self.emit(OrderSubmitted(client_order_id=order.client_order_id, recv_ns=now_ns))
        match command:
            case SubmitOrder():
                return await self._venue.submit(command)
            case SubmitList():
                return await self._venue.submit_list(command)
            case ReplaceOrder():
                return await self._venue.replace(command)
