"""Whether what was written down explains each fault that was injected."""

from collections.abc import Sequence

from chaos.books import Books
from chaos.trader import Absence, Trader
from chaos.troubles import Trouble
from sqlalchemy import Row

SECOND_NS = 1_000_000_000


LATE = ("feed_lag", "feed_stale", "feed_gap", "user_blind")
"""What a process finds that was held for a while."""
HELD_S = 3.0
"""Shorter holds may pass unnoticed."""
CALM_S = 6.0
"""After a hold: until what came in meanwhile is worked off."""
FOUND_S = 20.0
"""Until a connection that is mute, or was refused, is surely known to be."""


def unexplained(
    troubles: Sequence[Trouble], traders: Sequence[Trader], books: Sequence[Books]
) -> list[str]:
    """A line for each fault that a bot was there to notice, and of which it says nothing."""
    found = []
    for trader, own in zip(traders, books, strict=True):
        incidents = own.incidents()
        for trouble in troubles:
            until_ns = _latest_ns(trouble, troubles)
            kinds = trouble.expected.get(trader.market, ())
            if not kinds or not trader.was_there(trouble.at_ns, until_ns):
                continue
            if not _is_told(incidents, kinds, trouble.at_ns, until_ns):
                found.append(f"{trader.market}: no {' or '.join(kinds)} of {trouble.fault}")
        found += [
            f"{trader.market}: no word of a hold at {held.from_ns}"
            for held in _long_holds(trader)
            if not _is_told(incidents, LATE, held.from_ns, held.to_ns + int(CALM_S * SECOND_NS))
        ]
    return [*found, *_unnamed(troubles, traders, books)]


def demanded(troubles: Sequence[Trouble], traders: Sequence[Trader]) -> int:
    """How many explanations were due: a fault and a bot that was there to notice it."""
    faults = sum(
        trader.was_there(trouble.at_ns, _latest_ns(trouble, troubles))
        for trouble in troubles
        for trader in traders
        if trouble.expected.get(trader.market)
        or (trouble.by_name and trouble.struck and market_of(trouble) == trader.market)
    )
    return faults + sum(len(_long_holds(trader)) for trader in traders)


def _latest_ns(trouble: Trouble, troubles: Sequence[Trouble]) -> int:
    """When it must be known at the latest: others may have covered it for as long as they last."""
    until_ns = trouble.at_ns + int(trouble.within_s * SECOND_NS)
    for other in troubles:
        if other is trouble or other.kind not in {"half_open", "outage"}:
            continue
        end_ns = other.at_ns + int(other.fault["for_s"] * SECOND_NS)
        if other.at_ns <= until_ns and trouble.at_ns <= end_ns:
            until_ns = max(until_ns, end_ns + int(FOUND_S * SECOND_NS))
    return until_ns


def _is_told(incidents: Sequence[Row], kinds: Sequence[str], from_ns: int, until_ns: int) -> bool:
    """Each kind is the incident's, perhaps with a part of its subject behind it."""
    return any(
        row.from_ns <= until_ns
        and (row.to_ns is None or row.to_ns >= from_ns)
        and any(
            row.kind == kind.split()[0] and f"{kind} ".split(" ", 1)[1].strip() in row.subject
            for kind in kinds
        )
        for row in incidents
    )


def _long_holds(trader: Trader) -> list[Absence]:
    """Those that struck a bot that was trading before and after."""
    calm_ns = int(CALM_S * SECOND_NS)
    return [
        held
        for held in trader.absences
        if held.kind == "held"
        and held.to_ns - held.from_ns >= HELD_S * SECOND_NS
        and not any(
            other.from_ns <= held.to_ns + calm_ns and held.from_ns <= other.to_ns
            for other in trader.absences
            if other.kind == "down"
        )
    ]


def market_of(trouble: Trouble) -> str:
    """Whose requests it strikes."""
    return "spot" if "/api/" in trouble.fault["match"] else "usdm"


def _unnamed(
    troubles: Sequence[Trouble], traders: Sequence[Trader], books: Sequence[Books]
) -> list[str]:
    """Refusals are quoted in what they led to."""
    found = []
    for trouble in troubles:
        if not trouble.by_name or not trouble.struck:
            continue
        until_ns = _latest_ns(trouble, troubles) + int(trouble.fault["for_s"] * SECOND_NS)
        market = market_of(trouble)
        pairs = zip(traders, books, strict=True)
        trader, own = next(pair for pair in pairs if pair[0].market == market)
        if trader.was_there(trouble.at_ns, until_ns) and not own.names(trouble.text):
            found.append(f"{market}: no row names {trouble.fault}")
    return found
