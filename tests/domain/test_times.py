import pytest

from bot.domain.times import day_of, iso_utc, ns_of


def test_an_instant_is_written_to_the_microsecond():
    assert iso_utc(1_700_000_000_123_456_789) == "2023-11-14T22:13:20.123456Z"
    assert iso_utc(0) == "1970-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("2023-11-14", 1_699_920_000_000_000_000),
        ("2023-11-14T22:13:20", 1_700_000_000_000_000_000),
        ("2023-11-14T22:13:20.123456Z", 1_700_000_000_123_456_000),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000_000_000_000),
    ],
)
def test_a_text_names_an_instant_in_utc_unless_it_says_otherwise(text, ns):
    assert ns_of(text) == ns


def test_what_names_no_instant_is_refused():
    with pytest.raises(ValueError, match="Invalid isoformat"):
        ns_of("yesterday")


def test_the_day_is_the_utc_day():
    assert day_of(1_700_000_000_000_000_000).isoformat() == "2023-11-14"
