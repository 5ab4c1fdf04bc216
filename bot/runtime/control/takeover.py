"""Flatten past an engine that is stuck: with what it knew, and what the exchange says."""

import time
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final

from bot.domain.order import Order
from bot.domain.values import EXTERNAL, Market, OrderStatus, Side
from bot.engine.engine import Engine
from bot.engine.identity import PREFIX, flatten_id, flattened_tag, tag_of
from bot.exchange.direct import Access, DirectLine, Patience
from bot.exchange.flatten import DirectFlatten, Holding, KnownOrder, Outcome
from bot.exchange.futures.flatten import FuturesFlatten
from bot.runtime.control.deeds import Deed, Deeds
from bot.runtime.control.outlook import settled
from bot.runtime.logs import logger

__all__ = ["Account", "account_of", "flatten_directly"]

_UNANSWERED: Final = frozenset({OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNKNOWN})


class Account:
    """What is known of the account: the engine's view of it, or the database's."""

    def __init__(
        self,
        *,
        run_id: str,
        symbols: Iterable[str],
        strategies: Iterable[str],
        orders: Iterable[Order],
        positions: dict[tuple[str, str], Decimal],
        trades: dict[str, set[tuple[int, Side]]],
        is_used: Callable[[str], bool],
    ) -> None:
        """``orders`` are those that are not ended; ``trades`` are counted in ``positions``.

        ``is_used`` tells whether an order of that name is known.
        """
        self.is_used = is_used
        self.run_id = run_id
        self.orders = [order for order in orders if order.strategy_id != EXTERNAL]
        self.positions = {k: v for k, v in positions.items() if k[0] != EXTERNAL}
        self.trades = trades
        self.strategies = {
            *strategies,
            *(owner for owner, _ in self.positions),
            *(order.strategy_id for order in self.orders),
        } - {EXTERNAL}
        self.symbols = tuple(
            dict.fromkeys(
                [
                    *symbols,
                    *(symbol for _, symbol in self.positions),
                    *(order.symbol for order in self.orders),
                ]
            )
        )

    def is_ours(self, client_order_id: str) -> bool:
        """Whether an order of that name is one of our strategies', of whichever run."""
        tags = {tag_of(name) for name in self.strategies}
        return flattened_tag(client_order_id) in tags or any(
            client_order_id.startswith(f"{PREFIX}{tag}-") for tag in tags
        )

    def holdings(self, deeds: Iterable[Deed], symbol: str = "") -> list[Holding]:
        """By strategy and symbol, with the orders of which fills may not be counted yet.

        Those of an earlier flatten past the engine, of which nobody was told, are in ``deeds``.
        """
        known: dict[tuple[str, str], dict[str, KnownOrder]] = {}
        for order in self.orders:
            key = (order.strategy_id, order.symbol)
            known.setdefault(key, {})[order.client_order_id] = KnownOrder(
                client_order_id=order.client_order_id, unanswered=order.status in _UNANSWERED
            )
        for deed in deeds:
            if deed.kind == "flatten_order" and deed.strategy_id in self.strategies:
                known.setdefault((deed.strategy_id, deed.symbol), {})[deed.subject] = KnownOrder(
                    client_order_id=deed.subject
                )
        return [
            Holding(
                strategy_id=key[0],
                symbol=key[1],
                quantity=self.positions.get(key, Decimal(0)),
                orders=tuple(known.get(key, {}).values()),
                trades=frozenset(self.trades.get(key[1], ())),
            )
            for key in sorted({*known, *self.positions})
            if symbol in {"", key[1]}
        ]


def account_of(engine: Engine) -> Account:
    """The engine's view, from another thread than the loop's."""
    blotter = engine.blotter
    return settled(
        lambda: Account(
            run_id=engine.config.run_id,
            symbols=engine.cache.instruments,
            strategies=engine.host.plugins,
            orders=blotter.open_orders(),
            positions={key: held.quantity for key, held in blotter.positions.items()},
            trades=blotter.trade_ids(),
            is_used=lambda name: blotter.get(name) is not None,
        )
    )


def flatten_directly(
    access: Access,
    account: Account,
    deeds: Deeds,
    *,
    symbol: str,
    patience_s: float,
    now_ns: Callable[[], int] = time.time_ns,
) -> Outcome:
    """Cancel and close over a line of its own; blocks. Each deed is written down before it."""
    done = deeds.read()
    names = Names(account.run_id, {deed.subject for deed in done}, account.is_used)

    def tell(
        kind: str, subject: str, holding: Holding | None, side: Side | None, text: str
    ) -> None:
        deed = Deed(
            kind=kind,
            subject=subject,
            strategy_id=holding.strategy_id if holding else "",
            symbol=holding.symbol if holding else "",
            side=side.value if side else "",
            text=text,
            at_ns=now_ns(),
        )
        logger.bind(source="flatten").warning("{} {}: {}", kind, subject, text)
        try:
            deeds.add(deed)
        except OSError as e:
            # A full disk must not keep a position open.
            logger.bind(source="flatten").error("{} cannot be written down: {}", kind, e)

    with DirectLine(access) as line:
        kind = DirectFlatten if access.market is Market.SPOT else FuturesFlatten
        run = kind(
            line,
            patience=Patience(patience_s),
            is_ours=account.is_ours,
            fresh_id=names.fresh,
            tell=tell,
        )
        if isinstance(run, FuturesFlatten):
            run.owner = min(account.strategies, default="unknown")
        symbols = (symbol,) if symbol else account.symbols
        return run.run(symbols, account.holdings(done, symbol))


class Names:
    """Fresh names of closing orders in a run."""

    def __init__(self, run_id: str, used: set[str], is_used: Callable[[str], bool]) -> None:
        self._run_id = run_id
        self._used = used
        self._is_used = is_used

    def fresh(self, strategy_id: str) -> str:
        counter = 0
        while (
            made := flatten_id(strategy_id, self._run_id, counter)
        ) in self._used or self._is_used(made):
            counter += 1
        self._used.add(made)
        return made
