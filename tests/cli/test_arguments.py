import pytest

from bot.cli.arguments import spread


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (
            ["run", "--symbol", "A", "B", "--for", "3s"],
            ["run", "--symbol", "A", "--symbol", "B", "--for", "3s"],
        ),
        (["run", "--symbol", "A", "--symbol", "B"], ["run", "--symbol", "A", "--symbol", "B"]),
        (
            ["backtest", "sma", "--data", "x", "y", "z"],
            ["backtest", "sma", "--data", "x", "--data", "y", "--data", "z"],
        ),
        (["review", "order", "--symbol", "A", "ID"], ["review", "order", "--symbol", "A", "ID"]),
        ([], []),
    ],
)
def test_several_values_may_follow_one_option(typed, meant):
    assert spread(typed) == meant
