"""The clients that the ingest benchmark compares, each in a process of its own.

Run: python receivers.py CONTENDER URL --count N [--warm-up N] [--timed]. Prints one line of JSON:
wall and CPU seconds between the message after the warm-up and the last one, and with
``--timed`` how long each message took from the sender to the handler.
"""

import argparse
import asyncio
import base64
import json
import os
import socket
import time
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import frames
from sender import pin

CORE = 0


class Handlers:
    """Counts the messages and times the run; what every contender's messages end in."""

    def prepare(self, args: argparse.Namespace) -> asyncio.Future[dict[str, Any]]:
        self.seen = 0
        self.mark = args.warm_up
        self.last = args.warm_up + args.count
        self.delays: list[int] = []
        self.done: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        return self.done

    def on_quote(self, _quote: Any) -> None:
        self.seen += 1
        if self.seen == self.mark:
            self.turn()

    on_trade = on_agg_trade = on_book = on_message = on_quote

    def turn(self) -> None:
        """Begin to measure, or end it."""
        if self.mark < self.last:
            self.mark = self.last
            self.delays.clear()
            self.began = time.perf_counter(), time.process_time()
            return
        wall_s = time.perf_counter() - self.began[0]
        cpu_s = time.process_time() - self.began[1]
        self.done.set_result({"wall_s": wall_s, "cpu_s": cpu_s, "delays_us": _spread(self.delays)})


class TimingHandlers(Handlers):
    """Takes the send time out of each message as well."""

    def on_quote(self, quote: Any) -> None:
        self.delays.append(time.time_ns() - quote.update_id)
        super().on_quote(quote)

    on_book = on_quote

    def on_trade(self, trade: Any) -> None:
        self.delays.append(time.time_ns() - trade.trade_id)
        super().on_quote(trade)

    def on_agg_trade(self, trade: Any) -> None:
        self.delays.append(time.time_ns() - trade.agg_id)
        super().on_quote(trade)

    def on_message(self, message: Any) -> None:
        key = _NUMBER_KEYS[message["stream"].partition("@")[2]]
        self.delays.append(time.time_ns() - message["data"][key])
        super().on_quote(message)


_NUMBER_KEYS = {"bookTicker": "u", "trade": "t", "aggTrade": "a", "depth20@100ms": "lastUpdateId"}


def _spread(delays_ns: list[int]) -> dict[str, float]:
    delays = sorted(delays_ns)
    shares = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
    return {name: delays[int(len(delays) * at)] / 1000 for name, at in shares.items() if delays}


async def bot(args: argparse.Namespace) -> dict[str, Any]:
    """The whole bot: feed, pump, engine with cache and bus, and a strategy's callbacks."""
    from bot import StrategyParams
    from bot.domain.commands import Command, Subscribe, Sweep
    from bot.domain.events import Event, FeedChanged, FeedKind, FeedState, SweepCompleted
    from bot.domain.instrument import Instrument
    from bot.engine.engine import Engine, EngineConfig
    from bot.engine.host import StrategySpec
    from bot.exchange.endpoints import from_url
    from bot.exchange.market_feed import BinanceMarketFeed
    from bot.exchange.session import Session
    from bot.runtime.clock import WallClock
    from bot.runtime.pump import Pump
    from bot.storage.memory import MemoryStore
    from bot.strategy.strategy import Strategy

    kind = TimingHandlers if args.timed else Handlers

    class Counting(kind, Strategy[StrategyParams]):
        def on_start(self) -> None:
            for symbol in self.symbols:
                self.subscribe_quotes(symbol)
                self.subscribe_trades(symbol)
                self.subscribe_agg_trades(symbol)
                self.subscribe_book(symbol, levels=20)

    def dispatch(commands: Sequence[Command], _mark: int) -> None:
        for command in commands:
            if isinstance(command, Subscribe):
                feed.subscribe(command.subscriptions)
            elif isinstance(command, Sweep):
                # An account without orders: the sweep that a run begins with finds nothing.
                now_ns = clock.now_ns()
                last_ids = dict.fromkeys(frames.SYMBOLS, -1)
                swept = SweepCompleted(
                    generation=command.generation,
                    last_trade_ids=last_ids,
                    asked_ns=now_ns,
                    recv_ns=now_ns,
                )
                asyncio.get_running_loop().call_soon(pump.emit, swept)

    clock = WallClock()
    session = Session(from_url(args.url))
    instruments = {symbol: _instrument(Instrument, symbol) for symbol in frames.SYMBOLS}
    engine = Engine(EngineConfig(run_id="bench"), instruments, stopwatch=time.perf_counter_ns)
    spec = StrategySpec("counting", Counting, StrategyParams(), tuple(frames.SYMBOLS))
    engine.host.load(spec, {})
    pump = Pump(engine, MemoryStore(), dispatch=dispatch)
    feed = BinanceMarketFeed(session, pump.emit, clock)
    strategy: Any = engine.host.plugins["counting"].strategy
    done = strategy.prepare(args)
    engine.watch_prices()
    up: Event = FeedChanged(
        feed=FeedKind.USER, name="user", state=FeedState.UP, cause="", recv_ns=clock.now_ns()
    )
    pump.emit(up)
    await asyncio.sleep(0.05)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(feed.run()), tasks.create_task(_tick(pump, clock))]
        reading = await done
        for task in running:
            task.cancel()
    await session.close()
    lost = (feed.broken_frames, feed.unknown_frames, pump.faults, strategy.strategy_id)
    if any(lost[:3]) or engine.counts["incident:strategy_fault"]:
        raise SystemExit(f"broken, unknown frames and faults: {lost}")
    return {**reading, "own_us": pump.latency.quantiles_us()}


