"""The embedded simulated exchange: a process of its own beside the bot, on loopback.

It is a process and not a thread so that it outlives a ``kill -9`` of the bot by the
moment that it needs, takes no time from the bot's event loop, and is spoken to over real
sockets. It ends when the bot does, and keeps its account in a file beside the database.
"""

import asyncio
import contextlib
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import msgspec

from bot.domain.errors import VenueSetupError
from bot.domain.values import Market

__all__ = ["EmbeddedExchange", "EmbeddedOptions", "state_file", "state_files"]

_SYMBOL_OPTIONS: Final = {
    Market.SPOT: "--symbol",
    Market.USDM: "--usdm-symbol",
    Market.COINM: "--coinm-symbol",
}
_START_S: Final = 20.0
_END_S: Final = 3.0


def state_file(db: str) -> Path:
    """Where the account is kept that belongs to a database."""
    if db.startswith("sqlite"):
        return Path(db.split("///", 1)[1] + ".sim")
    return Path(f"{urlsplit(db).path.strip('/') or 'bot'}.sim")


def state_files(db: str) -> tuple[Path, ...]:
    """All files of that account: spot's, and one for each futures market."""
    spot = state_file(db)
    return (spot, *(spot.with_name(f"{spot.name}.{market}") for market in ("usdm", "coinm")))


class EmbeddedOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What its market is to be; see ``bot sim serve --help``."""

    seed: int = 1
    tapes: tuple[Path, ...] = ()
    speed: float = 1.0
    faults: Path | None = None
    scene: Path | None = None

    def arguments(self) -> list[str]:
        """The same for the command line."""
        arguments = ["--seed", str(self.seed)]
        for tape in self.tapes:
            arguments += ["--tape", str(tape)]
        if self.tapes:
            arguments += ["--speed", str(self.speed)]
        for option, path in (("--faults", self.faults), ("--scene", self.scene)):
            if path is not None:
                arguments += [option, str(path)]
        return arguments


class EmbeddedExchange:
    """``async with EmbeddedExchange(...) as exchange``: started, and ``exchange.url`` is served."""

    def __init__(
        self,
        *,
        state: Path,
        symbols: Sequence[str],
        options: EmbeddedOptions,
        market: Market = Market.SPOT,
        admin: bool = False,
    ) -> None:
        self.url = ""
        self._arguments = ["--port", "0", "--announce", "json", "--exit-with-parent"]
        self._arguments += ["--state", str(state), *options.arguments()]
        for symbol in symbols:
            self._arguments += [_SYMBOL_OPTIONS[market], symbol]
        if admin:
            self._arguments += ["--admin"]
        self._process: asyncio.subprocess.Process | None = None
        self._drains: list[asyncio.Task[None]] = []
        self._said: deque[str] = deque(maxlen=20)

    async def __aenter__(self) -> Self:
        """Start it and wait until it listens.

        Raises:
            VenueSetupError: it did not start; the text is what it said.
        """
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "sim",
            "serve",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # An interrupt at the keyboard is for the bot, which still has orders to cancel.
            start_new_session=True,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        errors = asyncio.create_task(self._drain(self._process.stderr))
        self._drains.append(errors)
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), _START_S)
            port = msgspec.json.decode(line)["port"]
        except (TimeoutError, msgspec.DecodeError, KeyError, TypeError) as e:
            await self._end()
            said = self._said[-1].removeprefix("error: ") if self._said else "it said nothing"
            raise VenueSetupError(f"the simulated exchange did not start: {said}") from e
        self._drains.append(asyncio.create_task(self._drain(self._process.stdout)))
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._end()

    async def _end(self) -> None:
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _END_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        for drain in self._drains:
            with contextlib.suppress(asyncio.CancelledError, TimeoutError):
                await asyncio.wait_for(drain, 1.0)

    async def _drain(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self._said.append(line.decode(errors="replace").rstrip())
