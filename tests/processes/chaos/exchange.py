"""The simulated exchange as a process of its own, and its control side."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[3]
BOT = [sys.executable, "-m", "bot"]


class Exchange:
    """Serves until :meth:`stop`."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        arguments = ["sim", "serve", "--port", "0", "--announce", "json", "--admin"]
        with (folder / "exchange.log").open("w") as log:
            self._process = subprocess.Popen(
                [*BOT, *arguments, "--seed", str(seed)],
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
            )
        self.url = f"http://127.0.0.1:{json.loads(self._process.stdout.readline())['port']}"

    def call(self, method: str, path: str, body: object = None) -> dict:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    def state(self) -> dict:
        """What is so, whatever anybody was told."""
        return self.call("GET", "/sim/state")

    def commit(self, fault: dict) -> None:
        self.call("POST", "/sim/faults", [fault])

    def left(self) -> dict[str, int | None]:
        """How often each fault may strike yet, by its text; those that are used up are absent."""
        faults = self.call("GET", "/sim/faults")["faults"]
        return {fault["msg"]: fault["times"] for fault in faults}

    def behave(self) -> None:
        """No more faults."""
        self.call("DELETE", "/sim/faults")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._process.stdout.close()
