"""A served exchange, a process of the bot's own environment, for clients that nobody here wrote."""

import asyncio
import json
import logging
import subprocess
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BOT = [ROOT / ".venv" / "bin" / "python", "-m", "bot"]


class ServedExchange:
    """``bot sim serve`` on a free port. ``http`` and ``ws`` are its base URLs."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [*BOT, "sim", "serve", "--port", "0", "--announce", "json", "--admin", *arguments],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        self.port = json.loads(self._process.stdout.readline())["port"]
        self.http = f"http://127.0.0.1:{self.port}"
        self.ws = f"ws://127.0.0.1:{self.port}"

    def state(self) -> dict:
        return self._call("GET", "/sim/state")

    def commit(self, **fault: object) -> None:
        self._call("POST", "/sim/faults", [fault])

    def stage(self, *scenes: dict) -> None:
        self._call("POST", "/sim/scene", list(scenes))

    def clear(self) -> None:
        self._call("DELETE", "/sim/faults")

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=10)

    def _call(self, method: str, path: str, body: object = None) -> dict:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.http + path, data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())


@pytest.fixture(scope="module")
def exchange():
    """One for each module: its seed is fixed, its accounts begin as they always do."""
    served = ServedExchange("--seed", "11", "--symbol", "BTCUSDT,ETHUSDT,BNBUSDT")
    yield served
    served.stop()


@pytest.fixture
def serve():
    """A function that serves another exchange for the length of the test."""
    served = []

    def start(*arguments):
        served.append(ServedExchange("--seed", "11", *arguments))
        return served[-1]

    yield start
    for one in served:
        one.stop()


@pytest.fixture(autouse=True)
def no_complaint(request, caplog):
    """The SDKs log what they cannot parse and go on: here it is a failure."""
    yield
    said = [r.getMessage() for r in caplog.get_records("call") if r.levelno >= logging.WARNING]
    wrong = [text for text in said if "parse" in text or "did not match" in text]
    assert not wrong, wrong


@pytest.fixture
def within():
    """``await within(awaitable)``: its result, or a failure that says what did not come."""

    async def wait(awaitable, seconds: float = 15):
        return await asyncio.wait_for(awaitable, seconds)

    return wait
