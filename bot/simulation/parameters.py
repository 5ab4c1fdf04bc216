"""Reading the text parameters of a request, with Binance's refusals (errors.md, -11xx)."""

import re
from collections.abc import Mapping
from typing import Final

from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import units

__all__ = [
    "Params",
    "amount",
    "check_known",
    "client_id",
    "integer",
    "limit",
    "no_such_symbol",
    "optional",
    "required",
    "symbol_names",
]

Params = Mapping[str, str]

ENVELOPE: Final = frozenset({"timestamp", "recvWindow", "signature", "apiKey"})
"""What signs a request; the wire checks these."""

_TOO_LARGE: Final = 2**63
# Letters of any script but small Latin ones. Binance tells it in its own dialect.
_SYMBOL: Final = r"(?:[^\Wa-z]|[.-]){1,50}"
_LEGAL_SYMBOL: Final = r"[\w\-._&&[^a-z]]{1,50}"
_AMOUNT: Final = re.compile(r"^([0-9]{1,20})(\.[0-9]{1,20})?$")
_INTEGER: Final = re.compile(r"^[0-9]{1,20}$")
_CLIENT_ID: Final = re.compile(r"^[a-zA-Z0-9-_]{1,36}$")


def check_known(params: Params, known: frozenset[str]) -> None:
    """Refuse parameters that the endpoint does not read (-1104)."""
    unread = [name for name in params if name not in known and name not in ENVELOPE]
    if unread:
        read = len(params) - len(unread)
        msg = f"Not all sent parameters were read; read '{read}' parameter(s)"
        raise ApiError.bad_request(-1104, f"{msg} but was sent '{len(params)}'.")


def required(params: Params, name: str) -> str:
    """The text of a mandatory parameter (-1102)."""
    value = params.get(name)
    if not value:
        raise ApiError.missing(name)
    return value


def no_such_symbol(name: str) -> ApiError:
    """What to raise for a symbol that is not traded: -1121, or -1100 if none is written so."""
    if re.fullmatch(_SYMBOL, name):
        return ApiError.invalid_symbol()
    msg = f"Illegal characters found in parameter 'symbol'; legal range is '^{_LEGAL_SYMBOL}$'."
    return ApiError.bad_request(-1100, msg)


def symbol_names(text: str) -> list[str]:
    """The names in ``symbols``: a JSON list without a space (-1100)."""
    if not re.fullmatch(rf'\[("{_SYMBOL}"(,"{_SYMBOL}")*)?\]', text):
        each = f'"{_LEGAL_SYMBOL}"'
        legal = rf"^\[({each}(,{each}){{0,}}){{0,1}}\]$"
        msg = f"Illegal characters found in parameter 'symbols'; legal range is '{legal}'."
        raise ApiError.bad_request(-1100, msg)
    return [name for name in text[1:-1].replace('"', "").split(",") if name]


def optional(params: Params, name: str) -> str | None:
    """The text of an optional parameter; sent, it must not be empty (-1105)."""
    value = params.get(name)
    if value == "":
        raise ApiError.bad_request(-1105, f"Parameter '{name}' was empty.")
    return value


def amount(params: Params, name: str) -> int | None:
    """A price or quantity in units of 1e-8 (-1100, -1111)."""
    value = optional(params, name)
    if value is None:
        return None
    if not _AMOUNT.match(value):
        raise _illegal(name, _AMOUNT)
    try:
        found = units(value)
    except ValueError:
        msg = f"Parameter '{name}' has too much precision."
        raise ApiError.bad_request(-1111, msg) from None
    return _in_64_bits(name, found)


def integer(params: Params, name: str) -> int | None:
    """A whole number without sign (-1100)."""
    value = optional(params, name)
    if value is None:
        return None
    if not _INTEGER.match(value):
        raise _illegal(name, _INTEGER)
    return _in_64_bits(name, int(value))


def limit(params: Params, *, default: int = 500, maximum: int = 1000) -> int:
    """How many rows (-1130 beyond the maximum)."""
    value = integer(params, "limit")
    if value is None:
        return default
    if not 0 < value <= maximum:
        raise ApiError.invalid("limit")
    return value


def client_id(params: Params, name: str) -> str | None:
    """A client order id that the caller chose."""
    value = optional(params, name)
    if value is not None and not _CLIENT_ID.match(value):
        raise _illegal(name, _CLIENT_ID)
    return value


def _in_64_bits(name: str, value: int) -> int:
    if value >= _TOO_LARGE:
        raise ApiError.bad_request(-1108, f"Parameter '{name}' overflowed.")
    return value


def _illegal(name: str, legal: re.Pattern[str]) -> ApiError:
    msg = f"Illegal characters found in parameter '{name}'; legal range is '{legal.pattern}'."
    return ApiError.bad_request(-1100, msg)
