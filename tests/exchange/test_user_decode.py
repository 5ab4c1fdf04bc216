import json
from decimal import Decimal

import msgspec
import pytest

from bot.domain.amendments import OrderAmended, OrderTriggered
from bot.domain.events import (
    Balance,
    BalancesReported,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReported,
)
from bot.domain.values import OrderStatus, Side
from bot.exchange.encode import spot_type
from bot.exchange.user_decode import UserDecoder

RECV = 1_700_000_000_000_000_001
MS = 1_000_000
REPORT = {
    "e": "executionReport", "E": 1499405658658, "s": "ETHBTC", "c": "mUvoqJxFIILMdfAW5iGSOW",
    "S": "BUY", "o": "LIMIT", "f": "GTC", "q": "1.00000000", "p": "0.10264410",
    "P": "0.00000000", "F": "0.00000000", "g": -1, "C": "", "x": "NEW", "X": "NEW", "r": "NONE",
    "i": 4293153, "l": "0.00000000", "z": "0.00000000", "L": "0.00000000", "n": "0", "N": None,
    "T": 1499405658657, "t": -1, "I": 8641984, "w": True, "m": False, "M": False,
    "O": 1499405658657, "Z": "0.00000000", "Y": "0.00000000", "Q": "0.00000000",
}  # fmt: skip


@pytest.fixture
def decoder():
    return UserDecoder()


def _decode(decoder, **changes):
    payload = json.dumps(REPORT | changes).encode()
    return list(decoder.decode(payload, RECV)[1])


def test_a_new_order_is_accepted_with_its_details(decoder):
    (event,) = _decode(decoder)
    assert isinstance(event, OrderAccepted)
    assert event.client_order_id == "mUvoqJxFIILMdfAW5iGSOW"
    assert event.venue_order_id == 4293153
    assert event.ts_ns == 1499405658657 * MS
    assert event.recv_ns == RECV
    assert event.source == "stream"
    details = event.details
    assert (details.symbol, details.side, details.order_type) == ("ETHBTC", Side.BUY, "LIMIT")
    assert (details.quantity, details.price) == (Decimal("1.00000000"), Decimal("0.10264410"))


def test_a_trade_is_a_fill_with_exact_money(decoder):
    (event,) = _decode(
        decoder, x="TRADE", X="PARTIALLY_FILLED", l="0.30000000", z="0.70000000",
        L="0.10264400", n="0.00007100", N="BNB", t=77, m=True,
    )  # fmt: skip
    assert isinstance(event, OrderFilled)
    fill = event.fill
    assert (fill.symbol, fill.trade_id, fill.side) == ("ETHBTC", 77, Side.BUY)
    assert (fill.price, fill.quantity) == (Decimal("0.10264400"), Decimal("0.30000000"))
    assert (fill.commission, fill.commission_asset) == (Decimal("0.00007100"), "BNB")
    assert fill.maker is True
    assert fill.ts_ns == 1499405658657 * MS
    assert fill.source == "stream"
    assert fill.client_order_id == REPORT["c"]


def test_a_cancel_belongs_to_the_orders_own_id_not_to_that_of_the_request(decoder):
    (event,) = _decode(
        decoder, x="CANCELED", X="CANCELED", c="of-the-cancel", C="of-the-order", z="0.25"
    )
    assert isinstance(event, OrderCanceled)
    assert event.client_order_id == "of-the-order"
    assert event.executed == Decimal("0.25")


@pytest.mark.parametrize("empty", ["", "null"])
def test_a_cancel_without_an_original_id_belongs_to_the_only_id(decoder, empty):
    (event,) = _decode(decoder, x="CANCELED", X="CANCELED", c="only", C=empty)
    assert event.client_order_id == "only"


