"""``bot sim``: the simulated exchange as a process of its own."""

import asyncio
import json
import os
import signal
import sys
import threading
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from bot.runtime.simulator import SimulatorOptions

__all__ = ["register"]

_PORT: Final = 9000
_READ_BYTES: Final = 4096
_HIGHEST_PORT: Final = 65_535


class Announce(StrEnum):
    TEXT = "text"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the group to the command tree."""
    group = typer.Typer(
        help="A simulated Binance that any client can be pointed at.", no_args_is_help=True
    )
    # A callback keeps `serve` a name of its own where it is the only command.
    group.callback()(lambda: None)
    group.command("serve")(serve)
    app.add_typer(group, name="sim")


def serve(
    port: Annotated[
        int, typer.Option(min=0, max=_HIGHEST_PORT, help="0 takes a free one.")
    ] = _PORT,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    admin: Annotated[
        bool, typer.Option("--admin", help="Offer /sim/state, /sim/faults, /sim/funds, /sim/scene.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the market: the same seed, the same prices.")] = 1,
    tape: Annotated[
        list[Path] | None,
        typer.Option(
            help="Recorded frames in place of the seed, of spot, USD-M or COIN-M: a file or a "
            "session's directory; may be given several times. usdm=FILE says of which market "
            "one is, where it does not say so itself."
        ),
    ] = None,
    speed: Annotated[float, typer.Option(help="How many times faster the tape is played.")] = 1.0,
    faults: Annotated[Path | None, typer.Option(help="A JSON file of faults.")] = None,
    scene: Annotated[
        Path | None,
        typer.Option(help="A JSON file of what happens in the market: gaps, crashes, halts ..."),
    ] = None,
    symbol: Annotated[
        list[str] | None, typer.Option(help="What is traded; may be given several times.")
    ] = None,
    usdm_symbol: Annotated[
        list[str] | None,
        typer.Option(help="USD-M contracts; those of --symbol, or all, unless it is given."),
    ] = None,
    coinm_symbol: Annotated[
        list[str] | None, typer.Option(help="COIN-M contracts; all unless it is given.")
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option(
            help="KEY:SECRET[:ASSET=AMOUNT,...], beside sim-key:sim-secret; "
            "SECRET may be @FILE, an RSA or Ed25519 public key in PEM."
        ),
    ] = None,
    insurance: Annotated[
        str,
        typer.Option(
            help="ASSET=AMOUNT,... in the futures' insurance funds: with little in them, positions "
            "are deleveraged."
        ),
    ] = "",
    state: Annotated[
        Path | None, typer.Option(help="Keep accounts, orders and trades in this file.")
    ] = None,
    time_scale: Annotated[
        float, typer.Option(help="Multiplies pings, lifetimes and bans: 0.01 is 100 times faster.")
    ] = 1.0,
    limits: Annotated[
        str,
        typer.Option(
            help="Connection and request rules: lifetime_s=60,connects=20,weight_per_minute=100, "
            "or a JSON file of them."
        ),
    ] = "",
    announce: Annotated[
        Announce, typer.Option(help='json: the first line is {"port": N}; so it is with --port 0.')
    ] = Announce.TEXT,
    exit_with_parent: Annotated[
        bool, typer.Option("--exit-with-parent", help="End when standard input ends.")
    ] = False,
) -> None:
    """Serve a simulated Binance, spot and futures: REST, streams and WebSocket APIs on one port.

    Example: bot sim serve --port 9000 --admin --symbol BTCUSDT
    """
    from bot.runtime.logs import configure
    from bot.runtime.loop import run_async
    from bot.runtime.simulator import SimulatorOptions

    configure(level="INFO", style="text")
    options = SimulatorOptions(
        host=host,
        port=port,
        admin=admin,
        seed=seed,
        tapes=tuple(tape or ()),
        speed=speed,
        faults=faults,
        scene=scene,
        symbols=_listed(symbol),
        usdm_symbols=_listed(usdm_symbol),
        coinm_symbols=_listed(coinm_symbol),
        accounts=tuple(account or ()),
        insurance=insurance,
        state=state,
        time_scale=time_scale,
        limits=limits,
    )
    as_json = announce is Announce.JSON or port == 0
    run_async(_serve(options, as_json=as_json, until_stdin_ends=exit_with_parent))


def _listed(texts: list[str] | None) -> tuple[str, ...]:
    return tuple(name for text in texts or () for name in text.split(",") if name)


async def _serve(options: "SimulatorOptions", *, as_json: bool, until_stdin_ends: bool) -> None:
    from bot.runtime.simulator import simulator

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if until_stdin_ends:
        watch = threading.Thread(target=_wait_for_end_of_stdin, args=(loop, stop), daemon=True)
        watch.start()
    async with simulator(options) as server:
        if as_json:
            print(json.dumps({"port": server.port}), flush=True)
        print(_greeting(options, server.port), flush=True)
        await stop.wait()


def _wait_for_end_of_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    try:
        while os.read(sys.stdin.fileno(), _READ_BYTES):
            pass
    except (OSError, ValueError):
        # There is no standard input: nobody holds the other end.
        pass
    if not loop.is_closed():
        loop.call_soon_threadsafe(stop.set)


def _greeting(options: "SimulatorOptions", port: int) -> str:
    at = f"{options.host}:{port}"
    tapes = " ".join(map(str, options.tapes))
    source = f"tape {tapes} x{options.speed:g}" if tapes else f"seed {options.seed}"
    control = (
        f"http://{at}/sim/state  /sim/faults  /sim/funds  /sim/scene"
        if options.admin
        else "off; on with --admin"
    )
    return f"""Simulated Binance on {at} ({source}); stop it with Ctrl-C

  REST           http://{at}/api/v3
  streams        ws://{at}/ws/<stream>  ws://{at}/stream?streams=<a>/<b>
  WebSocket API  ws://{at}/ws-api/v3
  USD-M futures  http://{at}/fapi  ws://{at}/public  /market  /private  /ws-fapi/v1
  COIN-M         http://{at}/dapi  ws://{at}/dstream  /ws-dapi/v1
  control        {control}
  account        sim-key, sim-secret

python-binance:

  client = AsyncClient("sim-key", "sim-secret")
  client.API_URL = "http://{at}/api"
  client.ws_api._url = "ws://{at}/ws-api/v3"
  sockets = BinanceSocketManager(client)
  sockets.STREAM_URL = "ws://{at}/"
  sockets.FSTREAM_URL = "ws://{at}/"
  client.FUTURES_URL = "http://{at}/fapi"; client.FUTURES_COIN_URL = "http://{at}/dapi"
  client.ws_future._url = "ws://{at}/ws-fapi/v1"; sockets.DSTREAM_URL = "ws://{at}/dstream/"

this bot:

  bot run --venue sim --venue-url http://{at} --strategy sma_cross --symbol BTCUSDT
"""
