"""Tables of one price level or trade a row, as binance_data_processor writes them.

Rows of one event follow each other; they are put together again, with times in
milliseconds, which is the unit that Binance sends unless it is asked for another.
The order book that the recorder carried over from the day before
(``FINAL_DEPTH_SNAPSHOT``) becomes a snapshot whose update id is the newest of its levels.
"""

import csv
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

import msgspec

from bot.history.frame import Frame, depth_path, instant_ns

__all__ = ["CARRIED_OVER", "Flattened", "Row", "event_of"]

Row = dict[str, str]
_FIRST_COLUMNS: Final = (b"TimestampOfReceive,", b"TimestampOfReceiveUS,")
CARRIED_OVER: Final = "FINAL_DEPTH_SNAPSHOT"


class Flattened:
    """See the module. Lines that begin with # are the recorder's own report."""

    def recognises(self, line: bytes) -> bool:
        return line.startswith((b"#", *_FIRST_COLUMNS))

    def frames(self, lines: Iterator[bytes]) -> Iterator[Frame]:
        text = (line.decode(errors="replace") for line in lines if not line.startswith(b"#"))
        rows = csv.DictReader(line for line in text if line)
        numbered = enumerate(rows)
        for _, group in groupby(numbered, key=event_of):
            yield _frame([row for _, row in group])


def event_of(numbered: tuple[int, Row]) -> tuple[str, ...]:
    """Equal for neighbouring rows of one event, different for the next.

    Update ids, not times: the times of single rows are the first thing that is wrong in a
    damaged table.
    """
    number, row = numbered
    kind = row.get("StreamType") or row.get("EventType") or ""
    if row.get("TradeId"):
        # Each trade is a row; ids may be repeated by mistake, so the row is the key.
        return (kind, str(number))
    if kind == CARRIED_OVER:
        return (kind,)
    ids = (row.get(name) or "" for name in ("LastUpdateId", "FirstUpdateId", "FinalUpdateId"))
    return (kind, row.get("Stream") or "", *ids)


def _frame(rows: list[Row]) -> Frame:
    first = rows[0]
    try:
        recv_ns = instant_ns(int(first.get("TimestampOfReceiveUS") or first["TimestampOfReceive"]))
        if first.get("TradeId"):
            return Frame(recv_ns, first["Stream"], _encoded(_trade(first)))
        kind = first.get("StreamType")
        if kind == CARRIED_OVER:
            newest = max(int(row["FinalUpdateId"]) for row in rows)
            return _snapshot(recv_ns, newest, rows)
        if first.get("LastUpdateId"):
            return _snapshot(recv_ns, int(first["LastUpdateId"]), rows)
        return Frame(recv_ns, first["Stream"], _encoded(_depth_update(rows)))
    except (KeyError, TypeError, ValueError):
        return Frame(0, "", repr(first).encode())


def _snapshot(recv_ns: int, update_id: int, rows: list[Row]) -> Frame:
    market = rows[0].get("Market") or ""
    path = depth_path(
        rows[0]["Symbol"],
        futures="FUTURES" in market,
        coin_margined=market.startswith("COIN"),
    )
    bids, asks = _levels(rows)
    return Frame(recv_ns, path, _encoded({"lastUpdateId": update_id, "bids": bids, "asks": asks}))


def _depth_update(rows: list[Row]) -> dict[str, Any]:
    first = rows[0]
    event: dict[str, Any] = {"e": "depthUpdate", "E": _ms(first["EventTime"])}
    if first.get("TransactionTime"):
        event["T"] = _ms(first["TransactionTime"])
    event |= {"s": first["Symbol"]}
    event |= {"U": int(first["FirstUpdateId"]), "u": int(first["FinalUpdateId"])}
    if first.get("FinalUpdateIdInLastStream"):
        event["pu"] = int(first["FinalUpdateIdInLastStream"])
    event["b"], event["a"] = _levels(rows)
    return event


def _trade(row: Row) -> dict[str, Any]:
    event: dict[str, Any] = {
        "e": "trade",
        "E": _ms(row["EventTime"]),
        "T": _ms(row["TransactionTime"]),
        "s": row["Symbol"],
        "t": int(row["TradeId"]),
        "p": row["Price"],
        "q": row["Quantity"],
        "m": row["IsBuyerMarketMaker"] == "1",
    }
    # Spot trades carry a meaningless M, futures trades the kind of the match.
    if row.get("XUnknownParameter"):
        event["X"] = row["XUnknownParameter"]
    else:
        event["M"] = True
    return event


def _levels(rows: Iterable[Row]) -> tuple[list[list[str]], list[list[str]]]:
    sides: tuple[list[list[str]], list[list[str]]] = ([], [])
    for row in rows:
        sides[int(row["IsAsk"])].append([row["Price"], row["Quantity"]])
    return sides


def _ms(stamp: str) -> int:
    return instant_ns(int(stamp)) // 10**6


def _encoded(event: dict[str, Any]) -> bytes:
    return msgspec.json.encode(event)
