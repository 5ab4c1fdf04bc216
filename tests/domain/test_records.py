"""What is written down."""

from typing import get_args

import pytest

from bot.domain.records import IncidentOpened, Record


@pytest.mark.parametrize("kind", get_args(Record), ids=lambda kind: kind.__name__)
def test_records_are_frozen(kind):
    assert kind.__struct_config__.frozen


def test_an_incident_lasts_until_it_is_closed():
    incident = IncidentOpened(
        incident_id="r-1",
        run_id="r",
        kind="feed_gap",
        severity="warning",
        subject="market 1",
        cause="reset",
        from_ns=1,
    )
    assert incident.to_ns is None
    assert incident.healed_by == ""
