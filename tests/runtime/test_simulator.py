"""What `bot sim serve` is made of: accounts, symbols, faults, tapes and state from options."""

import asyncio
import itertools
import json
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest

from bot.domain.errors import DataError, SettingsError
from bot.runtime.simulator import SimulatorOptions, simulator

CAPTURES = Path(__file__).parents[3] / "shared/data/ws/captures"
TAPE = Path(__file__).parents[3] / "shared/data/ws/captures/hftbacktest/spot_btcusdt_20240808.gz"


async def asked(options, path):
    async with (
        simulator(options) as server,
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{server.port}{path}") as response,
    ):
        return await response.json()


async def test_the_default_account_and_added_ones_have_their_balances():
    options = SimulatorOptions(admin=True, accounts=("second:hush:USDT=5",))
    state = await asked(options, "/sim/state")
    assert set(state["accounts"]) == {"sim-key", "second"}
    assert state["accounts"]["second"]["USDT"]["free"] == "5.00000000"
    assert Decimal(state["balances"]["USDT"]["free"]) == 1_000_000


async def test_chosen_symbols_are_traded_also_unknown_ones():
    info = await asked(SimulatorOptions(symbols=("BTCUSDT", "SOLUSDT")), "/api/v3/exchangeInfo")
    assert [s["symbol"] for s in info["symbols"]] == ["BTCUSDT", "SOLUSDT"]
    assert info["symbols"][1]["baseAsset"] == "SOL"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"symbols": ("btc/usdt",)}, "--symbol 'btc/usdt'"),
        ({"accounts": ("a:b", "a:c")}, "given twice"),
        ({"speed": 0.0}, "above 0"),
        ({"tapes": (Path("/no/tape"),)}, "there is no tape /no/tape"),
        ({"faults": Path("/no/faults")}, "cannot read the faults"),
        ({"scene": Path("/no/scene")}, "cannot read the scenes in /no/scene"),
        ({"scene": Path("x"), "tapes": (Path("y"),)}, "--scene is for a generated market"),
        ({"host": "256.0.0.1"}, "cannot listen on 256.0.0.1"),
    ],
)
async def test_a_wrong_option_is_told_in_one_line(options, said):
    with pytest.raises((SettingsError, DataError), match=said) as caught:
        await asked(SimulatorOptions(**options), "/api/v3/ping")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "not JSON"), ("{}", "list"), ('[{"kind":"explode"}]', "fault 0: kind")],
)
async def test_a_bad_fault_file_is_told_with_its_path(tmp_path, content, said):
    file = tmp_path / "faults.json"
    file.write_text(content)
    with pytest.raises(SettingsError, match=said) as caught:
        await asked(SimulatorOptions(faults=file), "/api/v3/ping")
    assert str(file) in str(caught.value)


async def test_faults_of_the_file_strike(tmp_path):
    file = tmp_path / "faults.json"
    fault = {"kind": "http", "match": "GET /api/v3/ping", "status": 503, "code": -1008}
    file.write_text(json.dumps([fault]))
    assert (await asked(SimulatorOptions(faults=file), "/api/v3/ping"))["code"] == -1008


async def test_state_survives_and_orders_go_on_resting(tmp_path):
    file = tmp_path / "state.jsonl"
    options = SimulatorOptions(state=file, admin=True, symbols=("BTCUSDT",))
    async with simulator(options) as server:
        exchange = server.exchange
        fields = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
        placed = exchange.place_order(
            "sim-key", fields | {"quantity": "0.1", "price": "20000"}, exchange.market_ms
        )
    state = await asked(options, "/sim/state")
    assert [(o["orderId"], o["status"]) for o in state["orders"]] == [(placed["orderId"], "NEW")]
    assert state["balances"]["USDT"]["locked"] == "2000.00000000"


@pytest.mark.skipif(not TAPE.exists(), reason=f"no recorded session at {TAPE}")
async def test_a_tape_gives_symbols_book_and_recorded_frames():
    # Its six minutes last three: it has not ended when a slow machine begins to listen.
    options = SimulatorOptions(tapes=(TAPE,), speed=2.0)
    async with simulator(options) as server, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{server.port}"
        async with session.ws_connect(f"{url}/ws/btcusdt@trade") as ws:
            trade = await ws.receive_json(timeout=60)
        async with session.get(f"{url}/api/v3/depth?symbol=BTCUSDT&limit=5") as response:
            depth = await response.json()
    assert trade["e"] == "trade"
    assert trade["T"] < 1_800_000_000_000
    assert Decimal(depth["bids"][0][0]) < Decimal(depth["asks"][0][0])
    with pytest.raises(DataError, match="has no ETHUSDT: it has BTCUSDT"):
        await asked(SimulatorOptions(tapes=(TAPE,), symbols=("ETHUSDT",)), "/api/v3/ping")


