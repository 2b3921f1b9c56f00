"""Lighter through ccxt against the local exchange that speaks as Lighter does, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest

from dnkit.live.keys import Keys
from dnkit.model.commands import PlaceOrder, SweepOrders
from dnkit.model.errors import DnkitError
from dnkit.model.events import (
    CancelRefused,
    OrderAccepted,
    OrderEnded,
    OrderFilled,
    OrderFound,
    OrderRejected,
    OrdersSwept,
)
from dnkit.model.terms import EndKind, FoundKind, OrderType, Side
from dnkit.venues.base import Sign, Trouble
from tests.recovery.processes import exchange
from tests.venues.lighter.signer import KEYS, SECRET, library
from tests.venues.rehearsal import Desk, lots_for, run, trading

VENUE, SYMBOL = "lighter", "ETH"
BUY, SELL = Side.BUY, Side.SELL
IOC, GTC, POST_ONLY = OrderType.IOC, OrderType.GTC, OrderType.POST_ONLY
ACCOUNTS = count(1)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A local Lighter for all tests here; each has an account of its own."""
    library()
    root = tmp_path_factory.mktemp("lighter")
    with exchange(root, speed="20", listed=[f"{VENUE}:{SYMBOL}"], for_s=300, venue=VENUE) as site:
        yield site.address


@asynccontextmanager
async def at(address: str, folder: Path, account: str = "") -> AsyncIterator[Desk]:
    """A desk on an account of its own; what goes wrong ends with it."""
    name = account or str(next(ACCOUNTS))
    secrets = {"private_key": SECRET, "account_index": name, "api_key_index": "5", "library": library()}
    async with trading(VENUE, SYMBOL, address, Keys(secrets), name, folder) as desk:
        try:
            yield desk
        finally:
            await desk.faults("all=0")


async def opened(address: str, folder: Path, keys: dict[str, str]) -> None:
    """Open an adapter with these keys, and close it."""
    async with trading(VENUE, SYMBOL, address, Keys(keys), "1", folder):
        pass


async def known(desk: Desk, order: PlaceOrder) -> OrderFound:
    """The look-up's answer once it knows the order."""
    for _ in range(100):
        found = await desk.find(order)
        if isinstance(found, OrderFound) and found.found is not FoundKind.ABSENT:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError("the order is never known")


async def ended(desk: Desk, order: PlaceOrder) -> OrderEnded:
    """The one end that is told of an order."""
    await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")
    [end] = desk.ears.of(order.key, OrderEnded)
    return end


