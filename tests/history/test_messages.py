import json

import msgspec
import pytest

from bot.history.envelope import unwrap
from bot.history.messages import KNOWN_EVENTS, DepthUpdate, decode_heads, decoder

MARKET_FILES = ("messages_spot.jsonl", "messages_usdm.jsonl", "messages_coinm.jsonl")


def test_prices_in_strings_become_floats():
    found = decoder("depthUpdate").decode(b'{"U":1,"u":2,"b":[["0.10","5"]],"a":[]}')

    assert found == DepthUpdate(first_update_id=1, last_update_id=2, bids=[(0.1, 5.0)], asks=[])


def test_a_list_of_events_has_a_head_each():
    assert [head.e for head in decode_heads(b'[{"e":"a"},{"e":"b"}]')] == ["a", "b"]


def test_an_event_without_its_fields_is_refused():
    with pytest.raises(msgspec.DecodeError):
        decoder("trade").decode(b'{"e":"trade"}')


@pytest.mark.parametrize("name", MARKET_FILES)
def test_every_captured_sample_of_a_known_event_can_be_decoded(captures, name):
    seen = set()
    for text in (captures.parent / name).read_text().splitlines():
        sample = json.loads(text)
        if sample["nature"] != "captured":
            # Examples in documentation are abridged.
            continue
        raw = unwrap(json.dumps(sample["msg"]).encode())
        event = decode_heads(raw.data)[0].e
        if event in KNOWN_EVENTS and (known := decoder(event)):
            known.decode(raw.data)
            seen.add(event)
    assert {"trade", "aggTrade", "depthUpdate", "kline"} <= seen
