"""Streams of Bybit that break in every way: it is noticed in seconds, and what was said is counted once."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dnkit.live.ccxt import adapter, streams
from dnkit.live.setup import Setup, make_venue
from dnkit.market.book import Book
from dnkit.model.events import OrderAccepted, OrderEnded, OrderFilled, PositionRead
from dnkit.model.terms import FoundKind, OrderType, Side
from dnkit.runtime.library import VenueFacts
from dnkit.venues.base import TroubledError
from tests.venues.bybit.stand import SYMBOL, at, found_as, keys_of, tapped
from tests.venues.rehearsal import Desk, Ears, lots_for, run
from tests.venues.tap import Tap

BUY = Side.BUY
BOOKS, OWN = "/public/linear", "/private"


async def shows(desk: Desk, tap: Tap) -> None:
    """The book is whole, of this moment, and where the exchange has it."""
    since_ns = time.time_ns()
    await desk.until(lambda: desk.book.updated_ns > since_ns, "a new book")
    assert 0 < desk.book.bid < desk.book.ask


async def broken_and_back(desk: Desk, tap: Tap, part: str, harm: Callable[[], Any]) -> None:
    """Harm the sockets to such a path; others come in their place."""
    [old] = tap.on(part)
    done = harm()
    if done is not None:
        await done
    await desk.until(lambda: any(one is not old for one in tap.on(part)), "another socket")


HARMS: dict[str, Callable[[Tap, str], Any]] = {
    "abort": lambda tap, part: tap.on(part)[0].abort(),
    "a clean close": lambda tap, part: tap.on(part)[0].hang_up(),
    "half a frame": lambda tap, part: tap.on(part)[0].push('{"topic":"ord'),
    "a page": lambda tap, part: tap.on(part)[0].push("<html></html>"),
    "an odd shape": lambda tap, part: tap.on(part)[0].push('{"topic":"orderbook.50.ETHUSDT","data":7}'),
}


@pytest.mark.parametrize("name", HARMS)
def test_a_stream_that_breaks_is_made_anew(address: str, tmp_path: Path, name: str) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            await broken_and_back(desk, tap, BOOKS, lambda: HARMS[name](tap, BOOKS))
            await shows(desk, tap)
            assert desk.ears.missed_times == 0, "the account's words came all the time"
            await broken_and_back(desk, tap, OWN, lambda: HARMS[name](tap, OWN))
            await desk.until(lambda: desk.ears.missed_times, "word of the gap")
            order = desk.order(OrderType.IOC, BUY, lots_for(desk, 50), 50)
            await desk.ask(order)
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")

    run(work)


def test_what_says_nothing_is_noticed(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "QUIET_MS", 2_500)  # pings go out each 2 s

    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            tap.frame = lambda _path, _text: ""
            await desk.until(lambda: not desk.book.bid, "doubt of the book")
            tap.frame = lambda _path, text: text
            await shows(desk, tap)
            await desk.until(lambda: desk.ears.missed_times, "word of the gap")

    run(work)


def test_a_stream_that_stays_down_is_told_once(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "QUIET_MS", 300)
    monkeypatch.setattr(streams, "DOWN_MS", 1_000)

    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            tap.frame = lambda path, text: "" if BOOKS in path else text
            await desk.until(lambda: any(BOOKS in one.text for one in desk.alerts), "an alert")
            await asyncio.sleep(1)
            [told] = [one for one in desk.alerts if BOOKS in one.text]
            assert told.code == "STREAM_DOWN"

    run(work)


def test_a_crossed_book_is_forgotten_and_had_anew(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            crossed = {"s": SYMBOL, "b": [["9000", "1"]], "a": [["1", "1"]], "u": 9, "seq": 9}
            frame = {"topic": f"orderbook.50.{SYMBOL}", "type": "snapshot", "ts": 1, "data": crossed}
            states: list[tuple[int, int]] = []
            desk.ears.moved = lambda _symbol: states.append((desk.book.bid, desk.book.ask))  # type: ignore[method-assign]
            await broken_and_back(desk, tap, BOOKS, lambda: tap.on(BOOKS)[0].push(json.dumps(frame)))
            await shows(desk, tap)
            assert (0, 0) in states, "it was forgotten"
            assert all(not bid or bid < ask for bid, ask in states), "it was never shown crossed"

    run(work)


def test_changes_before_a_whole_book_are_not_believed(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):

            def only_changes(path: str, text: str) -> str:
                return text.replace('"type":"snapshot"', '"type":"delta"') if BOOKS in path else text

            tap.frame = only_changes
            await tap.on(BOOKS)[0].hang_up()
            await desk.until(lambda: not desk.book.bid, "doubt of the book")
            for _ in range(50):
                await asyncio.sleep(0.01)
                assert not desk.book.bid
            tap.frame = lambda _path, text: text
            await shows(desk, tap)

    run(work)


def test_changes_that_never_came_are_noticed(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "COMPARE_S", 0.5)
    monkeypatch.setattr(adapter, "AGAIN_S", 0.5)

    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            old = tap.on(BOOKS)[0]
            tap.frame = lambda _path, text: "" if "orderbook" in text else text
            await desk.until(lambda: old not in tap.sockets, "another socket")
            tap.frame = lambda _path, text: text
            await shows(desk, tap)

    run(work)


def test_a_book_that_is_as_told_is_left_alone(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "COMPARE_S", 0.1)

    async def work() -> None:
        async with tapped(address, tmp_path) as (_, tap):
            [old] = tap.on(BOOKS)
            for _ in range(20):
                await asyncio.sleep(0.1)
            assert len([one for one in tap.seen if one.path.endswith("/market/orderbook")]) > 5
            assert tap.on(BOOKS) == [old]

    run(work)


def test_executions_are_counted_once_whenever_they_come(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults("late_fill=60,twice=60")
            orders = [desk.order(OrderType.IOC, BUY, lots_for(desk, 50), 50) for _ in range(6)]
            for order in orders:
                assert isinstance(await desk.ask(order), OrderAccepted)
            for order in orders:
                await desk.until(lambda key=order.key: desk.ears.of(key, OrderEnded), "the end")
                assert desk.ears.filled(order.key) == order.lots
                [ended] = desk.ears.of(order.key, OrderEnded)
                assert ended.cum == order.lots, "it is told over once all its fills are told"
            assert (await desk.truth())["lots"] == sum(order.lots for order in orders)
            totals = [fact.cum for fact in desk.ears.of(orders[0].key, OrderFilled)]
            assert totals == sorted(set(totals))
            await desk.faults("")

    run(work)


def test_old_words_after_an_end_change_nothing(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            frames: list[str] = []

            def kept(path: str, text: str) -> str:
                if path.endswith(OWN) and '"data":[' in text:
                    frames.append(text)
                return text

            tap.frame = kept
            order = desk.order(OrderType.IOC, BUY, lots_for(desk, 50), 50)
            await desk.ask(order)
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")
            before = [one for one in desk.ears.news if one[1]]
            for text in [*frames]:
                await tap.on(OWN)[0].push(text.replace('"Filled"', '"PartiallyFilled"'))
                await tap.on(OWN)[0].push(text)
            await asyncio.sleep(0.2)
            assert [one for one in desk.ears.news if one[1]] == before

    run(work)


def test_a_position_is_told_by_the_stream(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(OrderType.IOC, BUY, lots_for(desk, 50), 50)
            since_ns = time.time_ns()
            await desk.ask(order)
            await desk.until(lambda: desk.ears.of("", PositionRead), "a position")
            told = desk.ears.of("", PositionRead)[-1]
            assert told.lots == order.lots
            assert since_ns - 10**6 <= told.as_of_ns <= told.at_ns

    run(work)


def test_fills_nobody_heard_are_found(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            tap.frame = lambda path, text: "" if path.endswith(OWN) and '"data":[' in text else text
            order = desk.order(OrderType.IOC, BUY, lots_for(desk, 50), 50)
            await desk.ask(order)
            found = await found_as(desk, order, FoundKind.OVER)
            assert found.cum == order.lots
            assert 0 < found.worth <= found.cum * order.price
            assert found.fee > 0

    run(work)


def test_another_process_knows_the_orders_of_the_first(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            rests = desk.order(OrderType.POST_ONLY, BUY, lots_for(desk, 20), -300)
            takes = desk.order(OrderType.IOC, BUY, lots_for(desk, 50), 50)
            for order in (rests, takes):
                assert isinstance(await desk.ask(order), OrderAccepted)
        async with at(address, tmp_path) as desk:
            assert [one.key for one in await desk.venue.open_orders(SYMBOL)] == [rests.key]
            assert (await found_as(desk, takes, FoundKind.OVER)).cum == takes.lots

    run(work)


def test_a_subscription_that_is_refused_is_no_open_venue(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "OPEN_S", 1)

    async def work() -> None:
        async with Tap(address).listening() as tap:
            refusal = {"success": False, "ret_msg": "not for you", "op": "subscribe"}

            def refused(path: str, text: str) -> str:
                is_answer = path.endswith(OWN) and '"op":"subscribe"' in text
                return json.dumps(refusal | {"req_id": json.loads(text)["req_id"]}) if is_answer else text

            tap.frame = refused
            instrument = VenueFacts()["bybit"].instrument(SYMBOL)
            assert instrument is not None
            setup = Setup(
                capabilities=VenueFacts()["bybit"],
                instruments={SYMBOL: instrument},
                where=tap.address,
                keys=keys_of(tmp_path),
                memory=tmp_path / "orders.db",
                now=time.time_ns,
                alert=lambda _alert: None,
            )
            with pytest.raises(TroubledError, match="not for you"):
                await make_venue(setup).open({SYMBOL: Book()}, Ears())

    run(work)
