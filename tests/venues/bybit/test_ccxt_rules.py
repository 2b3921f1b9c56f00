"""What holds for every venue through ccxt: its version, who imports it, who is reached, what is numbered."""

import asyncio
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import ccxt
import pytest

from dnkit.live.ccxt.errors import trouble_of
from dnkit.live.ccxt.record import CCXT_VERSION, number_id, text_id
from dnkit.live.setup import Setup, make_venue
from dnkit.model.errors import DnkitError
from dnkit.model.events import OrderEnded
from dnkit.model.terms import EndKind, FoundKind, OrderType, RejectKind, Side
from dnkit.runtime.library import VenueFacts
from dnkit.venues.base import Sign, TroubledError
from tests.recovery.processes import ROOT
from tests.venues.bybit.stand import at, found_as, keys_of
from tests.venues.rehearsal import Ears, run


def setup_at(where: str, folder: Path) -> Setup:
    """Bybit there, without a symbol."""
    return Setup(
        capabilities=VenueFacts()["bybit"],
        instruments={},
        where=where,
        keys=keys_of(folder),
        memory=folder / "orders.db",
        now=time.time_ns,
        alert=lambda _alert: None,
    )


def test_the_version_is_the_one_that_is_pinned() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert f"ccxt=={CCXT_VERSION}" in [one.split(";")[0].strip() for one in extras["live"]]
    assert ccxt.__version__ == CCXT_VERSION


def test_another_version_trades_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ccxt, "__version__", "4.5.91")
    with pytest.raises(DnkitError, match=r"4\.5\.91.*4\.5\.90"):
        make_venue(setup_at("main", tmp_path))


WATCHED = """
import runpy, sys
sys.argv = ["dnkit", "trade", "-p", "open_post_only_hedge", "--no-report"]
try:
    runpy.run_module("dnkit", run_name="__main__")
except SystemExit as end:
    code = end.code
print(code, "ccxt" in sys.modules)
"""


def test_a_paper_run_imports_no_ccxt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNKIT_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    words = [sys.executable, "-c", WATCHED]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines()[-1] == "0 False", done.stdout + done.stderr


def test_nobody_there_is_not_sent(tmp_path: Path) -> None:
    with pytest.raises(TroubledError) as caught:
        venue = make_venue(setup_at("http://127.0.0.1:9", tmp_path))
        asyncio.run(venue.open({}, Ears()))
    asyncio.run(venue.close())
    assert caught.value.trouble.sign is Sign.NOT_SENT


@pytest.mark.parametrize(
    ("text", "sign", "why"),
    [
        ('bybit {"retCode":10016}', Sign.TIMED_OUT, RejectKind.OTHER),
        ('bybit {"retCode":110072}', Sign.REFUSED, RejectKind.DUPLICATE),
        ('okx {"code":"1","data":[{"sCode":"110007"}]}', Sign.REFUSED, RejectKind.MARGIN),
        ("bybit POST http://x/y 502 Bad Gateway <html>", Sign.STATUS, RejectKind.OTHER),
        ("bybit POST http://x/y 200 OK {", Sign.DROPPED, RejectKind.OTHER),
        ("bybit [1]", Sign.DROPPED, RejectKind.OTHER),
    ],
)
def test_a_code_goes_before_a_status_and_a_status_before_a_class(
    text: str, sign: Sign, why: RejectKind
) -> None:
    codes = {"10016": Sign.TIMED_OUT, "110072": RejectKind.DUPLICATE, "110007": RejectKind.MARGIN}
    trouble = trouble_of(codes, ccxt.ExchangeError(text), "shown")
    assert (trouble.sign, trouble.why, trouble.text) == (sign, why, "shown")
    assert trouble.html is ("<html" in text)


def test_client_ids_are_pure_and_of_the_form_venues_take() -> None:
    keys = [f"0e6b58b62591-hedge-{number}" for number in range(1000)]
    for name in (text_id, number_id):
        assert len({name(key) for key in keys}) == len(keys)
        assert name(keys[0]) == name(keys[0])
    assert all(len(text_id(key)) == 32 and text_id(key).isalnum() for key in keys)
    assert all(1 <= int(number_id(key)) < 2**48 for key in keys)


def test_what_is_filled_in_part_ends_with_what_it_filled(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            every = sum(size for _, size in desk.book.levels(Side.BUY))
            order = desk.order(OrderType.IOC, Side.BUY, every, 5)
            await desk.ask(order)
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")
            [ended] = desk.ears.of(order.key, OrderEnded)
            assert 0 < ended.cum < order.lots
            assert ended.why in (EndKind.EXPIRED, EndKind.CANCELLED)
            assert (await desk.truth())["lots"] == ended.cum == desk.ears.filled(order.key)
            assert (await found_as(desk, order, FoundKind.OVER)).cum == ended.cum

    run(work)
