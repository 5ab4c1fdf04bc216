"""Leverage, margin type, position mode and isolated margin."""

from decimal import Decimal

import pytest

from bot.simulation.errors import ApiError


def refused(call, *args, **params):
    with pytest.raises(ApiError) as e:
        call(*args, **params)
    return e.value.code


def test_leverage_is_answered_reported_and_shown(trader):
    answer = trader.call("leverage", symbol="BTCUSDT", leverage=50)
    assert answer == {"leverage": 50, "maxNotionalValue": "12000000", "symbol": "BTCUSDT"}
    (event,) = trader.events("ACCOUNT_CONFIG_UPDATE")
    assert event["ac"] == {"s": "BTCUSDT", "l": 50}
    assert trader.position()["leverage"] == "50"
    assert refused(trader.call, "leverage", symbol="BTCUSDT", leverage=126) == -4028
    assert refused(trader.call, "leverage", symbol="BTCUSDT") == -1102


def test_coin_margined_leverage_answers_with_a_quantity(coin_trader):
    answer = coin_trader.call("leverage", symbol="BTCUSD_PERP", leverage=50)
    assert answer == {"leverage": 50, "maxQty": "20", "symbol": "BTCUSD_PERP"}


def test_leverage_that_the_account_cannot_pay_is_refused(trader):
    trader.call("leverage", symbol="BTCUSDT", leverage=50)
    trader.quote("60000.00", "60000.10", quantity="50")
    trader.place("BUY", quantity="40")
    assert refused(trader.call, "leverage", symbol="BTCUSDT", leverage=20) == -2028
    assert trader.position()["leverage"] == "50"


def test_leverage_is_not_for_positions_beyond_its_bracket(trader):
    trader.quote("60000.00", "60000.10", quantity="50")
    trader.place("BUY", quantity="20")
    assert refused(trader.call, "leverage", symbol="BTCUSDT", leverage=125) == -2027


def test_isolated_leverage_cannot_fall_with_a_position(trader):
    trader.call("margin_type", symbol="BTCUSDT", marginType="ISOLATED")
    trader.place("BUY", quantity="1")
    assert refused(trader.call, "leverage", symbol="BTCUSDT", leverage=10) == -4161


def test_margin_type_changes_only_without_orders_and_positions(trader):
    isolated = {"symbol": "BTCUSDT", "marginType": "ISOLATED"}
    crossed = {"symbol": "BTCUSDT", "marginType": "CROSSED"}
    assert refused(trader.call, "margin_type", **crossed) == -4046
    assert trader.call("margin_type", **isolated) == {"code": 200, "msg": "success"}
    order = trader.place("BUY", "LIMIT", quantity="1", price="59000")
    assert refused(trader.call, "margin_type", **crossed) == -4047
    trader.call("cancel_order", symbol="BTCUSDT", orderId=order["orderId"])
    trader.place("BUY", quantity="1")
    assert refused(trader.call, "margin_type", **crossed) == -4048
    assert refused(trader.call, "margin_type", symbol="BTCUSDT", marginType="SOME") == -1130


def test_position_mode_changes_only_without_orders_and_positions(trader):
    hedge, one_way = {"dualSidePosition": "true"}, {"dualSidePosition": "false"}
    assert refused(trader.call, "change_position_mode", **one_way) == -4059
    order = trader.place("BUY", "LIMIT", quantity="1", price="59000")
    assert refused(trader.call, "change_position_mode", **hedge) == -4067
    trader.call("cancel_order", symbol="BTCUSDT", orderId=order["orderId"])
    trader.place("BUY", quantity="1")
    assert refused(trader.call, "change_position_mode", **hedge) == -4068
    trader.place("SELL", quantity="1")
    trader.call("change_position_mode", **hedge)
    assert trader.call("position_mode") == {"dualSidePosition": True}


def test_money_behind_an_isolated_position_can_be_moved(trader):
    move = {"symbol": "BTCUSDT", "amount": "100"}
    assert refused(trader.call, "position_margin", **move, type=1) == -4054
    trader.call("margin_type", symbol="BTCUSDT", marginType="ISOLATED")
    trader.place("BUY", quantity="1")
    before = Decimal(trader.position()["isolatedWallet"])
    answer = trader.call("position_margin", **move, type=1)
    assert answer["code"] == 200
    assert Decimal(trader.position()["isolatedWallet"]) == before + 100
    trader.call("position_margin", **{**move, "amount": "50"}, type=2)
    assert Decimal(trader.position()["isolatedWallet"]) == before + 50
    assert refused(trader.call, "position_margin", **move, type=2) == -4051
    assert refused(trader.call, "position_margin", **{**move, "amount": "999999"}, type=1) == -4050
    assert refused(trader.call, "position_margin", **{**move, "amount": "0"}, type=1) == -4055
    assert refused(trader.call, "position_margin", **move, type=3) == -4053
    assert trader.wallet() == Decimal(trader.call("account", version=2)["totalWalletBalance"])


