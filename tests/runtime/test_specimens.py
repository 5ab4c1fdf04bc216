import pytest

from bot.domain.commands import StreamKind, Subscription
from bot.engine.topics import topic_of, topic_wanted
from bot.runtime.plugins.specimens import specimen
from bot.strategy.market import CALLBACK_OF

DETAILS = {
    StreamKind.BARS: "1m",
    StreamKind.CONTINUOUS_BARS: "1m",
    StreamKind.MARK_BARS: "1m",
    StreamKind.INDEX_BARS: "5m",
    StreamKind.WINDOW_TICKER: "4h",
}
WHOLE = (StreamKind.CONTRACT_INFO, StreamKind.TRADING_SESSION, StreamKind.LIQUIDATIONS)


@pytest.mark.parametrize("kind", StreamKind)
def test_a_specimen_is_an_event_that_its_subscription_would_bring(kind):
    wish = Subscription(kind, "*" if kind in WHOLE else "BTCUSDT", DETAILS.get(kind, ""))
    event = specimen(wish, "BTCUSDT", 100.0, 5)
    assert type(event) is CALLBACK_OF[kind][0]
    assert topic_of(event) == topic_wanted(wish)
    assert (event.symbol, event.ts_ns, event.recv_ns) == ("BTCUSDT", 5, 5)