def test_an_expiry_tells_its_reason(decoder):
    (event,) = _decode(
        decoder, x="EXPIRED", X="EXPIRED", eR="UNFILLED_IOC_QUANTITY_EXPIRED", z="0.5"
    )
    assert isinstance(event, OrderExpired)
    assert event.reason == "UNFILLED_IOC_QUANTITY_EXPIRED"
    assert event.executed == Decimal("0.5")


def test_self_trade_prevention_that_ends_an_order_is_an_expiry(decoder):
    (event,) = _decode(decoder, x="TRADE_PREVENTION", X="EXPIRED_IN_MATCH")
    assert isinstance(event, OrderExpired)
    assert event.reason == "EXPIRED_IN_MATCH"


def test_self_trade_prevention_that_does_not_end_it_is_a_report(decoder):
    (event,) = _decode(decoder, x="TRADE_PREVENTION", X="PARTIALLY_FILLED", z="0.5")
    assert isinstance(event, OrderReported)
    assert event.status is OrderStatus.PARTIALLY_FILLED
    assert decoder.unknown.total() == 0


def test_an_amended_order_has_its_new_quantity_under_its_own_id(decoder):
    (event,) = _decode(decoder, x="REPLACED", X="NEW", q="0.5", c="new-id", C="own")
    assert isinstance(event, OrderAmended)
    assert event.client_order_id == "own"
    assert event.quantity == Decimal("0.5")


def test_a_stop_is_accepted_and_later_set_off(decoder):
    waiting = {"o": "STOP_LOSS_LIMIT", "P": "0.1", "w": False}
    (accepted,) = _decode(decoder, **waiting)
    assert isinstance(accepted, OrderAccepted)
    assert accepted.details.order_type == "STOP_LIMIT"
    (triggered,) = _decode(decoder, **waiting | {"w": True})
    assert isinstance(triggered, OrderTriggered)
    assert triggered.venue_order_id == REPORT["i"]


def test_a_stop_that_is_refused_when_its_price_comes_is_over(decoder):
    (event,) = _decode(
        decoder, o="STOP_LOSS", x="REJECTED", X="REJECTED", r="INSUFFICIENT_BALANCES"
    )
    assert isinstance(event, OrderExpired)
    assert event.reason == "INSUFFICIENT_BALANCES"


def test_a_trailing_stop_goes_by_our_name_of_it(decoder):
    (event,) = _decode(decoder, o="STOP_LOSS", d=100, w=False)
    assert event.details.order_type == "TRAILING_STOP_MARKET"


def test_a_rejection_has_its_reason(decoder):
    (event,) = _decode(decoder, x="REJECTED", X="REJECTED", r="INSUFFICIENT_BALANCES")
    assert isinstance(event, OrderRejected)
    assert event.reason == "INSUFFICIENT_BALANCES"


def test_an_execution_type_of_tomorrow_is_counted_and_its_status_still_told(decoder):
    (event,) = _decode(decoder, x="TELEPORTED", X="CANCELED", z="0.5")
    assert isinstance(event, OrderReported)
    assert event.status is OrderStatus.CANCELED
    assert decoder.unknown == {"executionReport x=TELEPORTED": 1}
    assert _decode(decoder, x="TELEPORTED", X="GLOWING") == []


def test_a_market_order_has_no_price(decoder):
    (event,) = _decode(decoder, o="MARKET", p="0.00000000")
    assert event.details.price is None


def test_a_position_is_absolute_and_incomplete(decoder):
    payload = (
        b'{"e":"outboundAccountPosition","E":1564034571105,"u":1564034571073,'
        b'"B":[{"a":"ETH","f":"10000.000000","l":"0.100000"}]}'
    )
    name, (event,) = decoder.decode(payload, RECV)
    assert name == "outboundAccountPosition"
    assert event == BalancesReported(
        balances=(Balance("ETH", Decimal("10000.000000"), Decimal("0.100000")),),
        complete=False,
        ts_ns=1564034571073 * MS,
        recv_ns=RECV,
    )


