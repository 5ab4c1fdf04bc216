"""Every request of futures that a client of others can make is answered, or left out on purpose."""

import json
import re
import urllib.error
import urllib.request
from pathlib import Path

import binance.async_client
import ccxt
import pytest
from binance_sdk_derivatives_trading_usds_futures import rest_api

UNKNOWN_PATH = -5000
DOWNLOADS = {f"{what}/asyn{tail}" for what in ("income", "order", "trade") for tail in ("", "/id")}
# Not of trading or its markets, or gone from Binance as well.
LEFT_OUT = {
    "files of history, made elsewhere and fetched by link": DOWNLOADS,
    "portfolio margin": {"pmAccountInfo", "pmExchangeInfo"},
    "conversion of assets": {
        f"convert/{what}" for what in ("exchangeInfo", "orderStatus", "getQuote", "acceptQuote")
    },
    "programmes of brokers": {
        f"apiReferral/{what}"
        for what in (
            *("ifNewUser", "customization", "userCustomization", "traderNum", "overview"),
            *("tradeVol", "rebateVol", "traderSummary"),
        )
    },
    "versions that are gone": {"v1/account", "v1/balance", "v1/positionRisk"},
    "leveraged tokens, which are gone": {"lvtKlines"},
    "paths that Binance does not have: the client's slips": {"batchOrder"},
}
HTTP_OF_CCXT = {"GET": {"stock/contract"}}
"""Listed with another method than Binance's own SDK has."""


def routes_of_the_sdk():
    """(method, path) of every call."""
    for module in Path(rest_api.__file__).parent.glob("api/*_api.py"):
        yield from re.findall(r'method="(\w+)",\s*path="([^"]+)"', module.read_text())


def routes_of_ccxt():
    api = ccxt.binanceusdm().describe()["api"]
    for group, methods in api.items():
        found = re.fullmatch(r"(fapi|dapi)(Public|Private|Data)(V\d)?", group)
        if not found:
            continue
        market, kind, version = found.groups()
        prefix = "/futures/data" if kind == "Data" else f"/{market}/{(version or 'v1').lower()}"
        for method, paths in methods.items():
            for path in paths:
                if path not in HTTP_OF_CCXT.get(method.upper(), ()):
                    yield method.upper(), f"{prefix}/{path}"


def routes_of_python_binance():
    source = Path(binance.async_client.__file__).read_text()
    call = re.compile(
        r'_request_futures_(api|coin_api|data_api|coin_data_api)\(\s*"(\w+)",\s*"([^"]+)"([^)]*)\)'
    )
    for kind, method, path, rest in call.findall(source):
        version = re.search(r"version=(\d)", rest)
        number = version[1] if version else "1"
        prefix = {"api": f"/fapi/v{number}", "coin_api": f"/dapi/v{number}"}.get(kind)
        yield method.upper(), f"{prefix or '/futures/data'}/{path}"


def left_out(path):
    """Why nothing answers there; "" where something must."""
    versioned = path.removeprefix("/fapi/")
    tails = {versioned, re.sub(r"^/[fd]api/v\d/", "", path)}
    return next((why for why, paths in LEFT_OUT.items() if tails & paths), "")


def is_known(exchange, method, path):
    request = urllib.request.Request(exchange.http + path, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10):
            return True
    except urllib.error.HTTPError as e:
        return json.loads(e.read())["code"] != UNKNOWN_PATH


@pytest.mark.parametrize(
    ("routes", "least"),
    [(routes_of_the_sdk, 80), (routes_of_ccxt, 120), (routes_of_python_binance, 110)],
    ids=["sdk", "ccxt", "python-binance"],
)
def test_every_path_is_answered_or_left_out_for_a_reason(exchange, routes, least):
    asked = sorted(set(routes()))
    assert len(asked) > least
    unanswered = [
        f"{method} {path}"
        for method, path in asked
        if not left_out(path) and not is_known(exchange, method, path)
    ]
    assert unanswered == []


def test_what_is_left_out_is_not_answered(exchange):
    routes = {*routes_of_the_sdk(), *routes_of_ccxt(), *routes_of_python_binance()}
    known = [path for method, path in routes if left_out(path) and is_known(exchange, method, path)]
    assert known == []
