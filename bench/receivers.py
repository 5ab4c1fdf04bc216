"""The clients that need what the bot needs: itself, a bare loop, python-binance, a raw reader.

Run: python receivers.py CONTENDER URL --count N [--warm-up N] [--how plain|timed|burst]
Prints one line of JSON: wall and CPU seconds between the message after the warm-up and the last
one, and with ``timed`` how long each message took from the sender to the handler.
"""

import argparse
import asyncio
import base64
import contextlib
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import frames
from handlers import CORE, finish, handlers_for
from sender import pin

_FEW = 10
_STREAMS_A_CONNECTION = 200
"""As the bot has it."""


def streams_for(count: int) -> list[str]:
    """The mix's own streams; or so many: ten or a thousand."""
    if count == _FEW:
        per_kind = {"bookTicker": 3, "trade": 3, "aggTrade": 2, "depth20@100ms": 2}
        return [
            f"{symbol.lower()}@{kind}"
            for kind, number in per_kind.items()
            for symbol in frames.symbols(number)
        ]
    return frames.streams(count // 4) if count else frames.streams()


async def bot(args: argparse.Namespace) -> dict[str, Any]:
    """The whole bot."""
    from thebot import TheBot

    with recorder() if args.record else contextlib.nullcontext() as tap:
        contender = TheBot(args.url, args.how, streams_for(args.streams), tap)
        return await contender.read(args.count, args.warm_up, memory=args.memory)


@contextlib.contextmanager
def recorder() -> Iterator[Any]:
    """What `bot run --record` listens in with, into a directory that goes again."""
    from bot.history.session import SessionRecording

    with tempfile.TemporaryDirectory() as directory:
        recording = SessionRecording(Path(directory), "bench", about={})
        recording.start()
        yield recording
        recording.close()
        if recording.failed or recording.manifest.lost_frames:
            raise SystemExit(f"recording: {recording.failed or 'frames were lost'}")


async def python_binance(args: argparse.Namespace) -> dict[str, Any]:
    """python-binance as its documentation shows it, but with a queue that does not overflow."""
    from binance import AsyncClient, BinanceSocketManager

    client = AsyncClient()
    manager = BinanceSocketManager(client, max_queue_size=10**9)
    manager.STREAM_URL = args.url.replace("http", "ws", 1) + "/"
    manager.ws_kwargs = {"proxy": None}
    handlers = handlers_for(args.how)()
    done = handlers.prepare(args.count, args.warm_up)
    async with manager.multiplex_socket(frames.streams()) as stream:
        while not done.done():
            handlers.on_message((await stream.recv())["data"])
        # The library waits ten seconds before it closes: what was measured goes out first.
        finish(done.result())
    raise AssertionError


async def picows_msgspec(args: argparse.Namespace, *, by_key: bool) -> dict[str, Any]:
    """Typed msgspec structs on picows, straight into the handlers: no bot round it.

    In two passes, the envelope and then its data by the stream's type; or, ``by_key``, in
    one, chosen by the frame's first bytes: the least that a typed message can cost.
    """
    import msgspec
    import picows
    import wire

    handlers = handlers_for(args.how)()
    done = handlers.prepare(args.count, args.warm_up)
    names = streams_for(args.streams)
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
        for name in names
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

    url = args.url.replace("http", "ws", 1)
    for at in range(0, len(names), _STREAMS_A_CONNECTION):
        some = "/".join(names[at : at + _STREAMS_A_CONNECTION])
        await picows.ws_connect(OnePass if by_key else TwoPasses, f"{url}/stream?streams={some}")
    return await done


def raw(args: argparse.Namespace) -> dict[str, Any]:
    """Only takes the bytes off the socket: how fast the sender can be."""
    at = urlsplit(args.url)
    blob_bytes = len(frames.Flood(frames.messages(frames.streams())).data)
    buffer = bytearray(1 << 18)
    with socket.create_connection((at.hostname, at.port)) as client:
        key = base64.b64encode(os.urandom(16)).decode()
        names = "/".join(frames.streams())
        request = (
            f"GET {at.path}/stream?streams={names} HTTP/1.1\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        )
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ("bot", "python-binance", "python-binance-uvloop", "two-pass", "floor", "raw")
    parser.add_argument("contender", choices=names)
    parser.add_argument("url")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--warm-up", type=int, default=1)
    parser.add_argument("--how", choices=("plain", "timed", "burst"), default="plain")
    parser.add_argument("--streams", type=int, default=0, help="bot and floors: so many streams")
    parser.add_argument("--record", action="store_true", help="bot only: with a recorder")
    parser.add_argument("--memory", action="store_true", help="bot only: memory at each million")
    args = parser.parse_args()
    pin(CORE)
    if args.contender == "raw":
        finish(raw(args))
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
        finish(run_async(clients[args.contender](args)))


if __name__ == "__main__":
    main()
