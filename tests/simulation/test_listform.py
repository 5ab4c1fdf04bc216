"""A list is refused in Binance's words before any of its orders is looked at."""

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.listform import read_legacy_oco, read_oco, read_opo, read_oto, read_otoco

OCO = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "quantity": "1",
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "61000",
    "belowType": "STOP_LOSS",
    "belowStopPrice": "59000",
}
OTO = {
    "symbol": "BTCUSDT",
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingQuantity": "1",
    "workingPrice": "59000",
    "workingTimeInForce": "GTC",
    "pendingType": "MARKET",
    "pendingSide": "SELL",
    "pendingQuantity": "1",
}


def changed(base, change):
    return {k: v for k, v in (base | change).items() if v is not None}


@pytest.mark.parametrize(
    ("change", "code", "msg"),
    [
        ({"aboveType": "LIMIT"}, -1102, "'aboveTimeInForce' was not sent"),
        ({"aboveType": "MARKET", "abovePrice": None}, -1158, "Order type not supported in OCO."),
        (
            {"belowType": "LIMIT_MAKER", "belowPrice": "1", "belowStopPrice": None},
            -1168,
            "At least one OCO order must be contingent.",
        ),
        ({"side": "BUY"}, -1165, "A limit order in a buy OCO must be below."),
        ({"belowStopPrice": None}, -1102, "'belowStopPrice' or 'belowTrailingDelta' must be sent"),
        ({"abovePrice": None}, -1102, "Mandatory parameter 'abovePrice' was not sent"),
        ({"belowPrice": "1"}, -1106, "Parameter 'belowPrice' sent when not required."),
        ({"quantity": None}, -1102, "Mandatory parameter 'quantity' was not sent"),
        ({"price": "1"}, -1104, "Not all sent parameters were read"),
    ],
)
def test_a_bad_oco_is_refused_by_the_name_that_was_sent(change, code, msg):
    with pytest.raises(ApiError) as refused:
        read_oco(changed(OCO, change))
    assert refused.value.code == code
    assert msg in refused.value.msg


@pytest.mark.parametrize(
    ("side", "above", "below", "code"),
    [
        ("BUY", "TAKE_PROFIT", "STOP_LOSS", -1196),
        ("BUY", "TAKE_PROFIT", "TAKE_PROFIT", -1198),
        ("SELL", "STOP_LOSS", "STOP_LOSS", -1197),
        ("SELL", "TAKE_PROFIT", "TAKE_PROFIT", -1199),
    ],
)
def test_a_leg_on_the_wrong_side_of_the_market_is_refused(side, above, below, code):
    form = changed(OCO, {"side": side, "aboveType": above, "belowType": below, "abovePrice": None})
    with pytest.raises(ApiError) as refused:
        read_oco(form | {"aboveStopPrice": "61000"})
    assert refused.value.code == code


def test_the_stop_loss_comes_first_whichever_leg_it_is():
    assert [leg.order_type for leg in read_oco(OCO).legs] == ["STOP_LOSS", "LIMIT_MAKER"]
    legacy = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "1", "price": "61000"}
    legs = read_legacy_oco(legacy | {"stopPrice": "59000"}).legs
    assert [leg.order_type for leg in legs] == ["STOP_LOSS", "LIMIT_MAKER"]
    with pytest.raises(ApiError, match="stopLimitTimeInForce"):
        read_legacy_oco(legacy | {"stopPrice": "59000", "stopLimitPrice": "58900"})


def test_the_working_order_is_a_limit_order():
    assert [leg.is_buy for leg in read_oto(OTO).legs] == [True, False]
    with pytest.raises(ApiError) as refused:
        read_oto(changed(OTO, {"workingType": "MARKET", "workingPrice": None}))
    assert refused.value.code in {-1106, -1116}


def test_one_pays_the_other_from_a_buy_to_a_sell_without_quantity():
    opo = changed(OTO, {"pendingQuantity": None})
    assert read_opo(opo).legs[1].quantity_e8 == 0
    for change, code in (
        ({"pendingQuantity": "1"}, -1104),
        ({"workingSide": "SELL"}, -1222),
        ({"pendingSide": "BUY"}, -1223),
    ):
        with pytest.raises(ApiError) as refused:
            read_opo(opo | change)
        assert refused.value.code == code


def test_an_otoco_has_a_pair_after_its_working_order():
    form = changed(OTO, {"pendingType": None})
    pair = {"pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": "61000"}
    pair |= {"pendingBelowType": "STOP_LOSS", "pendingBelowStopPrice": "58000"}
    read = read_otoco(form | pair)
    assert [leg.order_type for leg in read.legs] == ["LIMIT", "STOP_LOSS", "LIMIT_MAKER"]
    assert read.pair == read.legs[1:]
