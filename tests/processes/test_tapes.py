"""``bot sim serve --tape`` by a real process: tapes of every market, over plain sockets."""

import gzip
import json
import urllib.parse
from contextlib import contextmanager
from decimal import Decimal
from hashlib import sha256
from hmac import HMAC

import pytest
from websockets.sync.client import connect

from bot.history.tape import read

D = Decimal
RECORDED_MS = 1_700_000_000_000
SECONDS = 60


@contextmanager
def listening(served, path):
    # Frames that nobody reads any more stand before the server's goodbye.
    url = f"ws://127.0.0.1:{served.port}{path}"
    with connect(url, max_size=None, close_timeout=0.1) as socket:
        yield lambda: json.loads(socket.recv(timeout=30))


def signed(served, method, path, **params):
    """A request of the account that stands from the start."""
    clock = served.call("GET", "/fapi/v1/time")["serverTime"]
    query = urllib.parse.urlencode({**params, "timestamp": clock})
    signature = HMAC(b"sim-secret", query.encode(), sha256).hexdigest()
    return served.call(method, f"{path}?{query}&signature={signature}", key="sim-key")


@pytest.fixture
def mixed_tape(tmp_path):
    """Spot and USDⓈ-M of one symbol in one file, twenty quotes a second each, marks and trades."""
    lines = []

    def add(at_ms, stream, **data):
        body = json.dumps({"stream": stream, "data": data}, separators=(",", ":"))
        lines.append(f"{(RECORDED_MS + at_ms) * 10**6} {body}")

    for number in range(SECONDS * 20):
        at_ms = number * 50
        best = {"s": "BTCUSDT", "B": "2", "A": "2", "u": 1000 + number}
        spot = {"b": f"{100 + number % 7}.00", "a": f"{101 + number % 7}.00"}
        usdm = {"b": f"{60000 + number % 7}.00", "a": f"{60001 + number % 7}.00"}
        add(at_ms, "btcusdt@bookTicker", **best, **spot)
        times = {"T": RECORDED_MS + at_ms, "E": RECORDED_MS + at_ms}
        add(at_ms + 5, "btcusdt@bookTicker", e="bookTicker", **best, **usdm, **times)
        if number % 20 == 0:
            mark = {"p": f"{60000 + number}.12345678", "i": "60001.5", "P": "60000", "ap": "60000"}
            funding = {"r": "0.00012300", "T": RECORDED_MS + 10**8}
            head = {"e": "markPriceUpdate", "E": RECORDED_MS + at_ms, "s": "BTCUSDT"}
            add(at_ms + 10, "btcusdt@markPrice@1s", **head, **mark, **funding)
    (tmp_path / "mixed.gz").write_bytes(gzip.compress("\n".join([*lines, ""]).encode()))
    return tmp_path / "mixed.gz"


def is_run_of(part, whole):
    """Whether ``part`` is in ``whole`` without a gap."""
    begin = whole.index(part[0])
    return whole[begin : begin + len(part)] == part


