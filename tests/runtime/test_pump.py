import time

import pytest

from bot.domain.events import FeedChanged, FeedKind, FeedState, TimePassed
from bot.domain.market import QuoteTick
from bot.domain.records import IncidentOpened
from bot.engine.engine import Engine, EngineConfig
from bot.runtime.logs import logger
from bot.runtime.pump import Pump


class _Store:
    """Notes the order in which things happen."""

    def __init__(self, happened: list[object]) -> None:
        self._happened = happened
        self.mark = 0

    def append(self, records) -> int:
        self._happened.append(("stored", [type(record) for record in records]))
        self.mark += len(records)
        return self.mark


def _pump(happened: list[object]) -> tuple[Engine, Pump]:
    engine = Engine(EngineConfig(run_id="r"), {})
    store = _Store(happened)

    def dispatch(commands, mark):
        happened.append(("sent", [type(command) for command in commands], mark))

    return engine, Pump(engine, store, dispatch=dispatch)


def _user(state: FeedState) -> FeedChanged:
    return FeedChanged(feed=FeedKind.USER, name="user", state=state, cause="test", recv_ns=1)


def test_rows_are_handed_to_the_store_before_the_commands_that_rest_on_them():
    happened: list[object] = []
    engine, pump = _pump(happened)
    engine.incident("test", "x", "because", severity="info")
    pump.emit(_user(FeedState.UP))
    assert [entry[0] for entry in happened] == ["stored", "sent"]
    assert happened[1][2] == 1


def test_a_step_whose_dispatch_breaks_still_has_its_lines_in_the_log():
    heard: list[str] = []
    engine = Engine(EngineConfig(run_id="r"), {})

    def broken(_commands, _mark):
        raise RuntimeError("the way is closed")

    pump = Pump(engine, _Store([]), dispatch=broken)
    sink = logger.add(lambda line: heard.append(line.record["message"]))
    try:
        engine.log("INFO", "what the strategy said", "mine")
        with pytest.raises(RuntimeError):
            pump.emit(_user(FeedState.UP))
    finally:
        logger.remove(sink)
    assert "what the strategy said" in heard


def test_an_event_without_effects_touches_neither_store_nor_sender():
    happened: list[object] = []
    _, pump = _pump(happened)
    pump.emit(TimePassed(recv_ns=1))
    assert happened == []


def test_a_bug_in_a_handler_becomes_an_incident_and_the_next_event_is_handled():
    happened: list[object] = []
    engine, pump = _pump(happened)

    class Unheard:
        recv_ns = 5

    pump.emit(Unheard())  # type: ignore[arg-type]
    assert pump.faults == 1
    assert happened == [("stored", [IncidentOpened])]
    pump.emit(TimePassed(recv_ns=7))
    assert engine.now_ns == 7


def test_a_bug_on_every_tick_is_not_a_row_for_every_tick():
    happened: list[object] = []
    _, pump = _pump(happened)

    class Unheard:
        recv_ns = 5

    for _ in range(150):
        pump.emit(Unheard())  # type: ignore[arg-type]
    assert pump.faults == 150
    assert len(happened) == 3


def test_the_way_of_a_market_event_is_measured():
    _, pump = _pump([])
    pump.emit(QuoteTick("X", 1.0, 1.0, 2.0, 1.0, 1, 1, time.time_ns() - 5_000_000))
    assert pump.latency.quantiles_us()["p50"] >= 5_000
