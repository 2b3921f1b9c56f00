"""What leaves for OKX, and what each of its answers means."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from msgspec.structs import replace

from dnkit.desk.gateway.outcome import Fate, classify
from dnkit.live.ccxt import adapter
from dnkit.live.ccxt.okx import OKX
from dnkit.model.events import CancelRefused, OrderAccepted, OrderEnded, OrderRejected
from dnkit.model.terms import OrderType, RejectKind, Side
from dnkit.venues.base import Trouble
from tests.venues.okx.stand import FAR, SYMBOL, VENUE, tapped
from tests.venues.rehearsal import Desk, lots_for, run
from tests.venues.tap import Seen

NAMES = {"post_only": "post_only", "gtc": "limit", "ioc": "ioc", "fok": "fok"}
FEES = ("referer", "referrer", "broker", "builder", "integrator", "ccxt", "tag")
HTML = "<html><body>a page</body></html>"


def resting(desk: Desk, type: OrderType = OrderType.POST_ONLY, *, reduce_only: bool = False) -> Any:
    """An order far behind the market."""
    return desk.order(type, Side.SELL, lots_for(desk, 20), -FAR, reduce_only=reduce_only)


def test_an_order_on_the_wire_is_what_was_asked_and_nothing_else(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            for type, name in NAMES.items():
                for reduces in (False, True):
                    order = resting(desk, OrderType(type), reduce_only=reduces)
                    await desk.ask(order)
                    wanted = {
                        "instId": SYMBOL,
                        "side": "sell",
                        "ordType": name,
                        "tdMode": "cross",
                        "sz": f"{order.lots / 100:g}",  # contracts of a hundred lots
                        "px": f"{order.price / 100:.2f}".rstrip("0").rstrip("."),
                        "clOrdId": OKX.client_id(order.key),
                    }
                    assert tap.orders()[-1].content == [wanted | ({"reduceOnly": True} if reduces else {})]
                    assert wanted["clOrdId"].isalnum()
                    assert len(wanted["clOrdId"]) <= 32
            for _ in range(2):  # the tenth is as plain as the first
                await desk.ask(resting(desk))
            assert len(tap.orders()) == 10, "each went out once"
            for text in [*(one.text() for one in tap.seen), *tap.said]:
                assert not [word for word in FEES if word in text.lower()], text
            assert not [one for one in tap.seen if one.path.endswith("/currencies")]

    run(work)


@pytest.mark.parametrize("word", ["ioc", "GTX"])
def test_a_word_ccxt_does_not_know_would_rest_and_stays_here(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    odd = replace(OKX, tif={**OKX.tif, OrderType.IOC: {"timeInForce": word}})
    monkeypatch.setattr(adapter, "RECORDS", {VENUE: odd})

    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            answer = await desk.ask(resting(desk, OrderType.IOC))
            assert isinstance(answer, OrderRejected)
            assert "not sent" in answer.text
            assert tap.orders() == []

    run(work)


def failed(code: str, status: int = 200) -> web.Response:
    """A failure as the venue writes it."""
    return web.json_response({"code": code, "msg": "no", "data": []}, status=status)


def refused(outer: str, inner: str) -> web.Response:
    """The same of the one row of a batch."""
    row = {"ordId": "", "clOrdId": "x", "tag": "", "sCode": inner, "sMsg": "no"}
    return web.json_response({"code": outer, "msg": "", "data": [row]})


UNSAID = {
    "50001": (lambda: failed("50001"), Fate.TRANSIENT),
    "50001 by 503": (lambda: failed("50001", 503), Fate.TRANSIENT),
    "50004": (lambda: failed("50004", 400), Fate.UNKNOWN),
    "50004 of a row": (lambda: refused("1", "50004"), Fate.UNKNOWN),
    "50011": (lambda: failed("50011", 429), Fate.TRANSIENT),
    "50013": (lambda: failed("50013", 500), Fate.UNKNOWN),
    "50061 of a row": (lambda: refused("1", "50061"), Fate.TRANSIENT),
    "429": (lambda: web.Response(status=429, text="slow down"), Fate.TRANSIENT),
    "502": (lambda: web.Response(status=502, text=HTML, content_type="text/html"), Fate.UNKNOWN),
    "a page": (lambda: web.Response(text=HTML, content_type="text/html"), Fate.UNKNOWN),
    "nothing": (lambda: web.Response(text=""), Fate.UNKNOWN),
    "half": (lambda: web.Response(text='{"code":"0","data":[{"ordId":"12'), Fate.UNKNOWN),
    "no row": (lambda: failed("0"), Fate.UNKNOWN),
    "cut": (lambda: None, Fate.UNKNOWN),
}


def test_an_answer_that_is_no_word_on_the_order(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            for number, (name, (answers, fate)) in enumerate(UNSAID.items(), 1):
                tap.instead = lambda seen, answers=answers: seen.method == "POST" and answers()  # type: ignore[misc]
                answer = await desk.ask(resting(desk))
                assert isinstance(answer, Trouble), (name, answer)
                told = classify(answer)
                is_limited = fate is Fate.TRANSIENT and not name.startswith("50001")  # maintenance
                assert (told.fate, told.limited) == (fate, is_limited), name
                assert len(tap.orders()) == number, "it went out once"

    run(work)


REFUSED = {
    ("1", "51008"): RejectKind.MARGIN,
    ("0", "51008"): RejectKind.MARGIN,
    ("2", "51008"): RejectKind.MARGIN,
    ("1", "51016"): RejectKind.DUPLICATE,
    ("0", "51016"): RejectKind.DUPLICATE,
    ("1", "51020"): RejectKind.TOO_SMALL,
    ("0", "59999"): RejectKind.OTHER,
}


def test_a_refusal_is_one_whatever_stands_around_it(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            for codes, why in REFUSED.items():
                tap.instead = lambda seen, codes=codes: seen.method == "POST" and refused(*codes)  # type: ignore[misc]
                answer = await desk.ask(resting(desk))
                assert isinstance(answer, OrderRejected), (codes, answer)
                assert (answer.why, codes[1] in answer.text) == (why, True)

    run(work)


def test_the_exchange_s_own_refusal_inside_a_good_answer(address: str, tmp_path: Path) -> None:
    def good(seen: Seen, body: bytes) -> Any:
        told = msgspec.json.decode(body)
        return seen.method == "POST" and web.json_response({**told, "code": "0"})

    async def work() -> None:
        async with tapped(address, tmp_path) as (desk, tap):
            order = resting(desk)
            tap.after = good
            assert isinstance(await desk.ask(order), OrderAccepted)
            again = await desk.ask(order)
            assert isinstance(again, OrderRejected)
            assert again.why is RejectKind.DUPLICATE, "the first sending landed: look it up"
            assert await desk.cancel(order) is None
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")
            assert isinstance(await desk.cancel(order), CancelRefused)

    run(work)