@pytest.mark.parametrize("name", ["balanceUpdate", "listStatus", "externalLockUpdate"])
def test_what_other_events_tell_better_is_counted_as_known(decoder, name):
    assert decoder.decode(json.dumps({"e": name}).encode(), RECV) == (name, ())
    assert decoder.silent == {name: 1}
    # A fixture borrows the word from futures.
    assert set(decoder.unknown) <= {"executionReport x=CALCULATED"}


def test_an_unknown_type_is_counted_by_name(decoder):
    assert decoder.decode(b'{"e":"somethingNew","E":1}', RECV) == ("somethingNew", ())
    assert decoder.unknown == {"somethingNew": 1}


@pytest.mark.parametrize(
    "payload",
    [b"", b"[]", b"{}", b'{"e":"executionReport"}', b'{"e":5}', b"\xff"],
)
def test_a_broken_payload_is_counted(decoder, payload):
    assert decoder.decode(payload, RECV) == ("", ())
    assert decoder.broken == 1


def test_every_recorded_account_event_is_known_and_read(shared_data, decoder):
    kinds = {"NEW": OrderAccepted, "TRADE": OrderFilled, "EXPIRED": OrderExpired}
    kinds |= {"CANCELED": OrderCanceled, "REJECTED": OrderRejected}
    reports = 0
    with (shared_data / "ws" / "messages_spot.jsonl").open() as lines:
        for line in lines:
            record = json.loads(line)
            if record["event"] not in {"executionReport", "outboundAccountPosition"}:
                continue
            message = record["msg"]
            raw = message.get("event") or message.get("data") or message
            if record["event"] == "executionReport" and not _is_whole(raw):
                continue
            name, events = decoder.decode(msgspec.Raw(json.dumps(raw).encode()), RECV)
            assert name == record["event"], raw
            (event,) = events
            if name == "outboundAccountPosition":
                rows = tuple((b["a"], Decimal(b["f"]), Decimal(b["l"])) for b in raw["B"])
                assert tuple((b.asset, b.free, b.locked) for b in event.balances) == rows
                continue
            reports += 1
            _matches(event, raw, kinds)
    assert reports >= 20
    # A fixture borrows the word from futures.
    assert set(decoder.unknown) <= {"executionReport x=CALCULATED"}


def _is_whole(raw):
    return all(key in raw for key in "EscSofqpxXilzLT")


def _matches(event, raw, kinds):
    set_off = raw["x"] == "NEW" and raw["o"] not in {"LIMIT", "MARKET", "LIMIT_MAKER"} and raw["w"]
    if raw["x"] in kinds:
        assert isinstance(event, OrderTriggered if set_off else kinds[raw["x"]])
    own = raw.get("C") if raw["x"] in {"CANCELED", "REPLACED"} else ""
    assert event.client_order_id == (own if own not in {"", "null", None} else raw["c"])
    if isinstance(event, OrderFilled):
        fill = event.fill
        assert (fill.symbol, fill.trade_id, fill.venue_order_id) == (raw["s"], raw["t"], raw["i"])
        assert (fill.price, fill.quantity) == (Decimal(raw["L"]), Decimal(raw["l"]))
        assert (fill.commission, fill.commission_asset) == (Decimal(raw["n"]), raw["N"] or "")
        assert (fill.maker, fill.side.value) == (raw["m"], raw["S"])
        assert fill.ts_ns == raw["T"] * MS
    elif isinstance(event, OrderAccepted):
        assert (event.venue_order_id, event.ts_ns) == (raw["i"], raw["T"] * MS)
    elif isinstance(event, OrderCanceled | OrderExpired):
        assert event.executed == Decimal(raw["z"])
    if not isinstance(event, OrderRejected):
        assert event.details.quantity == Decimal(raw["q"])
        assert event.details.price == (Decimal(raw["p"]) or None)
        assert event.details.order_type == spot_type(raw["o"], trailing=bool(raw.get("d")))
