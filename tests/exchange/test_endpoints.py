import pytest

from bot.domain.errors import SettingsError
from bot.exchange.endpoints import DEMO, LIVE, TESTNET, from_url


def test_one_address_serves_every_part_by_path():
    at = from_url("http://127.0.0.1:9000/")
    assert at.spot_rest == "http://127.0.0.1:9000/api"
    assert at.spot_streams == "ws://127.0.0.1:9000/"
    assert at.spot_ws_api == "ws://127.0.0.1:9000/ws-api/v3"
    assert at.usdm_rest == "http://127.0.0.1:9000/fapi"
    assert at.coinm_streams == "ws://127.0.0.1:9000/dstream/"


def test_a_secure_address_has_secure_streams():
    assert from_url("https://sim.example").spot_streams == "wss://sim.example/"


@pytest.mark.parametrize("url", ["127.0.0.1:9000", "ws://127.0.0.1", "http://", ""])
def test_what_is_no_address_is_named(url):
    with pytest.raises(SettingsError, match=r"http://127\.0\.0\.1:9000"):
        from_url(url)


@pytest.mark.parametrize("at", [LIVE, TESTNET, DEMO])
def test_real_environments_are_encrypted_and_well_formed(at):
    assert at.spot_rest.startswith("https://")
    assert at.spot_rest.endswith("/api")
    assert at.spot_streams.startswith("wss://")
    assert at.spot_streams.endswith("/")
    assert at.spot_ws_api.endswith("/ws-api/v3")
