import json
from decimal import Decimal

import msgspec
import pytest

from bot.cli.output import At, Format, Span, columns_of, plain, print_rows, row_of

NS = 1_700_000_000_123_456_789


class Line(msgspec.Struct):
    time_ns: int | None
    after_span_ns: int
    price: Decimal


def printed(capsys, rows, form, **more) -> str:
    print_rows(rows, form, columns=("time", "price"), empty="nothing here", **more)
    return capsys.readouterr().out


def test_json_is_exact():
    row = {"price": Decimal("1E-8"), "time": At(NS), "after": Span(1_500_000), "ok": True}

    assert plain(row) == {
        "price": "0.00000001",
        "time": "2023-11-14T22:13:20.123456Z",
        "time_ns": NS,
        "after": 1.5,
        "ok": True,
    }


def test_a_struct_becomes_a_row_whose_keys_say_the_unit():
    assert row_of(Line(NS, 2_000_000, Decimal(1))) == {
        "time": At(NS),
        "after_ms": Span(2_000_000),
        "price": Decimal(1),
    }
    assert columns_of(Line) == ["time", "time_ns", "after_ms", "price"]


def test_an_instant_that_is_not_yet_keeps_its_keys():
    assert plain(row_of(Line(None, 0, Decimal(1))))["time_ns"] is None


def test_rows_in_three_forms(capsys):
    rows = [{"time": At(NS), "price": Decimal("0.00000001")}]

    assert json.loads(printed(capsys, rows, Format.JSON)) == [
        {"time": "2023-11-14T22:13:20.123456Z", "time_ns": NS, "price": "0.00000001"}
    ]
    assert printed(capsys, rows, Format.CSV) == (
        f"time,time_ns,price\n2023-11-14T22:13:20.123456Z,{NS},0.00000001\n"
    )
    assert "2023-11-14 22:13:20  0.00000001" in printed(capsys, rows, Format.TABLE)


def test_no_rows_in_three_forms(capsys):
    assert json.loads(printed(capsys, [], Format.JSON)) == []
    assert printed(capsys, [], Format.CSV) == "time,price\n"
    assert printed(capsys, [], Format.TABLE) == "nothing here\n"


def test_a_day_that_all_rows_share_stands_in_the_heading(capsys):
    rows = [{"time": At(NS + n), "price": n} for n in (0, 10**9)]

    text = printed(capsys, rows, Format.TABLE)

    assert "time 2023-11-14" in text
    assert "22:13:20.123" in text
    assert "22:13:21.123" in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.1000"), "0.1"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.000000001"), "0"),
        (Decimal("12345678901234567890.5"), "12345678901234567890.5"),
        (Decimal("33.333333333333333"), "33.33333333"),
        (None, "-"),
        (["a", "b"], "a, b"),
        (False, "no"),
    ],
)
def test_values_in_a_table_are_short_and_never_scientific(capsys, value, text):
    out = printed(capsys, [{"time": "x", "price": value}], Format.TABLE)

    assert out.splitlines()[-1].split(None, 1)[1].strip() == text


def test_text_that_looks_like_markup_is_printed_as_it_is(capsys):
    assert "[bold]x[/bold]" in printed(capsys, [{"time": "[bold]x[/bold]"}], Format.TABLE)


def test_a_wide_table_keeps_to_a_hundred_columns_without_cutting_numbers(capsys):
    rows = [{"time": "text " * 60, "price": Decimal("123456.12345678")}]

    text = printed(capsys, rows, Format.TABLE)

    assert max(map(len, text.splitlines())) <= 100
    assert "123456.12345678" in text