async def _tick(pump: Any, clock: Any) -> None:
    from bot.domain.events import TimePassed

    while True:
        await asyncio.sleep(0.1)
        pump.emit(TimePassed(recv_ns=clock.now_ns()))


def _instrument(make: Any, symbol: str) -> Any:
    _, price_decimals, size_decimals = frames.SYMBOLS[symbol]
    return make(
        symbol=symbol,
        base=symbol.removesuffix("USDT"),
        quote="USDT",
        tick_size=Decimal(1).scaleb(-price_decimals),
        step_size=Decimal(1).scaleb(-size_decimals),
        min_quantity=Decimal(1).scaleb(-size_decimals),
        max_quantity=Decimal(9_000_000),
        min_notional=Decimal(5),
    )


async def python_binance(args: argparse.Namespace) -> dict[str, Any]:
    """python-binance as its documentation shows it, but with a queue that does not overflow."""
    from binance import AsyncClient, BinanceSocketManager

    client = AsyncClient()
    manager = BinanceSocketManager(client, max_queue_size=10**9)
    manager.STREAM_URL = args.url.replace("http", "ws", 1) + "/"
    manager.ws_kwargs = {"proxy": None}
    handlers = TimingHandlers() if args.timed else Handlers()
    done = handlers.prepare(args)
    async with manager.multiplex_socket(frames.streams()) as stream:
        while not done.done():
            handlers.on_message(await stream.recv())
        # The library waits ten seconds before it closes: what was measured goes out first.
        _finish(done.result())
    raise AssertionError


async def picows_msgspec(args: argparse.Namespace, *, by_key: bool) -> dict[str, Any]:
    """Typed msgspec structs on picows, straight into the handlers: no bot round it.

    In two passes, the envelope and then its data by the stream's type; or, ``by_key``, in
    one, chosen by the frame's first bytes: the least that a typed message can cost.
    """
    import msgspec
    import picows
    import wire

    handlers = TimingHandlers() if args.timed else Handlers()
    done = handlers.prepare(args)
    ways = {
        "bookTicker": (wire.Quote, handlers.on_quote),
        "trade": (wire.Trade, handlers.on_trade),
        "aggTrade": (wire.AggTrade, handlers.on_agg_trade),
        "depth20@100ms": (wire.Book, handlers.on_book),
    }

    def decoder(kind: Any) -> Any:
        return msgspec.json.Decoder(kind, strict=False).decode

    open_envelope = decoder(wire.Envelope)
    by_type = {name: (decoder(data), handle) for name, (data, handle) in ways.items()}
    by_prefix = {
        f'{{"stream":"{name}"'.encode(): (decoder(wire.Frame[data]), handle)
        for name in frames.streams()
        for data, handle in (ways[name.partition("@")[2]],)
    }

    class TwoPasses(picows.WSListener):  # type: ignore[misc]
        def on_ws_frame(self, _transport: Any, frame: Any) -> None:
            envelope = open_envelope(frame.get_payload_as_memoryview())
            decode, handle = by_type[envelope.stream.partition("@")[2]]
            handle(decode(envelope.data))

    class OnePass(picows.WSListener):  # type: ignore[misc]
        def on_ws_frame(self, _transport: Any, frame: Any) -> None:
            payload = frame.get_payload_as_bytes()
            decode, handle = by_prefix[payload.partition(b",")[0]]
            handle(decode(payload).data)

    url = f"{args.url.replace('http', 'ws', 1)}/stream?streams={'/'.join(frames.streams())}"
    transport, _ = await picows.ws_connect(OnePass if by_key else TwoPasses, url)
    reading = await done
    transport.disconnect()
    return reading


def raw(args: argparse.Namespace) -> dict[str, Any]:
    """Only takes the bytes off the socket: how fast the sender can be."""
    at = urlsplit(args.url)
    blob_bytes = len(frames.flood())
    buffer = bytearray(1 << 18)
    with socket.create_connection((at.hostname, at.port)) as client:
        key = base64.b64encode(os.urandom(16)).decode()
        request = f"GET {at.path}/stream HTTP/1.1\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        client.sendall(request.encode())

        def take(messages: int) -> None:
            left = messages * blob_bytes // frames.FRAMES
            while left > 0:
                left -= client.recv_into(buffer)

        take(args.warm_up)
        began = time.perf_counter(), time.process_time()
        take(args.count)
        return {
            "wall_s": time.perf_counter() - began[0],
            "cpu_s": time.process_time() - began[1],
            "delays_us": {},
        }


def _finish(reading: dict[str, Any]) -> None:
    print(json.dumps(reading), flush=True)
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ("bot", "python-binance", "python-binance-uvloop", "two-pass", "floor", "raw")
    parser.add_argument("contender", choices=names)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--warm-up", type=int, default=1)
    parser.add_argument("--timed", action="store_true", help="frames carry their send time")
    args = parser.parse_args()
    pin(CORE)
    if args.contender == "raw":
        _finish(raw(args))
    elif args.contender == "python-binance":
        asyncio.run(python_binance(args))
    else:
        from bot.runtime.loop import run_async

        clients = {
            "bot": bot,
            "two-pass": partial(picows_msgspec, by_key=False),
            "floor": partial(picows_msgspec, by_key=True),
            "python-binance-uvloop": python_binance,
        }
        _finish(run_async(clients[args.contender](args)))


if __name__ == "__main__":
    main()
