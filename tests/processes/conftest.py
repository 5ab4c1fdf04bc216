"""Real processes: ``bot sim serve`` on a free port, and ``bot run`` against it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BOT = [sys.executable, "-m", "bot"]


class ServedExchange:
    """A simulated exchange in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*BOT, "sim", "serve", "--port", "0", "--announce", "json", "--admin", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        )
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.url = f"http://127.0.0.1:{self.port}"

    def call(self, method: str, path: str, body: object = None, *, key: str = "") -> object:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if key:
            headers["X-MBX-APIKEY"] = key
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def faults(self, *faults: dict) -> None:
        self.call("POST", "/sim/faults", list(faults))

    def state(self) -> dict:
        return self.call("GET", "/sim/state")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


class Desk:
    """A folder with a database, and the commands run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = f"sqlite:///{folder / 'trades.db'}"
        self._started: list[subprocess.Popen] = []
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("BOT_")}

    def start(self, *arguments: str, seconds: float = 60) -> subprocess.Popen:
        """``bot run`` in the background; its output goes to ``out.log``."""
        with (self.folder / "out.log").open("a") as log:
            process = subprocess.Popen(
                [*BOT, "run", "--for", f"{seconds}s", "--db", self.db, *arguments],
                cwd=self.folder,
                env=self._environment | {"PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._started.append(process)
        return process

    def bot(self, *arguments: str) -> subprocess.CompletedProcess:
        """Any command, to its end."""
        return subprocess.run(
            [*BOT, *arguments],
            cwd=self.folder,
            env=self._environment | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def run(self, *arguments: str, seconds: float) -> dict:
        """``bot run`` to its end; the summary."""
        path = self.folder / "summary.json"
        done = self.bot(
            "run", "--for", f"{seconds}s", "--db", self.db, "--summary", str(path), *arguments
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(path.read_text())

    def rows(self, query: str) -> list[tuple]:
        with closing(sqlite3.connect(self.folder / "trades.db")) as connection:
            return connection.execute(query).fetchall()

    def wait_for(self, query: str, *, timeout_s: float = 30) -> None:
        """Until the query gives a row."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            try:
                if self.rows(query):
                    return
            except sqlite3.OperationalError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"no row came: {query}\n{self.log()}")

    def log(self) -> str:
        return (self.folder / "out.log").read_text()

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    (tmp_path / "strategies").symlink_to(ROOT / "strategies")
    yield made
    made.end()


@pytest.fixture
def served():
    exchange = ServedExchange("--seed", "3")
    yield exchange
    exchange.stop()


@pytest.fixture
def serve():
    """Start further exchanges: ``serve("--seed", "5")``."""
    made: list[ServedExchange] = []

    def start(*arguments: str) -> ServedExchange:
        made.append(ServedExchange(*arguments))
        return made[-1]

    yield start
    for exchange in made:
        if exchange.process.poll() is None:
            exchange.stop()


@pytest.fixture
def shared_data():
    path = ROOT.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip("the recorded captures are not here")
    return path
