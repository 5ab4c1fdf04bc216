"""Faults of every kind, drawn by a seed, and what the bot must have written down of each."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

SPOT_ORDERS = (
    "POST /api/v3/order",
    "POST /api/v3/order",
    "DELETE /api/v3/order",
    "POST /api/v3/order/cancelReplace",
    "PUT /api/v3/order/amend/keepPriority",
    "POST /api/v3/orderList/oco",
    "POST /api/v3/orderList/opo",
    "POST /api/v3/orderList/oto",
    "POST /api/v3/orderList/opoco",
    "POST /api/v3/orderList/otoco",
)
USDM_ORDERS = (
    "POST /fapi/v1/order",
    "POST /fapi/v1/order",
    "DELETE /fapi/v1/order",
    "PUT /fapi/v1/order",
    "POST /fapi/v1/algoOrder",
    "DELETE /fapi/v1/algoOrder",
)
QUESTIONS = (
    "GET /api/v3/order",
    "GET /api/v3/openOrders",
    "GET /api/v3/myTrades",
    "GET /api/v3/account",
    "GET /fapi/v1/order",
    "GET /fapi/v1/algoOrder",
    "GET /fapi/v1/openOrders",
    "GET /fapi/v1/openAlgoOrders",
    "GET /fapi/v1/userTrades",
    "GET /fapi/v3/account",
)
USER_EVENTS = ("executionReport", "ORDER_TRADE_UPDATE", "ALGO_UPDATE", "outboundAccountPosition")
MARKET_EVENTS = ("trade", "aggTrade", "bookTicker", "depthUpdate", "")
BOTH = ("spot", "usdm")
ACCOUNT = ("user_blind",)
MARKET = {
    "spot": ("feed_gap spot market", "feed_stale spot market"),
    "usdm": ("feed_gap usdm public", "feed_stale usdm public"),
}


@dataclass
class Trouble:
    """One fault as it was injected."""

    number: int
    fault: dict
    within_s: float
    """How long it may take until it is noticed."""
    expected: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By market: incidents of which one must be open within that time; none: it may do nothing."""
    by_name: bool = False
    """If it struck, a row must contain its text."""
    at_ns: int = 0
    struck: int | None = None
    """How often; None: it is not counted."""

    @property
    def kind(self) -> str:
        return self.fault["kind"]

    @property
    def text(self) -> str:
        return self.fault["msg"]


