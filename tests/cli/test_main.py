import sys
from pathlib import Path

import pytest

from bot import cli
from bot.cli import app
from bot.domain.errors import UserError


@pytest.fixture
def failing(monkeypatch):
    """Let the command line end in an error."""

    def set_up(error):
        def build():
            def run(args):
                raise error

            return run

        monkeypatch.setattr(app, "build", build)
        monkeypatch.setattr(sys, "argv", ["bot"])

    return set_up


def test_what_a_person_can_mend_is_one_line_and_exit_code_1(failing, capsys):
    failing(UserError("port 9000 is in use: give another --port"))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert capsys.readouterr().err == "error: port 9000 is in use: give another --port\n"


def test_a_fault_of_the_bot_itself_is_one_line_and_its_traceback_a_file(failing, capsys):
    failing(KeyError("lost"))
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 70
    told = capsys.readouterr().err
    assert told.startswith("error: a fault of the bot itself: KeyError: 'lost'")
    assert len(told.splitlines()) == 1
    kept = Path(told.split()[-1])
    assert "Traceback" in kept.read_text()
    kept.unlink()


def test_an_interrupt_at_the_keyboard_is_no_fault(failing):
    failing(KeyboardInterrupt())
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 130
