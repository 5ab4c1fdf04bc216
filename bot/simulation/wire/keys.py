"""API keys: how a signature of each kind is checked.

Source: Binance spot documentation, "Request security": HMAC-SHA256 in hex, RSA PKCS#1 v1.5 with
SHA-256 in base64, Ed25519 in base64.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from bot.domain.errors import SettingsError

__all__ = ["Keyring", "SigningKey", "signing_key"]


class SigningKey(Protocol):
    """The exchange's half of an API key."""

    kind: str
    """``HMAC``, ``RSA`` or ``Ed25519``."""

    def accepts(self, payload: bytes, signature: str) -> bool:
        """Whether ``signature`` is this key's signature of ``payload``; never raises."""
        ...


class _Hmac:
    kind = "HMAC"

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def accepts(self, payload: bytes, signature: str) -> bool:
        expected = hmac.new(self._secret, payload, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), signature.lower().encode())


class _Rsa:
    kind = "RSA"

    def __init__(self, key: rsa.RSAPublicKey) -> None:
        self._key = key

    def accepts(self, payload: bytes, signature: str) -> bool:
        try:
            self._key.verify(_decoded(signature), payload, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


class _Ed25519:
    kind = "Ed25519"

    def __init__(self, key: ed25519.Ed25519PublicKey) -> None:
        self._key = key

    def accepts(self, payload: bytes, signature: str) -> bool:
        try:
            self._key.verify(_decoded(signature), payload)
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True


class Keyring:
    """The signing keys of all accounts, by API key."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self._keys = {api_key: signing_key(secret) for api_key, secret in secrets.items()}

    def find(self, api_key: str) -> SigningKey | None:
        return self._keys.get(api_key)


def signing_key(secret: str) -> SigningKey:
    """The key that ``secret`` stands for: a public key in PEM, or else an HMAC secret.

    Raises:
        SettingsError: the PEM text is no RSA or Ed25519 public key.
    """
    if not secret.lstrip().startswith("-----BEGIN"):
        return _Hmac(secret)
    try:
        key = load_pem_public_key(secret.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        msg = "the PEM text is not a public key: give the RSA or Ed25519 key's public half"
        raise SettingsError(msg) from None
    if isinstance(key, rsa.RSAPublicKey):
        return _Rsa(key)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return _Ed25519(key)
    msg = f"a {type(key).__name__} cannot sign requests: use RSA or Ed25519"
    raise SettingsError(msg)


def _decoded(signature: str) -> bytes:
    return base64.b64decode(signature, validate=True)
