"""The caller's side of the control channel."""

import socket
from pathlib import Path
from typing import Any

import msgspec

from bot.domain.errors import BotError

__all__ = ["NoAnswer", "NoBot", "ask"]


class NoBot(BotError):
    """Nobody listens there."""


class NoAnswer(BotError):
    """Somebody listens and does not answer: the whole process is stopped or stuck."""


def ask(path: Path, request: dict[str, Any], *, timeout_s: float = 5.0) -> dict[str, Any]:
    """Send the request; the answer.

    Raises:
        NoBot: no bot listens at the path.
        NoAnswer: nothing came within the time.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(timeout_s)
            try:
                line.connect(str(path))
            except TimeoutError as e:
                raise NoAnswer(str(path)) from e
            except OSError as e:
                raise NoBot(str(path)) from e
            line.sendall(msgspec.json.encode(request) + b"\n")
            text = b""
            while not text.endswith(b"\n"):
                more = line.recv(65_536)
                if not more:
                    break
                text += more
    except OSError as e:
        raise NoAnswer(str(path)) from e
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as e:
        raise NoAnswer(str(path)) from e
