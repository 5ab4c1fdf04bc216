"""What goes wrong with a recording becomes incidents; trading goes on."""

import asyncio
import json

import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.domain.market import TradeTick
from bot.domain.values import SECOND_NS, Market
from bot.engine.engine import Engine, EngineConfig
from bot.exchange.continuity import StreamState
from bot.history.session import SessionRecording
from bot.runtime.pump import Pump
from bot.runtime.recorder import hearing_jumps, report_troubles
from bot.storage.memory import MemoryStore

NOON = 1_700_000_000 * SECOND_NS
TAPE = "run1_spot_2023-11-14_001.gz"
TRADE = TradeTick(
    symbol="BTCUSDT",
    price=1.0,
    size=1.0,
    trade_id=10,
    buyer_is_maker=True,
    ts_ns=NOON,
    recv_ns=NOON,
)


@pytest.fixture
def engine():
    return Engine(EngineConfig(run_id="run1"), {})


@pytest.fixture
def recording(tmp_path):
    made = SessionRecording(tmp_path, "run1", about={})
    yield made
    if made._thread.is_alive():
        made.close()


async def test_a_full_disk_is_an_incident(engine, recording, tmp_path):
    (tmp_path / TAPE).symlink_to("/dev/full")
    recording.start()
    report_troubles(recording, engine, Pump(engine, MemoryStore(), dispatch=lambda *_: None))
    recording.frame(NOON, b"{}")
    async with asyncio.timeout(10):
        while not engine.counts["incident:recording_stopped"]:
            await asyncio.sleep(0.02)
    assert engine.counts["incident:recording_stopped"] == 1


async def test_a_failure_before_there_was_an_engine_is_one_too(engine, recording, tmp_path):
    (tmp_path / TAPE).mkdir()
    recording.start()
    recording.frame(NOON, b"{}")
    async with asyncio.timeout(10):
        while not recording.failed:
            await asyncio.sleep(0.02)
    report_troubles(recording, engine, Pump(engine, MemoryStore(), dispatch=lambda *_: None))
    assert engine.counts["incident:recording_stopped"] == 1


def test_a_jump_of_ids_is_a_gap_of_the_recording_and_goes_on_to_whoever_heals_it(
    recording, tmp_path
):
    healed = []
    state = StreamState("btcusdt@trade", Subscription(StreamKind.TRADES, "BTCUSDT"))
    jumped = hearing_jumps(
        recording.track(Market.SPOT), lambda: NOON, lambda *hole: healed.append(hole)
    )
    recording.start()
    jumped(state, 7, 9, TRADE)
    recording.close()
    [gap] = json.loads((tmp_path / "run1.json").read_text())["gaps"]
    assert (gap["stream"], gap["from_id"], gap["to_id"]) == ("btcusdt@trade", 7, 9)
    assert (gap["cause"], gap["symbols"]) == ("3 ids are missing", ["BTCUSDT"])
    assert healed == [(state, 7, 9, TRADE)]
