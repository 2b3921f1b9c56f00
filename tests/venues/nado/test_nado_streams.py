"""Nado's streams and queries: books with gaps, news of the account, what the exchange asks of who comes."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from dnkit.live.nado.query import Liquidity
from dnkit.live.nado.stream import Chain
from dnkit.market.book import Book
from dnkit.model import events as ev
from dnkit.model.errors import DnkitError
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.model.terms import OrderType, Side
from dnkit.runtime.local.nado.entry import CHAIN_ID, ENDPOINT
from dnkit.venues.evm import key_of, sign
from dnkit.venues.local.wire_faults import WireFault
from dnkit.venues.nado import signing, words
from tests.venues.golden import FOLDER
from tests.venues.nado.rig import ASK, BID, PRODUCT, SECRET, SYMBOL, Ground, Trader, facts, ground
from tests.venues.nado.test_nado_orders import play  # noqa: F401

SIGNER = signing.signer_of(
    key_of(SECRET),
    signing.sender_of(key_of(SECRET).address, "default"),
    CHAIN_ID,
    bytes.fromhex(ENDPOINT[2:]),
    [PRODUCT],
)
SENDER = f"0x{SIGNER.sender.hex()}"
HEADERS = {"Accept-Encoding": "gzip"}


def sides(book: Book) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    return list(book.levels(Side.SELL)), list(book.levels(Side.BUY))


# --- books --------------------------------------------------------------------------------------------


def test_the_book_is_whole_when_open_returns_and_follows(play: Callable[..., None]) -> None:  # noqa: F811
    async def story(floor: Ground, trader: Trader) -> None:
        assert (trader.book.bid, trader.book.ask) == (BID, ASK)
        floor.world.show({BID - 20: 77}, {ASK: 0})
        truth = floor.world.books[0]
        await trader.ears.until(lambda: sides(trader.book) == sides(truth.book))

    play(story)


def test_a_change_that_is_left_out_is_noticed_and_the_book_asked_for_anew(
    play: Callable[..., None],  # noqa: F811
) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        floor.faults.plan[WireFault.GAP] = 1
        floor.world.show({BID - 30: 11}, {})
        await trader.ears.until(lambda: floor.faults.met[WireFault.GAP])
        floor.world.show({BID - 40: 22}, {})
        truth = floor.world.books[0].book
        await trader.ears.until(lambda: sides(trader.book) == sides(truth))

    play(story)


def test_after_a_break_the_book_is_whole_again_and_it_is_said_that_words_were_lost(
    play: Callable[..., None],  # noqa: F811
) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        await trader.place("k")
        floor.faults.plan[WireFault.MALFORMED] = 1
        floor.world.show({BID: 0, BID - 10: 0, BID - 20: 50}, {BID: 700})
        await trader.ears.until(lambda: trader.ears.missed_count)
        assert (trader.book.bid, trader.book.ask) == (BID - 20, BID)
        found = await trader.find("k")
        assert isinstance(found, ev.OrderFound)
        assert found.cum == 100

    play(story)


# --- news of the account ------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [WireFault.TWICE, WireFault.LATE_FILL])
def test_a_fill_that_comes_twice_or_late_is_counted_once(
    play: Callable[..., None],  # noqa: F811
    fault: WireFault,
) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        floor.faults.plan[fault] = 1
        await trader.place("k", OrderType.IOC, lots=600, price=ASK + 10)
        await trader.ears.until(lambda: any(one.cum == 600 for one in trader.ears.of(ev.OrderFilled, "k")))
        await asyncio.sleep(0.35)  # until the repeated one has come too
        totals = [one.cum for one in trader.ears.of(ev.OrderFilled, "k")]
        assert totals == sorted(set(totals))
        assert totals[-1] == 600

    play(story)


def test_positions_are_told_at_once_and_read_late_and_never_newer_than_they_are(
    play: Callable[..., None],  # noqa: F811
) -> None:
    async def story(floor: Ground, trader: Trader) -> None:
        await floor.back("endow", {"account": trader.account, "symbol": SYMBOL, "lots": 40})
        before = trader.now()
        await trader.place("k", OrderType.IOC, lots=100, price=ASK)
        told = await trader.ears.one(ev.PositionRead, "")
        assert (told.lots, told.as_of_ns <= trader.now()) == (140, True)
        assert told.as_of_ns >= before - NS_PER_S
        read = await trader.venue.position(SYMBOL)
        assert read.lots in (40, 140)
        lag_ns = trader.venue.capabilities.position_lag_ns
        assert lag_ns >= NS_PER_S, "or the test shows nothing"
        assert read.as_of_ns <= trader.now() - lag_ns

    play(story)


def test_what_the_venue_lists_is_what_the_facts_say(play: Callable[..., None]) -> None:  # noqa: F811
    async def story(floor: Ground, trader: Trader) -> None:
        assert await trader.venue.listed() == {SYMBOL: floor.instrument}
        standing = await trader.venue.standing(SYMBOL)
        assert (standing.mode, standing.status) == ("one-way", "")
        funding = await trader.venue.funding(SYMBOL)
        assert abs(funding.per_hour) < 1
        assert 0 < funding.next_ns - trader.now() <= 3600 * NS_PER_S
        assert await trader.venue.payments(SYMBOL, 0) == []

    play(story)


# --- what the exchange asks of those who come ---------------------------------------------------------


def order_frame(
    *, by_ms: int, price: int = BID, signer_secret: str = SECRET, dice: int = 1
) -> dict[str, Any]:
    """A signed post-only order, as anybody could make it."""
    instrument = facts().instrument(SYMBOL)
    assert instrument is not None
    product = words.product_of(PRODUCT, instrument)
    order = signing.Order(
        product.price_x18(BID),
        product.amount_x18(100),
        4_294_967_295,
        signing.nonce_of(by_ms, 1),
        signing.appendix_of(OrderType.POST_ONLY, False),
    )
    signature = sign(key_of(signer_secret), signing.order_digest(SIGNER, PRODUCT, order))
    told = {
        "sender": SENDER,
        "priceX18": str(order.price_x18),
        "amount": str(order.amount_x18),
        "expiration": str(order.expiration),
        "nonce": str(order.nonce),
        "appendix": str(order.appendix),
    }
    return {"place_order": {"product_id": PRODUCT, "order": told, "signature": f"0x{signature.hex()}"}}


def login(expiration_ms: int) -> dict[str, Any]:
    signature = sign(key_of(SECRET), signing.stream_digest(SIGNER, expiration_ms))
    tx = {"sender": SENDER, "expiration": str(expiration_ms)}
    return {"method": "authenticate", "id": 7, "tx": tx, "signature": f"0x{signature.hex()}"}


def now_ms() -> int:
    return time.time_ns() // NS_PER_MS


def test_orders_are_refused_that_are_late_early_repeated_or_signed_by_somebody_else(tmp_path: Path) -> None:
    async def story() -> None:
        async with ground(tmp_path) as floor, aiohttp.ClientSession() as session:

            async def code(frame: dict[str, Any]) -> int | None:
                url = f"{floor.address}/v1/execute"
                async with session.post(url, json=frame, headers=HEADERS) as answer:
                    said = await answer.json()
                    return None if said["status"] == "success" else int(said["error_code"])

            assert await code(order_frame(by_ms=now_ms() - 1)) == 2011
            assert await code(order_frame(by_ms=now_ms() + 110_000)) == 2012
            assert await code(order_frame(by_ms=now_ms() + 2_000, signer_secret="b2" * 32)) == 2028
            good = order_frame(by_ms=now_ms() + 2_000)
            assert await code(good) is None
            assert await code(good) == 2013
            assert len((await floor.back(f"truth?account={SENDER}"))[SYMBOL]["resting"]) == 1

    asyncio.run(story())


def test_private_streams_want_a_login_that_has_not_expired(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            ground(tmp_path) as floor,
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{floor.address}/v1/subscribe", compress=15) as socket,
        ):

            async def said(frame: dict[str, Any]) -> dict[str, Any]:
                await socket.send_json(frame)
                answer: dict[str, Any] = await socket.receive_json(timeout=2)
                return answer

            wish = {
                "method": "subscribe",
                "stream": {"type": "order_update", "subaccount": SENDER},
                "id": 8,
            }
            assert (await said(wish))["error_code"] == 2028
            assert (await said(login(now_ms() - 1)))["error_code"] == 2011
            assert (await said(wish))["error_code"] == 2028
            assert await said(login(now_ms() + 1_000)) == {"result": None, "id": 7}
            assert await said(wish) == {"result": None, "id": 8}

    asyncio.run(story())


def test_who_offers_no_compression_is_turned_away(tmp_path: Path) -> None:
    async def story() -> None:
        async with ground(tmp_path) as floor, aiohttp.ClientSession() as session:
            none = {"Accept-Encoding": ""}
            async with session.post(f"{floor.address}/v1/query", json={}, headers=none) as answer:
                assert answer.status == 403
            for path in ("/v1/ws", "/ws/v2", "/v1/subscribe"):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await session.ws_connect(floor.address + path)
                assert refused.value.status == 403

    asyncio.run(story())


def test_a_key_that_is_none_is_refused_and_not_shown(tmp_path: Path) -> None:
    async def story() -> None:
        async with ground(tmp_path) as floor:
            wrong = "5ecret" * 9
            with pytest.raises(DnkitError) as refused:
                Trader(floor, tmp_path, secret=wrong)
            assert wrong not in str(refused.value)
            right = Trader(floor, tmp_path)
            assert SECRET not in repr(right.venue) + repr(right.venue._setup) + repr(vars(right.venue))
            await right.venue.close()

    asyncio.run(story())


# --- published messages -------------------------------------------------------------------------------


@pytest.fixture
def published() -> Any:
    path = FOLDER / "nado_ws_messages.json"
    if not path.exists():
        pytest.skip("no published messages beside the repository (../shared/wire)")
    return msgspec.json.decode(path.read_bytes())


@pytest.fixture
def btc() -> Instrument:
    instrument = facts().instrument("BTC-PERP")
    assert instrument is not None
    return instrument


def test_published_stream_messages_are_read(published: Any, btc: Instrument) -> None:
    product = words.product_of(2, btc)
    encode = msgspec.json.encode
    for kind, expected in (("trade", words.Trade), ("best_bid_offer", words.BestBidOffer)):
        read = [words.told(encode(one)) for one in published[kind]]
        assert [type(one) for one in read] == [expected] * len(published[kind])
    first = words.told(encode(published["best_bid_offer"][0]))
    assert isinstance(first, words.BestBidOffer)
    assert (product.ticks(first.bid_price), product.lots(first.bid_qty)) == (76_999, 38_856)
    assert words.told(encode(published["subscribe_ack"])) is None
    assert words.told(encode(published["all_bbo"])) is None
    assert words.told(encode(published["latest_candlestick"])) is None


def test_published_changes_older_than_their_snapshot_are_dropped(published: Any, btc: Instrument) -> None:
    case = published["book_case_all_deltas_older_than_snapshot"]
    book = Book()
    chain = Chain(words.product_of(2, btc), book)
    chain.begin()
    for one in case["deltas"]:
        told = words.told(msgspec.json.encode(one))
        assert isinstance(told, words.BookDepth)
        assert chain.change(told, 1)
    snapshot = msgspec.convert(case["query_market_liquidity"]["data"], Liquidity)
    assert chain.take(snapshot, 2)
    assert (book.bid, book.ask) == (77_867, 77_868)
    assert list(book.levels(Side.SELL)) == [
        (int(price) // 10**18, int(size) // (5 * 10**13)) for price, size in snapshot.bids
    ]


def test_published_changes_across_the_seam_of_a_snapshot_join(published: Any, btc: Instrument) -> None:
    case, book = published["book_case_seam"], Book()
    chain = Chain(words.product_of(2, btc), book)
    price, size = case["snapshot_best"]["ask0"]
    level = [(price, size), (str(79_540 * 10**18), "100000000000000000")]
    snapshot = Liquidity(case["snapshot_timestamp"], [(str(79_390 * 10**18), "100000000000000000")], level)
    assert chain.take(snapshot, 1)
    for name in ("first_delta_after", "second_delta_after"):
        told = words.told(msgspec.json.encode(case[name]))
        assert isinstance(told, words.BookDepth)
        assert chain.change(told, 2)
    assert (book.bid, book.bid_size) == (79_392, 92_538)
    assert dict(book.levels(Side.BUY)) == {79_393: 17_819, 79_412: 9_562, 79_518: 1_600}
    assert isinstance(told, words.BookDepth)
    later = msgspec.structs.replace(told, last_max_timestamp="1789418205209963014", max_timestamp="9" * 19)
    assert not chain.change(later, 3), "a gap"
