"""Mark prices, fundings and liquidations of a tape of futures are the recorded ones."""

import json
from decimal import Decimal

from bot.simulation.emissions import UserEvent
from bot.simulation.futures.account import opened
from bot.simulation.futures.emissions import Liquidation, MarkChanged
from bot.simulation.futures.exchange import FuturesExchange
from bot.simulation.futures.tape import FuturesTapeMarket

D = Decimal
START_MS = 1_700_000_000_000
RECORDED_MS = 1_600_000_000_000
HOUR_MS = 3_600_000
NEXT_FUNDING_MS = RECORDED_MS + 5000


def frame(at_ms, stream, **data):
    return (RECORDED_MS + at_ms) * 1_000_000, stream, json.dumps(data).encode()


def trade(at_ms, price, quantity):
    at = RECORDED_MS + at_ms
    made = {"e": "trade", "E": at, "T": at, "s": "BTCUSDT", "t": 1, "p": price, "q": quantity}
    return frame(at_ms, "btcusdt@trade", **made, X="MARKET", m=True)


def mark(at_ms, price, rate="0.00020000", next_ms=NEXT_FUNDING_MS):
    told = {"e": "markPriceUpdate", "E": RECORDED_MS + at_ms, "s": "BTCUSDT", "p": price}
    told |= {"P": "59990.12345678", "i": "60010.50000000", "r": rate, "T": next_ms}
    return frame(at_ms, "btcusdt@markPrice@1s", **told)


BOOK = frame(
    0,
    "/fapi/v1/depth?symbol=BTCUSDT&limit=1000",
    lastUpdateId=100,
    bids=[["60000.00", "1"], ["59990.00", "5"]],
    asks=[["60010.00", "1"], ["60020.00", "5"]],
)


class Player:
    def __init__(self, *frames):
        self.market = FuturesTapeMarket("usdm", frames)
        self.exchange = FuturesExchange(
            market="usdm",
            symbols=self.market.contracts(),
            accounts=[opened("alice", "s", "usdm", {})],
            source=self.market,
            start_ms=START_MS,
        )

    def at(self, ms):
        self.exchange.advance(START_MS + ms)
        return self.exchange.take()

    def buy(self, at_ms, quantity):
        params = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": quantity}
        return self.exchange.place_order("alice", params, START_MS + at_ms)


def of(kind, emissions):
    return [e for e in emissions if isinstance(e, kind)]


def test_marks_are_the_recorded_ones_from_the_first_moment():
    player = Player(BOOK, mark(1000, "60005.25000000"), mark(2000, "60006.5", rate="-0.00012345"))
    player.at(500)
    row = player.exchange.premium_index({"symbol": "BTCUSDT"})
    assert (row["markPrice"], row["indexPrice"]) == ("60005.25000000", "60010.50000000")
    assert row["estimatedSettlePrice"] == "59990.12345678"
    assert row["nextFundingTime"] == NEXT_FUNDING_MS
    told = of(MarkChanged, player.at(3500))
    assert [(m.mark, m.funding_rate, m.time_ms - RECORDED_MS) for m in told] == [
        (D("60005.25"), D("0.0002"), 1000),
        (D("60006.5"), D("-0.00012345"), 2000),
    ]
    row = player.exchange.premium_index({"symbol": "BTCUSDT"})
    assert (row["lastFundingRate"], row["time"]) == ("-0.00012345", RECORDED_MS + 2000)
    bars = player.exchange.mark_price_klines({"symbol": "BTCUSDT", "interval": "1m"})
    assert bars[-1][2] == "60006.50000000"


