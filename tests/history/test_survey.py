import re
from itertools import chain
from pathlib import Path

import pytest

from bot.domain.errors import DataError
from bot.history.frame import Frame
from bot.history.lines import TapeCut
from bot.history.survey import Survey
from bot.history.tape import read

CONTINUED = {
    "spot_btcusdt_20240808.gz": "spot_btcusdt_20240809.gz",
    "usdm_btcusdt_20230404.gz": "usdm_btcusdt_20230405.gz",
    "usdm_btcusdt_20240718.gz": "usdm_btcusdt_20240719.gz",
    "coinm_btcusd_perp_20240808.gz": "coinm_btcusd_perp_20240809.gz",
}


def survey_of(*frames: Frame) -> dict:
    return Survey.of(frames).as_dict()


def event(stream: str, text: str) -> Frame:
    return Frame(1_700_000_000_000_000_000, stream, text.encode())


def test_every_message_of_a_real_capture_is_understood(tape):
    survey = Survey.of(read(tape)).as_dict()

    assert survey["frames"] > 0
    assert survey["undecodable"] == 0
    assert survey["unknown"] == 0
    assert sum(survey["events"].values()) == survey["frames"]


def test_counts_of_a_real_capture_are_those_of_its_manifest(tape, capture_manifest):
    expected: dict[str, int] = {}
    rows = [line for line in capture_manifest.splitlines() if f"/{tape.name}" in line]
    counts = re.compile(r"(REST depth snapshot|[a-zA-Z]+) (\d+)")
    for row in rows:
        columns = row.split("|")
        found = re.search(r"\((.*)\)", columns[5]) if len(columns) > 6 else None
        for name, count in counts.findall(found[1]) if found else []:
            if name != "symbols":
                expected[name] = expected.get(name, 0) + int(count)
    if not expected:
        pytest.skip("the manifest gives no counts of this capture")

    events = Survey.of(read(tape)).as_dict()["events"]
    events.pop("exchangeInfo", None)

    assert events == expected


def test_books_replay_as_the_manifest_says(captures, capture_manifest):
    table = capture_manifest.split("## Depth replay check")[1]
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in table.splitlines()
        if line.startswith("| ws/captures/")
    ]
    books: dict[str, dict] = {}
    for capture, symbol, _, updates, _, _, gaps, quotes in rows:
        name = capture.removeprefix("ws/captures/").replace("merged_...", "merged_*")
        (path,) = captures.glob(name)
        if capture not in books:
            following = CONTINUED.get(path.name)
            rest = read(path.with_name(following)) if following else iter(())
            books[capture] = Survey.of(chain(read(path), rest)).as_dict()["books"]
        book = books[capture][symbol]
        assert (book["updates"], book["gaps"]) == (int(updates), int(gaps)), (capture, symbol)
        if quotes != "-":
            agreed, checked = map(int, quotes.split("/"))
            assert book["checked_against_book_ticker"] == checked, (capture, symbol)
            assert book["disagreements"] == checked - agreed, (capture, symbol)
    assert len(rows) > 60


@pytest.mark.parametrize(
    ("name", "defect"),
    [
        ("test_negative_binance_difference_depth_stream_spot", "TRXUSDT book: 1 gap"),
        ("test_negative_binance_difference_depth_stream_spot", "prices not above 0: 1"),
        ("test_negative_binance_trade_stream_spot", "TRXUSDT trades: 1 gap"),
        ("test_negative_binance_trade_stream_spot", "TRXUSDT trades: 1 repeated id"),
        ("test_negative_binance_trade_stream_coin_m", "TRXUSD_PERP trades: 1 repeated id"),
        ("merged_*_negative", "TRXUSDT book: 1 gap"),
    ],
)
def test_planted_defects_are_found(captures, name, defect):
    (path,) = captures.glob(f"binance_data_processor/{name}*")

    assert defect in Survey.of(read(path)).as_dict()["defects"]


def test_clean_tables_have_no_defects(captures):
    for path in captures.glob("binance_data_processor/*positive*"):
        assert "defects" not in Survey.of(read(path)).as_dict(), path.name


