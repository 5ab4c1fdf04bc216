"""Whether the account fits the settings, and which rules its contracts have."""

from decimal import Decimal

import pytest

from bot.domain.errors import VenueSetupError
from bot.domain.values import Market
from bot.exchange.futures.preflight import AccountWishes, check_account

D = Decimal


@pytest.fixture
def check(usdm):
    async def run(**wishes):
        await check_account(
            usdm.sessions[0], usdm.venue, usdm.market, ["BTCUSDT"], AccountWishes(**wishes)
        )

    return run


async def test_an_account_that_fits_is_left_alone(check, usdm):
    await check()
    assert usdm.core._floor.accounts["sim-key"].leverage == {}


async def test_leverage_and_margin_type_are_set_before_the_run(check, usdm):
    await check(leverage=3, margin_type="ISOLATED")
    account = usdm.core._floor.accounts["sim-key"]
    assert account.leverage_of("BTCUSDT") == 3
    assert "BTCUSDT" in account.isolated


async def test_another_position_mode_is_told_in_one_line(check, usdm):
    with pytest.raises(VenueSetupError, match=r"one-way mode .* BOT_FUTURES__HEDGE_MODE=false"):
        await check(hedge_mode=True)
    await usdm.sessions[0].futures(
        usdm.market, "post", "positionSide/dual", {"dualSidePosition": "true"}
    )
    with pytest.raises(VenueSetupError, match=r"hedge mode .* BOT_FUTURES__HEDGE_MODE=true"):
        await check()
    await check(hedge_mode=True)


async def test_leverage_that_is_refused_is_told_in_one_line(check):
    with pytest.raises(VenueSetupError, match=r"BTCUSDT cannot be set: .*-4028.*LEVERAGE"):
        await check(leverage=126)


async def test_a_key_that_may_not_is_told_in_one_line(check, usdm):
    usdm.sessions[0].API_KEY = "wrong"
    usdm.sessions[0].session.headers["X-MBX-APIKEY"] = "wrong"
    with pytest.raises(VenueSetupError, match="may the API key use futures"):
        await check()


async def test_the_rules_of_a_contract(usdm):
    rules = (await usdm.venue.instruments(["BTCUSDT"]))["BTCUSDT"]
    assert (rules.base, rules.quote, rules.settle) == ("BTC", "USDT", "USDT")
    assert (rules.market, rules.inverse, rules.contract_size) == (Market.USDM, False, D(1))
    assert (rules.tick_size, rules.step_size) == (D("0.10"), D("0.001"))
    assert rules.min_notional == D(100)
    assert rules.status == "TRADING"
    assert rules.amend_allowed
    assert not rules.lists
    assert {"LIMIT", "LIMIT_MAKER", "STOP_MARKET", "TRAILING_STOP_MARKET"} <= set(rules.order_types)
    # A buy must not be far above the mark price, a sell not far below.
    assert rules.bid_multiplier_up > 1 > rules.ask_multiplier_down > 0
    assert rules.bid_multiplier_down == rules.ask_multiplier_up == 0


async def test_the_rules_of_an_inverse_contract(coinm):
    rules = (await coinm.venue.instruments(["BTCUSD_PERP"]))["BTCUSD_PERP"]
    assert (rules.settle, rules.inverse, rules.contract_size) == ("BTC", True, D(100))
    assert rules.status == "TRADING"


async def test_a_contract_that_is_not_there_is_named(usdm):
    with pytest.raises(VenueSetupError, match="no such contract: NOUSDT; write it like"):
        await usdm.venue.instruments(["BTCUSDT", "NOUSDT"])
