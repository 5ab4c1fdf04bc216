"""Faults strike what they say, when they say, as often as they say."""

import pytest

from bot.simulation.errors import ApiError
from bot.simulation.faults import FaultPlan, FrameAction, parse_faults

NOW = 1_700_000_000_000


def planned(*items, now_ms=NOW, seed=0):
    return FaultPlan(parse_faults(list(items)), seed=seed, now_ms=now_ms)


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"kind": "explode"}, "kind"),
        ({}, "kind"),
        ({"kind": "drop", "target": "everything"}, "target"),
        ({"kind": "lose", "target": "wsapi"}, "target"),
        ({"kind": "http", "when": "during"}, "when"),
        ({"kind": "http", "status": "503"}, "status"),
        ({"kind": "http", "times": 0}, "times"),
        ({"kind": "http", "times": 1.5}, "times"),
        ({"kind": "http", "at_s": -1}, "at_s"),
        ({"kind": "http", "at_s": True}, "at_s"),
        ({"kind": "http", "sttus": 503}, "sttus"),
        ({"kind": "lose", "probability": 1.5}, "probability"),
        ({"kind": "rate_limit", "status": 500}, "status"),
        ({"kind": "book_gap"}, "symbol"),
        ({"kind": "delay", "target": "user"}, "ms"),
        ({"kind": "delay", "ms": -5}, "ms"),
    ],
)
def test_a_bad_fault_is_refused_by_number_and_field(item, field):
    with pytest.raises(ApiError) as refused:
        parse_faults([{"kind": "drop"}, item])
    assert (refused.value.status, refused.value.code) == (400, -1130)
    assert refused.value.msg.startswith(f"fault 1: {field}: ")


def test_what_is_not_a_list_of_objects_is_refused():
    with pytest.raises(ApiError, match="list"):
        parse_faults({"kind": "drop"})
    with pytest.raises(ApiError, match="fault 0"):
        parse_faults(["drop"])


def test_an_http_fault_strikes_its_request_only_and_as_often_as_it_says():
    plan = planned(
        {
            "kind": "http",
            "match": "POST /api/v3/order",
            "status": 503,
            "when": "after",
            "times": 1,
        }
    )
    assert plan.http("GET", "/api/v3/order", NOW) is None
    assert plan.http("POST", "/api/v3/order/test", NOW) is None
    struck = plan.http("POST", "/api/v3/order", NOW)
    assert struck is not None
    assert (struck.kind, struck.status, struck.code, struck.when) == ("http", 503, -1007, "after")
    assert struck.msg.startswith("Timeout waiting for response from backend server.")
    assert plan.http("POST", "/api/v3/order", NOW) is None
    assert plan.active() == []


def test_without_a_bound_a_fault_lasts_until_it_is_cleared():
    plan = planned({"kind": "http", "status": 503}, {"kind": "duplicate"})
    for ms in (0, 1, 3_600_000):
        assert plan.http("GET", "/x", NOW + ms) is not None
        assert plan.frames("market", "trade", NOW + ms).kind == "duplicate"
    plan.clear()
    assert plan.http("GET", "/x", NOW) is None


def test_times_every_and_the_span_bound_a_fault():
    plan = planned({"kind": "http", "at_s": 1, "for_s": 10, "every": 2, "times": 2})
    strikes = [plan.http("GET", "/x", NOW + ms) is not None for ms in (0, 1000, 1001, 2000, 3000)]
    assert strikes == [False, False, True, False, True]
    late = planned({"kind": "http", "at_s": 1, "for_s": 1, "times": 5})
    assert late.http("GET", "/x", NOW + 1999) is not None
    assert late.http("GET", "/x", NOW + 2000) is None


def test_defaults_of_rate_limit_and_html_body():
    limited = planned({"kind": "rate_limit", "retry_after_s": 7}).http("GET", "/x", NOW)
    assert limited is not None
    assert (limited.status, limited.code, limited.retry_after_s) == (429, -1003, 7)
    page = planned({"kind": "html_body"}).http("GET", "/x", NOW)
    assert page is not None
    assert (page.kind, page.status) == ("html_body", 502)


def test_an_outage_refuses_everything_while_it_lasts():
    plan = planned({"kind": "outage", "at_s": 1, "for_s": 2})
    assert not plan.outage(NOW + 999)
    assert plan.outage(NOW + 1000)
    struck = plan.http("GET", "/api/v3/time", NOW + 1500)
    assert struck is not None
    assert (struck.kind, struck.status) == ("outage", 0)
    assert plan.http("GET", "/api/v3/time", NOW + 1500) is not None
    assert not plan.outage(NOW + 3000)


def test_frames_are_chosen_by_target_and_event():
    plan = planned(
        {"kind": "lose", "target": "user", "match": "executionReport", "times": 1},
        {"kind": "delay", "target": "market", "ms": 50, "times": 1},
    )
    assert plan.frames("user", "outboundAccountPosition", NOW) == FrameAction("pass")
    assert plan.frames("user", "executionReport", NOW) == FrameAction("lose")
    assert plan.frames("user", "executionReport", NOW) == FrameAction("pass")
    assert plan.frames("market", "trade", NOW) == FrameAction("delay", 50)


def test_chance_is_seeded():
    item = {"kind": "lose", "probability": 0.5, "for_s": 60}
    runs = [
        [planned_.frames("market", "trade", NOW).kind for _ in range(40)]
        for planned_ in (planned(item, seed=3), planned(item, seed=3), planned(item, seed=4))
    ]
    assert runs[0] == runs[1] != runs[2]
    assert {"lose", "pass"} == set(runs[0])


def test_connection_faults_fall_due_once():
    plan = planned({"kind": "drop", "target": "user", "at_s": 2}, {"kind": "half_open", "for_s": 5})
    assert [f.kind for f in plan.connections(NOW)] == ["half_open"]
    assert plan.half_open("market", NOW + 4999)
    assert not plan.half_open("market", NOW + 5000)
    assert plan.next_due_ms(NOW) == NOW + 2000
    (drop,) = plan.connections(NOW + 2500)
    assert (drop.kind, drop.target) == ("drop", "user")
    assert plan.connections(NOW + 9000) == []
    assert plan.next_due_ms(NOW + 9000) is None


def test_skew_is_added_while_it_lasts_and_clearing_ends_all():
    plan = planned(
        {"kind": "clock_skew", "ms": -1500}, {"kind": "clock_skew", "ms": 200, "at_s": 1}
    )
    assert plan.clock_skew_ms(NOW) == -1500
    assert plan.clock_skew_ms(NOW + 1000) == -1300
    plan.clear()
    assert plan.clock_skew_ms(NOW + 1000) == 0
    assert plan.active() == []


def test_faults_from_a_file_count_from_the_first_question():
    plan = FaultPlan(parse_faults([{"kind": "drop", "at_s": 3}]))
    assert len(plan.active()) == 1
    assert plan.connections(NOW) == []
    assert plan.next_due_ms(NOW) == NOW + 3000
