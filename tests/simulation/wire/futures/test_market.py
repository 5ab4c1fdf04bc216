"""Futures market streams over real sockets."""

import itertools


async def test_public_and_market_paths_carry_their_own_streams(futures):
    public = await futures.sim.connect("/public/stream?streams=btcusdt@bookTicker/btcusdt@aggTrade")
    market = await futures.sim.connect("/market/stream?streams=btcusdt@bookTicker/btcusdt@aggTrade")
    futures.usdm.change_book("BTCUSDT", "50010.5")
    futures.usdm.trade("BTCUSDT")
    assert (await public.next())["stream"] == "btcusdt@bookTicker"
    assert (await market.next())["stream"] == "btcusdt@aggTrade"
    assert await public.is_silent()
    assert await market.is_silent()


async def test_a_stream_of_the_wrong_path_is_acknowledged_and_silent(futures):
    socket = await futures.sim.connect("/public/ws")
    request = {"id": 1, "method": "SUBSCRIBE", "params": ["btcusdt@markPrice@1s"]}
    assert await socket.ask(request) == {"result": None, "id": 1}
    listed = await socket.ask({"id": 2, "method": "LIST_SUBSCRIPTIONS"})
    assert listed["result"] == ["btcusdt@markPrice@1s"]
    assert await socket.is_silent(1.2)


async def test_raw_trades_come_on_the_public_path(futures):
    socket = await futures.sim.connect("/public/ws/btcusdt@trade")
    futures.usdm.trade("BTCUSDT", 42)
    trade = await socket.next()
    assert (trade["e"], trade["t"], trade["X"]) == ("trade", 42, "MARKET")


async def test_depth_is_a_chain_of_pu(futures):
    socket = await futures.sim.connect("/public/ws/btcusdt@depth@100ms")
    events = []
    for n in range(3):
        # Two changes in one event: it spans from the first to the last of them.
        futures.usdm.change_book("BTCUSDT", "50000.5", str(n))
        futures.usdm.change_book("BTCUSDT", "50000.6", str(n))
        events.append(await socket.next())
    assert events[0]["pu"] == 100
    assert (events[0]["U"], events[0]["u"]) == (103, 114)
    assert events[0]["b"] == [["50000.60", "0.000"], ["50000.50", "0.000"]]
    for before, event in itertools.pairwise(events):
        assert event["pu"] == before["u"]
        assert event["U"] != before["u"] + 1


async def test_a_book_gap_breaks_the_chain(futures):
    socket = await futures.sim.connect("/public/ws/btcusdt@depth@100ms")
    futures.usdm.change_book("BTCUSDT")
    first = await socket.next()
    futures.sim.post({"kind": "book_gap", "symbol": "BTCUSDT"})
    await futures.sim.struck()
    futures.usdm.change_book("BTCUSDT")
    assert await socket.is_silent()
    futures.usdm.change_book("BTCUSDT")
    after = await socket.next()
    assert after["pu"] > first["u"]


async def test_partial_depth_has_the_shape_of_an_update(futures):
    socket = await futures.sim.connect("/public/ws/btcusdt@depth5@100ms")
    book = await socket.next()
    assert (book["e"], len(book["b"]), len(book["a"])) == ("depthUpdate", 5, 5)
    assert list(book)[-2:] == ["ps", "st"]


async def test_bars_come_with_their_symbol_or_their_pair(futures):
    names = "btcusdt@kline_1m/btcusdt_perpetual@continuousKline_1m"
    socket = await futures.sim.connect(f"/market/stream?streams={names}")
    seen = {(message := await socket.next())["stream"]: message["data"] for _ in range(2)}
    assert seen["btcusdt@kline_1m"]["k"]["s"] == "BTCUSDT"
    continuous = seen["btcusdt_perpetual@continuousKline_1m"]
    assert (continuous["ps"], continuous["ct"]) == ("BTCUSDT", "PERPETUAL")
    assert "s" not in continuous["k"]


async def test_the_mark_price_comes_every_second_at_the_whole_second(futures):
    socket = await futures.sim.connect("/market/ws/btcusdt@markPrice@1s")
    first, second = await socket.next(), await socket.next()
    assert first["p"] == second["p"] == "50000.50000000"
    assert (first["r"], first["T"]) == ("0.00010000", 1_700_006_400_000)
    assert first["E"] % 1000 == 0
    assert second["E"] - first["E"] == 1000


async def test_streams_of_all_symbols_carry_both_markets_on_both_hosts(futures):
    for path in ("/market/ws/!markPrice@arr@1s", "/dstream/ws/!markPrice@arr@1s"):
        socket = await futures.sim.connect(path)
        marks = await socket.next()
        assert {mark["st"] for mark in marks} == {1, 2}
        assert {"BTCUSDT", "BTCUSD_PERP"} <= {mark["s"] for mark in marks}


