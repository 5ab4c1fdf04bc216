"""Questions for whole books: one a symbol, four at once, pauses that grow and are forgotten."""

import pytest

from bot.domain.commands import FetchBook
from bot.engine.snapshots import BOOKS, Snapshots


class Asked:
    """Stands for the engine: what was asked, and which deadlines were set."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.symbols: list[str] = []
        self.due_s: dict[str, float] = {}
        self.deadlines = self

    def command(self, command: FetchBook) -> None:
        assert command.limit == 100
        self.symbols.append(command.symbol)

    def set(self, owner: str, name: str, due_ns: int) -> None:
        assert owner == BOOKS
        self.due_s[name] = due_ns / 10**9

    def cancel(self, _: str, name: str) -> None:
        self.due_s.pop(name, None)


@pytest.fixture
def engine() -> Asked:
    return Asked()


@pytest.fixture
def unwanted() -> set[str]:
    return set()


@pytest.fixture
def snapshots(engine, unwanted) -> Snapshots:
    return Snapshots(engine, levels=100, is_wanted=lambda symbol: symbol not in unwanted)


def test_a_symbol_is_asked_for_once_until_there_is_an_answer(snapshots, engine):
    snapshots.ask("A")
    snapshots.ask("A")
    assert engine.symbols == ["A"]
    snapshots.answered("A")
    snapshots.ask("A")
    assert engine.symbols == ["A", "A"]


def test_four_are_under_way_and_the_others_follow_in_their_order(snapshots, engine, unwanted):
    for symbol in "ABCDEFG":
        snapshots.ask(symbol)
    unwanted.add("E")
    assert engine.symbols == [*"ABCD"]
    snapshots.answered("C")
    assert engine.symbols == [*"ABCDF"]
    snapshots.answered("A")
    assert engine.symbols == [*"ABCDFG"]


def test_pauses_double_up_to_half_a_minute_or_as_the_exchange_says(snapshots, engine):
    pauses = []
    for _ in range(9):
        snapshots.ask_later("A")
        pauses.append(engine.due_s["A"])
    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    snapshots.ask_later("A", least_ns=90 * 10**9)
    assert engine.due_s["A"] == 90.0
    snapshots.due("A")
    assert engine.symbols == ["A"]


def test_a_loss_is_asked_about_at_once_and_a_flutter_every_four_seconds_at_most(snapshots, engine):
    snapshots.ask_again("A", was_steady=False)
    assert engine.symbols == ["A"]
    for _ in range(9):
        snapshots.answered("A")
        snapshots.ask_again("A", was_steady=False)
    assert (engine.symbols, engine.due_s["A"]) == (["A"], 4.0)
    snapshots.answered("A")
    snapshots.ask_again("A", was_steady=True)
    assert engine.symbols == ["A", "A"]


def test_a_new_book_has_no_past(snapshots, engine):
    for _ in range(5):
        snapshots.ask_later("A")
    snapshots.forget("A")
    assert engine.due_s == {}
    snapshots.ask_later("A")
    assert engine.due_s["A"] == 0.25
