"""The Hyperliquid adapter against the local exchange that speaks as it does, over real sockets."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from dnkit.live.hyperliquid.adapter import Hyperliquid
from dnkit.model.commands import SweepOrders
from dnkit.model.events import (
    CancelRefused,
    OrderAccepted,
    OrderEnded,
    OrderFilled,
    OrderFound,
    OrderRejected,
    OrdersSwept,
    PositionRead,
)
from dnkit.model.terms import EndKind, FoundKind, OrderType, Side
from dnkit.venues.base import Answer, Sign, Trouble
from dnkit.venues.evm import key_of
from dnkit.venues.hyperliquid.signing import action_hash, cloid_of, packed, signature_of, signer_of
from dnkit.venues.hyperliquid.words import order_wire
from tests.recovery.processes import exchange
from tests.venues.rehearsal import Desk, lots_for, run, trading

VENUE, SYMBOL = "hyperliquid_perpetual", "ETH"
SPEED = "20"
BUY, SELL = Side.BUY, Side.SELL
IOC, GTC, POST_ONLY = OrderType.IOC, OrderType.GTC, OrderType.POST_ONLY


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A local Hyperliquid for all tests here; each has an account of its own."""
    root = tmp_path_factory.mktemp("hyperliquid")
    with exchange(root, speed=SPEED, listed=[f"{VENUE}:{SYMBOL}"], for_s=300, venue=VENUE) as site:
        yield site.address


def secret_of(name: str) -> str:
    """A throw-away key."""
    return hashlib.sha256(name.encode()).hexdigest()


@asynccontextmanager
async def at(address: str, folder: Path) -> AsyncIterator[Desk]:
    """A desk on an account of its own; what goes wrong ends with it."""
    secret = secret_of(str(folder))
    account = "0x" + key_of(secret).address.hex()
    async with trading(VENUE, SYMBOL, address, {"private_key": secret}, account, folder) as desk:
        try:
            yield desk
        finally:
            await desk.faults("all=0")


def adapter(desk: Desk) -> Hyperliquid:
    assert isinstance(desk.venue, Hyperliquid)
    return desk.venue


def why(answer: Answer) -> str:
    """The reason of a refusal."""
    assert isinstance(answer, OrderRejected), answer
    return answer.why.value


async def known(desk: Desk, order: Any) -> OrderFound:
    """The look-up's answer once it knows the order."""
    for _ in range(100):
        found = await desk.find(order)
        if isinstance(found, OrderFound) and found.found is not FoundKind.ABSENT:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError("the order is never known")


