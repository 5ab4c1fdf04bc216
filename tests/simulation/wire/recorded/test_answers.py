"""Every recorded answer of Binance has the keys, types and forms of one of the exchange's own."""

import json
from decimal import Decimal
from functools import reduce
from pathlib import Path

import pytest

from bot.simulation.wire.routes import BY_METHOD, BY_ROUTE

DATA = Path(__file__).parents[5] / "shared" / "data"
REST, WS = DATA / "rest/responses_spot.jsonl", DATA / "wsapi/exchanges_spot.jsonl"
OFFICIAL = "binance/binance-spot-api-docs"
NOT_EMITTED = {"historicalBlockTrades"}
"""Nobody here trades in blocks: the list is always empty."""
OF_GROUPS = {"tradeGroupId"}
"""Only accounts of a trade group have it; those here are in one, for its own example's sake."""
EMPTY = {"permissions"}
"""Lists in which the exchange has nothing to say: ``permissionSets`` has it now."""
OLD = {
    # Filters and precisions that exchangeInfo had years ago, and keys of the library's own.
    *("4c6b08ef77d1", "7c5073b8f070", "ec4eb14c338d", "a966404d1ff6"),
    # Orders as a library sees them, with the times of a query in every answer.
    *("04610c9c3636", "6411ccef1ac1", "d9e9f9d9028e", "c97465af86db", "ab8c89632a8b"),
    # Reference prices that come from elsewhere; those here are the exchange's own.
    *("d6e58f0db941", "1ce28c905a0d"),
}


def rows(path):
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def form(text):
    """Amounts, and everything else."""
    try:
        Decimal(text)
    except ArithmeticError:
        return "text"
    return "decimal"


def differences(known, ours, *, strict, at="body"):
    """Where an answer of ours is not of the recorded form; ``strict`` counts keys of ours too."""
    if isinstance(known, dict) and isinstance(ours, dict):
        missing = [f"{at}.{key} is missing" for key in known if key not in ours]
        added = ours.keys() - known.keys() - OF_GROUPS if strict else ()
        more = [f"{at}.{key} is new" for key in added]
        within = [
            found
            for key in known
            if key in ours
            for found in differences(known[key], ours[key], strict=strict, at=f"{at}.{key}")
        ]
        return missing + more + within
    if isinstance(known, list) and isinstance(ours, list):
        found = []
        for entry in known if at.rpartition(".")[2] not in EMPTY else ():
            each = [differences(entry, other, strict=strict, at=f"{at}[]") for other in ours]
            found += min(each, key=len, default=[f"{at}: ours is empty"])
        return found
    kinds = [form(v) if isinstance(v, str) else type(v).__name__ for v in (known, ours)]
    # A symbol of an example is all digits.
    is_name = at.endswith(".symbol")
    return [] if kinds[0] == kinds[1] or is_name else [f"{at}: {kinds[0]} is {kinds[1]}"]


def test_a_difference_is_found():
    known = {"a": "1.0", "b": [{"c": 1}], "d": None}
    assert differences(known, {"a": "2", "b": [{"c": 7}, {}], "d": None}, strict=True) == []
    assert differences(known, {"a": "x", "b": [{"c": "1"}], "e": 1}, strict=True) == [
        *("body.d is missing", "body.e is new", "body.a: decimal is text"),
        "body.b[].c: int is decimal",
    ]


REST_ROWS = [
    row
    for row in rows(REST)
    if (row["method"], row["path"]) in BY_ROUTE
    and row["body"] is not None
    and row["id"] not in OLD
    and row["path"].removeprefix("/api/v3/") not in NOT_EMITTED
]
FAQ_ROWS = [r for r in rows(REST) if r["method"] == "POST|GET" and r["id"] not in OLD]
WS_ROWS = [
    row
    for row in rows(WS)
    if row["wsMethod"] in BY_METHOD
    and row["id"] not in OLD
    and BY_METHOD[row["wsMethod"]].path.removeprefix("/api/v3/") not in NOT_EMITTED
]


