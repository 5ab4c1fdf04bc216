"""A dry run: a strategy on the real engine through a small synthetic day, with its troubles."""

import math
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from bot.domain.commands import StreamKind, Subscription
from bot.domain.events import FeedState
from bot.domain.interval import Interval, interval_of
from bot.domain.market import Bar, BookSnapshot, MiniTicker, Ticker
from bot.domain.values import SECOND_NS, WHOLE_MARKET, OrderStatus
from bot.engine.host import StrategySpec
from bot.runtime.plugins.finding import Finding, line_in, one_line
from bot.runtime.plugins.specimens import specimen
from bot.runtime.plugins.stage import Stage
from bot.strategy.market import CALLBACK_OF
from bot.strategy.strategy import Strategy

__all__ = ["Rehearsal", "rehearse", "time_limit"]

_STEPS: Final = 900
_STEPS_A_BAR: Final = 10
_WAVE_STEPS: Final = 160
_LIMIT_S: Final = 10.0
_MONTH_S: Final = 30 * 86_400.0
_PLAYED: Final = frozenset(
    {
        StreamKind.TRADES,
        StreamKind.AGG_TRADES,
        StreamKind.QUOTES,
        StreamKind.BARS,
        StreamKind.BOOK,
        StreamKind.DEPTH,
        StreamKind.MINI_TICKER,
        StreamKind.TICKER,
    }
)
_CALLBACKS: Final = {kind: callback for kind, (_, callback) in CALLBACK_OF.items()}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a dry run showed."""

    findings: tuple[Finding, ...]
    callbacks: dict[str, int]
    """How often each ran."""
    orders: int
    fills: int
    refused: int


def rehearse(spec: StrategySpec, path: Path) -> Rehearsal:
    """Run the strategy through the day twice: it must not raise, and must do the same again.

    Raises:
        StrategyError: its ``__init__`` raises.
    """
    stage = _perform(spec)
    findings = [Finding(path, line_in(path, e.__traceback__), _raised(e)) for e in stage.faults[:1]]
    if not findings:
        findings = _doubts(stage, path)
        again = _perform(spec)
        if (again.sent_ns, again.commands) != (stage.sent_ns, stage.commands):
            text = "two runs through the same events gave different orders: look for module-level "
            text += "state, random numbers, clocks, and loops over sets"
            findings.append(Finding(path, 1, text))
    return Rehearsal(
        findings=tuple(findings),
        callbacks=dict(stage.calls),
        orders=len(stage.orders),
        fills=len(stage.fills),
        refused=sum(order.status is OrderStatus.REFUSED for order in stage.orders),
    )


@contextmanager
def time_limit(seconds: float = _LIMIT_S) -> Iterator[None]:
    """Raise TimeoutError in what runs inside once it takes this long; for loops without an end.

    Without signals (Windows, other threads) there is no limit.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def expired(_: int, __: FrameType | None) -> None:
        raise TimeoutError(f"not done after {seconds:g} s: is there a loop without an end?")

    handler = signal.signal(signal.SIGALRM, expired)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, handler)


def _raised(error: Exception) -> str:
    hint = ""
    if isinstance(error, AttributeError) and "'NoneType'" in str(error):
        hint = " (quote() and last_price() are None before the first quote)"
    return f"raised {one_line(error)}{hint}"


def _doubts(stage: Stage, path: Path) -> list[Finding]:
    """What works and cannot be meant."""
    for incident in stage.incidents:
        if incident.kind == "strategy_fault" and incident.cause.startswith("warm_up"):
            return [Finding(path, 1, incident.cause)]
        if incident.kind == "strategy_quarantined":
            return [Finding(path, 1, f"quarantined: {incident.cause}")]
    subscribed = {_CALLBACKS[wish.kind] for wish in stage.wishes}
    defined = {name for name in set(_CALLBACKS.values()) if _defines(stage, name)}
    doubts = [
        f"{name} is defined, but on_start does not subscribe to what it is for"
        for name in sorted(defined - subscribed)
    ]
    if not subscribed and "on_timer" not in stage.calls:
        doubts.append("it subscribes to nothing and sets no timer, so it will never do anything")
    refused = [order for order in stage.orders if order.status is OrderStatus.REFUSED]
    closed = ("CLOSED", "BLIND", "NO_PRICE")
    reasons = [order.reason for order in refused if not order.reason.startswith(closed)]
    if reasons:
        doubts.append(f"{len(reasons)} orders were refused, the first by {reasons[0]}")
    return [Finding(path, 1, text, severity="warning") for text in doubts]


def _defines(stage: Stage, callback: str) -> bool:
    return getattr(stage.spec.kind, callback) is not getattr(Strategy, callback)


