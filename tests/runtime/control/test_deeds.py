"""What was done past the engine is kept until it is told."""

from bot.runtime.control.deeds import Deed, Deeds

ONE = Deed(kind="flatten_cancel", subject="bot-a-1", text="BTCUSDT", at_ns=1)
TWO = Deed(kind="flatten_order", subject="bot-b-1", strategy_id="b", symbol="BTCUSDT", at_ns=2)


def test_they_come_back_in_order(tmp_path):
    deeds = Deeds(tmp_path / "deeds")
    assert deeds.read() == []
    deeds.add(ONE)
    deeds.add(TWO)
    assert deeds.read() == [ONE, TWO]


def test_a_torn_line_loses_nothing_else(tmp_path):
    path = tmp_path / "deeds"
    deeds = Deeds(path)
    deeds.add(ONE)
    with path.open("ab") as file:
        file.write(b'{"kind":"watchdog_ca')
    assert deeds.read() == [ONE]


def test_what_was_told_is_forgotten_and_what_came_meanwhile_is_not(tmp_path):
    deeds = Deeds(tmp_path / "deeds")
    deeds.add(ONE)
    deeds.add(TWO)
    deeds.forget(1)
    assert deeds.read() == [TWO]
    deeds.forget(1)
    assert not (tmp_path / "deeds").exists()
