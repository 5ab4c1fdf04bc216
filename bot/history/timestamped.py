"""Lines of a receive time, a space and the frame: what hftbacktest records, and this project.

The time is in ns or us. A frame is a combined one, ``{"stream": ..., "data": ...}``, or a
bare one. A bare order book snapshot is the answer of ``GET .../depth`` for the symbol of
the tape. This project's own tapes name it: ``{"stream": "/api/v3/depth?symbol=...", ...}``,
and begin with a line ``{"recording": {"run_id": ..., "market": "usdm"}}`` that says of which
market they are.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from bot.domain.values import Market
from bot.history.envelope import Raw, unwrap
from bot.history.frame import Frame, depth_path, instant_ns

__all__ = ["RecordingHead", "Timestamped"]

_LINE: Final = re.compile(rb"\d{10,19} [{\[]")
_LOOK_AHEAD: Final = 1000
"""How many frames a snapshot without a symbol waits for one that tells it."""
_HEAD: Final = b'{"recording":'


class RecordingHead(msgspec.Struct):
    """What the first line of a tape of ours says."""

    run_id: str
    market: Market

    def line(self, recv_ns: int) -> bytes:
        """The line, with its end."""
        return b"%d %s%s}\n" % (recv_ns, _HEAD, msgspec.json.encode(self))

    @classmethod
    def of(cls, text: bytes) -> "RecordingHead | None":
        """What the line says behind its time; None if it is another line."""
        if not text.startswith(_HEAD):
            return None
        try:
            return msgspec.json.decode(text[len(_HEAD) : -1], type=cls)
        except msgspec.DecodeError:
            return None


class Timestamped:
    """See the module."""

    def recognises(self, line: bytes) -> bool:
        return _LINE.match(line) is not None

    def frames(self, lines: Iterator[bytes]) -> Iterator[Frame]:
        symbol = ""
        waiting: list[tuple[int, Raw]] = []
        recv_ns = 0
        market: Market | None = None
        for line in lines:
            stamp, _, text = line.partition(b" ")
            if not stamp:
                continue
            recv_ns = instant_ns(int(stamp)) if stamp.isdigit() else recv_ns
            if text.startswith(_HEAD) and (head := RecordingHead.of(text)):
                market = head.market
                continue
            raw = unwrap(text) if stamp.isdigit() else Raw("", line)
            if raw.stream and not raw.stream.startswith(("!", "/")):
                symbol = raw.stream.partition("@")[0].upper()
            if waiting or (raw.is_snapshot and not raw.symbol and not symbol):
                waiting.append((recv_ns, raw))
                if not symbol and len(waiting) < _LOOK_AHEAD:
                    continue
                yield from (_frame(at, held, symbol, market) for at, held in waiting)
                waiting = []
            else:
                yield _frame(recv_ns, raw, symbol, market)
        yield from (_frame(at, held, symbol, market) for at, held in waiting)


def _frame(recv_ns: int, raw: Raw, tape_symbol: str, market: Market | None) -> Frame:
    if not raw.is_snapshot:
        return Frame(recv_ns, raw.stream, raw.data, market)
    symbol = raw.symbol or tape_symbol
    # Coin-margined contracts are BTCUSD_PERP and BTCUSD_240927; USDⓈ-M has BTCUSDT_240927.
    coin_margined = "USD_" in symbol
    path = depth_path(symbol, futures=raw.is_futures, coin_margined=coin_margined)
    return Frame(recv_ns, path, raw.data, market)