@pytest.mark.timeout(120)
def test_one_tape_of_two_markets_is_served_as_two_markets(serve, mixed_tape):
    frames = [(f.stream, json.loads(f.data)) for f in read(mixed_tape)]
    usdm = [data for stream, data in frames if "bookTicker" in stream and "e" in data]
    spot = [data for stream, data in frames if "bookTicker" in stream and "e" not in data]
    marks = [data for stream, data in frames if "markPrice" in stream]
    served = serve("--tape", str(mixed_tape))
    with (
        listening(served, "/public/stream?streams=btcusdt@bookTicker") as best,
        listening(served, "/ws/btcusdt@bookTicker") as best_of_spot,
        listening(served, "/market/ws/btcusdt@markPrice@1s") as mark,
        listening(served, "/dstream/ws/btcusd_perp@bookTicker") as generated,
    ):
        heard = [best() for _ in range(30)]
        assert {h["stream"] for h in heard} == {"btcusdt@bookTicker"}
        assert is_run_of([h["data"] for h in heard], usdm)
        assert is_run_of([best_of_spot() for _ in range(30)], spot)
        told = [mark() for _ in range(2)]
        assert is_run_of(told, marks)
        assert generated()["E"] > RECORDED_MS
    row = served.call("GET", "/fapi/v1/premiumIndex?symbol=BTCUSDT")
    assert row["markPrice"] in {m["p"] for m in marks}
    assert row["nextFundingTime"] == RECORDED_MS + 10**8
    assert D(served.call("GET", "/api/v3/ticker/bookTicker?symbol=BTCUSDT")["askPrice"]) < 110
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    placed = signed(served, "POST", "/fapi/v1/order", **order, newOrderRespType="RESULT")
    assert placed["status"] == "FILLED"
    (fill,) = signed(served, "GET", "/fapi/v1/userTrades", symbol="BTCUSDT")
    assert D(fill["price"]) in {D(data["a"]) for data in usdm}


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("name", "prefix", "api", "symbol"),
    [
        ("usdm_btcusdt_20230404.gz", "/public", "/fapi", "BTCUSDT"),
        ("coinm_btcusd_perp_20240808.gz", "/dstream", "/dapi", "BTCUSD_PERP"),
    ],
)
def test_a_capture_is_heard_in_its_own_order(serve, shared_data, name, prefix, api, symbol):
    tape = shared_data / "ws" / "captures" / "hftbacktest" / name
    wanted = [f"{symbol.lower()}@{kind}" for kind in ("depth@0ms", "bookTicker", "trade")]
    taped = [(f.stream, json.loads(f.data)) for f in read(tape) if f.stream in wanted]
    served = serve("--tape", str(tape))
    with listening(served, f"{prefix}/stream?streams={'/'.join(wanted)}") as hear:
        heard = [hear() for _ in range(400)]
    assert {h["stream"] for h in heard} == set(wanted)
    assert is_run_of([(h["stream"], h["data"]) for h in heard], taped)
    depth = served.call("GET", f"{api}/v1/depth?symbol={symbol}&limit=5")
    assert depth["lastUpdateId"] in {data["u"] for stream, data in taped if "depth" in stream}
    assert served.call("GET", "/api/v3/exchangeInfo?symbol=ETHUSDT")["symbols"]


@pytest.mark.timeout(120)
def test_bad_tapes_are_one_line_each(desk, mixed_tape):
    bars = desk.folder / "bars.txt"
    bars.write_text(f'{RECORDED_MS}000000 {{"stream":"btcusdt@kline_1m","data":{{}}}}\n')
    for arguments, said in (
        (["--tape", "/no/tape"], "there is no tape /no/tape"),
        (["--tape", f"coinm={mixed_tape}"], "was recorded on spot and USDⓈ-M: it cannot be played"),
        (["--tape", str(bars)], f"give it as spot={bars}, usdm={bars}, coinm={bars}"),
        (["--tape", f"usdm={bars}"], "holds no trades, quotes or depth of any contract"),
        (["--tape", str(mixed_tape), "--usdm-symbol", "ETHUSDT"], "has no ETHUSDT: it has BTCUSDT"),
    ):
        done = desk.bot("sim", "serve", "--port", "0", *arguments)
        assert done.returncode != 0, arguments
        (line,) = done.stderr.strip().splitlines()
        assert said in line


@pytest.mark.timeout(120)
def test_what_bot_record_writes_of_contracts_is_played_again(desk, serve):
    streams = ("trade", "bookTicker", "depth@100ms", "markPrice@1s")
    wanted = ("--market", "usdm", "--symbol", "BTCUSDT", "--stream", *streams)
    done = desk.bot("record", "--venue", "sim", *wanted, "--dir", "tapes", "--for", "6s")
    assert done.returncode == 0, done.stderr
    folder = desk.folder / "tapes"
    taped = [(f.stream, json.loads(f.data)) for f in read(folder) if f.stream.startswith("btc")]
    quotes = [data for stream, data in taped if stream.endswith("bookTicker")]
    marks = [data for stream, data in taped if "markPrice" in stream]
    # Slowly, so that it has not ended before somebody listens.
    served = serve("--tape", str(folder), "--speed", "0.2")
    with (
        listening(served, "/public/ws/btcusdt@bookTicker") as best,
        listening(served, "/market/ws/btcusdt@markPrice@1s") as mark,
    ):
        assert is_run_of([best() for _ in range(10)], quotes)
        assert mark() in marks
    assert served.call("GET", "/fapi/v1/premiumIndex?symbol=BTCUSDT")["markPrice"] in {
        data["p"] for data in marks
    }
