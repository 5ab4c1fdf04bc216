"""What a symbol does not support and an account may not do, in Binance's words (errors.md)."""

from bot.simulation.account import Account
from bot.simulation.errors import FILTER_FAILURE, ApiError
from bot.simulation.orderform import OrderForm
from bot.simulation.rules import SymbolRules

__all__ = ["check_account", "check_feature", "check_form", "check_stp_mode"]

_UNSUPPORTED = {
    "MARKET": "Market orders are not supported for this symbol.",
    "STOP_LOSS": "Stop loss orders are not supported for this symbol.",
    "STOP_LOSS_LIMIT": "Stop loss limit orders are not supported for this symbol.",
    "TAKE_PROFIT": "Take profit orders are not supported for this symbol.",
    "TAKE_PROFIT_LIMIT": "Take profit limit orders are not supported for this symbol.",
    "iceberg": "Iceberg orders are not supported for this symbol.",
    "quoteOrderQty": "Quote order qty market orders are not support for this symbol.",
    "trailingStop": "Trailing stop orders are not supported for this symbol.",
    "peg": "Pegged orders are not supported for this symbol.",
    "oco": "OCO orders are not supported for this symbol",
    "oto": "OTO orders are not supported for this symbol.",
    "opo": "OPO orders are not supported for this symbol.",
    "cancelReplace": "Order cancel-replace is not supported for this symbol.",
    "amend": "Order amend is not supported for this symbol.",
}


def check_stp_mode(rules: SymbolRules, mode: str) -> None:
    """Raises -1013 for a mode that exchangeInfo does not name."""
    if mode not in rules.stp_modes:
        msg = "This symbol does not allow the specified self-trade prevention mode."
        raise ApiError.bad_request(FILTER_FAILURE, msg)


def check_feature(rules: SymbolRules, feature: str, *, code: int = -2010) -> None:
    """Raises ``code`` if the symbol does not support it."""
    if feature in rules.unsupported:
        raise ApiError.bad_request(code, _UNSUPPORTED[feature])


def check_form(rules: SymbolRules, form: OrderForm) -> None:
    """Raises -2010 for what the order asks and the symbol does not support."""
    if not rules.unsupported:
        return
    check_feature(rules, form.order_type)
    for feature, is_asked in (
        ("iceberg", form.iceberg_e8),
        ("quoteOrderQty", form.quote_e8),
        ("trailingStop", form.trailing_delta is not None),
        ("peg", form.peg_type),
    ):
        if is_asked:
            check_feature(rules, feature)


def check_account(account: Account, symbol: str, *, code: int = -2010) -> None:
    """Raises ``code`` if the account may not act at all, or not on this symbol."""
    if not account.can_trade:
        raise ApiError.bad_request(code, "This account may not place or cancel orders.")
    if account.symbols is not None and symbol not in account.symbols:
        raise ApiError.bad_request(code, "This symbol is not permitted for this account.")
