"""From the first event to the position: the flows that every run goes through."""

from decimal import Decimal

from bot.domain.commands import SubmitOrder, Subscribe, Sweep
from bot.domain.events import OrderIntended
from bot.domain.records import OrderEventSaved, OrderSaved
from bot.domain.values import OrderStatus, OrderType, Side, TimeInForce


def test_the_engine_starts_blind_and_says_nothing(engine_driver):
    d = engine_driver()
    assert d.engine.is_blind
    assert not d.engine.has_effects
    d.wait(1)
    assert not d.commands
    assert not d.puppet().heard


def test_an_order_goes_from_the_first_quote_to_a_position(engine_driver):
    d = engine_driver()
    up = d.user()
    (sweep,) = up.commands
    assert sweep == Sweep(
        generation=1,
        cause="user stream up: test",
        symbols=("BTCUSDT", "ETHUSDT"),
        orders=(),
        since={},
    )
    assert not d.puppet().told("on_start")
    done = d.swept()
    assert d.puppet().heard[0][0] == "on_start"
    assert [type(c) for c in done.commands] == [Subscribe]
    d.quote()
    cid = d.buy(1, 100)
    (submit,) = d.sent(SubmitOrder)
    assert submit == SubmitOrder(
        client_order_id=cid,
        symbol="BTCUSDT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(1),
        price=Decimal(100),
    )
    d.submitted(cid)
    d.accepted(cid)
    assert d.status(cid) is OrderStatus.OPEN
    d.filled(cid, quantity=Decimal(1))
    assert d.status(cid) is OrderStatus.FILLED
    position = d.engine.blotter.position("puppet", "BTCUSDT")
    assert (position.quantity, position.average_price) == (Decimal(1), Decimal(100))
    assert [r.status_after for r in d.rows(cid)] == ["INTENT", "SUBMITTED", "OPEN", "FILLED"]
    assert [r.number for r in d.rows(cid)] == [1, 2, 3, 4]


def test_the_intent_is_written_in_the_same_effects_as_its_command(engine_driver):
    d = engine_driver().live()
    cid = d.buy()
    effects = d.history[-1]
    saved, row = effects.records
    assert isinstance(saved, OrderSaved)
    assert saved.order.status is OrderStatus.INTENT
    assert isinstance(row, OrderEventSaved)
    assert isinstance(row.event, OrderIntended)
    assert [c.client_order_id for c in effects.commands] == [cid]