def _perform(spec: StrategySpec) -> Stage:
    symbols = spec.symbols
    stage = Stage(spec, symbols=symbols, strict=False)
    step_s = _longest_bar_s(stage) / _STEPS_A_BAR
    troubles = {
        300: lambda: stage.reject_next("Order would immediately match and take.", -2010),
        400: lambda: stage.market_feed(FeedState.DOWN),
        405: lambda: stage.market_feed(FeedState.UP),
        500: lambda: stage.user_feed(FeedState.DOWN),
        510: lambda: stage.user_feed(FeedState.UP),
        600: lambda: stage.market_feed(FeedState.STALE),
        601: lambda: stage.market_feed(FeedState.UP),
        700: lambda: stage.reject_next("Account has insufficient balance.", -2010),
    }
    try:
        with time_limit():
            for step in range(_STEPS):
                troubles.get(step, lambda: None)()
                if not 400 <= step < 405:  # noqa: PLR2004 - the feed is down
                    for number, symbol in enumerate(symbols):
                        _market(stage, symbol, 100.0 * (number + 1), step, step_s)
                if stage.faults:
                    return stage
            stage.note_wishes()
            stage.stop()
    except TimeoutError as e:
        stage.faults.insert(0, e)
    return stage


def _market(stage: Stage, symbol: str, base: float, step: int, step_s: float) -> None:
    """One step: the price goes up and down in waves, with a tick of noise, and all streams tell."""
    angle = 2 * math.pi * step / _WAVE_STEPS
    mid = round(base * (1 + 0.01 * math.sin(angle) + 0.0002 * math.sin(7.3 * angle)), 2)
    stage.quote(mid - 0.01, mid + 0.01, symbol=symbol, after_s=step_s)
    is_sell = step % 2 == 0
    price = mid - 0.01 if is_sell else mid + 0.01
    stage.trade(price, size=0.05, buyer_is_maker=is_sell, symbol=symbol, after_s=0)
    now_ns = stage.now_ns
    bids = tuple((round(mid - 0.01 * n, 2), 1.0) for n in range(1, 6))
    asks = tuple((round(mid + 0.01 * n, 2), 1.0) for n in range(1, 6))
    for stream in stage.subscriptions:
        if stream.kind is StreamKind.BARS and stream.symbol == symbol:
            stage.publish(_bar(symbol, interval_of(stream.detail), mid, step_s, now_ns))
        elif stream.kind is StreamKind.BOOK and stream.symbol == symbol:
            depth = int(stream.detail.partition("@")[0])
            speed_ms = stream.speed_ms
            stage.publish(BookSnapshot(symbol, bids, asks, step, now_ns, now_ns, depth, speed_ms))
        elif stream.kind is StreamKind.DEPTH and stream.symbol == symbol:
            lean = 0.9 * math.sin(2 * angle)
            more = tuple((price, 1.0 + lean) for price, _ in bids)
            less = tuple((price, 1.0 - lean) for price, _ in asks)
            stage.depth(more, less, symbol=symbol, after_s=0)
        elif step % _STEPS_A_BAR == 0 and _is_elsewhere(stream, symbol):
            stage.publish(specimen(stream, symbol, mid, now_ns))
    if step % _STEPS_A_BAR == 0:
        _tickers(stage, symbol, base, mid)


def _is_elsewhere(stream: Subscription, symbol: str) -> bool:
    """Whether nothing of the small market tells of the stream."""
    of = stream.symbol.rpartition(":")[2]
    return of in {symbol, WHOLE_MARKET} and (stream.kind not in _PLAYED or of != stream.symbol)


def _tickers(stage: Stage, symbol: str, base: float, mid: float) -> None:
    now_ns = stage.now_ns
    day = (base, base * 1.01, base * 0.99)
    traded = (1_000.0, 1_000.0 * base)
    stage.publish(MiniTicker(symbol, *day, mid, *traded, now_ns, now_ns))
    stage.publish(
        Ticker(
            symbol=symbol,
            last=mid,
            bid=mid - 0.01,
            ask=mid + 0.01,
            open=base,
            high=base * 1.01,
            low=base * 0.99,
            volume=1_000.0,
            quote_volume=1_000.0 * base,
            change=mid - base,
            change_percent=(mid - base) / base * 100,
            weighted_average=base,
            trades=100,
            ts_ns=now_ns,
            recv_ns=now_ns,
        )
    )


def _bar(symbol: str, interval: Interval, price: float, step_s: float, now_ns: int) -> Bar:
    open_ns = interval.open_ns(now_ns)
    return Bar(
        symbol=symbol,
        interval=interval.text,
        open=price,
        high=price + 0.02,
        low=price - 0.02,
        close=price,
        volume=1.0,
        quote_volume=price,
        trades=10,
        open_ns=open_ns,
        close_ns=interval.close_ns(open_ns),
        closed=interval.open_ns(now_ns + round(step_s * SECOND_NS)) != open_ns,
        ts_ns=now_ns,
        recv_ns=now_ns,
    )


def _longest_bar_s(stage: Stage) -> float:
    """The length of a day's step follows the longest bar asked for, so that many of them end."""
    bars = [wish.detail for wish in stage.wishes if wish.kind is StreamKind.BARS]
    return max((_seconds(interval_of(text)) for text in bars), default=0.0) or 1.0


def _seconds(interval: Interval) -> float:
    """0 for bars that time does not end."""
    return interval.length_ns / SECOND_NS or interval.months * _MONTH_S
