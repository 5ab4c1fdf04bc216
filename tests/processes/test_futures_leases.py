"""Fifty lives of a listenKey: no second of blindness that is not an incident.

The exchange's hours last seconds (``--time-scale``). Somebody else places and cancels orders on
the bot's account all the time: each must reach the bot by its stream, or fall into a time of
which an incident says that the bot was blind.
"""

import asyncio
import sys
import time

import pytest

from bot.domain.errors import VenueError
from bot.domain.values import Market
from bot.exchange.endpoints import from_url
from bot.exchange.session import Session

SCALE = 0.001
LIFE_S = 3600 * SCALE
LIVES = 50
PROBE_S = 0.4
SLACK_NS = 300_000_000
"""An order may be placed a moment before the end of the connection is noticed."""


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_fifty_lives_of_a_listen_key_without_a_blind_second_that_is_not_an_incident(
    desk, serve, capsys
):
    served = serve("--seed", "3", "--time-scale", str(SCALE))
    (desk.folder / "bot.toml").write_text(f"lease_every_s = {LIFE_S / 2}\n")
    seconds = LIVES * LIFE_S + 40
    venue = ("--venue", "sim", "--market", "usdm", "--venue-url", served.url)
    process = desk.start(*venue, "--strategy", "quoting", "--symbol", "BTCUSDT", seconds=seconds)
    desk.wait_for("SELECT * FROM fills")
    began = time.monotonic()
    probes = asyncio.run(_probe(served, LIVES * LIFE_S))
    lived = (time.monotonic() - began) / LIFE_S
    process.wait(90)
    seen = {
        name
        for (name,) in desk.rows(
            "SELECT DISTINCT client_order_id FROM order_events WHERE client_order_id "
            "LIKE 'probe-%' AND json_extract(payload, '$.source') = 'stream'"
        )
    }
    blind = desk.rows("SELECT from_ns, to_ns, cause FROM incidents WHERE kind = 'user_blind'")
    unexplained = [
        name for name, at_ns in probes.items() if name not in seen and not _is_within(at_ns, blind)
    ]
    blind_s = sum((to_ns or time.time_ns()) - from_ns for from_ns, to_ns, _ in blind) / 1e9
    lines = [
        (
            f"{lived:.1f} lives of a key, {len(probes)} probes, {len(seen)} seen by the stream, "
            f"{len(blind)} blind times of {blind_s:.2f} s in all, "
            f"{len(unexplained)} probes missed without an incident"
        ),
        *(f"  blind {((to or 0) - start) / 1e9:.2f} s: {cause}" for start, to, cause in blind),
    ]
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *lines, ""]))
    assert lived >= LIVES
    assert len(probes) > 200
    assert unexplained == []
    assert len(seen) > len(probes) * 0.8
    assert desk.bot("reconcile", "--db", desk.db).returncode == 0
    assert desk.bot("db", "verify", "--db", desk.db).returncode == 0


async def _probe(served, seconds):
    """Orders far from the market, by somebody else with the same account: name -> when."""
    session = Session(
        from_url(served.url), api_key="sim-key", api_secret="sim-secret", home=Market.USDM
    )
    probes = {}
    faults = _trouble(seconds)
    began = time.monotonic()
    try:
        while (elapsed := time.monotonic() - began) < seconds:
            while faults and faults[0][0] <= elapsed:
                served.faults(faults.pop(0)[1])
            name = f"probe-{len(probes)}"
            order = {
                "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC",
                "quantity": "0.01", "price": "60000", "newClientOrderId": name,
            }  # fmt: skip
            try:
                at_ns = time.time_ns()
                await session.futures(Market.USDM, "post", "order", order)
                probes[name] = at_ns
                cancel = {"symbol": "BTCUSDT", "origClientOrderId": name}
                await session.futures(Market.USDM, "delete", "order", cancel)
            except VenueError:
                await asyncio.sleep(0.1)
            await asyncio.sleep(PROBE_S)
    finally:
        await session.close()
    return probes


def _trouble(seconds):
    """Keys that end at once, renewals that fail for a while, and connections that are cut."""
    renewals = {"kind": "http", "status": 500, "code": -1001, "for_s": LIFE_S * 0.6}
    return [
        (seconds * 0.2, {"kind": "listen_key_expired"}),
        (seconds * 0.3, renewals | {"match": "PUT /fapi/v1/listenKey"}),
        (seconds * 0.4, {"kind": "drop", "target": "user"}),
        (
            seconds * 0.5,
            renewals | {"match": "PUT /fapi/v1/listenKey", "for_s": LIFE_S * 3},
        ),
        (seconds * 0.7, {"kind": "half_open", "target": "user", "for_s": 12}),
        (seconds * 0.9, {"kind": "listen_key_expired"}),
    ]


def _is_within(at_ns, blind):
    return any(
        from_ns - SLACK_NS <= at_ns <= (to_ns or time.time_ns()) + SLACK_NS
        for from_ns, to_ns, _ in blind
    )
