"""What Binance sends of futures accounts, as captured, as documented, and case by case."""

import gzip
import json
from decimal import Decimal

import pytest

from bot.domain.amendments import OrderAmended, OrderTriggered, SymbolConfigured
from bot.domain.events import (
    BalancesReported,
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderReported,
)
from bot.domain.margin import MarginCalled, PositionsReported
from bot.domain.terms import PositionSide
from bot.domain.values import Market, OrderStatus
from bot.exchange.futures import rest_decode
from bot.exchange.futures.instruments import instruments
from bot.exchange.futures.links import Links
from bot.exchange.futures.user_decode import FuturesUserDecoder

D = Decimal
OWN = {
    "ORDER_TRADE_UPDATE",
    "ACCOUNT_UPDATE",
    "ALGO_UPDATE",
    "TRADE_LITE",
    "MARGIN_CALL",
    "ACCOUNT_CONFIG_UPDATE",
    "CONDITIONAL_ORDER_TRIGGER_REJECT",
    "listenKeyExpired",
}


def _order(**changes):
    body = {
        "s": "BTCUSDT", "c": "bot-s-r-1", "S": "SELL", "o": "MARKET", "f": "GTC", "q": "0.2",
        "p": "0", "x": "NEW", "X": "NEW", "i": 900, "l": "0", "z": "0", "L": "0", "T": 1700,
        "t": 0, "n": "0", "N": "USDT", "m": False, "ot": "STOP_MARKET", "ps": "BOTH",
    }  # fmt: skip
    return {"e": "ORDER_TRADE_UPDATE", "E": 1700, "T": 1700, "o": body | changes}


def _algo(**changes):
    body = {
        "caid": "bot-s-r-1", "aid": 33, "o": "STOP_MARKET", "s": "BTCUSDT", "S": "SELL",
        "f": "GTC", "q": "0.2", "X": "NEW", "ai": "", "aq": "0", "p": "0",
    }  # fmt: skip
    return {"e": "ALGO_UPDATE", "E": 1700, "T": 1700, "o": body | changes}


@pytest.fixture
def decode():
    decoder = FuturesUserDecoder(Links())

    def run(message):
        run.decoder = decoder
        return decoder.decode(json.dumps(message).encode(), 5)[1]

    run.decoder = decoder
    return run


@pytest.mark.parametrize("name", ["messages_usdm.jsonl", "messages_coinm.jsonl"])
def test_every_sample_of_an_account_event_is_understood(shared_data, name):
    seen = 0
    for line in (shared_data / "ws" / name).read_text().splitlines():
        message = json.loads(line)["msg"]
        if isinstance(message, dict) and "stream" in message and "data" in message:
            message = message["data"]
        if not isinstance(message, dict) or message.get("e") not in OWN:
            continue
        decoder = FuturesUserDecoder(Links())
        told, _ = decoder.decode(json.dumps(message).encode(), 1)
        assert told == message["e"], line
        assert not decoder.unknown, line
        seen += 1
    assert seen >= 2


def test_every_sample_of_a_rest_answer_is_understood(shared_data):
    forms = {
        "order": rest_decode.order_body,
        "allOrders": rest_decode.order_bodies,
        "openOrders": rest_decode.order_bodies,
        "algoOrder": rest_decode.algo_body,
        "openAlgoOrders": rest_decode.algo_bodies,
        "allAlgoOrders": rest_decode.algo_bodies,
        "userTrades": rest_decode.trade_bodies,
    }
    seen = 0
    for name in ("responses_usdm.jsonl", "responses_coinm.jsonl"):
        for line in (shared_data / "rest" / name).read_text().splitlines():
            sample = json.loads(line)
            form = forms.get(sample["path"].rpartition("/")[2])
            if form is not None and sample["path"].count("/") == 3:
                form(sample["body"])
                seen += 1
    assert seen > 20


def test_the_contracts_of_a_whole_exchange_have_rules(shared_data):
    path = shared_data / "rest" / "exchange_info" / "usdm_2026-03-31.json.gz"
    # Whoever kept it has written every key into every filter.
    body = json.loads(
        gzip.decompress(path.read_bytes()),
        object_hook=lambda keys: {name: v for name, v in keys.items() if v is not None},
    )
    found = instruments(body, Market.USDM)
    assert len(found) > 300
    for rules in (one for one in found.values() if one.status == "TRADING"):
        assert rules.tick_size > 0
        assert rules.step_size > 0
        assert rules.settle
    assert found["BTCUSDT"].settle == "USDT"


def test_a_conditional_order_lives_under_one_name_in_both_services(decode):
    accepted = decode(_algo())[0]
    assert isinstance(accepted, OrderAccepted)
    assert (accepted.client_order_id, accepted.venue_order_id) == ("bot-s-r-1", 33)
    assert decode(_algo(X="TRIGGERING")) == ()
    triggered = decode(_algo(X="TRIGGERED", ai="900"))[0]
    assert isinstance(triggered, OrderTriggered)
    assert triggered.venue_order_id == 900
    # The matching engine's own name for it is nobody's business.
    other = {"c": "aBcDeF", "i": 900}
    opened = decode(_order(**other))[0]
    assert isinstance(opened, OrderAccepted)
    assert opened.client_order_id == "bot-s-r-1"
    assert opened.details.order_type == "STOP_MARKET"
    trade = {"x": "TRADE", "X": "FILLED", "l": "0.2", "z": "0.2", "L": "50000", "t": 7, "n": "2"}
    filled = decode(_order(**other, **trade))[0]
    assert isinstance(filled, OrderFilled)
    assert filled.client_order_id == filled.fill.client_order_id == "bot-s-r-1"
    report = decode(_algo(X="FINISHED", ai="900", aq="0.2"))[0]
    assert isinstance(report, OrderReported)
    assert (report.status, report.executed) == (OrderStatus.PARTIALLY_FILLED, D("0.2"))


