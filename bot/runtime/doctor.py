"""Preflight: everything that would stop a run, or make it a bad one, looked at beforehand."""

import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from bot.domain.errors import DatabaseError, Rejected, UserError, VenueError
from bot.domain.values import Market
from bot.exchange.endpoints import LIVE
from bot.exchange.session import Session
from bot.runtime.clock import WallClock
from bot.runtime.composition import Connected, connected, endpoints_of
from bot.runtime.control.client import NoAnswer, NoBot, ask
from bot.runtime.control.deeds import Deeds
from bot.runtime.control.latch import Latch
from bot.runtime.control.places import places_of
from bot.runtime.environment import Environment
from bot.runtime.plugins import resolve
from bot.runtime.settings import Settings
from bot.storage.open import revisions
from bot.storage.reader import TradeReader

__all__ = ["Finding", "examined", "state_of"]

_MB: Final = 1_000_000
_DISK_LEAST: Final = 100 * _MB
_DISK_ENOUGH: Final = 1000 * _MB
_CLOCK_GOOD_MS: Final = 1000
_READABLE_BY_OTHERS: Final = 0o077
_HALF: Final = 0.5
_WEIGHT: Final = {Market.SPOT: 6000, Market.USDM: 2400, Market.COINM: 2400}
"""Request weight a minute. Source: Binance documentation, "Limits" of each market."""

