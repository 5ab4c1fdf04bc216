"""Settings of the risk gate: the tables of strategies and protections."""

import os
from decimal import Decimal
from pathlib import Path

import pytest

from bot.domain.errors import SettingsError
from bot.engine.risk import RiskLimits
from bot.runtime.riskrules import RiskSettings
from bot.runtime.settings import load_settings

D = Decimal


@pytest.fixture(autouse=True)
def _here_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in tuple(os.environ):
        if name.startswith("BOT_"):
            monkeypatch.delenv(name)


def read(text):
    path = Path("bot.toml")
    path.write_text(text)
    return load_settings(config=path).risk


def test_the_defaults_are_those_of_the_gate():
    assert RiskSettings().limits() == RiskLimits()
    assert RiskSettings().of_strategies() == {}


def test_a_strategy_has_its_own_bounds_and_for_the_rest_those_of_all():
    risk = read(
        """
        [risk]
        max_order_notional = 200
        max_account_notional = 5000

        [risk.strategies.sma_cross]
        budget = 500
        max_open_orders = 2

        [[risk.protections]]
        kind = "loss_streak"
        losses = 4
        for_s = 3600

        [[risk.protections]]
        kind = "drawdown"
        scope = "account"
        amount = 250
        """
    )
    own = risk.of_strategies()["sma_cross"]
    assert (own.budget, own.max_open_orders, own.max_order_notional) == (500, 2, 200)
    limits = risk.limits()
    assert (limits.budget, limits.max_open_orders, limits.max_account_notional) == (0, 20, 5000)
    assert [(rule.kind, rule.scope, rule.losses, rule.amount) for rule in limits.protections] == [
        ("loss_streak", "strategy", 4, 0),
        ("drawdown", "account", 3, D(250)),
    ]


def test_the_environment_takes_tables_as_json(monkeypatch):
    monkeypatch.setenv("BOT_RISK__STRATEGIES", '{"a": {"budget": "12.5"}}')
    monkeypatch.setenv("BOT_RISK__PROTECTIONS", '[{"kind": "cooldown", "for_s": 60}]')
    risk = load_settings().risk
    assert risk.of_strategies()["a"].budget == D("12.5")
    assert risk.limits().protections[0].for_s == 60


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[risk.strategies.a]\nbugdet = 5", "risk.strategies.a.bugdet does not exist; .* budget"),
        ("[[risk.protections]]\nkind = 'drawdown'", "a drawdown needs an amount above 0"),
        ("[[risk.protections]]\nkind = 'cooldown'", "a cooldown needs for_s above 0"),
        ("[[risk.protections]]\nkind = 'cooldown'\nfor = 1", "does not exist; .* for_s"),
        ("[risk.strategies.a]\nbudget = -5", "risk.strategies.a.budget .* greater than"),
        ("[risk]\nmax_order_notional = -5", "risk.max_order_notional .* greater than"),
    ],
)
def test_what_is_wrong_is_one_line(text, said):
    with pytest.raises(SettingsError, match=said):
        read(text)