def test_multi_assets_mode_is_a_flag(trader):
    assert trader.call("multi_assets") == {"multiAssetsMargin": False}
    trader.call("change_multi_assets", multiAssetsMargin="true")
    assert trader.events("ACCOUNT_CONFIG_UPDATE")[0]["ai"] == {"j": True}
    assert refused(trader.call, "change_multi_assets", multiAssetsMargin="true") == -4171
    isolated = {"symbol": "BTCUSDT", "marginType": "ISOLATED"}
    assert refused(trader.call, "margin_type", **isolated) == -4168


def test_moved_margin_is_remembered(trader):
    trader.call("margin_type", symbol="BTCUSDT", marginType="ISOLATED")
    trader.place("BUY", quantity="1")
    for direction, amount in ((1, "100"), (1, "50"), (2, "20")):
        trader.call("position_margin", symbol="BTCUSDT", type=direction, amount=amount)
    rows = trader.call("margin_history", symbol="BTCUSDT")
    assert [(row["type"], row["amount"]) for row in rows] == [(1, "100"), (1, "50"), (2, "20")]
    assert [row["amount"] for row in trader.call("margin_history", symbol="BTCUSDT", type=2)] == [
        "20"
    ]
    assert trader.call("margin_history", symbol="ETHUSDT") == []
    assert rows[0] == {
        "symbol": "BTCUSDT",
        "type": 1,
        "deltaType": "USER_ADJUST",
        "amount": "100",
        "asset": "USDT",
        "time": rows[0]["time"],
        "positionSide": "BOTH",
    }


def test_whether_fees_are_paid_in_bnb_is_a_switch(trader):
    assert trader.call("fee_burn") == {"feeBurn": False}
    assert trader.call("change_fee_burn", feeBurn="true") == {"code": 200, "msg": "success"}
    assert trader.call("fee_burn") == {"feeBurn": True}
    assert trader.call("account", version=2)["feeBurn"] is True
    assert refused(trader.call, "change_fee_burn") == -1102


def test_nobody_is_found_to_misbehave(trader):
    assert trader.call("trading_status")["indicators"] == {}


@pytest.fixture
def partners(futures_at):
    """One account in both markets, with one position mode."""
    usdm, coinm = futures_at(), futures_at("coinm")
    usdm.exchange.share_position_mode(coinm.exchange)
    return usdm, coinm


def test_hedge_mode_is_one_setting_for_both_markets(partners):
    usdm, coinm = partners
    usdm.call("change_position_mode", dualSidePosition="true")
    assert coinm.call("position_mode") == {"dualSidePosition": True}
    assert refused(coinm.call, "change_position_mode", dualSidePosition="true") == -4059
    assert coinm.beside("bob").call("position_mode") == {"dualSidePosition": False}
    coinm.call("change_position_mode", dualSidePosition="false")
    assert usdm.call("position_mode") == {"dualSidePosition": False}


def test_an_order_or_a_position_in_either_market_keeps_the_mode(partners):
    usdm, coinm = partners
    order = coinm.place("BUY", "LIMIT", quantity="10", price="59000")
    assert refused(usdm.call, "change_position_mode", dualSidePosition="true") == -4067
    coinm.call("cancel_order", symbol="BTCUSD_PERP", orderId=order["orderId"])
    algo = usdm.algo("BUY", "STOP_MARKET", triggerPrice="61000", quantity="1")
    assert refused(coinm.call, "change_position_mode", dualSidePosition="true") == -4067
    usdm.call("cancel_algo", algoId=algo["algoId"])
    coinm.place("BUY", quantity="10")
    assert refused(usdm.call, "change_position_mode", dualSidePosition="true") == -4068
    coinm.place("SELL", quantity="10")
    usdm.call("change_position_mode", dualSidePosition="true")


@pytest.mark.parametrize("first", ["usdm", "coinm"])
def test_of_two_modes_that_a_restart_brought_back_that_of_the_busy_market_holds(futures_at, first):
    usdm, coinm = futures_at(), futures_at("coinm")
    coinm.call("change_position_mode", dualSidePosition="true")
    coinm.place("BUY", quantity="10", positionSide="LONG")
    one, other = (usdm, coinm) if first == "usdm" else (coinm, usdm)
    one.exchange.share_position_mode(other.exchange)
    assert usdm.call("position_mode") == coinm.call("position_mode") == {"dualSidePosition": True}
