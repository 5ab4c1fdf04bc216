"""Where Binance is: base URLs by environment."""

from typing import Final
from urllib.parse import urlsplit

import msgspec

from bot.domain.errors import SettingsError

__all__ = ["DEMO", "LIVE", "TESTNET", "Endpoints", "from_url"]


class Endpoints(msgspec.Struct, frozen=True, kw_only=True):
    """One environment. REST roots have no slash at the end, stream roots have one.

    The WebSocket-API addresses are complete. Source of the hosts: Binance's general
    information pages for spot, USDⓈ-M, COIN-M, spot testnet and spot demo.
    """

    name: str
    spot_rest: str
    spot_streams: str
    spot_ws_api: str
    usdm_rest: str
    usdm_streams: str
    """The categories ``public/``, ``market/`` and ``private/`` follow it."""
    usdm_ws_api: str
    coinm_rest: str
    coinm_streams: str
    usdm_private: str = "private/ws?listenKey={key}&events={events}"
    """Below ``usdm_streams``: of several forms that Binance and its clients name, the one that
    was seen to work in production since the split of 2026-04-23."""
    coinm_private: str = "ws/{key}"


LIVE: Final = Endpoints(
    name="live",
    spot_rest="https://api.binance.com/api",
    spot_streams="wss://stream.binance.com:9443/",
    spot_ws_api="wss://ws-api.binance.com:443/ws-api/v3",
    usdm_rest="https://fapi.binance.com/fapi",
    usdm_streams="wss://fstream.binance.com/",
    usdm_ws_api="wss://ws-fapi.binance.com/ws-fapi/v1",
    coinm_rest="https://dapi.binance.com/dapi",
    coinm_streams="wss://dstream.binance.com/",
)

TESTNET: Final = Endpoints(
    name="testnet",
    spot_rest="https://testnet.binance.vision/api",
    spot_streams="wss://stream.testnet.binance.vision/",
    spot_ws_api="wss://ws-api.testnet.binance.vision/ws-api/v3",
    usdm_rest="https://testnet.binancefuture.com/fapi",
    usdm_streams="wss://fstream.binancefuture.com/",
    usdm_ws_api="wss://testnet.binancefuture.com/ws-fapi/v1",
    coinm_rest="https://testnet.binancefuture.com/dapi",
    coinm_streams="wss://dstream.binancefuture.com/",
)

DEMO: Final = Endpoints(
    name="demo",
    spot_rest="https://demo-api.binance.com/api",
    spot_streams="wss://demo-stream.binance.com/",
    spot_ws_api="wss://demo-ws-api.binance.com/ws-api/v3",
    usdm_rest="https://demo-fapi.binance.com/fapi",
    usdm_streams="wss://fstream.binancefuture.com/",
    usdm_ws_api="wss://testnet.binancefuture.com/ws-fapi/v1",
    coinm_rest="https://demo-dapi.binance.com/dapi",
    coinm_streams="wss://dstream.binancefuture.com/",
)


def from_url(url: str) -> Endpoints:
    """Everything at one address, told apart by path, as the simulated exchange serves it.

    Raises:
        SettingsError: the URL has another scheme than http or https, or no host.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise SettingsError(
            f"venue URL {url!r} is not an address: write it like http://127.0.0.1:9000"
        )
    http = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
    ws = f"ws{http.removeprefix('http')}"
    return Endpoints(
        name=http,
        spot_rest=f"{http}/api",
        spot_streams=f"{ws}/",
        spot_ws_api=f"{ws}/ws-api/v3",
        usdm_rest=f"{http}/fapi",
        usdm_streams=f"{ws}/",
        usdm_ws_api=f"{ws}/ws-fapi/v1",
        coinm_rest=f"{http}/dapi",
        coinm_streams=f"{ws}/dstream/",
    )
