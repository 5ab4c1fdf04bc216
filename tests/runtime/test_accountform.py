"""An account in one argument: key, secret, balances and what else holds for it."""

from decimal import Decimal

import pytest

from bot.domain.errors import SettingsError
from bot.runtime.accountform import parse_account, parse_insurance


def test_an_account_is_key_secret_and_balances(tmp_path):
    assert parse_account("k:s").secret == "s"
    assert parse_account("k:s").balances["USDT"] == 1_000_000
    account = parse_account("k-1:s:USDT=1000.50,BTC=0")
    assert account.balances == {"USDT": Decimal("1000.50"), "BTC": Decimal(0)}
    pem = tmp_path / "key.pem"
    pem.write_text("-----BEGIN PUBLIC KEY-----")
    assert parse_account(f"k:@{pem}").secret == "-----BEGIN PUBLIC KEY-----"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "k",
            ":s",
            "k:",
            "k y:s",
            "k:hushhush:USDT",
            "k:hushhush:USDT=x",
            "k:hushhush:usdt=1",
        ),
        *(
            "k:hushhush:USDT=-1",
            "k:hushhush:USDT=NaN",
            "k:hushhush:USDT=0.123456789",
            "k:@/no/file",
            "k:hushhush:group=-1",
            "k:hushhush:group=one",
            "k:hushhush:bnb=maybe",
            "k:hushhush:maker=1",
            "k:hushhush:max.usdt=1",
            "k:hushhush:max.USDT",
        ),
    ],
)
def test_a_bad_account_is_one_line_without_the_secret(text):
    with pytest.raises(SettingsError) as caught:
        parse_account(text)
    assert "--account" in str(caught.value)
    assert "hushhush" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_settings_stand_among_the_balances():
    account = parse_account("k:s:group=3,bnb=yes,maker=0.0002,taker=0.0004,max.BTC=0.5,USDT=7")
    assert (account.trade_group, account.bnb_discount) == (3, True)
    assert (account.maker_rate, account.taker_rate) == (Decimal("0.0002"), Decimal("0.0004"))
    assert account.asset_limits == {"BTC": Decimal("0.5")}
    assert account.balances == {"USDT": 7}
    assert (account.can_trade, parse_account("k:s:trade=no").can_trade) == (True, False)
    assert parse_account("k:s:group=3").balances == parse_account("k:s").balances


def test_insurance_funds_are_amounts_of_assets():
    assert parse_insurance("USDT=100.5,BTC=0") == {"USDT": Decimal("100.5"), "BTC": Decimal(0)}
    assert parse_insurance("") == {}
    with pytest.raises(SettingsError, match="--insurance: 'USDT' is not ASSET=AMOUNT"):
        parse_insurance("BTC=1,USDT")
