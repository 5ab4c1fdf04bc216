"""A simulated Binance for the tests of any project, whatever client it uses.

In ``conftest.py``, or at the top of a test module::

    pytest_plugins = ["bot.testing.exchange"]

It is no entry point of pytest's, so that installing the bot changes no other test run.
"""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest

__all__ = ["ServedExchange", "simulated_exchange", "simulated_exchange_options"]

_TIMEOUT_S: Final = 10.0


class ServedExchange:
    """``bot sim serve`` in a process of its own, on a free port of the loopback.

    It ends with ``stop()``, or with the process that started it.

    Raises:
        RuntimeError: it did not start; the text is its own complaint.
    """

    key = "sim-key"
    secret = "sim-secret"  # noqa: S105 - of a simulated account

    def __init__(self, options: Sequence[str] = ()) -> None:
        command = (sys.executable, "-m", "bot", "sim", "serve", "--port", "0", "--admin")
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            (*command, "--announce", "json", "--exit-with-parent", *options),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        output = self._process.stdout
        first = output.readline() if output is not None else ""
        if not first:
            _, complaint = self._process.communicate()
            raise RuntimeError(complaint.strip() or "the simulated exchange did not start")
        self.port: int = json.loads(first)["port"]
        # Base URLs without a path, such as http://127.0.0.1:40123.
        self.http = f"http://127.0.0.1:{self.port}"
        self.ws = f"ws://127.0.0.1:{self.port}"

    def state(self) -> dict[str, Any]:
        """The exchange's truth: orders, trades, balances, connections, clock."""
        return dict(self._call("GET", "/sim/state"))

    def commit(self, *faults: dict[str, Any]) -> None:
        """Commit these faults from now on, as docs/simulator.md lists them.

        Raises:
            ValueError: one of them is wrong; the text says which field.
        """
        self._call("POST", "/sim/faults", list(faults))

    def clear(self) -> None:
        """Commit no fault any more."""
        self._call("DELETE", "/sim/faults")

    def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.communicate(timeout=_TIMEOUT_S)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.http + path, data, method=method)  # noqa: S310 - http
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - http
                return json.loads(answer.read())
        except urllib.error.HTTPError as e:
            with e:
                raise ValueError(json.loads(e.read())["msg"]) from None


@pytest.fixture
def simulated_exchange_options() -> tuple[str, ...]:
    """Options of ``bot sim serve``; override it to choose symbols, a seed, accounts, a tape."""
    return ("--seed", "1")


@pytest.fixture
def simulated_exchange(simulated_exchange_options: Sequence[str]) -> Iterator[ServedExchange]:
    """A running exchange, new for each test."""
    served = ServedExchange(simulated_exchange_options)
    yield served
    served.stop()
