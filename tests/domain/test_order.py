"""An order is a fold over its events: which may follow, and that their order does not matter."""

import re
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.amendments import (
    AmendRejected,
    AmendUnknown,
    OrderAmended,
    OrderAmendRequested,
    OrderTriggered,
)
from bot.domain.errors import IllegalTransition
from bot.domain.events import (
    CancelRejected,
    CancelUnknown,
    OrderAccepted,
    OrderCanceled,
    OrderCancelRequested,
    OrderDetails,
    OrderExpired,
    OrderFilled,
    OrderIntended,
    OrderNotPlaced,
    OrderRefused,
    OrderRejected,
    OrderSubmitted,
    OrderUnknown,
)
from bot.domain.fill import Fill
from bot.domain.order import TRANSITIONS, Order
from bot.domain.terms import OrderTerms
from bot.domain.values import OrderStatus, OrderType, Side, TimeInForce

CID = "bot-x-1"
QUANTITY = Decimal(10)


def intended():
    return OrderIntended(
        client_order_id=CID,
        strategy_id="x",
        run_id="r",
        symbol="BTCUSDT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=QUANTITY,
        price=Decimal(100),
        recv_ns=1,
    )


def filled(quantity="1", trade_id=1, price="100", recv_ns=5):
    fill = Fill(
        symbol="BTCUSDT",
        trade_id=trade_id,
        client_order_id=CID,
        venue_order_id=7,
        side=Side.BUY,
        price=Decimal(price),
        quantity=Decimal(quantity),
        commission=Decimal(0),
        commission_asset="USDT",
        maker=False,
        ts_ns=4,
        recv_ns=recv_ns,
    )
    return OrderFilled(fill=fill, recv_ns=recv_ns)


def ended(kind, **changes):
    fields = {"client_order_id": CID, "venue_order_id": 7, "ts_ns": 8, "recv_ns": 9}
    return kind(**(fields | changes))


def amended(quantity="8", price=None):
    return OrderAmended(
        client_order_id=CID,
        venue_order_id=7,
        quantity=Decimal(quantity),
        price=None if price is None else Decimal(price),
        ts_ns=6,
        recv_ns=7,
    )


EVENTS = {
    "Refused": OrderRefused(client_order_id=CID, reason="too big", recv_ns=2),
    "Submitted": OrderSubmitted(client_order_id=CID, recv_ns=2),
    "Accepted": OrderAccepted(client_order_id=CID, venue_order_id=7, ts_ns=3, recv_ns=4),
    "Rejected": OrderRejected(client_order_id=CID, code=-2010, reason="no", recv_ns=4),
    "Unknown": OrderUnknown(client_order_id=CID, cause="timed out", recv_ns=4),
    "NotPlaced": OrderNotPlaced(client_order_id=CID, reason="never left", recv_ns=4),
    "Filled": filled(),
    "Canceled": ended(OrderCanceled),
    "Expired": ended(OrderExpired),
    "CancelRequested": OrderCancelRequested(client_order_id=CID, cause="on_bar", recv_ns=4),
    "CancelRejected": CancelRejected(client_order_id=CID, code=-2011, reason="?", recv_ns=4),
    "CancelUnknown": CancelUnknown(client_order_id=CID, cause="timed out", recv_ns=4),
    "Triggered": OrderTriggered(client_order_id=CID, venue_order_id=7, ts_ns=3, recv_ns=4),
    "Amended": amended(),
    "AmendRequested": OrderAmendRequested(
        client_order_id=CID, quantity=Decimal(8), price=None, recv_ns=4
    ),
    "AmendRejected": AmendRejected(client_order_id=CID, code=-2038, reason="no", recv_ns=4),
    "AmendUnknown": AmendUnknown(client_order_id=CID, cause="timed out", recv_ns=4),
}

