import pytest

from bot.domain.errors import NotSent, OutcomeUnknown, Rejected, Throttled
from bot.exchange.allowance import Allowance, RateLimit
from bot.exchange.orderwire import BudgetedWire
from bot.exchange.throttle import Gate


class _Wire:
    """Answers what it is told to, and says what was used at that moment."""

    def __init__(self) -> None:
        self.answer: object = {}
        self.sent: list[tuple[str, bool]] = []
        self.under_way: list[int] = []
        self.look = lambda: 0

    async def send(self, request, params, *, urgent=False):
        self.sent.append((request, urgent))
        self.under_way.append(self.look())
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
async def allowance():
    made = Allowance(Gate(), now_s=lambda: 1_700_000_001.0)
    made.limit(
        [RateLimit("ORDERS", "SECOND", 10, 10), RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 100)]
    )
    return made


@pytest.fixture
def wire(allowance):
    inner = _Wire()
    inner.look = lambda: allowance.used("ORDERS", 10)
    budgeted = BudgetedWire(inner, allowance, order_max_wait_s=2.0)
    budgeted.inner = inner
    return budgeted


@pytest.mark.parametrize(
    ("request_name", "orders"),
    [
        ("order.place", 1),
        ("order.cancelReplace", 1),
        ("orderList.place.oco", 2),
        ("orderList.place.otoco", 3),
        ("order.cancel", 0),
        ("order.amend.keepPriority", 0),
    ],
)
async def test_each_request_counts_the_orders_that_it_places(wire, request_name, orders):
    await wire.send(request_name, {})
    assert wire.inner.under_way == [orders]


@pytest.mark.parametrize(
    ("failure", "left"),
    [
        (OutcomeUnknown("no answer"), 1),
        (Rejected(-2010, "no"), 0),
        (NotSent("down"), 0),
        (Throttled(3.0, "slow", -1003), 0),
        (RuntimeError("bug"), 1),
    ],
)
async def test_what_may_have_been_placed_counts(wire, allowance, failure, left):
    wire.inner.answer = failure
    with pytest.raises(type(failure)):
        await wire.send("order.place", {})
    assert allowance.used("ORDERS", 10) == left


async def test_after_too_many_orders_none_is_sent_and_cancels_are(wire):
    wire.inner.answer = Throttled(9.0, "Too many new orders", -1015)
    with pytest.raises(Throttled):
        await wire.send("order.place", {})
    wire.inner.answer = {}
    with pytest.raises(Throttled, match="limit is used up"):
        await wire.send("order.place", {})
    await wire.send("order.cancel", {})
    assert wire.inner.sent == [("order.place", False), ("order.cancel", True)]


async def test_a_reducing_order_may_use_the_last_of_the_window(wire, allowance):
    allowance.read([RateLimit("ORDERS", "SECOND", 10, 10, 9)])
    with pytest.raises(Throttled):
        await wire.send("order.place", {})
    await wire.send("order.place", {}, urgent=True)
    assert wire.inner.sent == [("order.place", True)]
