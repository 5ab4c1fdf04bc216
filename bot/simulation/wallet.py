"""What comes into an account and leaves it other than by trading: deposits and external locks."""

from typing import Any

from bot.simulation.account import Account
from bot.simulation.emissions import UserEvent
from bot.simulation.errors import ApiError
from bot.simulation.fixedpoint import text
from bot.simulation.floor import Floor
from bot.simulation.reports import balance_update, external_lock

__all__ = ["deposit", "lock"]


def deposit(floor: Floor, key: str, asset: str, amount_e8: int, now_ms: int) -> dict[str, Any]:
    """Add to what is free, or with a negative amount withdraw; the balance afterwards.

    Raises:
        ApiError: -1130, there is no such account, or not so much is free.
    """
    account = _account(floor, key)
    balance = account.balance(asset)
    if balance.free + amount_e8 < 0:
        raise ApiError.bad_request(-1130, f"{key} has only {text(balance.free)} {asset} free")
    balance.free += amount_e8
    floor.out.append(UserEvent(key, balance_update(asset, amount_e8, now_ms)))
    return _told(floor, account, asset, now_ms)


def lock(floor: Floor, key: str, asset: str, amount_e8: int, now_ms: int) -> dict[str, Any]:
    """Lock free funds for what is no order, such as collateral; a negative amount unlocks them.

    Raises:
        ApiError: -1130, there is no such account, or not so much is free, or locked by others.
    """
    account = _account(floor, key)
    balance = account.balance(asset)
    apart = balance.locked - _held_by_orders(floor, key, asset)
    if balance.free < amount_e8 or apart + amount_e8 < 0:
        held = f"{text(balance.free)} {asset} free and {text(apart)} locked apart from orders"
        raise ApiError.bad_request(-1130, f"{key} has only {held}")
    account.lock(asset, amount_e8)
    floor.out.append(UserEvent(key, external_lock(asset, amount_e8, now_ms)))
    return _told(floor, account, asset, now_ms)


def _account(floor: Floor, key: str) -> Account:
    account = floor.ledger.accounts.get(key)
    if account is None:
        raise ApiError.bad_request(-1130, f"there is no account {key}")
    return account


def _held_by_orders(floor: Floor, key: str, asset: str) -> int:
    held = 0
    for symbol, listing in floor.listings.items():
        for order in floor.orders.open(key, symbol):
            if asset == (listing.rules.quote if order.is_buy else listing.rules.base):
                held += order.locked_e8
    for order_list in floor.lists.open(key):
        if floor.listings[order_list.symbol].rules.base == asset:
            held += order_list.reserved_e8
    return held


def _told(floor: Floor, account: Account, asset: str, now_ms: int) -> dict[str, Any]:
    floor.touch(account.key, asset)
    floor.settle(next(iter(floor.listings.values())), now_ms)
    balance = account.balance(asset)
    return {"asset": asset, "free": text(balance.free), "locked": text(balance.locked)}
