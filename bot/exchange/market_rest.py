"""What a recording needs beside the streams: books and rules, as the exchange answers."""

from typing import Any, Final

import orjson

from bot.domain.errors import VenueError, VenueSetupError
from bot.domain.values import Market
from bot.exchange.session import Session

__all__ = ["book_answer", "rules_answer"]

_DEPTH_LIMIT: Final = 1000
_DEPTH_WEIGHT: Final = {Market.SPOT: 50, Market.USDM: 20, Market.COINM: 20}
_ROOTS: Final = {Market.SPOT: "/api/v3", Market.USDM: "/fapi/v1", Market.COINM: "/dapi/v1"}
_INFO_WEIGHT: Final = {Market.SPOT: 20, Market.USDM: 1, Market.COINM: 1}


async def book_answer(session: Session, market: Market, symbol: str) -> tuple[str, bytes]:
    """The request and the answer of a snapshot of the order book, 1000 levels a side.

    Raises:
        VenueError: the exchange does not answer, or refuses.
    """
    ask = {
        Market.SPOT: session.get_order_book,
        Market.USDM: session.futures_order_book,
        Market.COINM: session.futures_coin_order_book,
    }[market]
    await session.weights[market].spend(_DEPTH_WEIGHT[market])
    answer = await ask(symbol=symbol, limit=_DEPTH_LIMIT)
    path = f"{_ROOTS[market]}/depth?symbol={symbol}&limit={_DEPTH_LIMIT}"
    return path, orjson.dumps(answer)


async def rules_answer(
    session: Session, market: Market, symbols: tuple[str, ...]
) -> tuple[str, bytes]:
    """The request and the answer of ``exchangeInfo``, of these symbols only.

    Raises:
        VenueSetupError: a symbol does not exist, or the exchange does not answer.
    """
    ask = {
        Market.SPOT: session.get_exchange_info,
        Market.USDM: session.futures_exchange_info,
        Market.COINM: session.futures_coin_exchange_info,
    }[market]
    try:
        await session.weights[market].spend(_INFO_WEIGHT[market])
        answer: dict[str, Any] = await ask()
    except VenueError as e:
        raise VenueSetupError(f"the exchange does not tell its symbols: {e}; is it up?") from e
    listed = {str(entry["symbol"]): entry for entry in answer["symbols"]}
    for symbol in symbols:
        if symbol not in listed:
            raise VenueSetupError(
                f"{market} has no symbol {symbol}: write it like {next(iter(listed), 'BTCUSDT')}"
            )
    answer["symbols"] = [listed[symbol] for symbol in symbols]
    return f"{_ROOTS[market]}/exchangeInfo", orjson.dumps(answer)
