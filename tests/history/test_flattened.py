import msgspec

from bot.history.flattened import Flattened
from bot.history.frame import Frame

DEPTH = (
    b"TimestampOfReceive,Stream,EventType,EventTime,Symbol,"
    b"FirstUpdateId,FinalUpdateId,IsAsk,Price,Quantity"
)
TRADE = (
    b"TimestampOfReceive,Stream,EventType,EventTime,TransactionTime,Symbol,"
    b"TradeId,Price,Quantity,IsBuyerMarketMaker,MUnknownParameter"
)


def events_of(*lines: bytes) -> list[tuple[int, str, dict]]:
    frames: list[Frame] = list(Flattened().frames(iter(lines)))
    return [(frame.recv_ns, frame.stream, msgspec.json.decode(frame.data)) for frame in frames]


def test_rows_of_one_update_become_one_event_in_milliseconds():
    rows = [
        b"1741046400062959,trxusdt@depth@100ms,depthUpdate,1741046400062507,TRXUSDT,5,8,0,0.2311,10.5",
        b"1741046400062959,trxusdt@depth@100ms,depthUpdate,1741046400062507,TRXUSDT,5,8,1,0.2313,0.0",
        b"1741046400162959,trxusdt@depth@100ms,depthUpdate,1741046400162507,TRXUSDT,9,9,1,0.2313,4",
    ]

    first, second = events_of(b"# a report", DEPTH, *rows)

    assert first == (
        1741046400062959000,
        "trxusdt@depth@100ms",
        {
            "e": "depthUpdate",
            "E": 1741046400062,
            "s": "TRXUSDT",
            "U": 5,
            "u": 8,
            "b": [["0.2311", "10.5"]],
            "a": [["0.2313", "0.0"]],
        },
    )
    assert (second[2]["U"], second[2]["b"]) == (9, [])


def test_each_trade_is_an_event_even_if_an_id_is_repeated():
    row = (
        b"1741046401322500,trxusdt@trade,trade,1741046401321743,1741046401321398,TRXUSDT,"
        b"71,0.2,83.9,0,True"
    )

    events = events_of(TRADE, row, row)

    assert len(events) == 2
    assert events[0][2] == {
        "e": "trade",
        "E": 1741046401321,
        "T": 1741046401321,
        "s": "TRXUSDT",
        "t": 71,
        "p": "0.2",
        "q": "83.9",
        "m": False,
        "M": True,
    }


def test_a_row_that_cannot_be_read_is_handed_on_to_be_counted():
    (frame,) = Flattened().frames(
        iter([DEPTH, b"soon,trxusdt@depth,depthUpdate,x,TRXUSDT,,,0,1,1"])
    )

    assert (frame.recv_ns, frame.stream) == (0, "")


def test_a_carried_over_book_becomes_a_snapshot_at_its_newest_update(captures):
    (path,) = captures.glob("binance_data_processor/merged_*_positive*")
    from bot.history.tape import read

    first = next(read(path))

    snapshot = msgspec.json.decode(first.data)
    assert first.stream == "/fapi/v1/depth?symbol=TRXUSDT&limit=1000"
    assert snapshot["lastUpdateId"] == 7267631271246
    assert len(snapshot["bids"]) + len(snapshot["asks"]) == 5521
