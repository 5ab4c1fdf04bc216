"""Signatures of the three kinds of key."""

import base64

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.domain.errors import SettingsError
from bot.simulation.wire.keys import signing_key

PAYLOAD = (
    b"symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1"
    b"&price=0.1&recvWindow=5000&timestamp=1499827319559"
)
# The worked example of Binance's documentation, "Request security".
DOC_SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
DOC_SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"


def pem(private) -> str:
    public = private.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_hmac_agrees_with_the_documented_example_in_either_case():
    key = signing_key(DOC_SECRET)
    assert key.kind == "HMAC"
    assert key.accepts(PAYLOAD, DOC_SIGNATURE)
    assert key.accepts(PAYLOAD, DOC_SIGNATURE.upper())
    assert not key.accepts(PAYLOAD + b"0", DOC_SIGNATURE)


def test_ed25519_signatures_are_base64():
    private = ed25519.Ed25519PrivateKey.generate()
    key = signing_key(pem(private))
    signature = base64.b64encode(private.sign(PAYLOAD)).decode()
    assert key.kind == "Ed25519"
    assert key.accepts(PAYLOAD, signature)
    assert not key.accepts(PAYLOAD + b"0", signature)


def test_rsa_signatures_are_base64():
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = signing_key(pem(private))
    signature = private.sign(PAYLOAD, padding.PKCS1v15(), hashes.SHA256())
    assert key.kind == "RSA"
    assert key.accepts(PAYLOAD, base64.b64encode(signature).decode())
    assert not key.accepts(PAYLOAD + b"0", base64.b64encode(signature).decode())


@pytest.mark.parametrize("nonsense", ["", "é", "====", "QUJD", "\x00" * 10])
def test_nonsense_is_no_signature(nonsense):
    private = ed25519.Ed25519PrivateKey.generate()
    for key in (signing_key("secret"), signing_key(pem(private))):
        assert not key.accepts(PAYLOAD, nonsense)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-----BEGIN PUBLIC KEY-----\nnonsense\n-----END PUBLIC KEY-----", "not a public key"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "use RSA or Ed25519"),
    ],
)
def test_a_key_of_no_use_is_named(text, said):
    with pytest.raises(SettingsError, match=said):
        signing_key(text)
