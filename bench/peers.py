"""Other clients of Binance's streams, in an environment of their own (`.venv-bench`).

Run: python peers.py CONTENDER URL --count N [--warm-up N]. As bench/receivers.py.
Each gets what it can take of the mix: no client is given streams that it does not know.
"""

import argparse
import asyncio
import logging
from collections.abc import Callable
from typing import Any

import frames
from handlers import CORE, Handlers, finish
from sender import pin


def _ws(url: str) -> str:
    return url.replace("http", "ws", 1)


def _of(*kinds: str) -> list[str]:
    return [name for name in frames.streams() if name.partition("@")[2] in kinds]


def unicorn(args: argparse.Namespace) -> None:
    """On picows, in its fast mode, with a callback; decoded to dictionaries by orjson."""
    import orjson
    from unicorn_binance_websocket_api import BinanceWebSocketApiManager

    handlers = Handlers()

    def heard(data: Any, *_: Any, **__: Any) -> None:
        message = orjson.loads(data)
        if "data" not in message:
            return  # the answer to its subscription
        handlers.on_message(message["data"])
        if handlers.done.done():
            finish(handlers.done.result())

    asyncio.set_event_loop(asyncio.new_event_loop())

    async def prepare() -> None:
        handlers.prepare(args.count, args.warm_up)

    asyncio.get_event_loop().run_until_complete(prepare())
    manager = BinanceWebSocketApiManager(
        exchange="binance.com",
        websocket_base_uri=f"{_ws(args.url)}/",
        websocket_library="picows",
        process_stream_data=heard,
        high_performance=True,
        disable_colorama=True,
        warn_on_update=False,
    )
    kinds = ["bookTicker", "trade", "aggTrade", "depth20@100ms"]
    manager.create_stream(channels=kinds, markets=[name.lower() for name in frames.SYMBOLS])
    asyncio.get_event_loop().run_forever()


def cryptofeed(args: argparse.Namespace) -> None:
    """Book tickers and aggregate trades: it has neither single trades nor partial books."""
    from cryptofeed import FeedHandler, connection
    from cryptofeed.connection import WebsocketEndpoint
    from cryptofeed.defines import TICKER, TRADES
    from cryptofeed.exchanges import Binance
    from cryptofeed.symbols import Symbols

    handlers = Handlers()
    named = {f"{name.removesuffix('USDT')}-USDT": name for name in frames.SYMBOLS}
    Symbols.set(
        Binance.id, named, {"tick_size": {}, "instrument_type": dict.fromkeys(named, "spot")}
    )
    # It takes addresses of encrypted connections only: encryption is left out for everybody.
    secured, plain = _ws(args.url).replace("ws", "wss", 1), _ws(args.url)
    Binance.websocket_endpoints = [WebsocketEndpoint(secured)]
    connect = connection.connect
    connection.connect = lambda address, **options: connect(
        address.replace(secured, plain, 1), **options
    )

    async def heard(_data: Any, _received: float) -> None:
        if not hasattr(handlers, "seen"):
            handlers.prepare(args.count, args.warm_up)
        handlers.on_message(None)
        if handlers.done.done():
            finish(handlers.done.result())

    feeds = FeedHandler(config={"log": {"filename": "/dev/null", "level": "ERROR"}})
    channels, callbacks = [TICKER, TRADES], {TICKER: heard, TRADES: heard}
    feeds.add_feed(Binance(symbols=list(named), channels=channels, callbacks=callbacks))
    feeds.run()


def ccxt(args: argparse.Namespace) -> None:
    """Book tickers and trades; its books are made of differences and a snapshot over REST."""
    from ccxt import pro

    async def run() -> None:
        handlers = Handlers()
        done = handlers.prepare(args.count, args.warm_up)

        class Counting(pro.binance):  # type: ignore[misc]
            def handle_message(self, client: Any, message: Any) -> None:
                super().handle_message(client, message)
                handlers.on_message(message)
                if done.done():
                    finish(done.result())

        exchange = Counting({"options": {"defaultType": "spot", "streamLimits": {"spot": 1}}})
        exchange.urls["api"]["ws"]["spot"] = f"{_ws(args.url)}/ws"
        exchange.set_markets([_ccxt_market(exchange, name) for name in frames.SYMBOLS])
        names = list(exchange.markets)

        async def watch(method: Callable[..., Any]) -> None:
            while True:
                await method(names)

        await asyncio.gather(
            watch(exchange.watch_bids_asks), watch(exchange.watch_trades_for_symbols)
        )

    asyncio.run(run())


def _ccxt_market(exchange: Any, name: str) -> Any:
    base = name.removesuffix("USDT")
    return exchange.safe_market_structure(
        {
            "id": name,
            "lowercaseId": name.lower(),
            "symbol": f"{base}/USDT",
            "base": base,
            "quote": "USDT",
            "baseId": base,
            "quoteId": "USDT",
            "type": "spot",
            "spot": True,
            "active": True,
            "precision": {"price": 1e-8, "amount": 1e-8},
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    clients = {"unicorn": unicorn, "cryptofeed": cryptofeed, "ccxt": ccxt}
    parser.add_argument("contender", choices=clients)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--warm-up", type=int, default=1)
    args = parser.parse_args()
    logging.disable(logging.ERROR)
    pin(CORE)
    clients[args.contender](args)


if __name__ == "__main__":
    main()
