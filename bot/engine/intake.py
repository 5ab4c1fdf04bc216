"""From what a strategy asks for to intents and commands, or refusals."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bot.domain.amendments import AmendRejected, OrderAmendRequested
from bot.domain.commands import (
    AmendOrder,
    CancelOrder,
    ConfigureSymbol,
    ReplaceOrder,
    SubmitList,
    SubmitOrder,
)
from bot.domain.events import OrderIntended, OrderRefused
from bot.domain.order import Order
from bot.domain.values import SECOND_NS, Side
from bot.engine.request import Amend, Cancel, Configure, OrderList, OrderWish, Replace, Request
from bot.engine.risk import Approved

if TYPE_CHECKING:
    from bot.engine.engine import Engine

__all__ = ["Intake", "submission"]

_REFUSALS_ALLOWED: Final = 100
"""Refusals within a second after which a strategy is quarantined: it is in a loop."""


def submission(intent: OrderIntended) -> SubmitOrder:
    """The command that an approved intent leads to."""
    return SubmitOrder(
        client_order_id=intent.client_order_id,
        symbol=intent.symbol,
        side=intent.side,
        order_type=intent.order_type,
        time_in_force=intent.time_in_force,
        quantity=intent.quantity,
        price=intent.price,
        terms=intent.terms,
    )


class Intake:
    """Every wish passes the risk gate and is written down before it becomes a command."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._refusals: dict[str, list[int]] = {}

    def handle(self, request: Request) -> None:
        """Turn a strategy's request into an intent and a command, or a refusal."""
        action = request.action
        match action:
            case OrderWish():
                self._submit(request, action)
            case OrderList():
                self._submit_list(request, action)
            case Cancel():
                self._cancel(request)
            case Amend():
                self._amend(request, action)
            case Replace():
                self._replace(request, action)
            case Configure():
                self._engine.command(
                    ConfigureSymbol(
                        symbol=action.symbol,
                        leverage=action.leverage,
                        margin_type=action.margin_type,
                    )
                )

    def _submit(self, request: Request, wish: OrderWish) -> None:
        intent = self._intent(request, request.client_order_id, wish)
        if self._passes([intent], closing=request.closing):
            self._open([intent])
            self._engine.command(submission(intent))

    def _submit_list(self, request: Request, wanted: OrderList) -> None:
        """As one list of the venue, or leg by leg if the bot has to keep it."""
        instrument = self._engine.cache.instruments[wanted.legs[0][1].symbol]
        intents = [self._intent(request, cid, wish) for cid, wish in wanted.legs]
        if not self._passes(intents):
            return
        if wanted.contingency in instrument.lists and intents[0].price is not None:
            self._open(intents)
            self._engine.command(
                SubmitList(
                    list_id=wanted.list_id,
                    symbol=intents[0].symbol,
                    contingency=wanted.contingency,
                    of_proceeds=instrument.proceeds_allowed and intents[0].side is Side.BUY,
                    orders=tuple(submission(intent) for intent in intents),
                )
            )
            return
        self._engine.lists.keep(request.strategy_id, wanted)
        for intent in self._engine.lists.first(wanted, intents):
            self._open([intent])
            self._engine.command(submission(intent))

    def _intent(self, request: Request, client_order_id: str, wish: OrderWish) -> OrderIntended:
        engine = self._engine
        return OrderIntended(
            client_order_id=client_order_id,
            strategy_id=request.strategy_id,
            run_id=engine.config.run_id,
            symbol=wish.symbol,
            side=wish.side,
            order_type=wish.order_type,
            time_in_force=wish.time_in_force,
            quantity=wish.quantity,
            price=wish.price,
            reference_price=engine.cache.last_price(wish.symbol),
            cause=request.cause,
            recv_ns=engine.now_ns,
            terms=wish.terms,
        )

    def _passes(
        self,
        intents: Sequence[OrderIntended],
        *,
        without: Order | None = None,
        closing: bool = False,
    ) -> bool:
        """All of them, or none: the reason of the first that fails refuses each."""
        engine = self._engine
        # It was asked for before the quarantine; what is behind the wall sends nothing more.
        quarantined = "" if closing else engine.host.quarantined(intents[0].strategy_id)
        reason = f"QUARANTINED: {quarantined}" if quarantined else ""
        for intent in intents:
            if reason:
                break
            decision = engine.gate.check(intent, without=without, closing=closing)
            reason = "" if isinstance(decision, Approved) else decision.reason
        for intent in intents if reason else ():
            self._refuse(intent, reason)
        return not reason

    def _open(self, intents: Sequence[OrderIntended]) -> None:
        engine = self._engine
        for intent in intents:
            order = engine.blotter.open(Approved(intent))
            engine.ledger.write(order, intent)
            engine.counts["orders"] += 1
            engine.inquiry.resolver.watch(order, engine.now_ns)

    def _refuse(self, intent: OrderIntended, reason: str) -> None:
        engine = self._engine
        order = Order.opened(intent)
        engine.ledger.write(order, intent)
        refused = OrderRefused(
            client_order_id=intent.client_order_id, reason=reason, recv_ns=engine.now_ns
        )
        order.apply(refused)
        engine.blotter.adopt(order)
        engine.ledger.write(order, refused)
        engine.counts["refused"] += 1
        engine.incident("order_refused", intent.client_order_id, reason, severity="info")
        recent = self._refusals.setdefault(intent.strategy_id, [])
        recent.append(engine.now_ns)
        while recent[0] < engine.now_ns - SECOND_NS:
            recent.pop(0)
        if len(recent) >= _REFUSALS_ALLOWED:
            engine.host.quarantine(
                intent.strategy_id, f"{len(recent)} orders refused within a second; last: {reason}"
            )
        engine.desk.tell(order)
        engine.lists.on_order(order)

    def _cancel(self, request: Request) -> None:
        order = self._engine.blotter.get(request.client_order_id)
        if order is None:
            self._engine.lists.drop(request.client_order_id)
        elif not order.status.is_terminal:
            self._engine.desk.request_cancel(order, request.cause)

    def _amend(self, request: Request, wanted: Amend) -> None:
        engine = self._engine
        order = engine.blotter.get(request.client_order_id)
        if order is None or not order.status.is_working:
            return
        intent = self._changed(request, order, wanted)
        reason = engine.gate.check_amendment(order, intent)
        asked = OrderAmendRequested(
            client_order_id=order.client_order_id,
            quantity=intent.quantity,
            price=wanted.price,
            cause=request.cause,
            recv_ns=engine.now_ns,
        )
        engine.blotter.apply(order, asked)
        engine.ledger.write(order, asked)
        if reason:
            engine.desk.on_order_event(
                AmendRejected(
                    client_order_id=order.client_order_id,
                    code=0,
                    reason=reason,
                    recv_ns=engine.now_ns,
                )
            )
            return
        engine.gate.budgets.asked[order.client_order_id] = (intent.quantity, intent.price)
        engine.command(
            AmendOrder(
                client_order_id=order.client_order_id,
                symbol=order.symbol,
                side=order.side,
                quantity=intent.quantity,
                price=intent.price,
            )
        )

    def _changed(self, request: Request, order: Order, wanted: Amend) -> OrderIntended:
        """The order as it would be, as an intent that the gate can judge."""
        price = order.price if wanted.price is None else wanted.price
        wish = OrderWish(
            order.symbol,
            order.side,
            order.order_type,
            order.time_in_force,
            wanted.quantity or order.quantity,
            price,
            order.terms,
        )
        return self._intent(request, order.client_order_id, wish)

    def _replace(self, request: Request, wanted: Replace) -> None:
        engine = self._engine
        order = engine.blotter.get(request.client_order_id)
        intent = self._intent(request, wanted.client_order_id, wanted.wish)
        if order is None or not order.status.is_working:
            # It ended between the wish and now: nothing may take its place.
            state = "not known" if order is None else order.status.value
            self._refuse(intent, f"REPLACE: {request.client_order_id} is {state}")
            return
        if not self._passes([intent], without=order):
            return
        instrument = engine.cache.instruments[order.symbol]
        if not instrument.replace_allowed or order.terms.list_id:
            engine.lists.replace_after(order, request.strategy_id, wanted)
            engine.desk.request_cancel(order, f"replaced by {wanted.client_order_id}")
            return
        if not engine.desk.mark_cancel(order, f"replaced by {wanted.client_order_id}"):
            self._refuse(intent, f"REPLACE: {order.client_order_id} is being cancelled")
            return
        self._open([intent])
        engine.inquiry.resolver.watch_cancel(order.client_order_id, engine.now_ns)
        engine.command(
            ReplaceOrder(
                cancel=CancelOrder(client_order_id=order.client_order_id, symbol=order.symbol),
                order=submission(intent),
            )
        )
