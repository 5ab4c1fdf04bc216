"""The tapes that a simulated exchange plays, by market."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Final, TypeVar, get_args

from bot.domain.errors import DataError
from bot.history import tape
from bot.history.frame import Frame
from bot.history.lines import TapeCut
from bot.simulation.futures.contracts import Contract
from bot.simulation.rules import SymbolRules
from bot.simulation.tapemarkets import TapeKind, market_of
from bot.simulation.tapereel import LOOK_AHEAD, TapeFrame

__all__ = ["Taped", "read_tapes", "require_market"]

T = TypeVar("T", SymbolRules, Contract)

_KINDS: Final[tuple[TapeKind, ...]] = get_args(TapeKind)
_NAMES: Final[Mapping[TapeKind, str]] = {"spot": "spot", "usdm": "USDⓈ-M", "coinm": "COIN-M"}


@dataclass(frozen=True, slots=True)
class _Part:
    """What one tape holds of one market."""

    path: Path
    kind: TapeKind
    is_alone: bool
    """It holds nothing else: frames that look the same on every market are of this one."""
    homes: Mapping[str, frozenset[TapeKind]]
    """On which markets each symbol is."""

    def frames(self) -> Iterator[Frame]:
        return (frame for frame in tape.read(self.path) if self._has(frame))

    def _has(self, frame: Frame) -> bool:
        kind = _shown(frame)
        if kind is not None:
            return kind == self.kind
        return self.is_alone or self.homes.get(frame.symbol) == frozenset({self.kind})


@dataclass(frozen=True, slots=True)
class Taped:
    """What the tapes hold of one market."""

    kind: TapeKind
    parts: Sequence[_Part]
    begin_ns: int
    """When the tapes of all markets begin, which are played together."""

    @property
    def name(self) -> str:
        """The tapes, for messages."""
        return ", ".join(str(part.path) for part in self.parts)

    def frames(self) -> Iterator[TapeFrame]:
        """From the beginning, by receive time.

        Raises:
            DataError: at the end, if a tape is cut off.
        """
        each = [part.frames() for part in self.parts]
        return _plain(each[0] if len(each) == 1 else tape.merged(each))

    def samples(self) -> Iterator[TapeFrame]:
        """The beginning of each but the first, for symbols that come up long after the start."""
        later = (_beginning(part.frames()) for part in self.parts[1:])
        return _plain(chain.from_iterable(later))

    def chosen(self, on_tape: Sequence[T], symbols: Sequence[str]) -> list[T]:
        """Those of that name, or all.

        Raises:
            DataError: the tapes lack one.
        """
        known = {one.symbol: one for one in on_tape}
        missing = [symbol for symbol in symbols if symbol not in known]
        if missing:
            raise DataError(f"{self.name} has no {', '.join(missing)}: it has {', '.join(known)}")
        return [known[symbol] for symbol in dict.fromkeys(symbols) or known]


def read_tapes(given: Sequence[Path]) -> dict[TapeKind, Taped]:
    """The tapes of each market. ``usdm=FILE`` says of which one a tape is to be.

    Of a tape that does not say itself on which market it was recorded its first frames decide,
    by what only that market's frames have.

    Raises:
        DataError: a tape is not there, is none, or is of another market than is said, or nothing
            shows of which it is.
    """
    parts: dict[TapeKind, list[_Part]] = defaultdict(list)
    begin_ns: list[int] = []
    for text in given:
        told, path = _told(text)
        if not path.exists():
            raise DataError(f"there is no tape {path}")
        frames = _beginning(tape.read(path))
        begin_ns += [frame.recv_ns for frame in frames if frame.recv_ns][:1]
        for part in _parts(path, told, frames):
            parts[part.kind].append(part)
    first_ns = min(begin_ns, default=0)
    return {kind: Taped(kind, of_kind, first_ns) for kind, of_kind in parts.items()}


def require_market(given: Sequence[Path], market: TapeKind) -> None:
    """Tapes that somebody trades on must hold the market that is traded, or be none at all.

    Raises:
        DataError: they hold other markets only; or as :func:`read_tapes`.
    """
    tapes = read_tapes(given)
    if tapes and market not in tapes:
        found = " and ".join(_NAMES[kind] for kind in tapes)
        named = ", ".join(map(str, given))
        raise DataError(
            f"{named} was recorded on {found}, and {_NAMES[market]} is traded: "
            f"give a tape of {_NAMES[market]}"
        )


def _told(given: Path) -> tuple[TapeKind | None, Path]:
    kind, equals, path = str(given).partition("=")
    if equals and kind in _KINDS and not given.exists():
        return kind, Path(path)
    return None, given


def _parts(path: Path, told: TapeKind | None, frames: Sequence[Frame]) -> list[_Part]:
    homes: dict[str, set[TapeKind]] = defaultdict(set)
    seen: dict[TapeKind, None] = {}
    for frame in frames:
        kind = _shown(frame)
        if kind is not None:
            seen[kind] = None
            homes[frame.symbol].add(kind)
    if told is not None and seen and told not in seen:
        found = " and ".join(_NAMES[kind] for kind in seen)
        raise DataError(f"{path} was recorded on {found}: it cannot be played as {_NAMES[told]}")
    kinds = [told] if told is not None else list(seen)
    if not kinds:
        raise DataError(
            f"{path} does not show on which market it was recorded: "
            f"give it as {', '.join(f'{kind}={path}' for kind in _KINDS)}"
        )
    known = {symbol: frozenset(markets) for symbol, markets in homes.items()}
    return [_Part(path, kind, len(kinds) == 1, known) for kind in kinds]


def _shown(frame: Frame) -> TapeKind | None:
    """The market of a frame, if it or its tape says so."""
    if frame.market is not None:
        return frame.market.value
    return market_of(frame.stream, frame.data)


def _beginning(frames: Iterator[Frame]) -> list[Frame]:
    """The first frames; of a tape that is cut off before, those that are there."""
    found: list[Frame] = []
    with suppress(TapeCut):
        found.extend(islice(frames, LOOK_AHEAD))
    return found


def _plain(frames: Iterator[Frame]) -> Iterator[TapeFrame]:
    return ((frame.recv_ns, frame.stream, frame.data) for frame in frames)