def test_what_takes_is_filled_once_and_told_with_its_total(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(IOC, BUY, lots_for(desk, 50), 50)
            assert isinstance(await desk.ask(order), OrderAccepted)
            end = await ended(desk, order)
            assert (end.why, end.cum) == (EndKind.FILLED, order.lots)
            assert desk.ears.filled(order.key) == order.lots
            last = desk.ears.of(order.key, OrderFilled)[-1]
            assert (last.worth, last.fee, last.maker) == (end.worth, end.fee, False)
            assert (await desk.truth())["lots"] == order.lots
            found = await known(desk, order)
            assert (found.found, found.cum, found.worth) == (FoundKind.OVER, order.lots, last.worth)

    run(work)


def test_every_order_type_does_what_its_name_says(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            lots = lots_for(desk, 20)
            crosses = desk.order(POST_ONLY, BUY, lots, 1000)
            assert isinstance(await desk.ask(crosses), OrderAccepted)
            end = await ended(desk, crosses)
            assert (end.why, end.cum) == (EndKind.POST_ONLY_CROSS, 0)
            misses = desk.order(IOC, BUY, lots, -5000)
            assert isinstance(await desk.ask(misses), OrderAccepted)
            assert (await ended(desk, misses)).why is EndKind.EXPIRED
            reduces = desk.order(IOC, SELL, lots, 5, reduce_only=True)
            assert isinstance(await desk.ask(reduces), OrderAccepted)
            assert (await ended(desk, reduces)).why is EndKind.CANCELLED
            small = await desk.ask(desk.order(IOC, BUY, 1, 5))
            assert isinstance(small, OrderRejected)
            assert small.why.value == "too_small"
            never = await desk.ask(desk.order(OrderType.FOK, BUY, lots, 5))
            assert isinstance(never, OrderRejected)
            rests = desk.order(GTC, BUY, lots, -5000)
            assert isinstance(await desk.ask(rests), OrderAccepted)
            assert (await known(desk, rests)).found is FoundKind.LIVE
            [row] = await desk.venue.open_orders(SYMBOL)
            assert (row.key, row.lots, row.price, row.side) == (rests.key, lots, rests.price, BUY)

    run(work)


def test_a_cancel_ends_an_order_once(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(POST_ONLY, BUY, lots_for(desk, 20), -5000)
            assert isinstance(await desk.ask(order), OrderAccepted)
            assert (await known(desk, order)).found is FoundKind.LIVE
            assert await desk.cancel(order) is None
            assert (await ended(desk, order)).why is EndKind.CANCELLED
            assert isinstance(await desk.cancel(order), CancelRefused)

    run(work)


def test_the_same_order_twice_is_a_duplicate(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(POST_ONLY, BUY, lots_for(desk, 20), -5000)
            assert isinstance(await desk.ask(order), OrderAccepted)
            again = await desk.ask(order)
            assert isinstance(again, OrderRejected)
            assert again.why.value == "duplicate"

    run(work)


def test_orders_sent_at_once_are_all_taken(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            orders = [desk.order(POST_ONLY, BUY, lots_for(desk, 20), -5000) for _ in range(5)]
            answers = await asyncio.gather(*map(desk.ask, orders))
            assert all(isinstance(one, OrderAccepted) for one in answers), answers
            for one in orders:
                assert (await known(desk, one)).found is FoundKind.LIVE

    run(work)


def test_a_sweep_leaves_the_orders_of_others(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(POST_ONLY, BUY, lots_for(desk, 20), -5000)
            assert isinstance(await desk.ask(order), OrderAccepted)
            manual = {"account": desk.account, "symbol": SYMBOL, "side": 1, "lots": order.lots}
            await desk.post("order", {**manual, "price": order.price, "id": "m"})
            swept = await desk.ask(SweepOrders(0, 1))
            assert isinstance(swept, OrdersSwept)
            assert (swept.ok, swept.found) == (True, 1)
            await ended(desk, order)
            assert [one.key for one in await desk.venue.open_orders(SYMBOL)] == [""]

    run(work)


@pytest.mark.parametrize(
    ("fault", "sign", "lands"),
    [
        ("drop_before", Sign.DROPPED, False),
        ("drop_after", Sign.DROPPED, True),
        ("html", Sign.STATUS, True),
        ("truncated", Sign.DROPPED, True),
        ("rate_limit", Sign.REFUSED, False),
    ],
)
def test_what_cannot_be_read_is_unknown(
    address: str, tmp_path: Path, fault: str, sign: Sign, lands: bool
) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults(f"{fault}=100")
            order = desk.order(POST_ONLY, BUY, lots_for(desk, 20), -5000)
            answer = await desk.ask(order)
            await desk.faults("all=0")
            assert isinstance(answer, Trouble), answer
            assert answer.sign is sign, answer
            await asyncio.sleep(0.3)
            assert len((await desk.truth())["orders"]) == lands
            if lands:
                assert (await known(desk, order)).found is FoundKind.LIVE

    run(work)


def test_fills_are_counted_once_however_they_are_told(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults("twice=100,late_fill=50,gap=10")
            for _ in range(3):
                order = desk.order(IOC, BUY, lots_for(desk, 50), 200)
                assert isinstance(await desk.ask(order), OrderAccepted)
                end = await ended(desk, order)
                assert (end.cum, desk.ears.filled(order.key)) == (order.lots, order.lots)

    run(work)


def test_a_book_with_a_gap_is_not_shown_until_it_is_whole(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            bids: list[int] = []
            cast(Any, desk.ears).moved = lambda _symbol: bids.append(desk.book.bid)
            await desk.faults("gap=100")
            await asyncio.sleep(0.2)
            await desk.faults("all=0")
            await desk.until(lambda: 0 in bids, "that the book is forgotten")
            await desk.until(lambda: desk.book.bid, "a whole book")
            assert desk.book.bid < desk.book.ask
            assert desk.ears.missed_times == 0, "the account's stream goes on"

    run(work)


def test_after_a_broken_line_the_account_is_heard_again(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults("malformed=100")
            first = desk.order(POST_ONLY, BUY, lots_for(desk, 20), -5000)
            assert isinstance(await desk.ask(first), OrderAccepted)
            await asyncio.sleep(0.3)
            await desk.faults("all=0")
            await desk.until(lambda: desk.ears.missed_times, "that words were missed")
            await desk.until(lambda: desk.book.bid, "a whole book")
            order = desk.order(IOC, BUY, lots_for(desk, 50), 200)
            assert isinstance(await desk.ask(order), OrderAccepted)
            await ended(desk, order)

    run(work)


def test_a_position_is_signed_and_what_may_be_done_is_told(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.post("endow", {"account": desk.account, "symbol": SYMBOL, "lots": -100})

            async def held() -> int:
                return (await desk.venue.position(SYMBOL)).lots

            for _ in range(50):
                if await held() == -100:
                    break
                await asyncio.sleep(0.1)
            assert await held() == -100
            standing = await desk.venue.standing(SYMBOL)
            assert standing.available is not None
            assert (standing.status, standing.mode, standing.leverage) == ("", "one-way", Decimal(20))
            assert (await desk.venue.funding(SYMBOL)).per_hour > 0
            assert list(await desk.venue.payments(SYMBOL, 0)) == []

    run(work)


def test_another_process_knows_its_orders_by_what_was_noted(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path, "900") as desk:
            order = desk.order(POST_ONLY, BUY, lots_for(desk, 20), -5000)
            assert isinstance(await desk.ask(order), OrderAccepted)
            await known(desk, order)
        async with at(address, tmp_path, "900") as desk:
            [row] = await desk.venue.open_orders(SYMBOL)
            assert row.key == order.key
            assert (await known(desk, order)).found is FoundKind.LIVE

    run(work)


def test_nothing_leaves_that_was_not_meant(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            raw = cast(Any, desk.venue)._trade.raw
            order = desk.order(POST_ONLY, BUY, lots_for(desk, 20), -5000)
            raw.options |= {"builderFee": True, "tiersForAccountIndexes": {desk.account: False}}
            answer = await desk.ask(order)
            assert isinstance(answer, OrderRejected)
            assert "not sent" in answer.text
            assert "718718" in answer.text, "ccxt's own fee"
            raw.options["builderFee"] = False
            raw.amount_to_precision = lambda _symbol, amount: amount
            raw.price_to_precision = lambda _symbol, _price: "1"
            assert isinstance(await desk.ask(order), OrderRejected)
            assert (await desk.truth())["orders"] == []

    run(work)


def test_every_type_looks_on_the_wire_as_it_has_to(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            raw, sent = cast(Any, desk.venue)._trade.raw, []
            send = raw.publicPostSendTx

            async def noted(request: Any) -> Any:
                sent.append(json.loads(request["tx_info"]))
                return await send(request)

            raw.publicPostSendTx = noted
            lots = lots_for(desk, 20)
            for type in (POST_ONLY, GTC, IOC, OrderType.MARKET):
                for reduces in (False, True):
                    await desk.ask(desk.order(type, SELL, lots, -5000, reduce_only=reduces))
            looks = [(one["Type"], one["TimeInForce"], one["ReduceOnly"], one["IsAsk"]) for one in sent]
            assert looks == [(0, tif, flag, 1) for tif in (2, 1, 0, 0) for flag in (0, 1)]
            assert all((one["BaseAmount"], one["L2TxAttributes"]) == (lots, {"4": 1}) for one in sent)
            assert [one["OrderExpiry"] > 0 for one in sent] == [True] * 4 + [False] * 4
            nonces = [one["Nonce"] for one in sent]
            assert nonces == sorted(set(nonces))

    run(work)


@pytest.mark.parametrize(
    "wrong",
    [{"library": ""}, {"library": "/nowhere.so"}, {"api_key_index": "2"}, {"account_index": "x"}],
)
def test_what_only_a_human_can_mend_is_said_before_anything_is_sent(
    tmp_path: Path, wrong: dict[str, str]
) -> None:
    keys = {**KEYS, "library": library(), **wrong}
    with pytest.raises(DnkitError, match=next(iter(wrong))):
        run(lambda: opened("http://127.0.0.1:9", tmp_path, keys))


def test_no_key_is_shown(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            assert SECRET not in f"{desk.venue!r}{vars(desk.venue)}"

    run(work)