class Troublemaker:
    """Draws one fault after the other."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._count = 0
        each = (
            self._cut,
            self._mute,
            self._outage,
            self._too_fast,
            self._skew,
            self._goodbye,
            self._ended,
            self._key,
            self._hole,
            self._page,
        )
        # Requests and frames go wrong in more ways than connections do.
        several = (self._frames, self._refused, self._unanswered, self._question)
        self._makers = (*each, *several, *several, *several)
        self._deck: list[Callable[[], Trouble]] = []

    def draw(self) -> Trouble:
        """The next one. Each kind comes up before any comes again."""
        if not self._deck:
            self._deck = list(self._makers)
            self._chance.shuffle(self._deck)
        self._count += 1
        return self._deck.pop()()

    def pause_s(self) -> float:
        return self._chance.uniform(1.0, 3.0)

    def strike(self) -> tuple[str, float]:
        """What befalls a process: ``kill``, or ``hold`` for how many seconds."""
        if self._chance.random() < 0.6:
            return "kill", 0.0
        return "hold", self._chance.choice((1.0, 3.0, 6.0, 12.0))

    # --- kinds ---------------------------------------------------------------------------

    def _made(
        self,
        within_s: float,
        expected: dict[str, tuple[str, ...]] | None = None,
        *,
        by_name: bool = False,
        **fault: object,
    ) -> Trouble:
        fault["msg"] = f"chaos-{self._count}."
        return Trouble(self._count, fault, within_s, expected or {}, by_name)

    def _cut(self) -> Trouble:
        target = self._chance.choice(("market", "user", "wsapi", "all"))
        return self._made(8, noticed(target), kind="drop", target=target)

    def _mute(self) -> Trouble:
        target = self._chance.choice(("market", "user", "wsapi", "all"))
        for_s = self._chance.choice((5, 11, 15))
        seen = noticed(target) if for_s > 13 else {}
        return self._made(20, seen, kind="half_open", target=target, for_s=for_s)

    def _outage(self) -> Trouble:
        for_s = round(self._chance.uniform(1, 6), 1)
        return self._made(8, noticed("all"), kind="outage", for_s=for_s)

    def _frames(self) -> Trouble:
        kind = self._chance.choice(("lose", "duplicate", "reorder", "delay"))
        target = self._chance.choice(("user", "market"))
        match = self._chance.choice(USER_EVENTS if target == "user" else MARKET_EVENTS)
        return self._made(
            6,
            kind=kind,
            target=target,
            match=match,
            every=self._chance.choice((1, 2, 3)),
            times=self._chance.choice((3, 10, 40)),
            ms=self._chance.choice((300, 1500)),
            for_s=4,
        )

    def _refused(self) -> Trouble:
        match = self._chance.choice(SPOT_ORDERS + USDM_ORDERS)
        when = self._chance.choice(("before", "after"))
        status, code = self._chance.choice(
            ((503, -1007), (500, -1006), (503, -1008), (504, -1000), (400, -1001))
        )
        return self._http(match, when=when, status=status, code=code)

    def _unanswered(self) -> Trouble:
        match = self._chance.choice(SPOT_ORDERS + USDM_ORDERS)
        when = self._chance.choice(("before", "after"))
        return self._http(match, when=when, status=0)

    def _question(self) -> Trouble:
        status = self._chance.choice((0, 500, 503))
        return self._http(self._chance.choice(QUESTIONS), status=status)

    def _http(self, match: str, **fault: object) -> Trouble:
        times, every = self._chance.choice((1, 2, 4)), self._chance.choice((1, 1, 2))
        by_name = fault["status"] != 0 and not match.startswith("GET")
        return self._made(
            8, by_name=by_name, kind="http", match=match, times=times, every=every, for_s=8, **fault
        )

    def _page(self) -> Trouble:
        match = self._chance.choice((*SPOT_ORDERS, *USDM_ORDERS, *QUESTIONS))
        status = self._chance.choice((403, 502, 504))
        return self._made(8, kind="html_body", match=match, status=status, times=2, for_s=8)

    def _too_fast(self) -> Trouble:
        status = self._chance.choice((429, 429, 418))
        return self._made(
            8,
            kind="rate_limit",
            match=self._chance.choice(("", "POST /api/v3/order", "POST /fapi/v1/order")),
            status=status,
            retry_after_s=self._chance.choice((1, 2)),
            times=self._chance.choice((1, 3)),
            for_s=5,
        )

    def _skew(self) -> Trouble:
        ms = self._chance.choice((-30_000, -8_000, -2_000, 500, 2_000, 8_000))
        return self._made(8, kind="clock_skew", ms=ms, for_s=self._chance.choice((2, 5)))

    def _goodbye(self) -> Trouble:
        target = self._chance.choice(("market", "user", "wsapi", "all"))
        return self._made(8, kind="server_shutdown", target=target, for_s=2)

    def _ended(self) -> Trouble:
        return self._made(8, {"spot": ACCOUNT}, kind="stream_terminated", target="user")

    def _key(self) -> Trouble:
        return self._made(8, {"usdm": ACCOUNT}, kind="listen_key_expired", target="user")

    def _hole(self) -> Trouble:
        symbol = self._chance.choice(("BTCUSDT", "ETHUSDT"))
        expected = dict.fromkeys(BOTH, ("feed_gap BTCUSDT book",)) if symbol == "BTCUSDT" else {}
        return self._made(8, expected, kind="book_gap", symbol=symbol)


def noticed(target: str) -> dict[str, tuple[str, ...]]:
    """What a lost connection of that kind must lead to."""
    kinds = {
        "market": MARKET,
        "user": dict.fromkeys(BOTH, ACCOUNT),
        # Spot's account speaks over the WebSocket API.
        "wsapi": {"spot": ACCOUNT},
        "all": dict.fromkeys(BOTH, ACCOUNT),
    }
    return kinds[target]
