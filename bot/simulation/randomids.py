"""Client ids for those who sent none."""

import hashlib
from typing import Final

__all__ = ["scrambled"]

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LENGTH: Final = 22


def scrambled(seed: str) -> str:
    """An id of 22 letters and digits, as Binance makes them; always the same for one seed."""
    number = int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=17).digest())
    digits = []
    for _ in range(_LENGTH):
        number, digit = divmod(number, len(_BASE62))
        digits.append(_BASE62[digit])
    return "".join(digits)