# One row an event, one column a status. "." the status stays, "!" it cannot happen.
COLUMNS = [
    "INTENT",
    "SUBMITTED",
    "UNKNOWN",
    "OPEN",
    "PARTIALLY_FILLED",
    "FILLED",
    "CANCELED",
    "EXPIRED",
    "REJECTED",
    "NOT_PLACED",
    "REFUSED",
]
SHORT = {
    "SUB": "SUBMITTED",
    "UNK": "UNKNOWN",
    "OPEN": "OPEN",
    "PART": "PARTIALLY_FILLED",
    "CAN": "CANCELED",
    "EXP": "EXPIRED",
    "REJ": "REJECTED",
    "NOT": "NOT_PLACED",
    "REF": "REFUSED",
}
TABLE = """
                 INT  SUB  UNK  OPEN PART FILL CAN  EXP  REJ  NOT  REF
Refused          REF  !    !    !    !    !    !    !    !    !    !
Submitted        SUB  .    .    .    .    .    .    .    .    .    !
Accepted         OPEN OPEN OPEN .    .    .    .    .    OPEN OPEN !
Rejected         REJ  REJ  REJ  .    .    .    .    .    .    .    !
Unknown          UNK  UNK  .    .    .    .    .    .    .    .    !
NotPlaced        NOT  NOT  NOT  .    .    .    .    .    .    .    !
Filled           PART PART PART PART .    .    .    .    PART PART !
Canceled         CAN  CAN  CAN  CAN  CAN  .    .    .    CAN  CAN  !
Expired          EXP  EXP  EXP  EXP  EXP  .    .    .    EXP  EXP  !
CancelRequested  .    .    .    .    .    .    .    .    .    .    !
CancelRejected   .    .    .    .    .    .    .    .    .    .    !
CancelUnknown    .    .    .    .    .    .    .    .    .    .    !
Triggered        OPEN OPEN OPEN .    .    .    .    .    OPEN OPEN !
Amended          OPEN OPEN OPEN .    .    .    .    .    OPEN OPEN !
AmendRequested   .    .    .    .    .    .    .    .    .    .    !
AmendRejected    .    .    .    .    .    .    .    .    .    .    !
AmendUnknown     .    .    .    .    .    .    .    .    .    .    !
"""
CELLS = [
    (status, row[0], cell)
    for row in (line.split() for line in TABLE.strip().splitlines()[1:])
    for status, cell in zip(COLUMNS, row[1:], strict=True)
]


def in_status(status):
    order = Order.opened(intended())
    order.status = OrderStatus(status)
    return order


def fold(events):
    """As the blotter does it: each trade id once."""
    order = Order.opened(intended())
    seen = set()
    for event in events:
        if isinstance(event, OrderFilled):
            if event.fill.trade_id in seen:
                continue
            seen.add(event.fill.trade_id)
        order.apply(event)
    return order


@pytest.mark.parametrize(("status", "name", "cell"), CELLS)
def test_each_event_in_each_status(status, name, cell):
    order = in_status(status)
    before = (order.events, order.filled, order.updated_ns)
    if cell == "!":
        with pytest.raises(IllegalTransition):
            order.apply(EVENTS[name])
        assert order.status.value == status
        assert (order.events, order.filled, order.updated_ns) == before
        return
    expected = status if cell == "." else SHORT[cell]
    assert order.apply(EVENTS[name]) is (expected != status)
    assert order.status.value == expected
    assert order.events == before[0] + 1


def test_the_table_above_is_complete():
    assert {status for status, _, _ in CELLS} == {status.value for status in OrderStatus}
    assert len(CELLS) == len(OrderStatus) * len(EVENTS)
    legal = {(OrderStatus(s), type(EVENTS[name])) for s, name, cell in CELLS if cell != "!"}
    assert set(TRANSITIONS) == legal


@pytest.mark.parametrize("events", [[filled("8"), amended("8")], [amended("8"), filled("8")]])
def test_an_order_made_smaller_is_filled_by_what_it_has_whatever_comes_first(events):
    order = in_status("OPEN")
    for event in events:
        order.apply(event)
    assert (order.status, order.quantity, order.remaining) == (OrderStatus.FILLED, 8, 0)


def test_an_amended_order_has_the_new_price_and_keeps_what_is_filled():
    order = in_status("OPEN")
    order.apply(filled("3"))
    assert not order.apply(amended("8", price="101"))
    assert (order.status, order.price) == (OrderStatus.PARTIALLY_FILLED, Decimal(101))
    assert order.remaining == 5


def test_an_order_by_its_cost_learns_its_quantity_from_the_venue():
    terms = OrderTerms(quote_quantity=Decimal(1000))
    details = OrderDetails(
        symbol="BTCUSDT",
        side=Side.BUY,
        order_type="MARKET",
        time_in_force="GTC",
        quantity=Decimal("9.9"),
        price=None,
    )
    order = Order.opened(msgspec.structs.replace(intended(), terms=terms))
    order.apply(msgspec.structs.replace(filled("9"), details=details))
    assert (order.status, order.remaining) == (OrderStatus.PARTIALLY_FILLED, Decimal("0.9"))
    order.apply(msgspec.structs.replace(filled("0.9", trade_id=2), details=details))
    assert (order.status, order.filled_quote) == (OrderStatus.FILLED, 990)


def test_a_triggered_order_goes_by_the_id_of_the_matching_engine():
    order = in_status("OPEN")
    order.venue_order_id = 900
    order.apply(EVENTS["Triggered"])
    assert (order.status, order.venue_order_id) == (OrderStatus.OPEN, 7)


