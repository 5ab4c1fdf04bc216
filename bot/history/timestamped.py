"""Lines of a receive time, a space and the frame: what hftbacktest records, and this project.

The time is in ns or us. A frame is a combined one, ``{"stream": ..., "data": ...}``, or a
bare one. A bare order book snapshot is the answer of ``GET .../depth`` for the symbol of
the tape. This project's own tapes name it: ``{"stream": "/api/v3/depth?symbol=...", ...}``.
"""

import re
from collections.abc import Iterator
from typing import Final

from bot.history.envelope import Raw, unwrap
from bot.history.frame import Frame, depth_path, instant_ns

__all__ = ["Timestamped"]

_LINE: Final = re.compile(rb"\d{10,19} [{\[]")
_LOOK_AHEAD: Final = 1000
"""How many frames a snapshot without a symbol waits for one that tells it."""


class Timestamped:
    """See the module."""

    def recognises(self, line: bytes) -> bool:
        return _LINE.match(line) is not None

    def frames(self, lines: Iterator[bytes]) -> Iterator[Frame]:
        symbol = ""
        waiting: list[tuple[int, Raw]] = []
        recv_ns = 0
        for line in lines:
            stamp, _, text = line.partition(b" ")
            if not stamp:
                continue
            recv_ns = instant_ns(int(stamp)) if stamp.isdigit() else recv_ns
            raw = unwrap(text) if stamp.isdigit() else Raw("", line)
            if raw.stream and not raw.stream.startswith(("!", "/")):
                symbol = raw.stream.partition("@")[0].upper()
            if waiting or (raw.is_snapshot and not raw.symbol and not symbol):
                waiting.append((recv_ns, raw))
                if not symbol and len(waiting) < _LOOK_AHEAD:
                    continue
                yield from (_frame(at, held, symbol) for at, held in waiting)
                waiting = []
            else:
                yield _frame(recv_ns, raw, symbol)
        yield from (_frame(at, held, symbol) for at, held in waiting)


def _frame(recv_ns: int, raw: Raw, tape_symbol: str) -> Frame:
    if not raw.is_snapshot:
        return Frame(recv_ns, raw.stream, raw.data)
    symbol = raw.symbol or tape_symbol
    # Coin-margined contracts are BTCUSD_PERP and BTCUSD_240927; USDⓈ-M has BTCUSDT_240927.
    coin_margined = "USD_" in symbol
    path = depth_path(symbol, futures=raw.is_futures, coin_margined=coin_margined)
    return Frame(recv_ns, path, raw.data)
