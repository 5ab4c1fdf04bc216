import hashlib
import hmac

import pytest

from bot.exchange.signer import Signer


class _Keys:
    API_KEY = "key"
    API_SECRET: str | None = "s3cret"
    PRIVATE_KEY: object = None
    REQUEST_RECVWINDOW = 5000
    timestamp_offset = -250
    can_log_on = False

    def sign_ws(self, params):
        return params

    def signature_of(self, payload):
        return f"by private key: {payload}"


def test_the_payload_is_every_parameter_by_name_unencoded():
    signed = Signer(_Keys(), now_s=lambda: 1_700_000_000.0).signed({"symbol": "币USDT", "b": "a b"})
    assert signed["timestamp"] == "1699999999750"
    payload = "apiKey=key&b=a b&recvWindow=5000&symbol=币USDT&timestamp=1699999999750"
    assert signed["signature"] == hmac.new(b"s3cret", payload.encode(), hashlib.sha256).hexdigest()


def test_the_clock_may_be_measured_anew():
    keys = _Keys()
    signer = Signer(keys, now_s=lambda: 1.0)
    keys.timestamp_offset = 4000
    assert signer.signed({})["timestamp"] == "5000"


def test_other_kinds_of_key_sign_themselves():
    keys = _Keys()
    keys.PRIVATE_KEY = object()
    signed = Signer(keys, now_s=lambda: 1.0).signed({})
    assert signed["signature"] == "by private key: apiKey=key&recvWindow=5000&timestamp=750"


@pytest.mark.parametrize("name", ["apiKey", "signature"])
def test_who_is_logged_on_sends_the_time_alone(name):
    stamped = Signer(_Keys(), now_s=lambda: 1.0).stamped({"symbol": "BTCUSDT"})
    assert name not in stamped
    assert stamped["timestamp"] == "750"
