"""The adapter that goes through ccxt, against a local exchange that speaks as OKX does, over real sockets."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from dnkit.desk.gateway.outcome import Fate, classify
from dnkit.model.commands import SweepOrders
from dnkit.model.errors import DnkitError
from dnkit.model.events import (
    CancelRefused,
    OrderAccepted,
    OrderEnded,
    OrderFilled,
    OrderRejected,
    OrdersSwept,
    PositionRead,
)
from dnkit.model.terms import EndKind, FoundKind, OrderType, RejectKind, Side
from dnkit.runtime.local.okx.feed import SILENCE_S
from dnkit.venues.base import Answer, Trouble
from tests.venues.okx.stand import FAR, SYMBOL, VENUE, at, found, tapped
from tests.venues.rehearsal import lots_for, run, trading

BUY, SELL = Side.BUY, Side.SELL


def accepted(answer: Answer) -> None:
    assert isinstance(answer, OrderAccepted), answer


def test_what_takes_is_filled_once_and_told_with_its_total(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(OrderType.IOC, BUY, lots_for(desk, 50), 500)
            accepted(await desk.ask(order))
            await desk.until(lambda: desk.ears.filled(order.key) == order.lots, "the fill")
            assert (await desk.truth())["lots"] == order.lots
            told = await found(desk, order, FoundKind.OVER)
            last = desk.ears.of(order.key, OrderFilled)[-1]
            assert (told.cum, told.worth, told.fee) == (order.lots, last.worth, last.fee)
            assert last.fee > 0, "a fee that is paid is above zero"

    run(work)


@pytest.mark.parametrize(
    ("type", "past", "lots", "why"),
    [
        (OrderType.POST_ONLY, 500, 0, EndKind.POST_ONLY_CROSS),
        (OrderType.IOC, -FAR, 0, EndKind.EXPIRED),
        (OrderType.FOK, 1, 10**8, EndKind.EXPIRED),
    ],
)
def test_what_the_venue_takes_and_ends_at_once_is_told_with_its_reason(
    address: str, tmp_path: Path, type: OrderType, past: int, lots: int, why: EndKind
) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(type, BUY, lots or lots_for(desk, 20), past)
            accepted(await desk.ask(order))
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")
            [end] = desk.ears.of(order.key, OrderEnded)
            assert (end.why, end.cum) == (why, 0)

    run(work)


def test_what_the_venue_refuses_is_a_refusal_with_its_own_words(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            lots = lots_for(desk, 20)
            reduces = await desk.ask(desk.order(OrderType.IOC, SELL, lots, 5, reduce_only=True))
            assert isinstance(reduces, OrderRejected)
            assert (reduces.why, "51169" in reduces.text) == (RejectKind.REDUCE_ONLY, True)
            order = desk.order(OrderType.GTC, BUY, lots, -FAR)
            accepted(await desk.ask(order))
            again = await desk.ask(order)
            assert isinstance(again, OrderRejected)
            assert again.why is RejectKind.DUPLICATE, "the first sending arrived"
            assert len((await desk.truth())["resting"]) == 1

    run(work)


def test_a_cancel_ends_an_order_once(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(OrderType.POST_ONLY, BUY, lots_for(desk, 20), -FAR)
            accepted(await desk.ask(order))
            await found(desk, order, FoundKind.LIVE)
            [row] = await desk.venue.open_orders(SYMBOL)
            assert (row.key, row.lots, row.price, row.side) == (order.key, order.lots, order.price, BUY)
            assert isinstance(await desk.cancel(order), OrderEnded | None)
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")
            assert isinstance(await desk.cancel(order), CancelRefused)
            assert (await found(desk, order, FoundKind.OVER)).cum == 0

    run(work)


def test_an_order_that_never_left_is_absent(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await found(desk, desk.order(OrderType.IOC, BUY, 10, 0), FoundKind.ABSENT)

    run(work)


def test_a_sweep_leaves_the_orders_of_others_and_what_is_kept(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            lots = lots_for(desk, 20)
            gone, kept = (desk.order(OrderType.POST_ONLY, BUY, lots, -way) for way in (FAR, FAR + 100))
            for order in (gone, kept):
                accepted(await desk.ask(order))
            manual = {"account": desk.account, "symbol": SYMBOL, "side": 1, "lots": lots, "id": "m"}
            await desk.post("order", manual | {"price": gone.price})
            swept = await desk.ask(SweepOrders(0, 1, (kept.key,)))
            assert isinstance(swept, OrdersSwept)
            assert (swept.ok, swept.found) == (True, 1)
            await desk.until(lambda: desk.ears.of(gone.key, OrderEnded), "the end")
            assert {one.key for one in await desk.venue.open_orders(SYMBOL)} == {kept.key, ""}

    run(work)


@pytest.mark.parametrize("fault", ["drop_before", "drop_after"])
def test_what_cannot_be_read_is_unknown_and_goes_out_once(address: str, tmp_path: Path, fault: str) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(OrderType.POST_ONLY, BUY, lots_for(desk, 20), -FAR)
            await desk.faults(f"{fault}=100")
            answer = await desk.ask(order)
            await desk.faults("")
            assert isinstance(answer, Trouble)
            assert classify(answer).fate is Fate.UNKNOWN
            arrived = fault != "drop_before"
            assert len((await desk.truth())["orders"]) == arrived
            await found(desk, order, FoundKind.LIVE if arrived else FoundKind.ABSENT)

    run(work)


def test_a_gap_is_found_and_mended_from_a_snapshot(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            before = desk.ears.moves
            await desk.faults("gap=50")
            await desk.until(lambda: desk.ears.moves > before + 20, "a few changes")
            drawn = await desk.post("faults", "")
            assert drawn["gap"] > 0, "changes were left out"
            await desk.until(lambda: 0 < desk.book.bid < desk.book.ask, "a whole book")

    run(work)


def test_fills_that_come_twice_or_late_count_once(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults("twice=100,late_fill=50")
            orders = [desk.order(OrderType.IOC, side, lots_for(desk, 20), 500) for side in (BUY, BUY, SELL)]
            for order in orders:
                accepted(await desk.ask(order))
            for order in orders:
                await desk.until(lambda order=order: desk.ears.filled(order.key) == order.lots, "the fill")  # type: ignore[misc]
            await desk.faults("")
            truth = await desk.truth()
            assert truth["lots"] == sum(one.side * desk.ears.filled(one.key) for one in orders)
            assert [one["cum"] for one in truth["orders"]] == [desk.ears.filled(one.key) for one in orders]

    run(work)


@pytest.mark.parametrize("fault", ["malformed", "silent"])
def test_a_stream_that_breaks_is_mended_and_what_was_missed_is_said(
    address: str, tmp_path: Path, fault: str
) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults(f"{fault}=100")
            order = desk.order(OrderType.IOC, BUY, lots_for(desk, 20), 500)
            accepted(await desk.ask(order))
            await found(desk, order, FoundKind.OVER)
            await desk.faults("")
            if fault == "malformed":
                await desk.until(lambda: desk.ears.missed_times, "the word that words were missed")
            else:
                assert desk.ears.filled(order.key) == order.lots, "the look-up told it"
                await asyncio.sleep(SILENCE_S)
            later = desk.order(OrderType.IOC, SELL, order.lots, 500)
            accepted(await desk.ask(later))
            await desk.until(lambda: desk.ears.filled(later.key) == later.lots, "the next fill")

    run(work)


def test_positions_are_told_and_read_as_old_as_they_may_be(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(OrderType.IOC, SELL, lots_for(desk, 20), 500)
            accepted(await desk.ask(order))
            await desk.until(
                lambda: -order.lots in [one.lots for one in desk.ears.of("", PositionRead)], "the position"
            )
            read = await desk.venue.position(SYMBOL)
            assert time.time_ns() - read.as_of_ns >= desk.venue.capabilities.position_lag_ns

    run(work)


def test_what_the_venue_tells_of_itself(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            listed = (await desk.venue.listed())[SYMBOL]
            facts = desk.venue.capabilities.instrument(SYMBOL)
            assert facts is not None
            assert (listed.tick, listed.lot) == (facts.tick, facts.lot)
            standing = await desk.venue.standing(SYMBOL)
            assert (standing.mode, standing.status, standing.can_withdraw) == ("one-way", "", False)
            assert abs(standing.clock_ahead_ns or 10**12) < 10**9
            assert (await desk.venue.funding(SYMBOL)).per_hour > 0
            assert list(await desk.venue.payments(SYMBOL, 0)) == []

    run(work)


def test_what_an_ioc_filled_stays_when_the_rest_of_it_ends(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            for _ in range(20):
                order = desk.order(OrderType.IOC, BUY, desk.book.asks[desk.book.ask] + 10**6, 0)
                accepted(await desk.ask(order))
                await desk.until(lambda order=order: desk.ears.of(order.key, OrderEnded), "the end")  # type: ignore[misc]
                [end] = desk.ears.of(order.key, OrderEnded)
                if end.cum:
                    break
            assert (end.why, 0 < end.cum < order.lots) == (EndKind.EXPIRED, True)
            last = desk.ears.of(order.key, OrderFilled)[-1]
            assert (end.cum, end.worth, end.fee) == (last.cum, last.worth, last.fee)
            told = await found(desk, order, FoundKind.OVER)
            assert (told.cum, told.worth, told.fee) == (end.cum, end.worth, end.fee)
            assert (await desk.truth())["lots"] == end.cum

    run(work)


def test_a_key_without_its_passphrase_is_told_so(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        keys = {"api_key": "short", "api_secret": "short-secret"}
        with pytest.raises(DnkitError, match="okx_perpetual needs passphrase"):
            async with trading(VENUE, SYMBOL, address, keys, "short", tmp_path):
                pass

    run(work)


def test_a_change_that_never_came_has_the_book_told_anew(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            told = {"update": 0, "snapshot": 0}

            def third_is_lost(_path: str, text: str) -> str:
                action = json.loads(text).get("action", "") if text != "pong" else ""
                if action:
                    told[action] += 1
                return "" if (action, told.get(action)) == ("update", 3) else text

            bids: list[int] = []
            desk.ears.moved = lambda _symbol: bids.append(desk.book.bid)  # type: ignore[method-assign]
            tap.frame = third_is_lost
            await desk.until(lambda: told["snapshot"], "the book anew")
            assert bids.index(0) <= told["update"], "it was forgotten when the next change came"
            await desk.until(lambda: 0 < desk.book.bid < desk.book.ask, "a whole book")

    run(work)
