"""A bot in a process of its own, under a supervisor that starts it again whenever it ends."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from chaos.exchange import BOT, ROOT

SETTINGS = """
sweep_every_s = 20
[risk]
max_daily_loss = 0
max_open_orders = 60
"""


@dataclass
class Absence:
    """A time in which the bot could not notice anything: dead, starting or held."""

    from_ns: int
    kind: str
    to_ns: int = 0


@dataclass
class Trader:
    """``bot run`` on one market."""

    market: str
    folder: Path
    db: str
    url: str
    strategies: tuple[str, ...]
    symbols: tuple[str, ...] = ("BTCUSDT", "ETHUSDT")
    starts: int = 0
    kills: int = 0
    holds: int = 0
    exits: list[int] = field(default_factory=list)
    """Status of each process that ended by itself."""
    absences: list[Absence] = field(default_factory=list)
    process: subprocess.Popen | None = None
    held_until: float = 0.0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "bot.toml").write_text(SETTINGS)
        if not (self.folder / "strategies").exists():
            (self.folder / "strategies").symlink_to(ROOT / "strategies")

    @property
    def log(self) -> str:
        return (self.folder / "out.log").read_text()

    def start(self) -> None:
        self.starts += 1
        if not self.absences or self.absences[-1].to_ns:
            self.absences.append(Absence(time.time_ns(), "down"))
        chosen = [word for name in self.strategies for word in ("--strategy", name)]
        arguments = ["--venue", "sim", "--venue-url", self.url, "--market", self.market]
        with (self.folder / "out.log").open("a") as log:
            self.process = subprocess.Popen(
                [*BOT, "run", "--db", self.db, *arguments, *chosen, "--symbol", *self.symbols],
                cwd=self.folder,
                env=environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def look_after(self) -> None:
        """What a supervisor does: wake it when its time is over, start it if it has ended."""
        if self.held_until and time.monotonic() > self.held_until:
            self.wake()
        if self.process is not None and self.process.poll() is not None:
            self.exits.append(self.process.returncode)
            self.start()

    def kill(self) -> None:
        """``kill -9``, and the next process at once."""
        self.wake()
        self.kills += 1
        self.absences.append(Absence(time.time_ns(), "down"))
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.start()

    def hold(self, seconds: float) -> None:
        """Stop the process in the middle of whatever it does, for some time."""
        if self.held_until or self.process.poll() is not None:
            return
        self.holds += 1
        self.absences.append(Absence(time.time_ns(), "held"))
        self.held_until = time.monotonic() + seconds
        self.process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        if self.held_until:
            self.process.send_signal(signal.SIGCONT)
            self.held_until = 0.0
            held = next(a for a in reversed(self.absences) if a.kind == "held")
            held.to_ns = time.time_ns()

    def seen_trading(self, first_orders_ns: list[int]) -> None:
        """Each time of being down ends with the first order after it."""
        for absence in self.absences:
            if absence.kind == "down":
                later = [ns for ns in first_orders_ns if ns > absence.from_ns]
                absence.to_ns = min(later, default=time.time_ns())

    def was_there(self, from_ns: int, to_ns: int) -> bool:
        """Whether it could have noticed what happened then."""
        return not any(a.from_ns <= to_ns and from_ns <= a.to_ns for a in self.absences)

    def stop(self) -> int:
        """As a person stops it; the status."""
        self.wake()
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.end()
            return -signal.SIGKILL

    def end(self) -> None:
        """Whatever happens: nothing is left running."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def command(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*BOT, *arguments, "--db", self.db],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def environment() -> dict[str, str]:
    """Without the settings of whoever runs this."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}
    return ours | {"PYTHONPATH": str(ROOT)}
