"""Lines as cryptofeed records them: ``receive time: frame`` and ``URL -> receive time: answer``."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from bot.history.envelope import unwrap
from bot.history.frame import Frame

__all__ = ["Cryptofeed"]

_FRAME: Final = re.compile(rb"(\d{9,10})(?:\.(\d{1,9}))?: (?=[{\[])")
_ANSWER: Final = re.compile(rb"(https?://\S+) -> (\d{9,10})(?:\.(\d{1,9}))?: ")
_OPENED: Final = re.compile(rb"wss?://\S+ <-> ")
_CONFIGURATION: Final = b"configuration: "


class Cryptofeed:
    """See the module. The configuration and the lines of opened sockets hold no frame."""

    def recognises(self, line: bytes) -> bool:
        return line.startswith(_CONFIGURATION) or any(
            pattern.match(line) for pattern in (_FRAME, _ANSWER, _OPENED)
        )

    def frames(self, lines: Iterator[bytes]) -> Iterator[Frame]:
        recv_ns = 0
        for line in lines:
            if found := _FRAME.match(line):
                recv_ns = _instant(found[1], found[2])
                raw = unwrap(line[found.end() :])
                yield Frame(recv_ns, raw.stream, raw.data)
            elif found := _ANSWER.match(line):
                recv_ns = _instant(found[2], found[3])
                url = urlsplit(found[1].decode())
                request = f"{url.path}?{url.query}" if url.query else url.path
                yield Frame(recv_ns, request, line[found.end() :])
            elif line and not line.startswith(_CONFIGURATION) and not _OPENED.match(line):
                yield Frame(recv_ns, "", line)


def _instant(seconds: bytes, fraction: bytes | None) -> int:
    return int(seconds) * 10**9 + int((fraction or b"").ljust(9, b"0"))
