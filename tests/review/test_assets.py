import pytest

from bot.review.assets import base_of, quote_of


@pytest.mark.parametrize(
    ("symbol", "base", "quote"),
    [
        ("BTCUSDT", "BTC", "USDT"),
        ("ETHBTC", "ETH", "BTC"),
        ("BTCFDUSD", "BTC", "FDUSD"),
        ("BTCTUSD", "BTC", "TUSD"),
        ("BNBETH", "BNB", "ETH"),
        ("BTCUSD_PERP", "BTC", "USD"),
        ("USDTTRY", "USDT", "TRY"),
        ("QQQ", "", ""),
    ],
)
def test_the_name_tells_the_assets(symbol, base, quote):
    assert (base_of(symbol), quote_of(symbol)) == (base, quote)


def test_a_commission_in_the_quote_asset_makes_it_certain():
    assert quote_of("ABCXYZ", {"BNB", "XYZ"}) == "XYZ"
    assert base_of("ABCXYZ", {"XYZ"}) == "ABC"
