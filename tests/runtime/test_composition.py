import pytest

from bot.domain.errors import SettingsError
from bot.exchange import endpoints
from bot.runtime.composition import endpoints_of, keys_of
from bot.runtime.settings import LIVE_CONFIRMATION, load_settings


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_simulated_exchange_has_an_account_for_everyone():
    assert keys_of(load_settings(venue="sim")) == ("sim-key", "sim-secret")


@pytest.mark.parametrize("venue", ["testnet", "demo", "live"])
def test_a_real_exchange_needs_keys(venue):
    with pytest.raises(SettingsError, match="BOT_API_KEY"):
        keys_of(load_settings(venue=venue))


def test_live_wants_to_be_confirmed_in_words():
    with pytest.raises(SettingsError, match=LIVE_CONFIRMATION):
        endpoints_of(load_settings(venue="live"))
    confirmed = load_settings(venue="live", live_confirmation=LIVE_CONFIRMATION)
    assert endpoints_of(confirmed) is endpoints.LIVE


def test_each_venue_has_its_addresses_and_the_embedded_one_none_yet():
    assert endpoints_of(load_settings(venue="testnet")) is endpoints.TESTNET
    assert endpoints_of(load_settings(venue="demo")) is endpoints.DEMO
    assert endpoints_of(load_settings(venue="sim")) is None


def test_an_address_points_every_call_at_it():
    at = endpoints_of(load_settings(venue="sim", venue_url="http://127.0.0.1:9000"))
    assert at.spot_rest == "http://127.0.0.1:9000/api"
    assert at.spot_ws_api == "ws://127.0.0.1:9000/ws-api/v3"