UNWALKED = {
    "9f8db7095336": "the body of any error; walked with every code by test_codes.py",
    "222ccb5d020d": "of /sapi, which is not simulated",
    "134b0975eaa3": "recorded without its body",
    "e1faafd13de4": "recorded without its body",
    "f712564799ab": "spot's listen keys are retired: 410",
    "3b3eb34b6269": "spot's listen keys are retired: 410",
}
PARTLY = "historicalBlockTrades"


def test_every_recorded_answer_is_walked_or_named():
    if not REST.exists():
        pytest.skip(f"no recorded answers at {REST}")
    for path, walked, total in ((REST, [*REST_ROWS, *FAQ_ROWS], 146), (WS, WS_ROWS, 82)):
        known = rows(path)
        assert len(known) == total
        left = [row for row in known if row not in walked and row["id"] not in {*OLD, *UNWALKED}]
        # Those about the connection itself are walked by test_messages.py.
        own = ("session.", "userDataStream.", "stream:", "general", "blockTrades.")
        names = [row.get("wsMethod", row.get("path")) for row in left]
        assert all(name.startswith(own) or name.endswith(PARTLY) for name in names), names


def ident(row):
    return f"{row.get('endpoint', row.get('wsMethod'))}-{row['id']}".replace("/api/v3/", "")


def merged(first, second):
    """Both at once: all keys, all entries."""
    if isinstance(first, dict) and isinstance(second, dict):
        both = {key: merged(first[key], second[key]) for key in first.keys() & second.keys()}
        return first | second | both
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *second]
    return second


def unlike(known, row, bodies):
    """What none of our answers has of the recorded one, and what the likest has beyond it."""
    alike = [b for b in bodies if kind(b) == kind(known)]
    if not alike:
        return ["there is no such answer of ours"]
    # An example may show every key that an order can have; none of ours has them all.
    every = [*alike, reduce(merged, alike)]
    found = min((differences(known, body, strict=False) for body in every), key=len)
    if row["source"]["repo"] == OFFICIAL and "FAQ" not in row.get("endpoint", ""):
        each = [differences(known, body, strict=True) for body in alike]
        found += min(([d for d in one if d.endswith("is new")] for one in each), key=len)
    return found


def kind(body):
    inner = body.get("result", body) if isinstance(body, dict) else body
    return type(inner), isinstance(inner, dict) and "code" in inner


@pytest.mark.skipif(not REST.exists(), reason=f"no recorded answers at {REST}")
@pytest.mark.parametrize("row", REST_ROWS, ids=ident)
async def test_a_rest_answer_is_one_of_ours(answers, row):
    ours = await answers(f"{row['method']} {row['path']}", "rest")
    is_error = isinstance(row["body"], dict) and set(row["body"]) >= {"code", "msg"}
    bodies = [body for status, body, _ in ours if (status != 200) == is_error]
    found = unlike(row["body"], row, bodies)
    assert not found, "; ".join(found)


@pytest.mark.skipif(not REST.exists(), reason=f"no recorded answers at {REST}")
@pytest.mark.parametrize("row", FAQ_ROWS, ids=ident)
async def test_an_order_of_the_questions_and_answers_is_one_of_ours(answers, row):
    ours = [
        body
        for route in ("POST /api/v3/order", "GET /api/v3/order")
        for _, body, _ in await answers(route, "rest")
    ]
    found = unlike(row["body"], row, ours)
    assert not found, "; ".join(found)


@pytest.mark.skipif(not WS.exists(), reason=f"no recorded exchanges at {WS}")
@pytest.mark.parametrize("row", WS_ROWS, ids=ident)
async def test_a_websocket_answer_is_one_of_ours(answers, row):
    endpoint = BY_METHOD[row["wsMethod"]]
    ours = await answers(f"{endpoint.method} {endpoint.path}", "ws")
    # The id is the client's own; some examples leave the limits out.
    known = {key: value for key, value in row["response"].items() if key != "id"}
    replies = [
        {key: value for key, value in reply.items() if key in known or key == "error"}
        for status, _, reply in ours
        if status == known["status"]
    ]
    found = unlike(known, row, replies)
    assert not found, "; ".join(found)
