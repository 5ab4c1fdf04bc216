"""Whether what was written down explains each fault that was injected."""

from collections.abc import Sequence

from chaos.books import Books
from chaos.trader import Trader
from chaos.troubles import Trouble

SECOND_NS = 1_000_000_000


def unexplained(
    troubles: Sequence[Trouble], traders: Sequence[Trader], books: Sequence[Books]
) -> list[str]:
    """A line for each fault that a bot was there to notice, and of which it says nothing."""
    found = []
    for trader, own in zip(traders, books, strict=True):
        incidents = own.incidents()
        for trouble in troubles:
            until_ns = trouble.at_ns + int(trouble.within_s * SECOND_NS)
            if not trader.was_there(trouble.at_ns, until_ns):
                continue
            kinds = trouble.expected.get(trader.market, ())
            told = any(
                row.kind in kinds
                and row.from_ns <= until_ns
                and (row.to_ns is None or row.to_ns >= trouble.at_ns)
                for row in incidents
            )
            if kinds and not told:
                found.append(f"{trader.market}: no {' or '.join(kinds)} of {trouble.fault}")
    return [*found, *_unnamed(troubles, traders, books)]


def demanded(troubles: Sequence[Trouble], traders: Sequence[Trader]) -> int:
    """How many explanations were due: a fault and a bot that was there to notice it."""
    return sum(
        trader.was_there(trouble.at_ns, trouble.at_ns + int(trouble.within_s * SECOND_NS))
        for trouble in troubles
        for trader in traders
        if trouble.expected.get(trader.market)
        or (trouble.by_name and trouble.struck and market_of(trouble) == trader.market)
    )


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
        until_ns = trouble.at_ns + int((trouble.within_s + trouble.fault["for_s"]) * SECOND_NS)
        market = market_of(trouble)
        pairs = zip(traders, books, strict=True)
        trader, own = next(pair for pair in pairs if pair[0].market == market)
        if trader.was_there(trouble.at_ns, until_ns) and not own.names(trouble.text):
            found.append(f"{market}: no row names {trouble.fault}")
    return found
