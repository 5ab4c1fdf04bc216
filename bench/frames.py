"""Market frames as Binance sends them: combined-stream JSON, already in WebSocket frames.

60 % book ticker, 25 % trade, 10 % aggregate trade, 5 % partial book of 20 levels, on eight
symbols (or more). Prices walk at random on the symbol's tick; decimals are written as Binance
writes them; ids of a stream follow one another, over and over the same frames too. The same
seed gives the same bytes in the sender and in the receivers.
"""

import random
import re
from collections import Counter
from collections.abc import Collection, Sequence

__all__ = [
    "FRAMES",
    "SYMBOLS",
    "Flood",
    "Message",
    "delay_ns",
    "framed",
    "messages",
    "stamp_all",
    "streams",
    "symbols",
]

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
_FIRST_ID = 52_000_000_000
_ID_DIGITS = 11
_HOUR_NS = 3_600_000_000_000
_OFFSET = 10**13
_STAMP = "999999.99999999"
"""In the place of the first size, where the send time goes: 10**13 and the hour's nanoseconds,
over 1e8. A float holds them exactly."""


class Message:
    """A frame whose id grows each time that it is sent."""

    def __init__(self, text: str, number: int, step: int, *, stamped: bool) -> None:
        self.frame = bytearray(framed(text))
        self.number = number
        self.step = step
        self.id_at = self.frame.index(str(number).encode())
        self._stamp_at = self.frame.index(_STAMP.encode()) if stamped else 0

    def renew(self) -> None:
        """The next id of its stream."""
        self.number += self.step
        self.frame[self.id_at : self.id_at + _ID_DIGITS] = b"%d" % self.number

    def stamp(self, now_ns: int) -> None:
        """Write the send time into it."""
        self.frame[self._stamp_at : self._stamp_at + len(_STAMP)] = _digits(now_ns)


def _digits(now_ns: int) -> bytes:
    digits = b"%d" % (_OFFSET + now_ns % _HOUR_NS)
    return digits[:6] + b"." + digits[6:]


def delay_ns(size: float, now_ns: int) -> int:
    """How long ago a stamped message was sent, by its first size."""
    return (now_ns + _OFFSET - round(size * 1e8)) % _HOUR_NS


class Flood:
    """Messages in one piece of bytes, to be sent again and again."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.data = bytearray()
        self._places: list[list[int]] = []
        for message in messages:
            self._places.append([len(self.data) + message.id_at, message.number, message.step])
            self.data += message.frame

    def renew(self) -> None:
        """The next ids of all streams."""
        data = self.data
        for place in self._places:
            at, number, step = place
            place[1] = number = number + step
            data[at : at + _ID_DIGITS] = b"%d" % number


def stamp_all(data: bytearray, before_ns: int, now_ns: int) -> None:
    """Put another time in the place of a send time, all over."""
    old, new = _digits(before_ns), _digits(now_ns)
    data[:] = data.replace(old, new)


def symbols(count: int = len(SYMBOLS)) -> list[str]:
    """So many symbols: the eight, then made-up ones of their kind."""
    named = list(SYMBOLS)
    return [
        *named[:count],
        *(f"{named[n % 8].removesuffix('USDT')}{n:03d}USDT" for n in range(len(named), count)),
    ]


def streams(count: int = len(SYMBOLS)) -> list[str]:
    """Every stream of the mix on so many symbols, as Binance names it."""
    return [f"{symbol.lower()}@{kind}" for symbol in symbols(count) for kind, _ in _SHARES]


def messages(of: Collection[str], *, bare: bool = False, stamped: bool = False) -> list[Message]:
    """All frames, one by one, spread over these streams by the shares of their kinds."""
    rng = random.Random(7)
    of_kind = {kind: sorted(s for s in of if s.endswith(f"@{kind}")) for kind, _ in _SHARES}
    kinds = [kind for kind, share in _SHARES for _ in range(FRAMES * share // 100) if of_kind[kind]]
    rng.shuffle(kinds)
    chosen = [rng.choice(of_kind[kind]) for kind in kinds]
    steps, sent = Counter(chosen), Counter[str]()
    prices: dict[str, float] = {}
    made = []
    for n, stream in enumerate(chosen):
        symbol, _, kind = stream.partition("@")
        symbol = symbol.upper()
        price, decimals, _ = _of(symbol)
        price = prices[symbol] = prices.get(symbol, price) + rng.randint(-3, 3) * 10**-decimals
        number = _FIRST_ID + sent[stream]
        sent[stream] += 1
        data = _DATA[kind](rng, symbol, price, number, _BEGAN_MS + 7 * n)
        if stamped:
            data = _SIZE.sub(rf"\g<1>{_STAMP}\g<2>", data, count=1)
        text = f"{{{data}}}" if bare else f'{{"stream":"{stream}","data":{{{data}}}}}'
        made.append(Message(text, number, steps[stream], stamped=stamped))
    return made


_SIZE = re.compile(r'("[qB]":"|"bids":\[\["[0-9.]+",")[0-9.]+(")')


def _of(symbol: str) -> tuple[float, int, int]:
    return SYMBOLS.get(symbol) or SYMBOLS[f"{re.split(r'[0-9]', symbol)[0]}USDT"]


def _price(symbol: str, price: float) -> str:
    return f"{price:.{_of(symbol)[1]}f}".ljust(_width(price), "0")


def _width(price: float) -> int:
    # Binance pads prices and quantities to eight decimals.
    return len(str(int(price))) + 9


def _size(rng: random.Random, symbol: str) -> str:
    price, _, decimals = _of(symbol)
    size = round(rng.lognormvariate(6.0, 1.5) / price, decimals) or 10**-decimals
    return f"{size:.8f}"


def _book_ticker(rng: random.Random, symbol: str, price: float, number: int, _: int) -> str:
    ask = _price(symbol, price + 10 ** -_of(symbol)[1])
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
    tick = 10 ** -_of(symbol)[1]

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


def framed(text: str) -> bytes:
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    return b"\x81\x7e" + size.to_bytes(2, "big") + payload