def test_what_triggered_it_is_told_by_the_end_too_if_it_was_lost(decode):
    events = decode(_algo(X="FINISHED", ai="900", aq="0.2"))
    assert [type(event) for event in events] == [OrderTriggered, OrderReported]


def test_the_number_of_what_became_of_it_may_come_as_a_number(decode):
    assert decode(_algo(X="TRIGGERED", ai=900))[0].venue_order_id == 900
    assert not decode(_algo(X="TRIGGERED", ai=None))


def test_an_order_set_off_before_anything_told_of_it_is_held_back(decode):
    assert decode(_order(c="aBcDeF")) == ()
    assert list(decode.decoder.doubts) == ["order BTCUSDT 900"]


def test_an_order_set_off_under_our_own_name_needs_no_link(decode):
    triggered = decode(_order())[0]
    assert isinstance(triggered, OrderTriggered)
    assert triggered.details.quantity == D("0.2")


@pytest.mark.parametrize(("word", "kind"), [("CANCELED", OrderCanceled), ("EXPIRED", OrderExpired)])
def test_a_conditional_order_that_ends_before_it_was_set_off(decode, word, kind):
    event = decode(_algo(X=word))[0]
    assert type(event) is kind
    assert (event.venue_order_id, event.executed) == (33, D(0))


def test_a_conditional_order_that_was_refused_when_its_price_came_has_its_reason(decode):
    event = decode(_algo(X="REJECTED", rm="Margin is insufficient."))[0]
    assert isinstance(event, OrderExpired)
    assert event.reason == "Margin is insufficient."


def test_a_word_that_is_new_is_counted_and_changes_nothing(decode):
    assert decode(_algo(X="PAUSED")) == ()
    assert decode(_order(x="MERGED", ot="MARKET")) == ()
    assert decode({"e": "SOMETHING_NEW"}) == ()
    assert set(decode.decoder.unknown) == {
        "ALGO_UPDATE X=PAUSED",
        "ORDER_TRADE_UPDATE x=MERGED",
        "SOMETHING_NEW",
    }
    assert decode({"no": "event"}) == ()
    assert decode.decoder.broken == 1


def test_a_liquidation_is_a_fill_of_an_order_of_the_exchanges_own(decode):
    event = decode(
        _order(c="autoclose-1", x="CALCULATED", X="FILLED", ot="LIMIT", l="0.2", L="9", t=3)
    )[0]
    assert event.client_order_id == "autoclose-1"
    assert event.fill.quantity == D("0.2")
    assert decode(_order(c="autoclose-2", x="CALCULATED", ot="LIMIT", l="0", n=None)) == ()


def test_a_change_carries_the_whole_order(decode):
    event = decode(_order(x="AMENDMENT", ot="LIMIT", o="LIMIT", q="0.3", p="49000"))[0]
    assert isinstance(event, OrderAmended)
    assert (event.quantity, event.price) == (D("0.3"), D(49000))


def test_a_trade_in_brief_is_in_doubt_until_it_is_told_in_full(decode):
    decode({"e": "TRADE_LITE", "s": "BTCUSDT", "t": 7, "S": "SELL", "l": "0.2", "L": "9"})
    assert list(decode.decoder.doubts) == ["trade BTCUSDT 7 SELL"]
    fill = decode(
        _order(x="TRADE", ot="MARKET", l="0.2", L="9", t=7, ps="SHORT", n="0.1", N="BNB")
    )[0].fill
    assert not decode.decoder.doubts
    assert (fill.position_side, fill.commission, fill.commission_asset) == (
        PositionSide.SHORT,
        D("0.1"),
        "BNB",
    )


def test_a_payment_of_funding_is_asked_for_not_taken_from_the_balance(decode):
    update = {
        "e": "ACCOUNT_UPDATE", "E": 1, "T": 1700,
        "a": {"m": "FUNDING_FEE", "S": "BTCUSDT", "B": [{"a": "USDT", "wb": "9", "bc": "-1"}]},
    }  # fmt: skip
    (balances,) = decode(update)
    assert isinstance(balances, BalancesReported)
    assert not balances.complete
    assert list(decode.decoder.doubts.values()) == ["a payment of funding"]


def test_positions_and_calls_for_margin(decode):
    position = {"s": "BTCUSDT", "pa": "-2", "ep": "50000", "up": "-7", "mt": "isolated", "iw": "9"}
    update = {"e": "ACCOUNT_UPDATE", "E": 1, "T": 2, "a": {"m": "ORDER", "P": [position]}}
    (reported,) = decode(update)
    assert isinstance(reported, PositionsReported)
    (held,) = reported.positions
    assert (held.quantity, held.margin_type, held.isolated_wallet) == (D(-2), "ISOLATED", D(9))
    call = {"e": "MARGIN_CALL", "E": 3, "p": [position | {"ps": "SHORT", "mm": "4"}]}
    (called,) = decode(call)
    assert isinstance(called, MarginCalled)
    assert (called.positions[0].maintenance, called.ts_ns) == (D(4), 3_000_000)


def test_leverage_as_the_exchange_now_has_it(decode):
    config = {"e": "ACCOUNT_CONFIG_UPDATE", "E": 1, "T": 2}
    (event,) = decode(config | {"ac": {"s": "BTCUSDT", "l": 7}})
    assert isinstance(event, SymbolConfigured)
    assert (event.symbol, event.leverage, event.margin_type) == ("BTCUSDT", 7, "")
    assert decode(config | {"ai": {"j": True}}) == ()
