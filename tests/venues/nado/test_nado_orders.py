"""Orders at Nado: each time in force, each refusal, what is lost on the way, what must never be sent."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dnkit.live.transport.line import Line
from dnkit.model import events as ev
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.model.terms import EndKind, FoundKind, OrderType, RejectKind, Side
from dnkit.runtime.local.nado.answers import Answers
from dnkit.runtime.local.nado.entry import Entry, Refusal
from dnkit.venues.base import Sign, Trouble
from dnkit.venues.local.wire_faults import WireFault
from tests.venues.nado.rig import ASK, BID, DEPTH, SYMBOL, Ground, Trader, ground

Story = Callable[[Ground, Trader], Coroutine[Any, Any, None]]


@asynccontextmanager
async def scene(folder: Path, **changes: Any) -> AsyncIterator[tuple[Ground, Trader]]:
    async with ground(folder, **changes) as floor, floor.trader(folder) as trader:
        yield floor, trader


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    """Run a story with an exchange and a trader at it."""

    def run(story: Story, **changes: Any) -> None:
        async def whole() -> None:
            async with scene(tmp_path, **changes) as (floor, trader):
                await story(floor, trader)

        asyncio.run(whole())

    return run


def refused(answer: object) -> tuple[RejectKind, str]:
    assert isinstance(answer, ev.OrderRejected), answer
    return answer.why, answer.text[:4]


def trouble(answer: object) -> Trouble:
    assert isinstance(answer, Trouble), answer
    return answer


def found(answer: object) -> ev.OrderFound:
    assert isinstance(answer, ev.OrderFound), answer
    return answer


# --- times in force -----------------------------------------------------------------------------------


def test_a_post_only_order_rests_is_filled_as_maker_and_told_with_its_fee(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        assert isinstance(await trader.place("k"), ev.OrderAccepted)
        assert found(await trader.find("k")).found is FoundKind.LIVE
        floor.world.show({BID: 0, BID - 10: 0, BID - 20: 50}, {BID: 700})
        fill = await trader.ears.one(ev.OrderFilled, "k")
        fee = floor.instrument.fee(100 * BID, maker=True)
        assert (fill.cum, fill.worth, fill.fee, fill.maker) == (100, 100 * BID, fee, True)
        over = found(await trader.find("k"))
        assert (over.found, over.cum, over.worth, over.fee) == (FoundKind.OVER, 100, 100 * BID, fee)
        assert (await trader.truth())["lots"] == 100

    play(story)


def test_a_gtc_order_takes_what_it_crosses_and_rests_with_the_rest(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        assert isinstance(
            await trader.place("k", OrderType.GTC, lots=DEPTH + 50, price=ASK), ev.OrderAccepted
        )
        fill = await trader.ears.one(ev.OrderFilled, "k")
        assert (fill.cum, fill.worth, fill.maker) == (DEPTH, DEPTH * ASK, False)
        (resting,) = await trader.venue.open_orders(SYMBOL)
        assert (resting.key, resting.lots, resting.price, resting.side) == ("k", 50, ASK, Side.BUY)
        live = found(await trader.find("k"))
        assert (live.found, live.cum) == (FoundKind.LIVE, DEPTH)

    play(story)


def test_an_ioc_order_keeps_what_it_filled_when_its_rest_ends(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        answer = await trader.place("k", OrderType.IOC, lots=DEPTH + 50, price=ASK)
        assert isinstance(answer, ev.OrderAccepted)
        await trader.ears.one(ev.OrderEnded, "k")
        fills = trader.ears.of(ev.OrderFilled, "k")
        assert fills[-1].cum == DEPTH
        over = found(await trader.find("k"))
        assert (over.found, over.cum, over.worth) == (FoundKind.OVER, DEPTH, DEPTH * ASK)

    play(story)


def test_an_ioc_order_over_two_levels_counts_what_each_cost(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        await trader.place("k", OrderType.IOC, lots=DEPTH + 50, price=ASK + 10)
        worth = DEPTH * ASK + 50 * (ASK + 10)
        await trader.ears.until(
            lambda: any(one.cum == DEPTH + 50 for one in trader.ears.of(ev.OrderFilled, "k"))
        )
        assert trader.ears.of(ev.OrderFilled, "k")[-1].worth == worth
        assert found(await trader.find("k")).worth == worth

    play(story)


def test_a_fok_order_fills_whole_or_is_refused(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        assert refused(await trader.place("big", OrderType.FOK, lots=DEPTH + 1, price=ASK)) == (
            RejectKind.NO_MATCH,
            "2031",
        )
        assert isinstance(await trader.place("fit", OrderType.FOK, lots=DEPTH, price=ASK), ev.OrderAccepted)
        assert (await trader.ears.one(ev.OrderFilled, "fit")).cum == DEPTH
        assert (await trader.truth())["lots"] == DEPTH

    play(story)


# --- refusals -----------------------------------------------------------------------------------------


def test_refusals_are_told_apart_and_nothing_of_them_rests(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        ioc = OrderType.IOC
        assert refused(await trader.place("po", price=ASK)) == (RejectKind.POST_ONLY_CROSS, "2008")
        assert refused(await trader.place("ioc", ioc, price=BID)) == (RejectKind.NO_MATCH, "2056")
        assert refused(await trader.place("ro", ioc, price=ASK, reduce_only=True)) == (
            RejectKind.REDUCE_ONLY,
            "2064",
        )
        assert refused(await trader.place("small", lots=4)) == (RejectKind.TOO_SMALL, "2094")
        assert await trader.venue.open_orders(SYMBOL) == []
        assert found(await trader.find("po")).found is FoundKind.ABSENT

    play(story)


def test_reduce_only_on_an_order_that_rests_is_never_sent(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = recorded(monkeypatch)

    async def story(floor: Ground, trader: Trader) -> None:
        before = len(frames)
        for kind in (OrderType.POST_ONLY, OrderType.GTC):
            answer = await trader.place("k", kind, reduce_only=True)
            assert refused(answer) == (RejectKind.REDUCE_ONLY, "2067")
        assert len(frames) == before

    play(story)


def test_reduce_only_closes_a_position_that_is_there(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        await floor.back("endow", {"account": trader.account, "symbol": SYMBOL, "lots": -80})
        await trader.place("k", OrderType.IOC, lots=100, price=ASK, reduce_only=True)
        await trader.ears.one(ev.OrderEnded, "k")
        assert (await trader.truth())["lots"] == 0
        assert trader.ears.of(ev.OrderFilled, "k")[-1].cum == 80

    play(story)


def test_a_clock_that_jumps_makes_orders_too_late_or_too_early(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        trader.skew_ns = -10 * NS_PER_S
        assert refused(await trader.place("late")) == (RejectKind.OTHER, "2011")
        trader.skew_ns = 200 * NS_PER_S
        assert refused(await trader.place("early")) == (RejectKind.OTHER, "2012")
        assert (await trader.truth())["orders"] == []

    play(story)


def test_a_clock_that_was_wrong_from_the_start_is_made_up_for(tmp_path: Path) -> None:
    async def story() -> None:
        async with ground(tmp_path) as floor:
            for skew_s in (-600, 600):
                folder = tmp_path / str(skew_s)
                async with floor.trader(folder, skew_ns=skew_s * NS_PER_S) as trader:
                    assert isinstance(await trader.place(f"k{skew_s}"), ev.OrderAccepted)
                    standing = await trader.venue.standing(SYMBOL)
                    assert standing.clock_ahead_ns is not None
                    assert abs(standing.clock_ahead_ns + skew_s * NS_PER_S) < NS_PER_S

    asyncio.run(story())


@pytest.mark.parametrize("code", [1004, 2068])
def test_a_venue_under_maintenance_says_so_and_takes_no_order(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    async def shut(_entry: Entry, _asked: object) -> dict[str, Any]:
        raise Refusal(code)

    async def status(_answers: Answers, _asked: object) -> str:
        return "maintenance"

    monkeypatch.setattr(Entry, "_place", shut)
    monkeypatch.setattr(Answers, "_status", status)

    async def story(floor: Ground, trader: Trader) -> None:
        assert (await trader.venue.standing(SYMBOL)).status == "maintenance"
        answer = await trader.place("k")
        assert isinstance(answer, Trouble), answer
        assert (answer.why, answer.is_refusal) == (RejectKind.MAINTENANCE, False)
        assert (await trader.truth())["orders"] == []

    play(story)


# --- lost on the way ----------------------------------------------------------------------------------


def test_an_answer_that_is_lost_is_no_refusal_and_the_order_is_found(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        floor.faults.plan[WireFault.DROP_AFTER] = 1
        assert trouble(await trader.place("k")).sign is Sign.DROPPED
        assert found(await trader.find("k")).found is FoundKind.LIVE
        assert len((await trader.truth())["resting"]) == 1

    play(story)


def test_a_connection_that_breaks_before_is_no_refusal_and_the_order_is_absent(
    play: Callable[..., None],
) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        floor.faults.plan[WireFault.DROP_BEFORE] = 1
        assert trouble(await trader.place("k")).sign is Sign.DROPPED
        assert found(await trader.find("k")).found is FoundKind.ABSENT

    play(story)


@pytest.mark.parametrize("fault", [WireFault.HTML, WireFault.TRUNCATED])
def test_an_answer_nobody_can_read_leaves_the_order_in_doubt(
    play: Callable[..., None], fault: WireFault
) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        floor.faults.plan[fault] = 1
        assert trouble(await trader.place("k")).sign in (Sign.DROPPED, Sign.TIMED_OUT)
        assert found(await trader.find("k")).found is FoundKind.LIVE

    play(story)


def test_an_order_that_is_late_times_out_and_is_found(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            ground(tmp_path, latency_ns=300 * NS_PER_MS) as floor,
            floor.trader(tmp_path, answer_within_ns=200 * NS_PER_MS) as trader,
        ):
            assert trouble(await trader.place("k")).sign is Sign.TIMED_OUT
            await asyncio.sleep(0.3)
            assert found(await trader.find("k")).found is FoundKind.LIVE

    asyncio.run(story())


def test_too_many_requests_are_said_to_be_that(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        floor.faults.plan[WireFault.RATE_LIMIT] = 1
        said = trouble(await trader.place("k"))
        assert (said.sign, said.why) == (Sign.REFUSED, RejectKind.RATE)
        floor.faults.plan[WireFault.RATE_LIMIT] = 1
        said = trouble(await trader.find("k"))
        assert (said.sign, said.status, said.retry_after_ns) == (Sign.STATUS, 429, NS_PER_S)

    play(story)


# --- cancels ------------------------------------------------------------------------------------------


def test_a_cancel_ends_an_order_and_a_second_one_is_refused(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        await trader.place("k")
        ended = await trader.cancel("k")
        assert isinstance(ended, ev.OrderEnded)
        assert (ended.why, ended.cum) == (EndKind.CANCELLED, -1)
        again = await trader.cancel("k")
        assert isinstance(again, ev.CancelRefused)
        assert again.text.startswith("2020")
        assert isinstance(await trader.cancel("never sent"), ev.CancelRefused)

    play(story)


def test_an_order_that_fills_while_it_is_cancelled_keeps_its_fill(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        await trader.place("k")
        going = asyncio.create_task(trader.cancel("k"))
        await asyncio.sleep(0.02)  # the cancel is under way: one latency is 100 ms
        floor.world.show({BID: 0, BID - 10: 0, BID - 20: 50}, {BID: 700})
        assert isinstance(await going, ev.CancelRefused)
        assert (await trader.ears.one(ev.OrderFilled, "k")).cum == 100
        over = found(await trader.find("k"))
        assert (over.found, over.cum) == (FoundKind.OVER, 100)

    play(story, latency_ns=100 * NS_PER_MS)


def test_a_part_fill_outlives_the_cancel_of_its_rest(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        await trader.place("k", OrderType.GTC, lots=DEPTH + 50, price=ASK)
        assert isinstance(await trader.cancel("k"), ev.OrderEnded)
        over = found(await trader.find("k"))
        assert (over.found, over.cum, over.worth) == (FoundKind.OVER, DEPTH, DEPTH * ASK)

    play(story)


def test_a_sweep_leaves_what_is_kept_and_what_is_not_ours(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        for key in ("one", "two", "kept"):
            await trader.place(key)
        hand = {"account": trader.account, "symbol": SYMBOL, "side": 1, "lots": 30, "price": BID, "id": "x"}
        foreign = (await floor.back("order", hand))["id"]
        assert sorted(one.key for one in await trader.venue.open_orders(SYMBOL)) == ["", "kept", "one", "two"]
        swept = await trader.sweep("kept")
        assert isinstance(swept, ev.OrdersSwept)
        assert (swept.ok, swept.found) == (True, 2)
        left = await trader.venue.open_orders(SYMBOL)
        assert sorted(one.key for one in left) == ["", "kept"]
        assert foreign in (await trader.truth())["resting"]
        assert {key for key, _ in trader.ears.facts} <= {"one", "two", "kept"}

    play(story)


def test_a_sweep_gets_the_others_when_one_fills_meanwhile(play: Callable[..., None]) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        await trader.place("near", price=BID)
        await trader.place("far", price=BID - 10)
        going = asyncio.create_task(trader.sweep())
        await asyncio.sleep(0.05)  # they were listed, the cancels are under way
        floor.world.show({BID: 0, BID - 10: 1000}, {BID: 700})
        swept = await going
        assert isinstance(swept, ev.OrdersSwept)
        assert swept.ok
        assert (await trader.truth())["resting"] == []

    play(story, latency_ns=100 * NS_PER_MS)


# --- what leaves the house ----------------------------------------------------------------------------


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every frame an adapter sends from now on."""
    frames: list[dict[str, Any]] = []
    send = Line.send

    async def sent(line: Line, frame: str | bytes) -> None:
        frames.append(msgspec.json.decode(frame))
        await send(line, frame)

    monkeypatch.setattr(Line, "send", sent)
    return frames


