"""Control messages of the stream sockets, with Binance's exact replies."""

import pytest

REPLIES = [
    ('{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}', {"result": None, "id": 1}),
    ('{"method":"SUBSCRIBE","params":["nonsense"],"id":"abc-1"}', {"result": None, "id": "abc-1"}),
    ('{"method":"UNSUBSCRIBE","params":["btcusdt@depth"],"id":312}', {"result": None, "id": 312}),
    ('{"method":"LIST_SUBSCRIPTIONS","id":3}', {"result": [], "id": 3}),
    ('{"method":"SET_PROPERTY","params":["combined",true],"id":5}', {"result": None, "id": 5}),
    ('{"method":"GET_PROPERTY","params":["combined"],"id":2}', {"result": False, "id": 2}),
    (
        '{"method":"GET_PROPERTY","params":["x"],"id":2}',
        {"code": 0, "msg": "Unknown property", "id": 2},
    ),
    (
        '{"method":"SET_PROPERTY","params":["combined","yes"],"id":2}',
        {"code": 1, "msg": "Invalid value type: expected Boolean"},
    ),
    (
        '{"method":"GET_PROPERTY","params":[7],"id":2}',
        {"code": 2, "msg": "Invalid request: property name must be a string"},
    ),
    (
        '{"method":"SUBSCRIBE","params":[],"id":1.5}',
        {"code": 2, "msg": "Invalid request: request ID must be an unsigned integer"},
    ),
    (
        '{"method":"GET_PROPERTY","params":["combined","x"],"id":1}',
        {"code": 2, "msg": "Invalid request: too many parameters"},
    ),
    (
        '{"method":"DANCE","id":1}',
        {
            "code": 2,
            "msg": "Invalid request: unknown variant `DANCE`, expected one of `SUBSCRIBE`,"
            " `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"
            " at line 1 column 17",
        },
    ),
    (
        '{"id":1}',
        {"code": 2, "msg": "Invalid request: missing field `method` at line 1 column 8"},
    ),
    ("{nope", {"code": 3, "msg": "Invalid JSON: expected value at line 1 column 2"}),
]


@pytest.mark.parametrize(("sent", "reply"), REPLIES)
async def test_each_control_message_has_its_reply(sim, sent, reply):
    socket = await sim.connect("/ws")
    assert await socket.tell(sent) == reply


async def test_subscriptions_are_listed_in_order_and_each_once(sim):
    socket = await sim.connect("/ws/btcusdt@depth")
    names = ["ethusdt@trade", "btcusdt@depth", "ethusdt@trade"]
    await socket.ask({"method": "SUBSCRIBE", "params": names, "id": 1})
    listed = await socket.ask({"method": "LIST_SUBSCRIPTIONS", "id": 2})
    assert listed == {"result": ["btcusdt@depth", "ethusdt@trade"], "id": 2}
    await socket.ask({"method": "UNSUBSCRIBE", "params": ["btcusdt@depth"], "id": 3})
    listed = await socket.ask({"method": "LIST_SUBSCRIPTIONS", "id": 4})
    assert listed["result"] == ["ethusdt@trade"]


async def test_a_connection_takes_no_more_streams_than_its_limit(start_sim):
    from bot.simulation.wire.rules import WireRules

    sim = await start_sim(rules=WireRules(max_streams=3))
    socket = await sim.connect("/ws/a@trade/b@trade")
    refused = await socket.ask({"method": "SUBSCRIBE", "params": ["c@trade", "d@trade"], "id": 1})
    assert refused == {"code": 2, "msg": "Invalid request: too many parameters"}
    taken = await socket.ask({"method": "SUBSCRIBE", "params": ["c@trade", "b@trade"], "id": 2})
    assert taken == {"result": None, "id": 2}
    status, _ = await sim.get("/stream?streams=a/b/c/d")
    assert status == 400


async def test_unsubscribed_streams_fall_silent_and_combined_can_be_switched(sim):
    socket = await sim.connect("/ws/btcusdt@trade")
    await sim.order("BUY", "0.1", "50001")
    assert (await socket.next())["e"] == "trade"
    await socket.ask({"method": "SET_PROPERTY", "params": ["combined", True], "id": 1})
    await sim.order("BUY", "0.1", "50001")
    message = await socket.next()
    assert message["stream"] == "btcusdt@trade"
    assert message["data"]["t"] == 2
    await socket.ask({"method": "UNSUBSCRIBE", "params": ["btcusdt@trade"], "id": 2})
    await sim.order("BUY", "0.1", "50001")
    assert await socket.is_silent()