State = Literal["OK", "WARN", "FAIL"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the preflight."""

    name: str
    state: State
    text: str
    todo: str = ""
    """What to do about it; '' if nothing."""


def state_of(findings: list[Finding]) -> State:
    """The worst of them."""
    states = {finding.state for finding in findings}
    return "FAIL" if "FAIL" in states else "WARN" if "WARN" in states else "OK"


async def examined(settings: Settings) -> list[Finding]:
    """Look at everything; a look that fails is a finding too."""
    found = [_settings(settings), *_strategies(settings)]
    found += [_bot(settings), *_halt(settings), _database(settings), *_disk(settings)]
    return found + await _exchange(settings)


# --- what is on this machine -------------------------------------------------------------


def _settings(settings: Settings) -> Finding:
    text = f"venue {settings.venue}, market {settings.market}, {' '.join(settings.symbols)}"
    env = Path(".env")
    if settings.secrets() and env.is_file() and env.stat().st_mode & _READABLE_BY_OTHERS:
        return _warn("settings", f"{text}; others may read .env", "chmod 600 .env")
    return _ok("settings", text)


def _strategies(settings: Settings) -> list[Finding]:
    found = []
    for text in settings.strategies:
        try:
            spec = resolve(
                text, default_symbols=settings.symbols, strategies_dir=settings.strategies_dir
            )
            found.append(_ok("strategy", f"{spec.strategy_id} {spec.kind.version}"))
        except UserError as e:
            found.append(_fail("strategy", str(e), "bot strategies check " + text))
    return found or [_warn("strategy", "none is set", "bot run --strategy NAME, or BOT_STRATEGIES")]


def _bot(settings: Settings) -> Finding:
    try:
        answer = ask(places_of(settings.db).socket, {"do": "ping"})
    except NoBot:
        return _ok("bot", "none runs on this database")
    except NoAnswer:
        return _fail("bot", "one runs on this database and does not answer", "bot flatten")
    return _ok("bot", f"process {answer['pid']} runs on this database")


def _halt(settings: Settings) -> list[Finding]:
    places = places_of(settings.db)
    latched = Latch(places.halt).read()
    reason = latched.reason if latched else _stored_halt(settings)
    halt = (
        _warn("halt", f"trading is halted: {reason}", "bot resume")
        if reason
        else _ok("halt", "none is latched")
    )
    count = len(Deeds(places.deeds).read())
    if not count:
        return [halt]
    text = f"{count} deeds past the engine that the next start will tell of"
    return [halt, _warn("deeds", text, "bot review incidents, after the next start")]


def _stored_halt(settings: Settings) -> str:
    try:
        with TradeReader(settings.db) as reader:
            halts = [row for row in reader.incidents() if row.kind in {"halt", "resume"}]
    except DatabaseError:
        return ""
    last = max(halts, key=lambda row: row.from_ns, default=None)
    return last.cause if last is not None and last.kind == "halt" else ""


def _database(settings: Settings) -> Finding:
    path = _file_of(settings)
    if path is not None and (not path.exists() or not path.stat().st_size):
        if os.access(path.parent, os.W_OK):
            return _ok("database", f"{path} will be made")
        return _fail("database", f"{path} cannot be made", f"make {path.parent} writable")
    try:
        present, needed = revisions(settings.db)
    except DatabaseError as e:
        return _fail("database", str(e), "see docs/operations.md, The database")
    if present != needed:
        text = f"its revision is {present}, this bot needs {needed}"
        return _fail("database", text, f"bot db upgrade --db {settings.db}")
    if path is not None and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return _fail("database", f"{path} or its folder cannot be written", f"chmod u+w {path}")
    return _ok("database", f"revision {present}, writable")


def _disk(settings: Settings) -> list[Finding]:
    path = _file_of(settings)
    if path is None or not path.parent.is_dir():
        return []
    free = shutil.disk_usage(path.parent).free
    text = f"{free // _MB} MB free in {path.parent}"
    if free < _DISK_LEAST:
        return [_fail("disk", text, "make room: what cannot be written down is not sent")]
    if free < _DISK_ENOUGH:
        return [_warn("disk", text, "make room")]
    return [_ok("disk", text)]


def _file_of(settings: Settings) -> Path | None:
    if not settings.db.startswith("sqlite"):
        return None
    return Path(settings.db.split("///", 1)[-1]).absolute()


# --- the exchange ------------------------------------------------------------------------


async def _exchange(settings: Settings) -> list[Finding]:
    try:
        if endpoints_of(settings) is None:
            return [_ok("exchange", "the embedded one, which starts with the bot")]
        async with connected(settings, clock=WallClock()) as exchange:
            found = [_ok("exchange", f"{exchange.where} answers")]
            found.append(_clock(exchange.session, settings))
            for look in (_symbols, _keys):
                found += await _looked(look, exchange, settings)
            return [*found, _weight(exchange.session, settings)]
    except UserError as e:
        return [_fail("exchange", str(e), "check BOT_VENUE, BOT_VENUE_URL, keys and network")]


async def _looked(
    look: Callable[[Connected, Settings], Awaitable[list[Finding]]],
    exchange: Connected,
    settings: Settings,
) -> list[Finding]:
    name = look.__name__.lstrip("_")
    try:
        return await look(exchange, settings)
    except UserError as e:
        return [_fail(name, str(e), "see the message")]
    except Rejected as e:
        return [_fail(name, f"refused: {e}", "check the API key, its rights and its IP list")]
    except VenueError as e:
        return [_fail(name, str(e), "try again; is the exchange up?")]


def _clock(session: Session, settings: Settings) -> Finding:
    offset_ms = int(session.timestamp_offset)
    text = f"the exchange's is {offset_ms} ms ahead of ours"
    if abs(offset_ms) > settings.recv_window_ms:
        return _fail("clock", text, "set the clock: run an NTP client")
    if abs(offset_ms) > _CLOCK_GOOD_MS:
        return _warn("clock", text, "set the clock: run an NTP client")
    return _ok("clock", text)


async def _symbols(exchange: Connected, settings: Settings) -> list[Finding]:
    rules = await exchange.account.venue.instruments(settings.symbols)
    closed = [
        f"{name} is {rule.status}" for name, rule in rules.items() if rule.status != "TRADING"
    ]
    if closed:
        return [_warn("symbols", ", ".join(closed), "orders there will be refused")]
    return [_ok("symbols", f"{len(rules)} known and trading")]


async def _keys(exchange: Connected, settings: Settings) -> list[Finding]:
    account = await _account(exchange.session, Market(settings.market))
    if not account.get("canTrade", True):
        return [_fail("keys", "the account may not trade", "enable trading for it at Binance")]
    found = [_ok("keys", f"accepted, may trade ({_environment(exchange, settings)})")]
    if exchange.session.endpoints != LIVE:
        return found
    rights = await exchange.session.get_account_api_permissions()
    if rights.get("enableWithdrawals"):
        found.append(_warn("rights", "the key may withdraw", "take that right from it"))
    if not rights.get("ipRestrict"):
        found.append(_warn("rights", "the key works from any address", "restrict it to yours"))
    return found


async def _account(session: Session, market: Market) -> dict[str, Any]:
    if market is Market.SPOT:
        answer = await session.get_account(omitZeroBalances="true")
    elif market is Market.USDM:
        answer = await session.futures_account()
    else:
        answer = await session.futures_coin_account()
    return dict(answer)


def _environment(exchange: Connected, settings: Settings) -> str:
    return Environment.of(
        venue=settings.venue,
        market=settings.market,
        where=exchange.where,
        api_key=exchange.account_key,
    ).account


def _weight(session: Session, settings: Settings) -> Finding:
    used, most = session.usage.weight_1m, _WEIGHT[Market(settings.market)]
    if used < 0:
        return _ok("weight", "not told by the exchange")
    text = f"{used} of {most} used in this minute"
    if used > most * _HALF:
        return _warn("weight", text, "somebody else uses this address: wait, or stop them")
    return _ok("weight", text)


def _ok(name: str, text: str) -> Finding:
    return Finding(name=name, state="OK", text=text)


def _warn(name: str, text: str, todo: str) -> Finding:
    return Finding(name=name, state="WARN", text=text, todo=todo)


def _fail(name: str, text: str, todo: str) -> Finding:
    return Finding(name=name, state="FAIL", text=text, todo=todo)