def test_no_order_names_a_builder_and_none_has_a_field_too_many(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = recorded(monkeypatch)

    async def story(floor: Ground, trader: Trader) -> None:
        for kind in (OrderType.POST_ONLY, OrderType.GTC):
            await trader.place(kind.value, kind)
        for kind in (OrderType.IOC, OrderType.FOK):
            await trader.place(kind.value, kind, price=ASK)
            await trader.place(f"{kind.value}-ro", kind, Side.SELL, price=BID, reduce_only=True)
        await trader.cancel("gtc")
        await trader.sweep()

    play(story)
    orders = [one["place_order"] for one in frames if "place_order" in one]
    assert len(orders) == 6
    for one in orders:
        assert one.keys() == {"product_id", "order", "signature", "id"}
        assert one["order"].keys() == {"sender", "priceX18", "amount", "expiration", "nonce", "appendix"}
        assert int(one["order"]["appendix"]) < 1 << 12, "version, type and reduce-only, and nothing else"
    assert {next(iter(one)) for one in frames} <= {"method", "place_order", "cancel_orders"}


def test_an_order_is_remembered_before_it_leaves(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        known: list[int] = []

        async def sent(line: Line, frame: str | bytes) -> None:
            known.append(len(trader.venue._memory.venue_ids("k")))
            raise ConnectionAbortedError

        monkeypatch.setattr(Line, "send", sent)
        with pytest.raises(ConnectionAbortedError):
            await trader.place("k")
        assert known == [1]

    play(story)


def test_orders_of_a_process_that_died_are_known_to_the_next(tmp_path: Path) -> None:
    async def story() -> None:
        async with ground(tmp_path) as floor:
            async with floor.trader(tmp_path) as first:
                await first.place("k")
            async with floor.trader(tmp_path) as second:
                assert found(await second.find("k")).found is FoundKind.LIVE
                swept = await second.sweep()
                assert isinstance(swept, ev.OrdersSwept)
                assert (swept.ok, swept.found) == (True, 1)

    asyncio.run(story())
