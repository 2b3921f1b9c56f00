"""What leaves for OKX, byte for byte, and what each of its answers means."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dnkit.desk.gateway.outcome import Fate, classify
from dnkit.live.ccxt import okx
from dnkit.model.events import OrderAccepted, OrderRejected
from dnkit.model.terms import OrderType, RejectKind, Side
from dnkit.venues.base import Trouble
from tests.recovery.processes import exchange
from tests.venues.okx.tap import tapped
from tests.venues.okx.test_adapter import FAR, SYMBOL, VENUE, at
from tests.venues.rehearsal import lots_for, run

NAMES = {"post_only": "post_only", "gtc": "limit", "ioc": "ioc", "fok": "fok"}
FAULTY = '{"code":"%s","msg":"no","data":[]}'
INNER = '{"code":"%s","msg":"","data":[{"ordId":"","clOrdId":"x","sCode":"%s","sMsg":"no"}]}'


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("okx")
    with exchange(root, speed="20", listed=[f"{VENUE}:{SYMBOL}"], for_s=200, venue=VENUE) as site:
        yield site.address


def test_an_order_on_the_wire_is_what_was_asked_and_nothing_else(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk, tapped(desk) as tap:
            wanted: list[dict[str, Any]] = []
            for type in okx.TIFS:
                for reduces in (False, True):
                    order = desk.order(type, Side.SELL, lots_for(desk, 20), -FAR, reduce_only=reduces)
                    await desk.ask(order)
                    row = {"instId": SYMBOL, "side": "sell", "ordType": NAMES[type.value], "tdMode": "cross"}
                    row |= {"sz": f"{order.lots / 100:g}", "px": f"{order.price / 100:g}"}
                    wanted.append(row | {"reduceOnly": True} if reduces else row)
            for _ in range(3):  # a tenth order is as plain as the first
                await desk.ask(desk.order(OrderType.GTC, Side.SELL, lots_for(desk, 20), -FAR))
            names = [row.pop("clOrdId") for one in tap.orders for row in one.body]
            assert [row for one in tap.orders for row in one.body][: len(wanted)] == wanted
            assert all(one.isascii() and one.isalnum() and len(one) <= 32 for one in names)
            assert len(set(names)) == len(names) == 11, "each went out once, with a name of its own"
            assert {one.path for one in tap.sent} == {"/api/v5/trade/batch-orders"}
            known = {"referer", "broker", "tag", "x-source"}
            assert not any(known & one.headers.keys() for one in tap.sent)

    run(work)


def test_a_word_ccxt_does_not_know_would_rest_and_stays_here(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk, tapped(desk) as tap:
            monkeypatch.setitem(okx.TIFS, OrderType.IOC, {"timeInForce": "ioc"})
            answer = await desk.ask(desk.order(OrderType.IOC, Side.BUY, lots_for(desk, 20), 500))
            assert isinstance(answer, OrderRejected)
            assert "not sent" in answer.text
            assert tap.sent == []

    run(work)


UNSAID = (
    (200, FAULTY % "50001", Fate.TRANSIENT, True),
    (503, FAULTY % "50001", Fate.TRANSIENT, True),
    (400, FAULTY % "50004", Fate.UNKNOWN, False),
    (429, FAULTY % "50011", Fate.TRANSIENT, True),
    (429, "slow down", Fate.TRANSIENT, True),
    (200, INNER % ("1", "50061"), Fate.TRANSIENT, True),
    (200, INNER % ("1", "50004"), Fate.UNKNOWN, False),
    (500, FAULTY % "50013", Fate.UNKNOWN, False),
    (200, "<html>hello</html>", Fate.UNKNOWN, False),
    (200, "", Fate.UNKNOWN, False),
    (200, '{"code":"0","data":[{"ordId":"12', Fate.UNKNOWN, False),
    (200, '{"code":"0","msg":"","data":[]}', Fate.UNKNOWN, False),
    (502, "<html>bad gateway</html>", Fate.UNKNOWN, False),
)


def test_an_answer_that_is_no_word_on_the_order(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk, tapped(desk) as tap:
            for number, (status, body, fate, limited) in enumerate(UNSAID, 1):
                tap.answer = status, body
                answer = await desk.ask(desk.order(OrderType.IOC, Side.BUY, lots_for(desk, 20), 500))
                assert isinstance(answer, Trouble), (body, answer)
                assert (classify(answer).fate, classify(answer).limited) == (fate, limited), (status, body)
                assert len(tap.sent) == number, "it went out once"

    run(work)


REFUSED = (
    ("1", "51008", RejectKind.MARGIN),
    ("0", "51008", RejectKind.MARGIN),
    ("2", "51008", RejectKind.MARGIN),
    ("1", "51016", RejectKind.DUPLICATE),
    ("0", "51016", RejectKind.DUPLICATE),
    ("1", "51020", RejectKind.TOO_SMALL),
    ("0", "59999", RejectKind.OTHER),
)


def test_a_refusal_is_one_whatever_stands_around_it(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk, tapped(desk) as tap:
            for outer, inner, why in REFUSED:
                tap.answer = 200, INNER % (outer, inner)
                answer = await desk.ask(desk.order(OrderType.IOC, Side.BUY, lots_for(desk, 20), 500))
                assert isinstance(answer, OrderRejected), (outer, inner, answer)
                assert (answer.why, inner in answer.text) == (why, True)

    run(work)


def test_the_exchange_s_own_refusal_inside_a_good_answer(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk, tapped(desk) as tap:
            order = desk.order(OrderType.GTC, Side.BUY, lots_for(desk, 20), -FAR)
            assert isinstance(await desk.ask(order), OrderAccepted)
            tap.code = "0"
            again = await desk.ask(order)
            assert isinstance(again, OrderRejected)
            assert again.why is RejectKind.DUPLICATE, "the first sending landed: look it up"
            cancelled = [await desk.cancel(order), await desk.cancel(order)]
            assert len((await desk.truth())["resting"]) == 0, cancelled

    run(work)