def test_the_survey_has_exactly_the_agreed_keys():
    survey = survey_of(event("btcusdt@trade", '{"e":"trade","s":"BTCUSDT","t":1,"p":"2","q":"3"}'))

    assert survey == {
        "frames": 1,
        "undecodable": 0,
        "unknown": 0,
        "events": {"trade": 1},
        "symbols": ["BTCUSDT"],
        "books": {},
        "from": "2023-11-14T22:13:20.000000Z",
        "to": "2023-11-14T22:13:20.000000Z",
    }


@pytest.mark.parametrize(
    ("stream", "text", "name"),
    [
        ("", '{"result":null,"id":1}', "control reply"),
        ("", '{"error":{"code":2,"msg":"Invalid request"},"id":1}', "control reply"),
        ("btcusdt@depth5", '{"lastUpdateId":1,"bids":[],"asks":[]}', "partialDepth"),
        ("btcusdt@bookTicker", '{"u":1,"s":"B","b":"1","B":"1","a":"2","A":"1"}', "bookTicker"),
        ("!ticker@arr", '[{"e":"24hrTicker","s":"BTCUSDT"}]', "24hrTicker"),
        ("/api/v3/exchangeInfo", '{"symbols":[{"symbol":"BTCUSDT"}]}', "exchangeInfo"),
        ("/api/v3/depth?symbol=B", '{"lastUpdateId":1,"bids":[],"asks":[]}', "REST depth snapshot"),
    ],
)
def test_messages_without_an_event_type_are_told_apart(stream, text, name):
    assert survey_of(event(stream, text))["events"] == {name: 1}


@pytest.mark.parametrize("market", ["Equity", "Commodity", "FX", "KR_Equity"])
def test_sessions_of_trading_are_known_by_their_markets(market):
    survey = survey_of(event("tradingSession", f'{{"e":"{market}Update","E":1700000000000}}'))
    assert (survey["unknown"], survey["events"]) == (0, {f"{market}Update": 1})


def test_the_book_with_price_improvement_is_not_taken_for_the_book():
    def depth(stream, first, last, before):
        ids = f'"U":{first},"u":{last},"pu":{before}'
        text = f'{{"e":"depthUpdate","s":"BTCUSDT",{ids},"b":[["1","1"]],"a":[["2","1"]]}}'
        return event(f"btcusdt@{stream}", text)

    survey = survey_of(
        depth("depth@100ms", 5, 9, 4),
        depth("rpiDepth@500ms", 7, 8, 3),
        depth("depth@100ms", 10, 12, 9),
    )
    assert survey["events"] == {"depthUpdate": 2, "rpiDepth": 1}
    assert "defects" not in survey


def test_a_broken_message_is_undecodable_and_a_strange_one_unknown():
    survey = survey_of(
        event("btcusdt@trade", '{"e":"trade","s":"BTCUSDT","t":1,"p":"two","q":"3"}'),
        event("btcusdt@trade", '{"e":"tra'),
        event("btcusdt@news", '{"e":"news","s":"BTCUSDT"}'),
    )

    assert (survey["frames"], survey["undecodable"], survey["unknown"]) == (3, 2, 1)
    assert survey["defects"] == ["unknown messages, news: 1"]


def test_spot_and_futures_on_one_tape_are_refused():
    spot = '{"e":"depthUpdate","s":"BTCUSDT","U":1,"u":2,"b":[],"a":[]}'
    futures = '{"e":"depthUpdate","s":"BTCUSDT","U":4,"u":5,"pu":2,"b":[],"a":[]}'

    with pytest.raises(DataError, match="mixes spot and futures frames of BTCUSDT"):
        survey_of(event("btcusdt@depth", spot), event("btcusdt@depth", futures))


def test_a_tape_that_is_cut_off_is_surveyed_as_far_as_it_goes():
    def frames():
        yield event("btcusdt@trade", '{"e":"trade","s":"BTCUSDT","t":1,"p":"2","q":"3"}')
        raise TapeCut(Path("tape.gz"), "in the middle of its last line")

    survey = Survey.of(frames()).as_dict()

    assert survey["frames"] == 1
    assert survey["defects"] == [
        "tape.gz is cut off in the middle of its last line; everything before that was read"
    ]