async def test_limits_are_the_rules_of_the_server():
    options = SimulatorOptions(limits="weight_per_minute=15")
    assert (await asked(options, "/api/v3/exchangeInfo"))["code"] == -1003


async def test_scenes_of_the_file_take_place_on_spot_and_futures_and_can_be_posted(tmp_path):
    file = tmp_path / "scene.json"
    file.write_text(json.dumps([{"kind": "halt", "symbol": "BTCUSDT"}]))
    options = SimulatorOptions(scene=file, admin=True)
    async with simulator(options) as server, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{server.port}"

        async def status(symbol):
            at = f"{url}/api/v3/exchangeInfo?symbol={symbol}"
            async with session.get(at) as answer:
                return (await answer.json())["symbols"][0]["status"]

        async def scene(method, body=None):
            async with session.request(method, f"{url}/sim/scene", json=body) as answer:
                return answer.status, await answer.json()

        await asyncio.sleep(0.2)
        assert (await status("BTCUSDT"), await status("ETHUSDT")) == ("BREAK", "TRADING")
        listed = await scene("GET")
        assert [(s["kind"], s["on"]) for s in listed[1]["scenes"]] == [("halt", True)]
        assert (await scene("DELETE"))[1] == {"scenes": []}
        await asyncio.sleep(0.2)
        assert await status("BTCUSDT") == "TRADING"
        posted = await scene("POST", [{"kind": "storm", "factor": 3, "symbol": "BTCUSD_PERP"}])
        assert posted[1]["scenes"][0]["factor"] == 3
        refused = await scene("POST", [{"kind": "gap"}])
        assert refused == (400, {"code": -1130, "msg": "scene 0: percent: is needed"})
        assert (await scene("POST", {}))[1]["msg"].startswith("scenes: must be a JSON list")
        assert (await scene("PUT"))[0] == 405


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[", "not JSON"),
        ('[{"kind":"gap"}]', "scene 0: percent: is needed"),
        ('[{"kind":"halt","symbol":"DOGEBTC"}]', "scene 0: symbol: DOGEBTC is not traded here"),
    ],
)
async def test_a_bad_scene_file_is_told_with_its_path(tmp_path, content, said):
    file = tmp_path / "scene.json"
    file.write_text(content)
    with pytest.raises(SettingsError, match=said) as caught:
        await asked(SimulatorOptions(scene=file), "/api/v3/ping")
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture
def ids_on_tape(tmp_path):
    """A spot tape whose book changes every 20 ms, and the ids of the changes."""
    lines = []
    for number in range(1, 1500):
        at_ms = 1_700_000_000_000 + number * 20
        change = {"e": "depthUpdate", "E": at_ms, "s": "BTCUSDT", "U": number, "u": number}
        change |= {"b": [["100.00", f"{number}.0"]], "a": [["101.00", "1.0"]]}
        body = json.dumps({"stream": "btcusdt@depth@100ms", "data": change})
        lines.append(f"{at_ms}000000 {body}")
    (tmp_path / "tape.txt").write_text("\n".join([*lines, ""]))
    return tmp_path / "tape.txt"


async def test_a_book_gap_strikes_a_tape_once(ids_on_tape):
    options = SimulatorOptions(tapes=(ids_on_tape,), admin=True)
    async with simulator(options) as server, aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{server.port}"
        async with session.ws_connect(f"{url}/ws/btcusdt@depth@100ms") as ws:

            async def heard(n):
                return [(await ws.receive_json(timeout=60))["u"] for _ in range(n)]

            before = await heard(5)
            async with session.post(
                f"{url}/sim/faults", json=[{"kind": "book_gap", "symbol": "BTCUSDT"}]
            ) as answer:
                assert answer.status == 200
            after = await heard(60)
    ids = before + after
    assert [b - a for a, b in itertools.pairwise(ids) if b != a + 1] == [2]