def test_an_order_is_not_opened_twice():
    with pytest.raises(IllegalTransition, match=r"is INTENT: OrderIntended cannot follow"):
        Order.opened(intended()).apply(intended())


def test_an_illegal_transition_says_which_order_status_and_event():
    order = in_status("REFUSED")
    text = "order bot-x-1 is REFUSED: OrderAccepted cannot follow"
    with pytest.raises(IllegalTransition, match=f"^{re.escape(text)}$"):
        order.apply(EVENTS["Accepted"])


@pytest.mark.parametrize("status", ["SUBMITTED", "OPEN", "CANCELED", "EXPIRED", "NOT_PLACED"])
def test_the_fill_that_completes_the_quantity_fills_the_order_from_any_status(status):
    order = in_status(status)
    assert order.apply(filled("10")) is True
    assert order.status is OrderStatus.FILLED
    assert order.remaining == 0


def test_a_late_fill_after_a_cancel_counts_and_leaves_it_cancelled():
    order = fold([EVENTS["Accepted"], EVENTS["Canceled"], filled("3")])
    assert order.status is OrderStatus.CANCELED
    assert order.filled == 3
    assert order.remaining == 7


def test_an_acknowledgement_after_a_partial_fill_does_not_hide_the_fill():
    order = in_status("REJECTED")
    order.filled = Decimal(1)
    order.apply(EVENTS["Accepted"])
    assert order.status is OrderStatus.PARTIALLY_FILLED


def test_more_than_asked_leaves_nothing_below_zero():
    order = fold([filled("8", 1), filled("8", 2)])
    assert order.remaining == 0
    assert order.filled == 16


def test_the_average_price_is_weighted_by_quantity():
    assert Order.opened(intended()).average_price is None
    order = fold([filled("1", 1, "100"), filled("3", 2, "104")])
    assert order.average_price == 103
    assert order.filled_quote == 412


def test_the_order_keeps_what_the_events_say():
    order = Order.opened(intended())
    assert (order.events, order.created_ns, order.sent_ns) == (1, 1, 0)
    order.apply(OrderSubmitted(client_order_id=CID, recv_ns=50))
    order.apply(EVENTS["Accepted"])
    assert order.sent_ns == 50
    assert order.venue_order_id == 7
    assert order.updated_ns == 50, "an event that was on its way for longer does not turn it back"


@pytest.mark.parametrize("kind", [OrderCanceled, OrderExpired])
def test_an_end_before_the_acknowledgement_tells_the_exchanges_id(kind):
    order = fold([ended(kind, venue_order_id=12)])
    assert order.venue_order_id == 12
    assert fold([ended(kind, venue_order_id=-1)]).venue_order_id is None
    assert fold([EVENTS["Accepted"], ended(kind, venue_order_id=12)]).venue_order_id == 7


def test_the_reason_is_that_of_the_event_that_ended_it():
    order = fold([EVENTS["Accepted"], ended(OrderExpired, reason="UNFILLED_IOC")])
    assert order.reason == "UNFILLED_IOC"
    order.apply(ended(OrderCanceled, reason="too late"))
    order.apply(EVENTS["Rejected"])
    assert order.reason == "UNFILLED_IOC"


@st.composite
def facts(draw):
    """What really happened at the exchange, each fact at least once, in any order."""
    parts = draw(st.lists(st.integers(1, 4), max_size=4))
    fills, left = [], int(QUANTITY)
    for number, part in enumerate(parts, start=1):
        if part <= left:
            fills.append(filled(str(part), number))
            left -= part
    if left and draw(st.booleans()):
        fills.append(filled(str(left), 99))
    happened = [EVENTS["Submitted"], EVENTS["Accepted"], *fills]
    end = draw(st.sampled_from([None, "Canceled", "Expired"]))
    if end:
        happened.append(EVENTS[end])
    noise = draw(st.lists(st.sampled_from(["Unknown", "CancelRequested", "CancelRejected"])))
    repeated = draw(st.lists(st.sampled_from(happened), max_size=4))
    events = [*happened, *repeated, *(EVENTS[name] for name in noise)]
    return draw(st.permutations(events)), fills, end


@given(facts())
def test_the_same_facts_in_any_order_make_the_same_order(drawn):
    events, fills, end = drawn
    order = fold(events)
    total = sum((event.fill.quantity for event in fills), Decimal(0))
    assert order.filled == total
    assert order.filled_quote == total * 100
    assert order.venue_order_id == 7
    if total >= QUANTITY:
        assert order.status is OrderStatus.FILLED
    elif end:
        assert (
            order.status is {"Canceled": OrderStatus.CANCELED, "Expired": OrderStatus.EXPIRED}[end]
        )
    else:
        assert order.status is (OrderStatus.PARTIALLY_FILLED if fills else OrderStatus.OPEN)
