"""What leaves for Bybit, byte by byte, and what is made of every way an answer can fail."""

import asyncio
import decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from dnkit.desk.gateway.outcome import Fate, classify
from dnkit.live.ccxt import adapter
from dnkit.live.ccxt.bybit import BYBIT
from dnkit.model.commands import ReadPosition
from dnkit.model.errors import DnkitError
from dnkit.model.events import OrderAccepted, OrderRejected, PositionRead, VenueFact
from dnkit.model.terms import OrderType, RejectKind, Side
from dnkit.venues.base import Trouble
from tests.venues.bybit.stand import SYMBOL, keys_of, tapped
from tests.venues.rehearsal import Desk, lots_for, run
from tests.venues.tap import Seen

BUY, SELL = Side.BUY, Side.SELL
FEES = ("referer", "referrer", "broker", "builder", "integrator", "ccxt", "partner")
HTML = "<html><body>a page</body></html>"


def resting(desk: Desk, type: OrderType = OrderType.POST_ONLY, **more: bool) -> Any:
    """An order far behind the market."""
    return desk.order(type, BUY, lots_for(desk, 20), -300, **more)


def test_nobody_else_is_paid_and_each_order_goes_out_once(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            for _ in range(10):
                assert isinstance(await desk.ask(resting(desk)), OrderAccepted)
            assert len(tap.orders()) == 10
            for text in [*(one.text() for one in tap.seen), *tap.said]:
                assert not [word for word in FEES if word in text.lower()], text

    run(work)


TIFS = {"post_only": "PostOnly", "gtc": "GTC", "ioc": "IOC", "fok": "FOK", "market": "IOC"}


@pytest.mark.parametrize("reduce_only", [False, True])
def test_an_order_leaves_as_it_was_asked_for(address: str, tmp_path: Path, reduce_only: bool) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            for type, tif in TIFS.items():
                order = resting(desk, OrderType(type), reduce_only=reduce_only)
                await desk.ask(order)
                wanted = {
                    "symbol": SYMBOL,
                    "category": "linear",
                    "side": "Buy",
                    "orderType": "Limit",
                    "timeInForce": tif,
                    "qty": f"{order.lots / 100:.2f}".rstrip("0"),
                    "price": f"{order.price / 100:.2f}".rstrip("0").rstrip("."),
                    "orderLinkId": BYBIT.client_id(order.key),
                }
                assert tap.orders()[-1].content == wanted | ({"reduceOnly": True} if reduce_only else {})

    run(work)


def test_other_types_stay_here(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            for type in (OrderType.STOP, OrderType.STOP_LIMIT):
                assert isinstance(await desk.ask(resting(desk, type)), OrderRejected)
            assert tap.orders() == []

    run(work)


def test_an_order_that_ccxt_would_change_stays_here(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = replace(BYBIT, tif={**BYBIT.tif, OrderType.IOC: {"timeInForce": "immediate"}})
    monkeypatch.setattr(adapter, "RECORDS", {"bybit": odd})

    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            answer = await desk.ask(resting(desk, OrderType.IOC))
            assert isinstance(answer, OrderRejected)
            assert "not sent" in answer.text
            assert tap.orders() == []

    run(work)


def told(code: int, text: str = "a text") -> web.Response:
    """A refusal as the venue writes it."""
    return web.json_response({"retCode": code, "retMsg": text, "result": {}, "time": 1})


BROKEN = {
    "a page": lambda: web.Response(text=HTML, content_type="text/html"),
    "nothing": lambda: web.Response(text=""),
    "half": lambda: web.Response(text='{"retCode":0,"result":{"orderId":"1'),
    "no id": lambda: told(0),
    "500": lambda: web.Response(status=500, text="oops"),
    "502": lambda: web.Response(status=502, text=HTML, content_type="text/html"),
    "503": lambda: web.Response(status=503, text=""),
    "504": lambda: web.Response(status=504, text=""),
    "520": lambda: web.Response(status=520, text=HTML, content_type="text/html"),
    "10000": lambda: told(10000),
    "10016": lambda: told(10016),
    "cut": lambda: None,
}


@pytest.mark.parametrize("arrives", [False, True])
def test_what_is_no_answer_is_unknown(address: str, tmp_path: Path, arrives: bool) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            for count, (name, broken) in enumerate(BROKEN.items(), 1):

                def answer(seen: Seen, _body: bytes = b"", broken: Any = broken) -> Any:
                    return broken() if seen.path.endswith("/order/create") else False

                tap.after, tap.instead = (answer, tap.instead) if arrives else (tap.after, answer)
                trouble = await desk.ask(resting(desk))
                assert isinstance(trouble, Trouble), name
                assert classify(trouble).fate is Fate.UNKNOWN, trouble
                assert len(tap.orders()) == count
                assert len((await desk.truth())["resting"]) == (count if arrives else 0)

    run(work)


TURNED_AWAY = (
    (lambda: told(10006), True),
    (lambda: web.Response(status=429, text="slow down"), True),
    (lambda: web.Response(status=403, text="not from there"), False),
)


def test_what_was_turned_away_was_not_carried_out(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            for count, (answer, limited) in enumerate(TURNED_AWAY, 1):
                tap.instead = lambda seen, answer=answer: answer() if seen.method == "POST" else False
                trouble = await desk.ask(resting(desk))
                assert isinstance(trouble, Trouble)
                failed = classify(trouble)
                assert failed.limited is limited
                assert failed.fate is (Fate.TRANSIENT if limited else Fate.PERMANENT)
                assert len(tap.orders()) == count

    run(work)


WORDS = {
    10002: RejectKind.OTHER,  # clocks too far apart
    110007: RejectKind.MARGIN,
    110017: RejectKind.REDUCE_ONLY,
    110072: RejectKind.DUPLICATE,
    110094: RejectKind.TOO_SMALL,
    170218: RejectKind.POST_ONLY_CROSS,
    199999: RejectKind.OTHER,  # one nobody knows
}


def test_a_refusal_is_the_orders_own(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            for code, why in WORDS.items():
                tap.instead = lambda _seen, code=code: told(code, "their words")
                answer = await desk.ask(resting(desk))
                assert isinstance(answer, OrderRejected)
                assert answer.why is why
                assert "their words" in answer.text

    run(work)


def test_no_secret_is_shown(address: str, tmp_path: Path) -> None:
    key = keys_of(tmp_path)["api_key"]

    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            tap.instead = lambda _seen: told(10004, f"error sign! origin_string[{key}]")
            answers = [await desk.ask(resting(desk)), await desk.find(resting(desk))]
            with pytest.raises(DnkitError) as caught:
                await desk.venue.position(SYMBOL)
            for shown in (*answers, caught.value, desk.venue, vars(desk.venue)):
                assert key not in repr(shown)
                assert key not in str(shown)

    run(work)


def test_a_read_that_says_nothing_is_no_position(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            for count, name in enumerate(("a page", "nothing", "half", "cut"), 1):
                answer = BROKEN[name]
                tap.instead = lambda seen, answer=answer: answer() if "position" in seen.path else False
                read = await desk.venue.ask(ReadPosition(0, 1), SYMBOL)
                assert isinstance(read, Trouble)
                asked = [one for one in tap.seen if "position" in one.path]
                assert len(asked) == count, "it is not asked again below"

    run(work)


def test_an_order_goes_on_when_its_caller_is_gone(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            task = asyncio.create_task(desk.ask(resting(desk)))
            while not tap.orders():
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with asyncio.timeout(5):
                while not (await desk.truth())["resting"]:
                    await asyncio.sleep(0.01)
            assert len(tap.orders()) == 1

    run(work)


def habits() -> tuple[int, str, str]:
    """How decimals are reckoned here."""
    context = decimal.getcontext()
    return context.prec, context.rounding, str(context.traps)


def test_decimals_of_the_caller_are_left_alone(address: str, tmp_path: Path) -> None:
    seen: list[tuple[int, str, str]] = []

    async def work() -> None:
        context = decimal.Context(prec=17, rounding=decimal.ROUND_FLOOR, traps=[])
        decimal.setcontext(context)
        async with tapped(address, tmp_path) as (desk, _):
            told = desk.ears.fact

            def fact(symbol: str, key: str, fact: VenueFact) -> None:
                seen.append(habits())
                told(symbol, key, fact)

            desk.ears.fact = fact  # type: ignore[method-assign]
            before = habits()
            order = desk.order(OrderType.IOC, BUY, lots_for(desk, 50), 50)
            await desk.ask(order)
            await desk.until(lambda: desk.ears.filled(order.key), "the fill")
            assert habits() == before
            assert set(seen) == {before}

    run(work)


def test_an_order_waits_for_no_read(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, _):
            reads = [asyncio.create_task(desk.venue.ask(ReadPosition(0, at), SYMBOL)) for at in range(40)]
            await asyncio.sleep(0.01)
            assert isinstance(await desk.ask(resting(desk)), OrderAccepted)
            assert not all(one.done() for one in reads), "reads are still queued"
            assert all(isinstance(one, PositionRead) for one in await asyncio.gather(*reads))

    run(work)
