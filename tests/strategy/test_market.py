"""The table of streams in the strategies' page, against the code."""

import re
from pathlib import Path

import pytest

from bot.strategy.market import CALLBACK_OF, MarketData

PAGE = (Path(__file__).parents[2] / "docs" / "strategies.md").read_text()
ROWS = re.findall(r"^\| (`subscribe_.+?) \| `(on_\w+)` \| (.+?) \|$", PAGE, re.MULTILINE)
FIELDS = {callback: event_type.__struct_fields__ for event_type, callback in CALLBACK_OF.values()}


def test_every_subscription_and_callback_is_in_the_table():
    asked = {name for row in ROWS for name in re.findall(r"`(subscribe_\w+)\(", row[0])}
    assert asked == {name for name in vars(MarketData) if name.startswith("subscribe_")}
    assert {row[1] for row in ROWS} == set(FIELDS)


@pytest.mark.parametrize(("asked", "callback", "fields"), ROWS)
def test_the_fields_of_an_event_are_those_of_the_table(asked, callback, fields):
    if not fields.startswith("the same"):
        named = re.search(r"`([^`]*)`", fields)[1].split()
        assert set(named) | {"symbol", "ts_ns", "recv_ns"} == set(FIELDS[callback])
