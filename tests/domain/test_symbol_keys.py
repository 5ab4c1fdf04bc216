import pytest

from bot.domain.values import Market, split_symbol, symbol_key


@pytest.mark.parametrize(
    ("key", "market", "symbol"),
    [
        ("BTCUSDT", Market.SPOT, "BTCUSDT"),
        ("usdm:BTCUSDT", Market.USDM, "BTCUSDT"),
        ("coinm:BTCUSD_PERP", Market.COINM, "BTCUSD_PERP"),
        ("spot:BTCUSDT", Market.SPOT, "BTCUSDT"),
        ("*", Market.SPOT, "*"),
        ("usdm:*", Market.USDM, "*"),
        ("这是测试币456", Market.SPOT, "这是测试币456"),
        ("options:BTC", Market.SPOT, "options:BTC"),
        ("", Market.SPOT, ""),
    ],
)
def test_a_key_says_its_market_unless_it_is_at_home(key: str, market: Market, symbol: str) -> None:
    assert split_symbol(key, Market.SPOT) == (market, symbol)


@pytest.mark.parametrize("home", Market)
@pytest.mark.parametrize("market", Market)
def test_a_key_leads_back_to_its_market_and_symbol(home: Market, market: Market) -> None:
    key = symbol_key(market, "ETHUSDT", home)
    assert split_symbol(key, home) == (market, "ETHUSDT")
    assert (":" in key) is (market is not home)
