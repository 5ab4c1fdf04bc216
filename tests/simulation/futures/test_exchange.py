"""The futures exchange on the seeded market."""

from bot.simulation.emissions import UserEvent
from bot.simulation.futures.account import opened
from bot.simulation.futures.contracts import DEFAULT_CONTRACTS
from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.futures.tempers import seeded_source

START_MS = 1_700_000_000_000


def built(kind="usdm", seed=1):
    return FuturesExchange(
        market=kind,
        symbols=DEFAULT_CONTRACTS[kind],
        accounts=[opened("k", "s", kind, {})],
        source=seeded_source(kind, seed=seed, history_minutes=1),
        start_ms=START_MS,
    )


def run(exchange, steps_ms):
    """Trade a little; everything that happened in thirty seconds."""
    happened = []
    done = 0
    for step in steps_ms:
        done += step
        exchange.advance(START_MS + done)
        happened += exchange.take()
    params = {"symbol": exchange.symbols[0], "side": "BUY", "type": "MARKET", "quantity": "1"}
    exchange.place_order("k", params, START_MS + 30_000)
    return happened + exchange.take()


def test_same_seed_and_commands_give_the_same_however_often_it_is_advanced():
    for kind in ("usdm", "coinm"):
        at_once = run(built(kind), [30_000])
        assert run(built(kind), [30_000]) == at_once
        assert run(built(kind), [17] * 1700 + [1100]) == at_once
        assert run(built(kind, seed=2), [30_000]) != at_once
        assert any(isinstance(e, UserEvent) for e in at_once)


def test_it_says_when_it_has_something_to_do():
    exchange = built()
    due = exchange.next_due_ms()
    assert START_MS < due <= START_MS + 1000
    exchange.take()
    exchange.advance(due - 1)
    assert exchange.take() == []
    exchange.advance(due)
    assert exchange.take()


def test_both_kinds_have_their_wallets():
    assert built("usdm").state()["balances"] == {"USDT": "100000.00000000"}
    assert built("coinm").state()["balances"] == {"BTC": "10.00000000", "ETH": "100.00000000"}
    assert built("coinm").pair("BTCUSD_PERP") == "BTCUSD"
