"""One line each way, whatever the caller sends."""

import socket
import threading

import pytest

from bot.runtime.control.client import NoAnswer, NoBot, ask
from bot.runtime.control.server import ControlServer


@pytest.fixture
def channel(tmp_path):
    """A server that echoes; ``boom`` raises, ``wait`` waits."""
    path = tmp_path / "s"
    hold = threading.Event()

    def answer(request):
        if request.get("do") == "boom":
            raise RuntimeError("a bug")
        if request.get("do") == "wait":
            hold.wait(10)
        return {"ok": True, "heard": request}

    looks = []
    server = ControlServer(path, answer, look=lambda: looks.append(1))
    server.start()
    yield path, hold, looks
    hold.set()
    server.stop()
    assert not path.exists()


def test_a_request_is_answered_and_only_its_owner_may_ask(channel):
    path, _, _ = channel
    assert ask(path, {"do": "x", "n": 1}) == {"ok": True, "heard": {"do": "x", "n": 1}}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_bug_in_an_answer_is_an_answer_and_the_next_is_heard(channel):
    path, _, _ = channel
    assert ask(path, {"do": "boom"}) == {"ok": False, "error": "RuntimeError: a bug"}
    assert ask(path, {"do": "x"})["ok"]


@pytest.mark.parametrize("line", [b"\n", b"nonsense\n", b"[1]\n", b"\xff\xff\n"])
def test_what_is_no_request_is_answered_too(channel, line):
    path, _, _ = channel
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(path))
        caller.sendall(line)
        assert b'"ok":false' in caller.recv(4096)


def test_a_slow_answer_keeps_nobody_else_waiting(channel):
    path, hold, _ = channel
    answers = []
    slow = threading.Thread(target=lambda: answers.append(ask(path, {"do": "wait"})))
    slow.start()
    assert ask(path, {"do": "x"})["ok"]
    assert answers == []
    hold.set()
    slow.join(5)
    assert answers[0]["ok"]


def test_one_that_does_not_answer_is_told_from_one_that_is_not_there(channel, tmp_path):
    path, _, _ = channel
    with pytest.raises(NoAnswer):
        ask(path, {"do": "wait"}, timeout_s=0.2)
    with pytest.raises(NoBot):
        ask(tmp_path / "nobody", {"do": "x"})


def test_the_socket_of_a_dead_bot_is_replaced(tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(NoBot):
        ask(path, {"do": "x"})
    server = ControlServer(path, lambda _: {"ok": True}, look=lambda: None)
    server.start()
    assert ask(path, {"do": "x"}) == {"ok": True}
    server.stop()
