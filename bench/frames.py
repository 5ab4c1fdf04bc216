"""Market frames as Binance sends them: combined-stream JSON, already in WebSocket frames.

60 % book ticker, 25 % trade, 10 % aggregate trade, 5 % partial book of 20 levels, on eight
symbols. Prices walk at random on the symbol's tick; decimals are written as Binance writes
them. The same seed gives the same bytes in the sender and in the receivers.
"""

import random
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["FRAMES", "SYMBOLS", "Stamped", "flood", "stamped", "streams"]

FRAMES = 4000
"""How many different frames there are; the flood repeats them."""
SYMBOLS = {
    # price, decimals of the price, decimals of the quantity
    "BTCUSDT": (64231.12, 2, 5),
    "ETHUSDT": (3391.47, 2, 4),
    "SOLUSDT": (172.38, 2, 3),
    "BNBUSDT": (588.10, 2, 3),
    "XRPUSDT": (0.5214, 4, 0),
    "ADAUSDT": (0.4482, 4, 1),
    "DOGEUSDT": (0.12345, 5, 0),
    "LINKUSDT": (14.23, 2, 2),
}
_SHARES = (("bookTicker", 60), ("trade", 25), ("aggTrade", 10), ("depth20@100ms", 5))
_BEGAN_MS = 1_723_118_400_000
_STAMP = 1_700_000_000_000_000_000
"""In the place of an id: as long as a send time in nanoseconds, which is written over it."""


class Stamped(NamedTuple):
    """A frame whose id, at ``place``, is to be overwritten with 19 digits of time."""

    frame: bytearray
    place: int


def streams() -> list[str]:
    """Every stream of the mix, as Binance names it."""
    return [f"{symbol.lower()}@{kind}" for symbol in SYMBOLS for kind, _ in _SHARES]


def flood() -> bytes:
    """All frames, one after the other."""
    return b"".join(_framed(text) for text in _texts(lambda n: 52_000_000_000 + n))


def stamped() -> list[Stamped]:
    """All frames, one by one, each with a place for its send time."""
    found = []
    for text in _texts(lambda _: _STAMP):
        frame = bytearray(_framed(text))
        found.append(Stamped(frame, frame.index(str(_STAMP).encode())))
    return found


def _texts(number: Callable[[int], int]) -> list[str]:
    rng = random.Random(7)
    prices = {symbol: price for symbol, (price, _, _) in SYMBOLS.items()}
    kinds = [kind for kind, share in _SHARES for _ in range(FRAMES * share // 100)]
    rng.shuffle(kinds)
    texts = []
    for n, kind in enumerate(kinds):
        symbol = rng.choice(list(SYMBOLS))
        tick = 10 ** -SYMBOLS[symbol][1]
        prices[symbol] += rng.randint(-3, 3) * tick
        data = _DATA[kind](rng, symbol, prices[symbol], number(n), _BEGAN_MS + 7 * n)
        texts.append(f'{{"stream":"{symbol.lower()}@{kind}","data":{{{data}}}}}')
    return texts


def _price(symbol: str, price: float) -> str:
    return f"{price:.{SYMBOLS[symbol][1]}f}".ljust(_width(price), "0")


def _width(price: float) -> int:
    # Binance pads prices and quantities to eight decimals.
    return len(str(int(price))) + 9


def _size(rng: random.Random, symbol: str) -> str:
    price, _, decimals = SYMBOLS[symbol]
    size = round(rng.lognormvariate(6.0, 1.5) / price, decimals) or 10**-decimals
    return f"{size:.8f}"


def _book_ticker(rng: random.Random, symbol: str, price: float, number: int, _: int) -> str:
    ask = _price(symbol, price + 10 ** -SYMBOLS[symbol][1])
    return (
        f'"u":{number},"s":"{symbol}","b":"{_price(symbol, price)}","B":"{_size(rng, symbol)}",'
        f'"a":"{ask}","A":"{_size(rng, symbol)}"'
    )


def _trade(rng: random.Random, symbol: str, price: float, number: int, ms: int) -> str:
    maker = rng.choice(("true", "false"))
    return (
        f'"e":"trade","E":{ms},"s":"{symbol}","t":{number},"p":"{_price(symbol, price)}",'
        f'"q":"{_size(rng, symbol)}","T":{ms - 1},"m":{maker},"M":true'
    )


def _agg_trade(rng: random.Random, symbol: str, price: float, number: int, ms: int) -> str:
    maker = rng.choice(("true", "false"))
    first = 3_000_000_000 + ms % 10**9
    return (
        f'"e":"aggTrade","E":{ms},"s":"{symbol}","a":{number},"p":"{_price(symbol, price)}",'
        f'"q":"{_size(rng, symbol)}","f":{first},"l":{first + rng.randint(0, 4)},'
        f'"T":{ms - 1},"m":{maker},"M":true'
    )


def _depth(rng: random.Random, symbol: str, price: float, number: int, _: int) -> str:
    tick = 10 ** -SYMBOLS[symbol][1]

    def side(sign: int) -> str:
        levels = (price + sign * tick * (level + (sign > 0)) for level in range(20))
        return ",".join(f'["{_price(symbol, at)}","{_size(rng, symbol)}"]' for at in levels)

    return f'"lastUpdateId":{number},"bids":[{side(-1)}],"asks":[{side(1)}]'


_DATA = {
    "bookTicker": _book_ticker,
    "trade": _trade,
    "aggTrade": _agg_trade,
    "depth20@100ms": _depth,
}


def _framed(text: str) -> bytes:
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    return b"\x81\x7e" + size.to_bytes(2, "big") + payload
