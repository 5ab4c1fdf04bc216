"""The futures markets of `bot sim serve`: their contracts, wallets and state files."""

import contextlib
from decimal import Decimal

import pytest

from bot.domain.errors import SettingsError
from bot.runtime.futures import chosen_contracts, futures_markets, usdm_symbols
from bot.simulation.account import AccountSpec

K = AccountSpec("k")
NOW_MS = 1_700_000_000_000
ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}


def markets(closing, *, accounts=(K,), state=None, **symbols):
    return futures_markets(
        {"usdm": (), "coinm": ()} | symbols,
        accounts=accounts,
        seed=1,
        now_ms=NOW_MS,
        state=state,
        closing=closing,
    )


def test_without_names_all_contracts_are_traded():
    with contextlib.ExitStack() as closing:
        usdm, coinm = markets(closing)
        assert usdm.symbols == ("BTCUSDT", "ETHUSDT", "BNBUSDT")
        assert coinm.symbols == ("BTCUSD_PERP", "ETHUSD_PERP")


def test_names_choose_contracts_once_each():
    chosen = chosen_contracts("usdm", ["ETHUSDT", "BTCUSDT", "ETHUSDT"])
    assert [contract.symbol for contract in chosen] == ["ETHUSDT", "BTCUSDT"]


def test_an_index_of_several_assets_is_traded_only_where_it_is_named():
    assert "DEFIUSDT" not in {c.symbol for c in chosen_contracts("usdm", [])}
    assert [c.symbol for c in chosen_contracts("usdm", ["DEFIUSDT"])] == ["DEFIUSDT"]


def test_an_unknown_contract_is_one_line_with_what_there_is():
    with pytest.raises(SettingsError) as caught:
        chosen_contracts("coinm", ["BTCUSDT"])
    assert str(caught.value) == "--coinm-symbol BTCUSDT: there are BTCUSD_PERP, ETHUSD_PERP"


def test_a_coin_of_which_nothing_is_known_has_a_contract_in_dollars():
    (contract,) = chosen_contracts("usdm", ["SOLUSDT"])
    assert (contract.base, contract.margin_asset) == ("SOL", "USDT")
    with pytest.raises(SettingsError, match="--usdm-symbol BTCEUR: there are BTCUSDT"):
        chosen_contracts("usdm", ["BTCEUR"])


def test_spot_symbols_that_are_contracts_too_follow():
    assert usdm_symbols([], ["SOLUSDT", "ETHBTC"]) == ["SOLUSDT"]
    assert usdm_symbols([], ["BTCUSDT", "XRPEUR"]) == ["BTCUSDT"]
    assert usdm_symbols(["ETHUSDT"], ["BTCUSDT"]) == ["ETHUSDT"]


def test_each_market_has_a_wallet_of_its_own():
    rich = AccountSpec("rich", balances={"USDT": Decimal(5), "BTC": Decimal(2)})
    with contextlib.ExitStack() as closing:
        usdm, coinm = markets(closing, accounts=(K, rich))
        assert usdm.state()["accounts"]["k"] == {"USDT": "100000.00000000"}
        assert usdm.state()["accounts"]["rich"]["USDT"] == "5.00000000"
        assert coinm.state()["accounts"]["rich"]["BTC"] == "2.00000000"
        assert "USDT" not in coinm.state()["accounts"]["rich"]


def test_coin_margined_prices_are_those_of_the_coin():
    with contextlib.ExitStack() as closing:
        usdm, coinm = markets(closing)
        linear, inverse = usdm.mark("BTCUSDT").mark, coinm.mark("BTCUSD_PERP").mark
        assert abs(linear - inverse) / linear < Decimal("0.01")


def test_a_restart_has_the_positions_and_trades_of_before(tmp_path):
    state = tmp_path / "exchange"
    with contextlib.ExitStack() as closing:
        usdm, _ = markets(closing, state=state)
        usdm.place_order("k", ORDER, NOW_MS)
        before = usdm.state()
        assert before["positions"]
    with contextlib.ExitStack() as closing:
        usdm, coinm = markets(closing, state=state)
        after = usdm.state()
        assert after["trades"] == before["trades"]
        assert after["balances"] == before["balances"]
        amounts = [position["positionAmt"] for position in after["positions"]]
        assert amounts == [position["positionAmt"] for position in before["positions"]]
        assert coinm.state()["trades"] == []


def test_an_account_pays_the_futures_commission_unless_it_has_its_own():
    accounts = (K, AccountSpec("m", maker_rate=Decimal(0), can_trade=False))
    with contextlib.ExitStack() as closing:
        usdm, _ = markets(closing, accounts=accounts)
        rates = [
            usdm.commission_rate(key, {"symbol": "BTCUSDT"}, NOW_MS)["makerCommissionRate"]
            for key in ("k", "m")
        ]
        assert rates == ["0.0002", "0"]
        assert usdm.account_config("m", {}, NOW_MS)["canTrade"] is False
