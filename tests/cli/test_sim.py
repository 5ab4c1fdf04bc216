"""`bot sim serve` as a process: its first line, its end, its complaints."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

SERVE = [sys.executable, "-m", "bot", "sim", "serve"]


@pytest.fixture
def serve():
    """Start it with these arguments; it is killed at the end."""
    started = []

    def start(*arguments):
        process = subprocess.Popen(
            [*SERVE, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_the_first_line_is_the_port_and_the_rest_is_for_people(serve):
    process = serve("--port", "0", "--admin")
    port = json.loads(process.stdout.readline())["port"]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/sim/state", timeout=60) as response:
        assert "balances" in json.load(response)
    said = ""
    while "bot run" not in said:
        said += process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 0
    assert complaints == ""
    for line in (
        f'client.API_URL = "http://127.0.0.1:{port}/api"',
        f'sockets.STREAM_URL = "ws://127.0.0.1:{port}/"',
        f"bot run --venue sim --venue-url http://127.0.0.1:{port}",
    ):
        assert line in said


@pytest.mark.parametrize("how", ["interrupt", "end of input"])
def test_it_ends_cleanly_with_ctrl_c_and_with_its_parent(serve, how):
    process = serve("--port", "0", "--exit-with-parent")
    assert "port" in json.loads(process.stdout.readline())
    if how == "interrupt":
        process.send_signal(signal.SIGINT)
    else:
        process.stdin.close()
        process.stdin = None
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_what_it_cannot_do_is_one_line_and_exit_code_1(serve, tmp_path):
    faults = tmp_path / "faults.json"
    faults.write_text('[{"kind":"explode"}]')
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for arguments, said in (
            (["--port", str(port)], f"cannot listen on 127.0.0.1:{port}"),
            (["--port", "0", "--faults", str(faults)], "fault 0: kind"),
            (["--port", "0", "--account", "nonsense"], "write KEY:SECRET"),
            (["--port", "0", "--limits", "lifetime=1"], "there is no 'lifetime': use ban_after"),
        ):
            process = serve(*arguments)
            output, complaint = process.communicate(timeout=60)
            assert process.returncode == 1
            assert output == ""
            assert complaint.startswith("error: ")
            assert said in complaint
            assert complaint.count("\n") == 1
