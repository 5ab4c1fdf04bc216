"""Every recorded session of a futures market can be played, and traded on."""

from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.json import decode, encode

from bot.history.recording import Recorder
from bot.history.tape import read, read_all
from bot.simulation.emissions import RawFrame
from bot.simulation.futures.account import opened
from bot.simulation.futures.emissions import MarkChanged
from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.futures.tape import FuturesTapeMarket

D = Decimal
START_MS = 1_700_000_000_000
CAPTURES = Path(__file__).parents[4] / "shared" / "data" / "ws" / "captures"
LEVELS = 10
MIDNIGHT_MS = 1_680_652_800_000

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason=f"no recorded sessions at {CAPTURES}")


def days(market, *of):
    return [CAPTURES / "hftbacktest" / f"{market}_{day}.gz" for day in of]


def flattened(pattern):
    return sorted((CAPTURES / "binance_data_processor").glob(pattern))


WITH_SNAPSHOT = [
    ("usdm", days("usdm_btcusdt", 20230404, 20230405)),
    ("usdm", days("usdm_btcusdt", 20240718, 20240719)),
    ("usdm", days("usdm_btcusdt", 20240808)),
    ("coinm", days("coinm_btcusd_perp", 20240808, 20240809)),
    ("usdm", [CAPTURES / "cryptofeed" / "usdm_2021-04-05"]),
    ("usdm", [CAPTURES / "cryptofeed" / "usdm_2021-07-22"]),
    ("coinm", [CAPTURES / "cryptofeed" / "coinm_2021-07-21"]),
    ("usdm", flattened("merged_*_usd_m_futures_*positive*")),
]
WITHOUT = [
    ("usdm", days("usdm_btcusdt", 20230405)),
    ("usdm", days("usdm_btcusdt", 20240719)),
    ("coinm", days("coinm_btcusd_perp", 20240809)),
    *(("usdm", [path]) for path in flattened("*_usd_m_futures_*") if "merged" not in path.name),
    *(("usdm", [path]) for path in flattened("merged_*_usd_m_futures_*negative*")),
    *(("coinm", [path]) for path in flattened("*_coin_m_futures_*")),
]


def named(value):
    return value if isinstance(value, str) else "+".join(path.name.split(".")[0] for path in value)


class OwnBook:
    """The book of one symbol by Binance's procedure for futures, followed frame by frame."""

    def __init__(self):
        self.sides = {"b": {}, "a": {}}
        self.at = None
        self.waiting = []

    def feed(self, stream, data):
        if stream.startswith("/"):
            if self.at is None:
                body = decode(data)
                self._write({"b": body["bids"], "a": body["asks"]})
                self.at = body["lastUpdateId"]
                for diff in self.waiting:
                    self._apply(diff)
        elif self.at is None:
            self.waiting.append(decode(data))
        else:
            self._apply(decode(data))

    def _apply(self, diff):
        if diff["u"] < self.at:
            return
        assert diff["pu"] == self.at or diff["U"] <= self.at <= diff["u"]
        self._write(diff)
        self.at = diff["u"]

    def _write(self, levels):
        for key, side in self.sides.items():
            side |= {D(price): D(quantity) for price, quantity in levels[key]}

    def top(self):
        held = {
            key: sorted((level for level in side.items() if level[1]), reverse=key == "b")
            for key, side in self.sides.items()
        }
        return [held["b"][:LEVELS], held["a"][:LEVELS]]


