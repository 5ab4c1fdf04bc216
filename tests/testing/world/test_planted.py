"""The world must find bugs: each of these is put into the real code, and is found."""

import msgspec
import pytest

from bot.domain.events import FeedState, OrderFilled, OrderUnknown
from bot.engine.blotter import Blotter
from bot.engine.desk import OrderDesk
from bot.engine.inquiry import Inquiry
from bot.engine.intake import submission
from bot.engine.lists import Lists
from bot.engine.resolver import Resolver
from bot.engine.sight import Sight
from bot.exchange import orderdesk, rest_decode, user_decode
from bot.runtime.carrier import Carrier
from bot.testing.world.choices import SeededChoices
from bot.testing.world.disk import Writer
from bot.testing.world.world import World

SEEDS = 120


def found(seeds=SEEDS):
    """The first thing that any seed breaks, and at which seed."""
    for seed in range(seeds):
        broken = World(SeededChoices(seed)).run()
        if broken is not None:
            return broken.name, seed
    return "", seeds


def no_dedupe(patch):
    patch.setattr(Blotter, "is_known", lambda self, fill: False)


def send_before_store(patch):
    async def at_once(self, mark):
        pass

    patch.setattr(Writer, "durable", at_once)


def blind_retry(patch):
    submit = orderdesk.OrderDesk.submit

    async def twice(self, command):
        events = await submit(self, command)
        if any(isinstance(event, OrderUnknown) for event in events):
            events = await submit(self, command)
        return events

    patch.setattr(orderdesk.OrderDesk, "submit", twice)


def no_sweep_after_reconnect(patch):
    on_user_feed = Sight._on_user_feed

    def shortcut(self, event):
        if event.state is FeedState.UP and self._generation:
            self._user_up = True
            self.blind = False
            self._engine.refresh_gate()
            return
        on_user_feed(self, event)

    patch.setattr(Sight, "_on_user_feed", shortcut)


def blindness_not_noticed(patch):
    on_user_feed = Sight._on_user_feed

    def deaf(self, event):
        if event.state is FeedState.UP:
            on_user_feed(self, event)

    patch.setattr(Sight, "_on_user_feed", deaf)


def blindness_not_written(patch):
    opened = Sight._open

    def silent(self, kind, key, event):
        if kind != "user_blind":
            opened(self, kind, key, event)

    patch.setattr(Sight, "_open", silent)


def late_fill_dropped(patch):
    on_order_event = OrderDesk.on_order_event

    def picky(self, event):
        order = self._engine.blotter.get(event.client_order_id)
        if isinstance(event, OrderFilled) and order is not None and order.status.is_terminal:
            return
        on_order_event(self, event)

    patch.setattr(OrderDesk, "on_order_event", picky)


def wrong_cancel_mapping(patch):
    patch.setattr(user_decode, "_owner", lambda wire: wire.c)


def ended_orders_still_counted(patch):
    def forgetful(self, order, event):
        was_open = not order.status.is_terminal
        changed = order.apply(event)
        if order.status.is_terminal and was_open:
            self._end(order)  # and not out of the open ones
        self._index(order)
        return changed

    patch.setattr(Blotter, "apply", forgetful)


def leg_placed_again(patch):
    look_at = Lists._look_at

    def eager(self, plan):
        for leg in plan.legs[1:]:
            order = self._engine.blotter.get(leg.client_order_id)
            if order is not None:
                self._engine.command(submission(msgspec.structs.replace(leg)))
        look_at(self, plan)

    patch.setattr(Lists, "_look_at", eager)


def legs_forgotten_over_a_restart(patch):
    patch.setattr(Lists, "restore", lambda self, state: None)


def not_found_believed_at_once(patch):
    patch.setattr(Resolver, "is_certain", lambda self, order, asked_ns: True)


def cancel_forgotten_over_a_restart(patch):
    recover = OrderDesk.recover

    def forgetful(self, order):
        order.cancel_requested = False
        recover(self, order)

    patch.setattr(OrderDesk, "recover", forgetful)


def unanswered_forgotten_over_a_restart(patch):
    patch.setattr(OrderDesk, "recover", lambda self, order: None)


def gate_not_looked_at_again(patch):
    init = Carrier.__init__

    def trusting(self, **parts):
        init(self, **parts)
        self._closed = str

    patch.setattr(Carrier, "__init__", trusting)


def missing_fills_not_fetched(patch):
    patch.setattr(Inquiry, "expect", lambda self, *_, **__: None)


def fills_under_another_name(patch):
    filled = rest_decode.filled

    def careless(*args):
        event = filled(*args)
        fill = msgspec.structs.replace(event.fill, client_order_id="bot-someone-else-1")
        return msgspec.structs.replace(event, fill=fill)

    patch.setattr(rest_decode, "filled", careless)


PLANTED = {
    no_dedupe: {"I2", "I5", "I1", "faults"},
    send_before_store: {"I1"},
    blind_retry: {"I3"},
    no_sweep_after_reconnect: {"I7", "I11"},
    blindness_not_noticed: {"I7", "I11"},
    blindness_not_written: {"I11"},
    late_fill_dropped: {"I1", "I2"},
    wrong_cancel_mapping: {"I1", "I6", "faults"},
    ended_orders_still_counted: {"I8"},
    leg_placed_again: {"I3"},
    legs_forgotten_over_a_restart: {"lists"},
    not_found_believed_at_once: {"I6"},
    cancel_forgotten_over_a_restart: {"I4", "I6"},
    unanswered_forgotten_over_a_restart: {"I6"},
    gate_not_looked_at_again: {"I7"},
    missing_fills_not_fetched: {"I1", "I2", "I6", "lists"},
    fills_under_another_name: {"I1", "I2", "faults"},
}


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant, monkeypatch):
    plant(monkeypatch)
    name, seed = found()
    assert name in PLANTED[plant], f"{name or 'nothing'} at seed {seed}"