async def test_the_array_of_tickers_has_changed_symbols_only(futures):
    socket = await futures.sim.connect("/market/ws/!miniTicker@arr")
    every = await socket.next()
    assert len(every) == len(futures.usdm.symbols) + len(futures.coinm.symbols)
    futures.usdm.market_price += 1
    changed = await socket.next()
    assert {ticker["s"] for ticker in changed} == set(futures.usdm.symbols)


async def test_liquidations_go_out_once_a_second_and_on_both_hosts(futures):
    one = await futures.sim.connect("/market/ws/btcusdt@forceOrder")
    both = await futures.sim.connect("/dstream/ws/!forceOrder@arr")
    futures.usdm.liquidate("BTCUSDT")
    futures.usdm.liquidate("BTCUSDT")
    assert list(await one.next()) == ["e", "E", "o"]
    assert (await both.next())["st"] == 1
    assert await one.is_silent(0.3)


async def test_a_halt_of_either_market_is_told_on_both_hosts(futures):
    usdm = await futures.sim.connect("/market/ws/!contractInfo")
    coinm = await futures.sim.connect("/dstream/ws/!contractInfo")
    futures.usdm.halt("BTCUSDT")
    futures.coinm.halt("BTCUSD_PERP")
    for socket in (usdm, coinm):
        told = {(one := await socket.next())["s"]: one for _ in range(2)}
        assert list(told["BTCUSDT"]) == ["e", "E", "s", "ct", "dt", "ot", "cs", "st"]
        assert (told["BTCUSDT"]["cs"], told["BTCUSDT"]["st"]) == ("CLOSE", 1)
        assert (told["BTCUSD_PERP"]["ps"], told["BTCUSD_PERP"]["st"]) == ("BTCUSD", 2)
    assert await usdm.is_silent(0.3)


async def test_asset_indices_come_each_second_alone_or_all_together(futures):
    every = await futures.sim.connect("/market/ws/!assetIndex@arr")
    one = await futures.sim.connect("/market/ws/usdtusd@assetIndex")
    assert [row["s"] for row in await every.next()] == ["BTCUSD", "USDTUSD"]
    first, second = await one.next(), await one.next()
    assert (first["e"], first["s"]) == ("assetIndexUpdate", "USDTUSD")
    assert second["E"] - first["E"] == 1000


async def test_a_composite_index_speaks_where_there_is_one(futures):
    names = "ethusdt@compositeIndex/btcusdt@compositeIndex"
    socket = await futures.sim.connect(f"/market/stream?streams={names}")
    for _ in range(2):
        message = await socket.next()
        assert message["stream"] == "ethusdt@compositeIndex"
    assert (message["data"]["p"], message["data"]["C"]) == ("50000.50000000", "baseAsset")


async def test_each_markets_session_is_a_message_of_its_own(futures):
    socket = await futures.sim.connect("/market/ws/tradingSession")
    told = [await socket.next() for _ in range(6)]
    assert [one["e"] for one in told] == [
        *("EquityUpdate", "CommodityUpdate", "KR_EquityUpdate", "HK_EquityUpdate"),
        *("CN_EquityUpdate", "FXUpdate"),
    ]
    assert all(one["t"] <= one["E"] < one["T"] for one in told)


async def test_coin_margined_streams_share_one_path(futures):
    names = "btcusd_perp@aggTrade/btcusd_perp@bookTicker/btcusd@indexPrice@1s"
    socket = await futures.sim.connect(f"/dstream/stream?streams={names}")
    futures.coinm.trade("BTCUSD_PERP")
    futures.coinm.change_book("BTCUSD_PERP")
    seen = {}
    while len(seen) < 3:
        message = await socket.next()
        seen[message["stream"]] = message["data"]
    assert seen["btcusd_perp@aggTrade"]["st"] == 2
    assert seen["btcusd_perp@bookTicker"]["ps"] == "BTCUSD"
    assert seen["btcusd@indexPrice@1s"]["i"] == "BTCUSD"


async def test_equal_names_of_spot_and_futures_do_not_mix(futures):
    spot = await futures.sim.connect("/ws/btcusdt@trade")
    usdm = await futures.sim.connect("/public/ws/btcusdt@trade")
    futures.usdm.trade("BTCUSDT")
    assert "X" in await usdm.next()
    assert await spot.is_silent()


async def test_a_client_may_send_ten_messages_a_second(futures):
    socket = await futures.sim.connect("/market/ws")
    for n in range(10):
        assert (await socket.ask({"id": n, "method": "LIST_SUBSCRIPTIONS"}))["id"] == n
    await socket.raw.send_str('{"id": 11, "method": "LIST_SUBSCRIPTIONS"}')
    assert await socket.ended() == 1008
