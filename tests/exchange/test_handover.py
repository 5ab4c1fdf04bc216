"""A handover without sockets: every interleaving of two connections gives each event once."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.commands import StreamKind, Subscription
from bot.domain.values import MS_NS, SECOND_NS
from bot.exchange.continuity import StreamState
from bot.exchange.decode import FrameDecoder
from bot.exchange.handover import Handover, HandoverRules, Verdict

START = 1_700_000_000 * SECOND_NS


def _frame(symbol, number):
    data = {"e": "trade", "t": number, "p": "1", "q": "1", "T": 1_700_000_000_000, "m": False}
    stream = f"{symbol.lower()}@trade"
    return json.dumps({"stream": stream, "data": data}, separators=(",", ":")).encode()


class Bridge:
    """A decoder behind an old connection, and a handover in front of a new one."""

    def __init__(self, *symbols):
        self.now_ns = START
        self.delivered = {symbol: [] for symbol in symbols}
        self.jumps = []
        self.others = []
        self.states = [
            StreamState(
                f"{symbol.lower()}@trade",
                Subscription(StreamKind.TRADES, symbol),
                on_jump=lambda _, first, last, __: self.jumps.append((first, last)),
            )
            for symbol in symbols
        ]
        self._decoder = FrameDecoder()
        for state in self.states:
            self._decoder.add(state)
        self.handover = None
        self.carried = {}

    def add(self, state):
        self._decoder.add(state)
        self.handover.add(state)

    def begin(self):
        self.carried = {state.name: self.now_ns for state in self.states}
        self.handover = Handover(
            self.states,
            deliver=self.deliver,
            other=self.others.append,
            now_ns=lambda: self.now_ns,
            rules=HandoverRules(wait_s=5.0),
        )

    def deliver(self, frame):
        event = self._decoder.decode(frame, self.now_ns)
        if event is not None:
            self.delivered[event.symbol].append(event.trade_id)

    def old(self, symbol, number):
        self.deliver(_frame(symbol, number))

    def new(self, symbol, number):
        self.handover.frame(_frame(symbol, number))

    def wait(self, seconds):
        self.now_ns += int(seconds * SECOND_NS)
        return self.handover.look(self.carried)


@pytest.fixture
def bridge():
    made = Bridge("BTCUSDT", "ETHUSDT")
    made.old("BTCUSDT", 1)
    made.old("ETHUSDT", 1)
    made.begin()
    return made


def _both(bridge, number):
    for symbol in ("BTCUSDT", "ETHUSDT"):
        bridge.old(symbol, number)
        bridge.new(symbol, number)


@given(
    first=st.integers(1, 20),
    lead=st.integers(0, 6),
    order=st.lists(st.booleans(), min_size=60, max_size=60),
)
def test_whichever_is_ahead_each_event_comes_once_and_in_order(first, lead, order):
    bridge = Bridge("BTCUSDT")
    old, new = 1, first + lead
    for _ in range(first):
        bridge.old("BTCUSDT", old)
        old += 1
    bridge.begin()
    for from_old in order:
        if from_old:
            bridge.old("BTCUSDT", old)
            old += 1
        else:
            bridge.new("BTCUSDT", new)
            new += 1
    # The old one catches up in the end.
    while old < new:
        bridge.old("BTCUSDT", old)
        old += 1
    bridge.handover.look(bridge.carried)
    delivered = bridge.delivered["BTCUSDT"]
    assert delivered == list(range(1, len(delivered) + 1))
    assert len(delivered) == max(old, new) - 1
    assert not bridge.jumps


def test_it_is_done_when_every_stream_overlaps(bridge):
    bridge.old("BTCUSDT", 2)
    bridge.new("BTCUSDT", 2)
    assert bridge.wait(0.1) is Verdict.WAITING
    bridge.new("ETHUSDT", 2)
    assert bridge.wait(0.1) is Verdict.WAITING
    bridge.old("ETHUSDT", 2)
    assert bridge.wait(0.1) is Verdict.DONE
    assert bridge.delivered == {"BTCUSDT": [1, 2], "ETHUSDT": [1, 2]}
    assert bridge.handover.missed(bridge.carried) == ()


def test_streams_on_which_both_are_silent_are_handed_over_after_a_while(bridge):
    assert bridge.wait(4.9) is Verdict.WAITING
    assert bridge.wait(0.2) is Verdict.DONE


def test_a_stream_that_is_not_carried_yet_is_waited_for(bridge):
    del bridge.carried["ethusdt@trade"]
    assert bridge.wait(60) is Verdict.WAITING


def test_a_new_connection_without_a_stream_that_the_old_one_delivers_is_deaf(bridge):
    bridge.now_ns += SECOND_NS
    bridge.old("BTCUSDT", 2)
    assert bridge.wait(0.1) is Verdict.WAITING
    assert bridge.wait(5.1) is Verdict.DEAF


def test_what_only_the_old_one_said_while_the_new_one_began_is_no_fault(bridge):
    bridge.now_ns += 100 * MS_NS
    bridge.old("BTCUSDT", 2)
    assert bridge.wait(5) is Verdict.DONE
    bridge.new("BTCUSDT", 3)
    assert bridge.delivered["BTCUSDT"] == [1, 2, 3]


def test_an_old_connection_that_does_not_catch_up_is_not_waited_for_for_ever(bridge):
    bridge.new("BTCUSDT", 4)
    bridge.new("BTCUSDT", 5)
    assert bridge.wait(4.9) is Verdict.WAITING
    assert bridge.wait(0.2) is Verdict.DONE
    assert bridge.handover.unproven == ["btcusdt@trade"]
    assert bridge.delivered["BTCUSDT"] == [1, 4, 5]
    assert bridge.jumps == [(2, 3)]


def test_the_end_of_the_old_one_costs_only_what_is_not_covered(bridge):
    # Of both, something may be missing: nothing shows that the old one was still alive.
    bridge.now_ns += SECOND_NS
    assert len(bridge.handover.missed(bridge.carried)) == 2
    # It was, and said nothing of the other stream while the new one carried it.
    bridge.old("BTCUSDT", 2)
    bridge.new("BTCUSDT", 2)
    assert bridge.handover.missed(bridge.carried) == ()
    # Now it says something that the new one has not said.
    bridge.old("ETHUSDT", 2)
    assert bridge.handover.missed(bridge.carried) == ("ethusdt@trade",)


def test_the_end_of_the_old_one_soon_after_the_beginning_leaves_doubt(bridge):
    bridge.old("BTCUSDT", 2)
    bridge.new("BTCUSDT", 2)
    bridge.now_ns += 400 * MS_NS
    assert bridge.handover.missed(bridge.carried) == ("ethusdt@trade",)


def test_in_the_end_what_is_held_is_delivered_and_holes_are_told(bridge):
    bridge.new("BTCUSDT", 3)
    bridge.handover.finish()
    assert bridge.delivered["BTCUSDT"] == [1, 3]
    assert bridge.jumps == [(2, 2)]


def test_answers_and_strange_frames_go_elsewhere_and_broken_ones_on(bridge):
    answer = b'{"result":null,"id":1}'
    strange = b'{"stream":"xrpusdt@trade","data":{}}'
    broken = _frame("BTCUSDT", 2)[:-3]
    for frame in (answer, strange, broken):
        bridge.handover.frame(frame)
    assert bridge.others == [answer, strange]
    assert bridge._decoder.broken == 1


def test_a_frame_in_another_form_is_one_of_its_stream_too(bridge):
    document = json.loads(_frame("BTCUSDT", 3))
    bridge.handover.frame(json.dumps(dict(reversed(document.items()))).encode())
    assert bridge.delivered["BTCUSDT"] == [1]
    bridge.old("BTCUSDT", 2)
    bridge.old("BTCUSDT", 3)
    bridge.handover.look(bridge.carried)
    assert bridge.delivered["BTCUSDT"] == [1, 2, 3]


def test_a_stream_that_is_wanted_meanwhile_is_handed_over_too(bridge):
    _both(bridge, 2)
    state = StreamState("xrpusdt@trade", Subscription(StreamKind.TRADES, "XRPUSDT"))
    bridge.delivered["XRPUSDT"] = []
    bridge.add(state)
    bridge.old("XRPUSDT", 7)
    assert bridge.wait(60) is Verdict.WAITING
    bridge.carried[state.name] = bridge.now_ns
    bridge.new("XRPUSDT", 8)
    bridge.old("XRPUSDT", 8)
    assert bridge.wait(0.1) is Verdict.DONE
    assert bridge.delivered["XRPUSDT"] == [7, 8]


def test_a_stream_that_is_dropped_meanwhile_is_not_waited_for(bridge):
    _both(bridge, 2)
    fresh = Bridge("BTCUSDT", "ETHUSDT")
    fresh.old("BTCUSDT", 1)
    fresh.begin()
    fresh.new("BTCUSDT", 5)
    fresh.handover.forget("btcusdt@trade")
    fresh.handover.forget("ethusdt@trade")
    assert fresh.wait(0) is Verdict.DONE
