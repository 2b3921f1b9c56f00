"""Bybit through ccxt against the local exchange that speaks as Bybit does, over real sockets."""

from pathlib import Path

import pytest

from dnkit.desk.gateway.outcome import Fate, classify
from dnkit.model.commands import SweepOrders
from dnkit.model.events import (
    CancelRefused,
    OrderAccepted,
    OrderEnded,
    OrderRejected,
    OrdersSwept,
)
from dnkit.model.terms import EndKind, FoundKind, OrderType, Side
from dnkit.venues.base import Sign, Trouble
from tests.venues.bybit.stand import SYMBOL, at, found_as
from tests.venues.rehearsal import lots_for, run

BUY, SELL = Side.BUY, Side.SELL


def test_what_takes_is_filled_once_and_told_with_its_total(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(OrderType.IOC, BUY, lots_for(desk, 50), 50)
            assert isinstance(await desk.ask(order), OrderAccepted)
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")
            assert desk.ears.filled(order.key) == order.lots
            assert (await desk.truth())["lots"] == order.lots
            assert (await found_as(desk, order, FoundKind.OVER)).cum == order.lots

    run(work)


def test_a_post_only_order_that_would_take_ends_and_never_fills(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(OrderType.POST_ONLY, BUY, lots_for(desk, 20), 10)
            assert isinstance(await desk.ask(order), OrderAccepted)
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")
            [ended] = desk.ears.of(order.key, OrderEnded)
            assert (ended.why, ended.cum) == (EndKind.POST_ONLY_CROSS, 0)

    run(work)


def test_a_cancel_ends_an_order_once(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(OrderType.POST_ONLY, BUY, lots_for(desk, 20), -300)
            assert isinstance(await desk.ask(order), OrderAccepted)
            await found_as(desk, order, FoundKind.LIVE)
            assert await desk.cancel(order) is None
            assert isinstance(await desk.cancel(order), CancelRefused)
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")
            assert len(desk.ears.of(order.key, OrderEnded)) == 1

    run(work)


def test_the_same_order_twice_is_a_duplicate(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(OrderType.POST_ONLY, BUY, lots_for(desk, 20), -300)
            assert isinstance(await desk.ask(order), OrderAccepted)
            again = await desk.ask(order)
            assert isinstance(again, OrderRejected)
            assert again.why.value == "duplicate"

    run(work)


def test_a_sweep_leaves_the_orders_of_others(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(OrderType.POST_ONLY, BUY, lots_for(desk, 20), -300)
            assert isinstance(await desk.ask(order), OrderAccepted)
            manual = {"account": desk.account, "symbol": SYMBOL, "side": 1, "lots": order.lots}
            await desk.post("order", {**manual, "price": order.price, "id": "m"})
            swept = await desk.ask(SweepOrders(0, 1))
            assert isinstance(swept, OrdersSwept)
            assert (swept.ok, swept.found) == (True, 1)
            assert [one.key for one in await desk.venue.open_orders(SYMBOL)] == [""]

    run(work)


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "html", "truncated"])
def test_what_cannot_be_read_is_unknown(address: str, tmp_path: Path, fault: str) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults(f"{fault}=100")
            answer = await desk.ask(desk.order(OrderType.POST_ONLY, BUY, lots_for(desk, 20), -300))
            await desk.faults("")
            assert isinstance(answer, Trouble)
            assert answer.sign is (Sign.STATUS if fault == "html" else Sign.DROPPED)
            assert classify(answer).fate is Fate.UNKNOWN
            assert len((await desk.truth())["resting"]) == (0 if fault == "drop_before" else 1)

    run(work)


def test_a_position_is_signed(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.post("endow", {"account": desk.account, "symbol": SYMBOL, "lots": -100})
            await desk.until(lambda: True, "")
            assert (await desk.truth())["lots"] == -100
            assert (await desk.venue.position(SYMBOL)).lots == -100

    run(work)