def test_what_takes_is_filled_once_and_told_with_its_total(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(IOC, BUY, lots_for(desk, 50), 50)
            answer = await desk.ask(order)
            assert answer is None or isinstance(answer, OrderFilled)
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")
            [end] = desk.ears.of(order.key, OrderEnded)
            assert (end.why, end.cum) == (EndKind.FILLED, order.lots)
            assert desk.ears.filled(order.key) == order.lots
            last = desk.ears.of(order.key, OrderFilled)[-1]
            assert (last.worth, last.fee, last.maker) == (end.worth, end.fee, False)
            assert last.fee > 0
            assert (await desk.truth())["lots"] == order.lots
            found = await known(desk, order)
            assert (found.found, found.cum, found.worth, found.fee) == (
                FoundKind.OVER,
                order.lots,
                last.worth,
                last.fee,
            )

    run(work)


def test_every_order_type_does_what_its_name_says(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            lots = lots_for(desk, 20)
            assert why(await desk.ask(desk.order(POST_ONLY, BUY, lots, 10))) == "post_only_cross"
            assert why(await desk.ask(desk.order(IOC, BUY, lots, -500))) == "no_match"
            assert why(await desk.ask(desk.order(IOC, SELL, lots, 5, reduce_only=True))) == "reduce_only"
            assert why(await desk.ask(desk.order(IOC, BUY, lots_for(desk, 5), 5))) == "too_small"
            assert why(await desk.ask(desk.order(OrderType.FOK, BUY, lots, 5))) == "other"
            rests = desk.order(GTC, BUY, lots, -500)
            assert isinstance(await desk.ask(rests), OrderAccepted | None)
            [row] = await desk.venue.open_orders(SYMBOL)
            assert (row.key, row.lots, row.price, row.side) == (rests.key, lots, rests.price, BUY)
            takes = desk.order(GTC, BUY, lots, 50)
            await desk.ask(takes)
            await desk.until(lambda: desk.ears.filled(takes.key) == lots, "the fill")

    run(work)


def test_the_rest_of_an_ioc_is_gone_and_its_total_is_what_was_filled(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(IOC, BUY, lots_for(desk, 50_000_000), 5)
            await desk.ask(order)
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")
            end = desk.ears.of(order.key, OrderEnded)[-1]
            assert end.why is EndKind.EXPIRED
            assert 0 < end.cum < order.lots
            assert end.cum == desk.ears.filled(order.key) == (await desk.truth())["lots"]

    run(work)


def test_a_cancel_ends_an_order_and_a_second_one_is_news_only(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(POST_ONLY, BUY, lots_for(desk, 20), -3000)
            await desk.ask(order)
            await desk.until(lambda: adapter(desk)._ledger.order(order.key), "the order")
            assert (await known(desk, order)).found is FoundKind.LIVE
            ended = await desk.cancel(order)
            assert isinstance(ended, OrderEnded)
            assert ended.cum == -1
            assert isinstance(await desk.cancel(order), CancelRefused)
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end with its total")
            assert desk.ears.of(order.key, OrderEnded)[-1].cum == 0
            found = await known(desk, order)
            assert (found.found, found.cum) == (FoundKind.OVER, 0)

    run(work)


def test_a_price_the_venue_has_no_figures_for_never_leaves(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            past = 123_457 - desk.book.ask
            assert why(await desk.ask(desk.order(GTC, SELL, 100, -past))) == "other"
            assert (await desk.truth())["orders"] == []

    run(work)


def test_an_answer_that_is_lost_is_unknown_and_the_order_is_found(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults("drop_after=100")
            order = desk.order(POST_ONLY, BUY, lots_for(desk, 20), -3000)
            answer = await desk.ask(order)
            assert isinstance(answer, Trouble)
            assert answer.sign is Sign.DROPPED
            await desk.faults("all=0")
            await desk.until(lambda: desk.ears.missed_times, "the line")
            assert (await known(desk, order)).found is FoundKind.LIVE
            assert len((await desk.truth())["orders"]) == 1

    run(work)


@pytest.mark.parametrize("fault", ["drop_before", "truncated", "html"])
def test_whatever_breaks_a_request_is_never_a_refusal(address: str, tmp_path: Path, fault: str) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults(f"{fault}=100")
            answer = await desk.ask(desk.order(POST_ONLY, BUY, lots_for(desk, 20), -3000))
            assert isinstance(answer, Trouble)
            assert answer.sign in (Sign.DROPPED, Sign.TIMED_OUT)

    run(work)


def test_too_many_calls_are_a_trouble_of_the_rate(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults("rate_limit=100")
            answer = await desk.ask(desk.order(POST_ONLY, BUY, lots_for(desk, 20), -3000))
            assert isinstance(answer, Trouble)
            assert (answer.sign, answer.why.value) == (Sign.REFUSED, "rate")

    run(work)


def test_a_fill_told_twice_and_history_after_a_break_count_once(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults("twice=100")
            order = desk.order(IOC, BUY, lots_for(desk, 50), 50)
            await desk.ask(order)
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")
            told = len(desk.ears.news)
            adapter(desk)._lines[1].drop()
            await desk.until(lambda: desk.ears.missed_times == 1, "the line")
            assert desk.ears.filled(order.key) == order.lots
            again = [fact for _, key, fact in desk.ears.news[told:] if key == order.key]
            assert again == []

    run(work)


def test_what_happened_while_the_line_was_down_is_told_after_it(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            own = adapter(desk)._lines[1]
            order = desk.order(IOC, BUY, lots_for(desk, 50), 50)
            await desk.faults("drop_after=100")
            assert isinstance(await desk.ask(order), Trouble)
            await desk.faults("all=0")
            await desk.until(lambda: own.up and desk.ears.missed_times, "the line")
            await desk.until(lambda: desk.ears.filled(order.key) == order.lots, "the fill")

    run(work)


def test_a_fill_that_comes_after_the_end_keeps_the_total(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults("late_fill=100")
            order = desk.order(IOC, BUY, lots_for(desk, 50), 50)
            assert await desk.ask(order) is None
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")
            assert [one.cum for one in desk.ears.of(order.key, OrderEnded)] == [order.lots]

    run(work)


def test_a_fill_during_the_cancel_is_in_no_end_lost(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            for _ in range(5):
                order = desk.order(GTC, BUY, lots_for(desk, 20), 20)
                await asyncio.gather(desk.ask(order), desk.cancel(order))
            await desk.until(
                lambda: sum(desk.ears.filled(key) for key in {one[1] for one in desk.ears.news}), "fills"
            )
            truth = await desk.truth()
            for row in truth["orders"]:
                key = adapter(desk)._memory.key(row["id"])
                await desk.until(lambda: desk.ears.filled(key) == row["cum"], "the total")  # noqa: B023

    run(work)


def test_a_sweep_takes_ours_and_leaves_what_others_placed(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            lots = lots_for(desk, 20)
            ours, kept = (desk.order(POST_ONLY, BUY, lots, -past) for past in (3000, 3100))
            for one in (ours, kept):
                await desk.ask(one)
            price = desk.book.bid - 3200
            foreign = {"account": desk.account, "symbol": SYMBOL, "side": 1, "lots": lots, "price": price}
            await desk.post("order", {**foreign, "id": "7"})
            secret = {"private_key": secret_of(str(tmp_path))}
            async with trading(VENUE, SYMBOL, address, secret, desk.account, tmp_path) as again:
                swept = await again.ask(SweepOrders(0, 1, (kept.key,)))
                assert isinstance(swept, OrdersSwept)
                assert (swept.ok, swept.found, swept.text) == (True, 1, "")
            left = (await desk.truth())["resting"]
            assert cloid_of(ours.key) not in left
            assert cloid_of(kept.key) in left
            assert len(left) == 2

    run(work)


def test_positions_are_told_and_read(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.post("endow", {"account": desk.account, "symbol": SYMBOL, "lots": -500})
            held = await desk.venue.position(SYMBOL)
            assert held.lots == -500
            assert held.entry is not None
            assert held.entry < 0
            order = desk.order(IOC, BUY, 500, 50, reduce_only=True)
            await desk.ask(order)
            await desk.until(
                lambda: any(one.lots == 0 for one in desk.ears.of("", PositionRead)), "the flat position"
            )
            standing = await desk.venue.standing(SYMBOL)
            assert (standing.mode, standing.status, standing.can_withdraw) == ("one-way", "", True)
            assert standing.available is not None
            assert abs(standing.clock_ahead_ns or 0) < 10**9
            listed = (await desk.venue.listed())[SYMBOL]
            known = desk.venue.capabilities.instrument(SYMBOL)
            assert known is not None
            assert (listed.tick, listed.lot, listed.taker_fee) == (known.tick, known.lot, known.taker_fee)
            assert (await desk.venue.funding(SYMBOL)).per_hour > 0
            assert await desk.venue.payments(SYMBOL, 0) == []

    run(work)


def test_the_exchange_replaces_an_order_that_rests_under_a_new_number(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(GTC, BUY, lots_for(desk, 50), -500)
            assert isinstance(await desk.ask(order), OrderAccepted | None)
            [before] = await desk.venue.open_orders(SYMBOL)
            lower = msgspec.structs.replace(order, price=order.price - 10)
            units, speaks = adapter(desk)._units[SYMBOL], adapter(desk)._desk
            wire = order_wire(units, lower, cloid_of(order.key))
            await speaks.act({"type": "modify", "oid": int(before.venue_id), "order": wire})
            [after] = await desk.venue.open_orders(SYMBOL)
            assert (after.key, after.price) == (order.key, order.price - 10)
            assert int(after.venue_id) > int(before.venue_id)

    run(work)


def test_nothing_signed_pays_a_builder_and_every_order_expires(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            sent: list[str] = []
            line = adapter(desk)._lines[1]
            send = line.send

            async def listen(frame: str | bytes) -> None:
                sent.append(str(frame))
                await send(frame)

            line.send = listen  # type: ignore[method-assign]
            order = desk.order(POST_ONLY, BUY, lots_for(desk, 20), -3000)
            await desk.ask(order)
            await desk.cancel(order)
            payloads = [json.loads(one)["request"]["payload"] for one in sent]
            kinds = {one["action"]["type"] for one in payloads}
            assert {"order", "cancelByCloid"} <= kinds <= {"order", "cancelByCloid", "scheduleCancel"}
            for one in payloads:
                words = json.dumps(one).lower()
                assert not any(bad in words for bad in ("builder", "referrer", "broker"))
                assert one["vaultAddress"] is None
            [placed] = [one for one in payloads if one["action"]["type"] == "order"]
            assert set(placed["action"]) == {"type", "orders", "grouping"}
            assert placed["expiresAfter"] > time.time_ns() // 10**6 - 60_000
            assert len({one["nonce"] for one in payloads}) == len(payloads)

    run(work)


def test_the_dead_mans_switch_is_set_while_orders_rest(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            assert not adapter(desk)._deadman._set
            order = desk.order(POST_ONLY, BUY, lots_for(desk, 20), -3000)
            await desk.ask(order)
            await desk.until(lambda: adapter(desk)._deadman._set, "the switch")
        async with at(address, tmp_path) as desk:
            assert len((await desk.truth())["resting"]) == 1

    run(work)


def test_books_follow_the_market_and_are_never_crossed(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            moves = desk.ears.moves
            await desk.until(lambda: desk.ears.moves > moves + 20, "moves")
            assert 0 < desk.book.bid < desk.book.ask
            assert len(list(desk.book.levels(BUY))) > 3
            adapter(desk)._lines[0].drop()
            async with asyncio.timeout(10):
                while desk.book.bid:  # it is forgotten, however short
                    await asyncio.sleep(0)
            await desk.until(lambda: desk.book.bid, "a new book")

    run(work)


def test_the_exchange_refuses_strangers_and_used_numbers(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk, aiohttp.ClientSession() as session:
            now = time.time_ns() // 10**6

            async def send(secret: str, nonce: int, expires: int | None = None) -> Any:
                action: dict[str, Any] = {"type": "noop"}
                hashed = action_hash(packed(action), nonce, None, expires)
                signature = signature_of(signer_of(key_of(secret), False), hashed)
                body = {"action": action, "nonce": nonce, "signature": signature, "expiresAfter": expires}
                async with session.post(f"{address}/exchange", json=body) as answer:
                    return (await answer.json())["response"]

            ours = secret_of(str(tmp_path))
            assert "does not exist" in await send(secret_of("nobody"), now)
            assert await send(ours, now) == {"type": "default"}
            assert "duplicate nonce" in await send(ours, now)
            assert "Invalid nonce" in await send(ours, now - 3 * 86_400_000)
            assert "expired" in await send(ours, now + 1, now - 1)
            assert desk.account

    run(work)


def test_a_frame_nobody_can_read_costs_the_connection_and_nothing_else(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(IOC, BUY, lots_for(desk, 50), 50)
            await desk.faults("malformed=100")
            await desk.ask(order)
            await desk.until(lambda: not adapter(desk)._lines[1].up, "the break")
            await desk.faults("all=0")
            await desk.until(lambda: desk.ears.missed_times, "the line")
            await desk.until(lambda: desk.ears.filled(order.key) == order.lots, "the fill")
            await desk.until(lambda: desk.book.bid, "the book")

    run(work)


def test_a_stream_that_is_silent_loses_no_fill_that_is_looked_up(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(IOC, BUY, lots_for(desk, 50), 50)
            await desk.faults("silent=100")
            answer = await desk.ask(order)
            assert answer is None or isinstance(answer, Trouble)
            await desk.faults("all=0")
            found = await known(desk, order)
            assert (found.found, found.cum) == (FoundKind.OVER, order.lots)
            assert (await desk.truth())["lots"] == order.lots

    run(work)


def test_an_action_goes_by_http_where_there_is_no_line(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            adapter(desk)._desk.line = None
            order = desk.order(POST_ONLY, BUY, lots_for(desk, 20), -3000)
            assert isinstance(await desk.ask(order), OrderAccepted | None)
            assert len((await desk.truth())["resting"]) == 1
            await desk.faults("rate_limit=100")
            answer = await desk.cancel(order)
            assert isinstance(answer, Trouble)
            assert (answer.sign, answer.status) == (Sign.STATUS, 429)

    run(work)
