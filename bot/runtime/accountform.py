"""How an account of the simulated exchange is written on the command line."""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from bot.domain.errors import SettingsError
from bot.simulation.account import DEFAULT_BALANCES, AccountSpec

__all__ = ["parse_account", "parse_insurance"]

_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_ASSET: Final = re.compile(r"[A-Z0-9]{1,20}")
_GROUP: Final = re.compile(r"[0-9]{1,9}")
_PLACES: Final = 8
_MOST: Final = "max."
_YES_NO: Final = {"yes": True, "no": False}


def parse_account(text: str) -> AccountSpec:
    """``KEY:SECRET[:ASSET=AMOUNT,...]``; ``SECRET`` may be ``@FILE``, a public key in PEM.

    Among the amounts may stand ``group=N`` (a trade group), ``bnb=yes`` (commission in BNB),
    ``trade=no`` (it may only look), ``maker=RATE``, ``taker=RATE`` and ``max.ASSET=AMOUNT`` (of
    one order).

    Raises:
        SettingsError: what is wrong with it, without the secret.
    """
    key, _, rest = text.partition(":")
    secret, _, settings = rest.partition(":")
    if not _KEY.fullmatch(key) or not secret:
        raise SettingsError(
            f"--account {key!r}: write KEY:SECRET or KEY:SECRET:ASSET=AMOUNT,... "
            "with a key of letters, digits, - and _"
        )
    if secret.startswith("@"):
        try:
            secret = Path(secret[1:]).read_text()
        except (OSError, UnicodeDecodeError) as e:
            raise SettingsError(f"--account {key}: cannot read {secret[1:]}: {e}") from None
    return _spec(key, secret, settings.split(",") if settings else [])


def parse_insurance(text: str) -> dict[str, Decimal]:
    """``ASSET=AMOUNT,...`` of the futures' insurance funds.

    Raises:
        SettingsError: what is wrong with it.
    """
    funds: dict[str, Decimal] = {}
    for part in text.split(",") if text else ():
        name, _, value = part.partition("=")
        try:
            funds[_asset(name)] = _amount(value)
        except (ValueError, InvalidOperation):
            raise SettingsError(
                f"--insurance: {part!r} is not ASSET=AMOUNT, such as USDT=1000"
            ) from None
    return funds


def _spec(key: str, secret: str, parts: list[str]) -> AccountSpec:
    balances: dict[str, Decimal] = {}
    limits: dict[str, Decimal] = {}
    chosen: dict[str, Any] = {}
    for part in parts:
        name, _, value = part.partition("=")
        try:
            if name in _SETTINGS:
                field, read = _SETTINGS[name]
                chosen[field] = read(value)
            elif name.startswith(_MOST):
                limits[_asset(name.removeprefix(_MOST))] = _amount(value)
            else:
                balances[_asset(name)] = _amount(value)
        except (ValueError, KeyError, InvalidOperation):
            raise SettingsError(
                f"--account {key}: {part!r} is not ASSET=AMOUNT, such as USDT=1000.50, nor "
                "max.ASSET=AMOUNT, maker=RATE, taker=RATE, bnb=yes, trade=no or group=NUMBER"
            ) from None
    return AccountSpec(
        key, secret, balances or dict(DEFAULT_BALANCES), asset_limits=limits, **chosen
    )


def _asset(text: str) -> str:
    if not _ASSET.fullmatch(text):
        raise ValueError(text)
    return text


def _amount(text: str) -> Decimal:
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or value < 0 or -exponent > _PLACES:
        raise ValueError(text)
    return value


def _rate(text: str) -> Decimal:
    rate = _amount(text)
    if rate >= 1:
        raise ValueError(text)
    return rate


def _group(text: str) -> int:
    if not _GROUP.fullmatch(text):
        raise ValueError(text)
    return int(text)


_SETTINGS: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "group": ("trade_group", _group),
    "bnb": ("bnb_discount", lambda text: _YES_NO[text]),
    "trade": ("can_trade", lambda text: _YES_NO[text]),
    "maker": ("maker_rate", _rate),
    "taker": ("taker_rate", _rate),
}
