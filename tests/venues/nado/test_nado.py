"""The Nado adapter against the local exchange that speaks as Nado does, over real sockets."""

import asyncio
import hashlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from dnkit.live.nado import adapter
from dnkit.model.commands import SweepOrders
from dnkit.model.events import (
    CancelRefused,
    OrderAccepted,
    OrderEnded,
    OrderFilled,
    OrderFound,
    OrderRejected,
    OrdersSwept,
)
from dnkit.model.terms import FoundKind, OrderType, RejectKind, Side
from dnkit.venues.base import Sign, Trouble, TroubledError
from dnkit.venues.evm import key_of, sign
from dnkit.venues.nado import signing, words
from tests.live.backdoor import Backdoor
from tests.recovery.processes import exchange
from tests.venues.golden import FOLDER
from tests.venues.nado.rig import ground
from tests.venues.rehearsal import Desk, lots_for, run, trading

SYMBOL = "ETH-PERP"
SPEED = "20"
BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A local Nado for all tests here; each has an account of its own."""
    root = tmp_path_factory.mktemp("nado")
    with exchange(root, speed=SPEED, listed=[f"nado:{SYMBOL}"], for_s=300, venue="nado") as site:
        yield site.address


def secret_of(name: str) -> str:
    """A throw-away key."""
    return hashlib.sha256(name.encode()).hexdigest()


@asynccontextmanager
async def at(address: str, folder: Path, name: str = "") -> AsyncIterator[Desk]:
    """A desk on an account of its own."""
    secret = secret_of(name or str(folder))
    sender = f"0x{signing.sender_of(key_of(secret).address, 'default').hex()}"
    async with trading("nado", SYMBOL, address, {"private_key": secret}, sender, folder) as desk:
        yield desk


def test_what_takes_is_filled_once_and_told_with_its_total(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(OrderType.IOC, BUY, lots_for(desk, 50), 50)
            assert isinstance(await desk.ask(order), OrderAccepted)
            await desk.until(lambda: desk.ears.filled(order.key) == order.lots, "the fill")
            truth = await desk.truth()
            assert truth["lots"] == order.lots
            found = await desk.find(order)
            assert isinstance(found, OrderFound)
            assert (found.found, found.cum) == (FoundKind.OVER, order.lots)
            last = desk.ears.of(order.key, OrderFilled)[-1]
            assert (found.worth, found.fee) == (last.worth, last.fee)

    run(work)


def test_every_order_type_does_what_its_name_says(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            lots = lots_for(desk, 20)
            assert _why(await desk.ask(desk.order(OrderType.POST_ONLY, BUY, lots, 10))) == "post_only_cross"
            assert _why(await desk.ask(desk.order(OrderType.IOC, BUY, lots, -500))) == "no_match"
            assert _why(await desk.ask(desk.order(OrderType.FOK, BUY, 10**8, 1))) == "no_match"
            assert (
                _why(await desk.ask(desk.order(OrderType.IOC, SELL, lots, 5, reduce_only=True)))
                == "reduce_only"
            )
            assert _why(await desk.ask(desk.order(OrderType.IOC, BUY, 1, 5))) == "too_small"
            rests = desk.order(OrderType.GTC, BUY, lots, -500)
            assert isinstance(await desk.ask(rests), OrderAccepted)
            [row] = await desk.venue.open_orders(SYMBOL)
            assert (row.key, row.lots, row.price, row.side) == (rests.key, lots, rests.price, BUY)

    run(work)


def test_reduce_only_on_a_maker_order_never_leaves(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.post("endow", {"account": desk.account, "symbol": SYMBOL, "lots": 100})
            order = desk.order(OrderType.POST_ONLY, SELL, 50, -50, reduce_only=True)
            assert _why(await desk.ask(order)) == "reduce_only"
            assert (await desk.truth())["orders"] == []

    run(work)


def test_a_cancel_ends_an_order_once(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(OrderType.POST_ONLY, BUY, lots_for(desk, 20), -300)
            assert isinstance(await desk.ask(order), OrderAccepted)
            found = await desk.find(order)
            assert isinstance(found, OrderFound)
            assert found.found is FoundKind.LIVE
            assert isinstance(await desk.cancel(order), OrderEnded)
            assert isinstance(await desk.cancel(order), CancelRefused)
            await desk.until(lambda: desk.ears.of(order.key, OrderEnded), "the end")
            found = await desk.find(order)
            assert isinstance(found, OrderFound)
            assert (found.found, found.cum) == (FoundKind.OVER, 0)

    run(work)


def test_an_order_that_never_left_is_absent(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            found = await desk.find(desk.order(OrderType.IOC, BUY, 10, 0))
            assert isinstance(found, OrderFound)
            assert found.found is FoundKind.ABSENT

    run(work)


def test_a_sweep_leaves_the_orders_of_others_and_what_is_kept(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            lots = lots_for(desk, 20)
            gone, kept = (desk.order(OrderType.POST_ONLY, BUY, lots, -way) for way in (300, 400))
            for order in (gone, kept):
                assert isinstance(await desk.ask(order), OrderAccepted)
            manual = {
                "account": desk.account,
                "symbol": SYMBOL,
                "side": 1,
                "lots": lots,
                "price": gone.price,
                "id": "m",
            }
            foreign = (await desk.post("order", manual))["id"]
            swept = await desk.ask(SweepOrders(0, 1, (kept.key,)))
            assert isinstance(swept, OrdersSwept)
            assert (swept.ok, swept.found) == (True, 1)
            rows = {one.key: one.venue_id for one in await desk.venue.open_orders(SYMBOL)}
            assert set(rows) == {kept.key, ""}
            assert rows[""] == foreign

    run(work)


def test_a_lost_answer_is_no_refusal_and_a_look_up_finds_the_order(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            order = desk.order(OrderType.POST_ONLY, BUY, lots_for(desk, 20), -300)
            await desk.faults("drop_after=100")
            answer = await desk.ask(order)
            await desk.faults("")
            assert isinstance(answer, Trouble)
            assert answer.sign is Sign.DROPPED
            assert len((await desk.truth())["resting"]) == 1
            found = await desk.find(order)
            assert isinstance(found, OrderFound)
            assert found.found is FoundKind.LIVE

    run(work)


@pytest.mark.parametrize("fault", ["drop_before", "html", "truncated"])
def test_what_cannot_be_read_is_unknown(address: str, tmp_path: Path, fault: str) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults(f"{fault}=100")
            answer = await desk.ask(desk.order(OrderType.POST_ONLY, BUY, lots_for(desk, 20), -300))
            position = await _trouble(desk)
            await desk.faults("")
            assert isinstance(answer, Trouble)
            assert answer.sign is Sign.DROPPED
            assert position.sign in (Sign.DROPPED, Sign.STATUS)
            resting = len((await desk.truth())["resting"])
            assert resting == (0 if fault == "drop_before" else 1)

    run(work)


def test_too_many_requests_are_told_as_such(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults("rate_limit=100")
            answer = await desk.ask(desk.order(OrderType.POST_ONLY, BUY, lots_for(desk, 20), -300))
            read = await _trouble(desk)
            await desk.faults("")
            assert isinstance(answer, Trouble)
            assert (answer.sign, answer.why) == (Sign.REFUSED, RejectKind.RATE)
            assert (read.sign, read.status, read.retry_after_ns) == (Sign.STATUS, 429, 10**9)
            assert (await desk.truth())["orders"] == []

    run(work)


def test_a_gap_is_found_and_mended_from_a_snapshot(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults("gap=50")
            before = desk.ears.moves
            await desk.until(lambda: desk.ears.moves > before + 200, "a few hundred changes")
            drawn = await desk.faults("")
            assert drawn["gap"] > 0, "changes were left out"
            await desk.until(lambda: 0 < desk.book.bid < desk.book.ask, "a whole book")
            assert len(desk.book.asks) > 3

    run(work)


def test_a_connection_that_breaks_comes_back_and_says_what_was_missed(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            assert isinstance(desk.venue, adapter.Nado)
            lines = desk.venue._lines
            for line in lines:
                line.drop()
            await desk.until(lambda: desk.book.bid == 0, "the loss of the book")
            await desk.until(lambda: desk.ears.missed_times == 1, "the word that words were missed")
            assert 0 < desk.book.bid < desk.book.ask
            await desk.until(lambda: all(line.up for line in lines), "the other connection")
            order = desk.order(OrderType.IOC, BUY, lots_for(desk, 20), 50)
            assert isinstance(await desk.ask(order), OrderAccepted)
            await desk.until(lambda: desk.ears.filled(order.key) == order.lots, "the fill")

    run(work)


def test_fills_that_come_twice_or_late_count_once(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            await desk.faults("twice=100,late_fill=50")
            orders = [desk.order(OrderType.IOC, side, lots_for(desk, 20), 50) for side in (BUY, BUY, SELL)]
            for order in orders:
                assert isinstance(await desk.ask(order), OrderAccepted)
            for order in orders:
                await desk.until(lambda order=order: desk.ears.filled(order.key) == order.lots, "the fill")  # type: ignore[misc]
            await desk.faults("")
            truth = await desk.truth()
            assert truth["lots"] == sum(one.side * desk.ears.filled(one.key) for one in orders)
            assert [one["cum"] for one in truth["orders"]] == [desk.ears.filled(one.key) for one in orders]

    run(work)


def test_a_position_is_as_old_as_reads_may_be(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            position = await desk.venue.position(SYMBOL)
            age_ns = time.time_ns() - position.as_of_ns
            assert position.lots == 0
            assert age_ns >= desk.venue.capabilities.position_lag_ns

    run(work)


def test_what_the_venue_tells_of_itself(address: str, tmp_path: Path) -> None:
    async def work() -> None:
        async with at(address, tmp_path) as desk:
            listed = (await desk.venue.listed())[SYMBOL]
            facts = desk.venue.capabilities.instrument(SYMBOL)
            assert facts is not None
            assert (listed.tick, listed.lot, listed.notional_min) == (
                facts.tick,
                facts.lot,
                facts.notional_min,
            )
            standing = await desk.venue.standing(SYMBOL)
            assert (standing.mode, standing.status) == ("one-way", "")
            assert abs(standing.clock_ahead_ns or 10**12) < 10**9
            assert (await desk.venue.funding(SYMBOL)).per_hour > 0
            assert list(await desk.venue.payments(SYMBOL, 0)) == []

    run(work)


# --- the exchange's own door, spoken to by hand -------------------------------------------------------


def test_who_signs_for_another_is_refused(address: str, tmp_path: Path) -> None:
    assert _placed(address, secret=secret_of("thief"), owner=secret_of("owner"))["error_code"] == 2028


def test_a_linked_signer_trades_for_its_account(address: str, tmp_path: Path) -> None:
    owner, signer = secret_of("linking"), secret_of("linked")
    account = f"0x{key_of(owner).address.hex()}"
    sender = f"0x{signing.sender_of(key_of(owner).address, 'default').hex()}"
    keys = {"private_key": signer, "account": account}

    async def work() -> None:
        door = Backdoor(address, sender)
        await asyncio.to_thread(
            door.post, "signer", account=sender, signer=f"0x{key_of(signer).address.hex()}"
        )
        async with trading("nado", SYMBOL, address, keys, sender, tmp_path) as desk:
            order = desk.order(OrderType.IOC, BUY, lots_for(desk, 50), 50)
            assert isinstance(await desk.ask(order), OrderAccepted)
            await desk.until(lambda: desk.ears.filled(order.key) == order.lots, "the fill")
            assert (await desk.truth())["lots"] == order.lots

    run(work)


def test_who_sends_no_ping_is_cut_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("dnkit.runtime.local.nado.shop.PING_S", 0.5)

    async def work() -> None:
        async with ground(tmp_path) as there:
            url = there.address.replace("http", "ws", 1) + "/v1/subscribe"
            async with connect(url, ping_interval=None, proxy=None) as dumb:
                with pytest.raises(ConnectionClosed):
                    async with asyncio.timeout(5):
                        await dumb.recv()
            async with connect(url, ping_interval=0.2, proxy=None) as lively:
                await asyncio.sleep(1.5)
                await lively.send('{"method":"ping","id":3}')
                async with asyncio.timeout(5):
                    assert json.loads(await lively.recv())["id"] == 3

    run(work)


@pytest.mark.parametrize(("ahead_ms", "code"), [(-1_000, 2011), (200_000, 2012)])
def test_what_comes_too_late_or_too_early_is_refused(address: str, ahead_ms: int, code: int) -> None:
    assert _placed(address, secret=secret_of("late"), ahead_ms=ahead_ms)["error_code"] == code


def test_the_same_order_twice_is_one_order(address: str) -> None:
    secret, nonce = secret_of("twice"), signing.nonce_of(time.time_ns() // 10**6 + 50_000, 7)
    assert _placed(address, secret=secret, nonce=nonce)["status"] == "success"
    assert _placed(address, secret=secret, nonce=nonce)["error_code"] == 2013


def test_a_call_without_a_compression_is_refused(address: str) -> None:
    request = urllib.request.Request(f"{address}/v1/query?type=status", headers={"Accept-Encoding": ""})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, timeout=5)


def test_no_order_carries_a_builder() -> None:
    plain = [signing.appendix_of(type, reduces) for type in signing.KINDS for reduces in (False, True)]
    assert all(one < 1 << 14 for one in plain), "the bits of a builder and its rate begin at 38"


def test_published_messages_are_read() -> None:
    file = FOLDER / "nado_ws_messages.json"
    if not file.is_file():
        pytest.skip("no wire messages beside the repository (../shared/wire)")
    known = json.loads(file.read_text())
    for message in (*known["trade"], *known["best_bid_offer"]):
        assert words.told(json.dumps(message)) is not None
    assert words.told(json.dumps(known["all_bbo"])) is None
    case = known["book_case_all_deltas_older_than_snapshot"]
    deltas = [words.told(json.dumps(one)) for one in case["deltas"]]
    assert [type(one) for one in deltas] == [words.BookDepth] * len(deltas)


def _why(answer: object) -> str:
    assert isinstance(answer, OrderRejected), answer
    return answer.why.value


async def _trouble(desk: Desk) -> Trouble:
    with pytest.raises(TroubledError) as caught:
        await desk.venue.position(SYMBOL)
    return caught.value.trouble


def _placed(
    address: str, *, secret: str, owner: str = "", ahead_ms: int = 50_000, nonce: int = 0
) -> dict[str, Any]:
    """An order signed by hand and posted; the venue's answer."""
    from dnkit.runtime.local.nado.entry import CHAIN_ID, ENDPOINT

    key = key_of(secret)
    sender = signing.sender_of(key_of(owner or secret).address, "default")
    signer = signing.signer_of(key, sender, CHAIN_ID, bytes.fromhex(ENDPOINT[2:]), [4])
    nonce = nonce or signing.nonce_of(time.time_ns() // 10**6 + ahead_ms, 5)
    order = signing.Order(
        2000 * 10**18, 10**17, 2**32 - 1, nonce, signing.appendix_of(OrderType.POST_ONLY, False)
    )
    texts = {
        "sender": f"0x{sender.hex()}",
        "priceX18": str(order.price_x18),
        "amount": str(order.amount_x18),
        "expiration": str(order.expiration),
        "nonce": str(nonce),
        "appendix": str(order.appendix),
    }
    signature = sign(key, signing.order_digest(signer, 4, order)).hex()
    body = {"place_order": {"product_id": 4, "order": texts, "signature": f"0x{signature}"}}
    request = urllib.request.Request(f"{address}/v1/execute", json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=5) as told:
        answer: dict[str, Any] = json.load(told)
    return answer