class Player:
    def __init__(self, kind, frames, *, speed=1.0):
        self.market = FuturesTapeMarket(kind, (frame[:3] for frame in frames), speed=speed)
        contracts = self.market.contracts()
        assets = {contract.margin_asset: D(10**8) for contract in contracts}
        self.exchange = FuturesExchange(
            market=kind,
            symbols=contracts,
            accounts=[opened("alice", "s", kind, assets)],
            source=self.market,
            start_ms=START_MS,
        )
        self.contracts = {contract.symbol: contract for contract in contracts}
        self.now = START_MS
        self.seen = []

    def step(self, step_ms=1000):
        self.now += step_ms
        self.exchange.advance(self.now)
        new = self.exchange.take()
        self.seen += new
        return new

    def served(self, symbol):
        body = self.exchange.depth({"symbol": symbol, "limit": str(LEVELS)})
        sides = [[(D(p), D(q)) for p, q in body[side]] for side in ("bids", "asks")]
        return body["lastUpdateId"], sides

    def order(self, symbol, side="BUY", **params):
        contract, quotes = self.contracts[symbol], self.exchange.best(symbol)
        worth = contract.value(contract.step, quotes[1][0])
        least = max(contract.step, contract.min_notional / worth * contract.step * 2)
        params = {"symbol": symbol, "side": side, "type": "MARKET", **params}
        params["quantity"] = format(least // contract.step * contract.step, "f")
        placed = self.exchange.place_order("alice", params, self.now)
        chosen = {"symbol": symbol, "orderId": str(placed["orderId"])}
        return lambda: self.exchange.query_order("alice", chosen, self.now)

    def fills(self, symbol):
        return self.exchange.user_trades("alice", {"symbol": symbol}, self.now)


def depth_symbol(stream):
    """Whose book a frame is about; '' if it is about none."""
    if stream.startswith("/"):
        path, _, query = stream.partition("?")
        return query.partition("symbol=")[2].partition("&")[0] if path.endswith("depth") else ""
    symbol, _, kind = stream.partition("@")
    return symbol.upper() if kind.startswith("depth@") else ""


@pytest.mark.parametrize(("kind", "paths"), WITH_SNAPSHOT, ids=named)
def test_the_served_book_is_the_captures_own_to_its_end(kind, paths):
    taped = list(read_all(paths))
    player = Player(kind, taped)
    own = {symbol: OwnBook() for symbol in player.contracts}
    frames = [(symbol, frame) for frame in taped if (symbol := depth_symbol(frame.stream)) in own]
    following = iter(frames)
    checked = dict.fromkeys(own, 0)

    def follow(symbol, update_id):
        """Up to that update; whether it was met."""
        while own[symbol].at is None or own[symbol].at < update_id:
            found = next(following, None)
            if found is None:
                return False
            own[found[0]].feed(found[1].stream, found[1].data)
        return own[symbol].at == update_id

    while not player.market.ended:
        player.step(2000)
        for symbol, book in own.items():
            update_id, served = player.served(symbol)
            if book.at is not None and update_id < book.at:
                continue
            if update_id and follow(symbol, update_id):
                assert served == book.top(), (symbol, update_id)
                checked[symbol] += 1
    assert all(checked.values()), checked
    raw = sum(isinstance(e, RawFrame) for e in player.seen)
    assert raw == sum(1 for f in taped if f.stream and not f.stream.startswith("/"))


@pytest.mark.parametrize(("kind", "paths"), WITH_SNAPSHOT[4:] + WITHOUT, ids=named)
def test_orders_of_an_account_fill_at_captured_prices(kind, paths):
    taped = list(read_all(paths))
    is_long = taped[-1].recv_ns - taped[0].recv_ns > 3600 * 10**9
    player = Player(kind, taped, speed=20.0 if is_long else 1.0)
    known = {symbol: set() for symbol in player.contracts}
    for frame in taped:
        symbol = frame.symbol or depth_symbol(frame.stream)
        if symbol in known:
            body = decode(frame.data)
            levels = [*body.get("bids", ()), *body.get("asks", ())]
            if "depth" in frame.stream:
                levels += [*body.get("b", ()), *body.get("a", ())]
            elif "bookTicker" in frame.stream:
                levels += [(body["b"], 0), (body["a"], 0)]
            known[symbol] |= {D(p) for p, _ in levels} | {D(body.get("p", 0))}
    for _ in range(20):
        player.step()
    quoted = [symbol for symbol in player.contracts if player.exchange.best(symbol)]
    assert quoted
    has_book = any("depth" in frame.stream for frame in taped)
    for symbol in quoted:
        (bid, _), (ask, _) = player.exchange.best(symbol)
        assert 0 < bid < ask, symbol
        for side, best in (("BUY", ask), ("SELL", bid)):
            before = player.fills(symbol)
            body = player.order(symbol, side)()
            assert body["status"] == "FILLED", (symbol, body)
            first = player.fills(symbol)[len(before)]
            if has_book:
                assert D(first["price"]) == best
                assert best in known[symbol], symbol
    assert player.exchange.state()["positions"] == []
    # Two days of one market are played to their end as one tape, above.
    while not player.market.ended and paths[0].parent.name != "hftbacktest":
        player.step()


def test_marks_and_the_funding_at_midnight_are_the_captured_ones():
    kind, paths = WITH_SNAPSHOT[0]
    until_ns = (MIDNIGHT_MS + 30_000) * 10**6
    taped = [frame for frame in read_all(paths) if frame.recv_ns < until_ns]
    player = Player(kind, taped)
    player.step(5000)
    bought = player.order("BTCUSDT")()
    while not player.market.ended:
        player.step()
    marks = [decode(f.data) for f in taped if "markPrice" in f.stream]
    told = [e for e in player.seen if isinstance(e, MarkChanged)]
    assert len(told) == len(marks) > 120
    for seen, captured in zip(told, marks, strict=True):
        assert (seen.mark, seen.index) == (D(captured["p"]), D(captured["i"]))
        assert (seen.funding_rate, seen.settle) == (D(captured["r"]), D(captured["P"]))
        assert seen.time_ms == captured["E"]
    (fee,) = player.exchange.income("alice", {"incomeType": "FUNDING_FEE"}, player.now)
    at_midnight = next(m for m in marks if m["E"] >= m["T"])
    notional = D(bought["executedQty"]) * D(at_midnight["p"])
    assert D(fee["income"]) == (-notional * D(at_midnight["r"])).quantize(D("1e-8"))
    (settled,) = player.exchange.funding_rate({"symbol": "BTCUSDT"})
    assert settled["fundingTime"] == MIDNIGHT_MS


def test_a_resting_order_fills_once_the_tape_trades_at_its_price():
    kind, paths = WITH_SNAPSHOT[2]
    player = Player(kind, read_all(paths))
    player.step(10_000)
    (bid, _), _ = player.exchange.best("BTCUSDT")
    resting = player.order("BTCUSDT", type="LIMIT", timeInForce="GTC", price=format(bid, "f"))
    assert resting()["status"] == "NEW"
    sold = []
    while resting()["status"] != "FILLED":
        raw = [e for e in player.step(100) if isinstance(e, RawFrame) and "@trade" in e.stream]
        made = [decode(e.data) for e in raw]
        sold += [D(t["p"]) for t in made if t["m"]]
    assert min(sold) <= bid
    assert D(resting()["avgPrice"]) == bid


def test_a_tape_of_our_own_recorder_plays_as_the_original(tmp_path):
    original = WITH_SNAPSHOT[1][1][0]
    with Recorder(tmp_path / "again.gz") as recorder:
        for frame in read(original):
            recorder.write(frame)
    players = [Player("usdm", read(path)) for path in (original, tmp_path / "again.gz")]
    for player in players:
        while not player.market.ended:
            player.step()
    first, second = players
    assert [type(e) for e in first.seen] == [type(e) for e in second.seen]
    assert first.served("BTCUSDT") == second.served("BTCUSDT")


def test_contracts_of_a_session_are_those_of_its_own_exchange_info():
    path = CAPTURES / "cryptofeed" / "coinm_2021-07-21"
    player = Player("coinm", read(path))
    (info,) = (decode(f.data) for f in read(path) if f.stream.endswith("/exchangeInfo"))
    recorded = {row["symbol"]: row for row in info["symbols"]}
    rows = player.exchange.exchange_info({})["symbols"]
    assert {row["symbol"] for row in rows} == {f.symbol for f in read(path) if f.symbol}
    for row in rows:
        for key in ("pair", "contractType", "deliveryDate", "contractSize", "pricePrecision"):
            assert row[key] == recorded[row["symbol"]][key], (row["symbol"], key)
        ticks = [
            next(f["tickSize"] for f in of["filters"] if f["filterType"] == "PRICE_FILTER")
            for of in (row, recorded[row["symbol"]])
        ]
        assert D(ticks[0]) == D(ticks[1])


@pytest.mark.parametrize(("kind", "paths"), WITH_SNAPSHOT[4:], ids=named)
def test_a_book_that_a_client_fetches_before_the_captures_snapshot_is_right_after_it(kind, paths):
    taped = list(read_all(paths))
    player = Player(kind, taped)
    mine = {}
    own = {symbol: OwnBook() for symbol in player.contracts}
    while len(mine) < len(own):
        player.step(50)
        for symbol in own.keys() - mine.keys():
            body = player.exchange.depth({"symbol": symbol, "limit": "1000"})
            if body["lastUpdateId"]:
                mine[symbol] = client = OwnBook()
                client.feed("/depth", encode(body))
    for frame in taped:
        symbol = depth_symbol(frame.stream)
        if symbol in own:
            own[symbol].feed(frame.stream, frame.data)
            if not frame.stream.startswith("/") and decode(frame.data)["u"] > mine[symbol].at:
                mine[symbol].feed(frame.stream, frame.data)
    # Not at each diff: a level that is gone at the snapshot and back at the end of the diff that
    # holds the snapshot's id is not in that diff, and the book from the snapshot lacks it a while.
    for symbol, book in own.items():
        assert (book.at, book.top()) == (mine[symbol].at, mine[symbol].top()), symbol