def test_a_funding_takes_place_when_the_tape_says_so_at_its_rate_and_mark():
    player = Player(
        BOOK,
        mark(4000, "60000.00", rate="0.00030000"),
        mark(5010, "60100.00", rate="0.00010000"),
        mark(6010, "60200.00", rate="0.00020000"),
        mark(7010, "60200.00", rate="0.00020000", next_ms=NEXT_FUNDING_MS + 8 * HOUR_MS),
    )
    player.buy(1, "0.5")
    before = D(player.exchange.state()["accounts"]["alice"]["USDT"])
    events = [e.payload for e in of(UserEvent, player.at(8000))]
    (told,) = [e for e in events if e["e"] == "ACCOUNT_UPDATE" and e["a"]["m"] == "FUNDING_FEE"]
    after = D(player.exchange.state()["accounts"]["alice"]["USDT"])
    assert after - before == -D("0.5") * D("60100.00") * D("0.0001")
    assert START_MS + 4900 <= told["T"] <= START_MS + 5100
    (settled,) = player.exchange.funding_rate({"symbol": "BTCUSDT"})
    assert settled["fundingTime"] == NEXT_FUNDING_MS
    row = player.exchange.premium_index({"symbol": "BTCUSDT"})
    assert row["nextFundingTime"] == NEXT_FUNDING_MS + 8 * HOUR_MS


def test_a_funding_between_two_marks_has_the_rate_before_it():
    later = NEXT_FUNDING_MS + 8 * HOUR_MS
    player = Player(
        BOOK,
        mark(4000, "60000.00", rate="0.00030000"),
        mark(6000, "60100.00", rate="0.00010000", next_ms=later),
    )
    player.buy(1, "0.5")
    player.at(8000)
    (settled,) = player.exchange.funding_rate({"symbol": "BTCUSDT"})
    assert (settled["fundingRate"], settled["markPrice"]) == ("0.00030000", "60000.00000000")
    (fee,) = player.exchange.income("alice", {"incomeType": "FUNDING_FEE"}, START_MS + 8001)
    assert D(fee["income"]) == -D("0.5") * 60000 * D("0.0003")


def test_no_funding_takes_place_in_a_hole_of_the_recording():
    player = Player(
        BOOK,
        mark(1000, "60000.00"),
        mark(48 * HOUR_MS, "61000.00", next_ms=RECORDED_MS + 50 * HOUR_MS),
        trade(48 * HOUR_MS + 500, "61000.00", "1"),
    )
    player.buy(1, "0.5")
    player.at(6000)
    assert player.market.ended
    assert player.exchange.funding_rate({"symbol": "BTCUSDT"}) == []
    assert player.exchange.premium_index({"symbol": "BTCUSDT"})["markPrice"] == "61000.00000000"


def test_without_recorded_marks_the_middle_of_the_book_takes_their_place():
    player = Player(BOOK, trade(5000, "60000.00", "1"))
    player.at(2000)
    row = player.exchange.premium_index({"symbol": "BTCUSDT"})
    assert row["markPrice"] == row["indexPrice"] == "60005.00000000"
    assert row["time"] == RECORDED_MS + 2000


def test_quotes_are_nearer_to_now_than_the_book_is():
    best = {"u": 150, "b": "60100.00", "B": "1", "a": "60110.00", "A": "1"}
    newer = frame(100, "btcusdt@bookTicker", e="bookTicker", s="BTCUSDT", **best)
    player = Player(BOOK, newer, trade(5000, "60100.00", "1"))
    player.at(2000)
    row = player.exchange.premium_index({"symbol": "BTCUSDT"})
    assert row["indexPrice"] == "60105.00000000"


def test_a_recorded_mark_liquidates():
    player = Player(BOOK, mark(500, "60000.00"), mark(2000, "50000.00"), mark(4000, "50000.00"))
    player.exchange.margin_type(
        "alice", {"symbol": "BTCUSDT", "marginType": "ISOLATED"}, START_MS + 1
    )
    player.buy(2, "0.5")
    out = player.at(4000)
    assert [e.symbol for e in of(Liquidation, out)] == ["BTCUSDT"]
    assert player.exchange.state()["positions"] == []


def test_recorded_liquidations_are_told():
    order = {"s": "BTCUSDT", "S": "SELL", "q": "0.014", "p": "9910", "T": RECORDED_MS}
    player = Player(BOOK, frame(10, "!forceOrder@arr", e="forceOrder", E=RECORDED_MS, o=order))
    (forced,) = of(Liquidation, player.at(20))
    assert forced.order == order
