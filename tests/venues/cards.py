"""Conformance cards: one set of questions for every adapter, asked against its local exchange.

A card says what a venue must be able to do for it, and what the house then relies on. An adapter passes the
cards that its capability file claims. `python -m tests.venues.cards` writes what `dnkit venues` shows.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from dnkit.desk.gateway.outcome import Fate, classify
from dnkit.live.keys import Keys, rehearsed
from dnkit.live.setup import Setup, sends
from dnkit.model.capabilities import Capabilities
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, SweepOrders
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
from dnkit.model.numbers import NS_PER_MS
from dnkit.model.terms import FoundKind, OrderType, RejectKind, Side
from dnkit.runtime.library import VenueFacts
from dnkit.venues.base import Trouble
from tests.live.site import KEY, Site, local
from tests.venues.lighter import signer as lighter
from tests.venues.stand import NUMBERS, PATIENCE_S, Stand, another, opened

FILE = Path(__file__).resolve().parents[2] / "dnkit" / "venues" / "cards.json"
SYMBOLS = {
    "bybit": "ETHUSDT",
    "hyperliquid_perpetual": "ETH",
    "lighter": "ETH",
    "nado": "SOL-PERP",
    "okx_perpetual": "ETH-USDT-SWAP",
}
VENUES = tuple(SYMBOLS)
SPEED = 20  # of the exchange: a look-up there may not know an order for a minute
ORDERS_MAX, RACES = 40, 5
SKEW_MS = 900  # what is let pass where a run opens


Ask = Callable[[Stand], Awaitable[None]]


class Card(msgspec.Struct, frozen=True):
    """`faults` of the wire while it is asked; `claimed` says whether a capability file promises it. Our clock
    is `ahead_ms` of the venue's.
    """

    name: str
    ask: Ask
    faults: str = ""
    claimed: Callable[[Capabilities], bool] = lambda _capabilities: True
    ahead_ms: int = 0


async def rests_and_is_cancelled(stand: Stand) -> None:
    order = stand.order(OrderType.GTC, Side.BUY, stand.low)
    assert isinstance(await stand.ask(order), OrderAccepted | None)
    await stand.rests(order.key)
    answer = await stand.ask(CancelOrder(0, order.order, order.key))
    assert isinstance(answer, OrderEnded | None), answer
    await stand.rests()


async def post_only_rests(stand: Stand) -> None:
    order = stand.order(OrderType.POST_ONLY, Side.BUY, stand.low)
    assert isinstance(await stand.ask(order), OrderAccepted | None)
    await stand.rests(order.key)
    await stand.ask(CancelOrder(0, order.order, order.key))


async def post_only_never_takes(stand: Stand) -> None:
    fact = await stand.settled(stand.order(OrderType.POST_ONLY, Side.BUY, stand.book.ask * 101 // 100))
    assert isinstance(fact, OrderRejected | OrderEnded), fact
    assert getattr(fact, "cum", 0) <= 0


async def ioc_takes_and_is_over(stand: Stand) -> None:
    order = stand.order(OrderType.IOC, Side.BUY, stand.book.ask * 101 // 100)
    fact = await stand.settled(order)
    assert isinstance(fact, OrderFilled | OrderEnded), fact
    assert 0 < fact.cum <= order.lots
    assert fact.worth <= fact.cum * order.price, "never past the limit"
    assert order.key not in await stand.resting()


async def ioc_without_a_match_leaves_nothing(stand: Stand) -> None:
    order = stand.order(OrderType.IOC, Side.BUY, stand.low)
    fact = await stand.settled(order)
    assert isinstance(fact, OrderRejected | OrderEnded), fact
    assert getattr(fact, "cum", 0) <= 0
    await stand.rests()


async def fok_takes_all_or_nothing(stand: Stand) -> None:
    price = stand.book.ask
    huge = stand.order(OrderType.FOK, Side.BUY, price, 10_000_000)
    fact = await stand.settled(huge)
    assert isinstance(fact, OrderRejected | OrderEnded), fact
    assert getattr(fact, "cum", 0) <= 0


async def reduce_only_opens_nothing(stand: Stand) -> None:
    held = stand.site.truth()[stand.instrument.symbol]["lots"]
    side = Side.SELL if held < 0 else Side.BUY
    order = stand.order(
        OrderType.IOC, side, stand.book.ask * 101 // 100 if side is Side.BUY else stand.low, reduce_only=True
    )
    fact = await stand.settled(order)
    assert isinstance(fact, OrderRejected | OrderEnded), fact
    assert stand.site.truth()[stand.instrument.symbol]["lots"] == held


async def below_the_minimum_is_refused(stand: Stand) -> None:
    fact = await stand.settled(stand.order(OrderType.GTC, Side.BUY, stand.low // 1000, 1))
    assert isinstance(fact, OrderRejected), fact
    assert fact.text, "the venue's own words are kept"


async def an_unknown_cancel_is_news_and_no_end(stand: Stand) -> None:
    assert isinstance(await stand.ask(CancelOrder(0, 1, "ca4d00000000-c-0")), CancelRefused)


async def a_look_up_tells_absent_live_and_over(stand: Stand) -> None:
    absent = await stand.ask(FindOrder(0, 1, "ca4d00000000-c-0"))
    assert isinstance(absent, OrderFound)
    assert absent.found is FoundKind.ABSENT
    order = stand.order(OrderType.GTC, Side.BUY, stand.low)
    await stand.ask(order)
    assert await _found(stand, order, FoundKind.LIVE) == 0
    await stand.ask(CancelOrder(0, order.order, order.key))
    assert await _found(stand, order, FoundKind.OVER) == 0


async def a_sweep_leaves_what_is_kept_and_what_is_foreign(stand: Stand) -> None:
    low = stand.low
    first, second = (stand.order(OrderType.GTC, Side.BUY, low - one) for one in range(2))
    await stand.ask(first)
    await stand.ask(second)
    name = stand.instrument.symbol
    foreign = stand.site.by_hand(name, 1, stand.some(low), low, f"card{next(NUMBERS)}")
    swept = await stand.ask(SweepOrders(0, 1, (second.key,)))
    assert isinstance(swept, OrdersSwept)
    assert swept.ok
    await stand.rests(second.key)
    assert foreign in stand.site.truth()[name]["resting"]
    await stand.ask(CancelOrder(0, second.order, second.key))


async def a_lost_answer_is_unknown_and_is_found(stand: Stand) -> None:
    order = stand.order(OrderType.GTC, Side.BUY, stand.low)
    answer = await stand.ask(order)
    assert isinstance(answer, Trouble), answer
    assert classify(answer).fate is Fate.UNKNOWN
    rows = stand.site.truth()[stand.instrument.symbol]["orders"]
    assert len(rows) == 1, "it went out once"


async def too_many_calls_are_not_a_refusal(stand: Stand) -> None:
    before = stand.site.on_the_wire()
    accepted, trouble = await _troubled(stand)
    failed = classify(trouble)
    assert failed.limited
    assert failed.fate is Fate.TRANSIENT
    assert stand.site.on_the_wire() == before + accepted, "what is refused so was not carried out"


async def what_cannot_be_read_is_unknown(stand: Stand) -> None:
    _, trouble = await _troubled(stand)
    assert classify(trouble).fate is Fate.UNKNOWN


async def a_fill_during_a_cancel_is_not_lost(stand: Stand) -> None:
    for _ in range(RACES):
        order = stand.order(OrderType.GTC, Side.BUY, stand.book.ask)
        placed, cancelled = await asyncio.gather(
            stand.ask(order), stand.ask(CancelOrder(0, order.order, order.key))
        )
        assert not isinstance(placed, Trouble), placed
        if isinstance(cancelled, CancelRefused) and order.key in await stand.resting():
            await stand.ask(CancelOrder(0, order.order, order.key))
        cum = await _found(stand, order, FoundKind.OVER)
        side = stand.site.truth()[stand.instrument.symbol]["orders"][-1]
        assert cum == side["cum"], (cum, side)


async def a_gap_in_the_book_is_mended(stand: Stand) -> None:
    door = stand.site.door
    await asyncio.to_thread(door.faults, "gap=40")
    await asyncio.sleep(1)
    met = await asyncio.to_thread(door.faults, "")
    assert met["gap"], "something was left out"
    async with another(stand) as (book, _):
        until_s = time.monotonic() + PATIENCE_S
        while not stand.book.bid or (book.bid, book.ask) != (stand.book.bid, stand.book.ask):
            assert time.monotonic() < until_s, "two books of one market differ"
            await asyncio.sleep(0.005)
    assert stand.book.bid < stand.book.ask


async def what_was_missed_is_said_and_found(stand: Stand) -> None:
    door = stand.site.door
    await asyncio.to_thread(door.faults, "malformed=100")
    order = stand.order(OrderType.IOC, Side.BUY, stand.book.ask * 101 // 100)
    answer = await stand.ask(order)
    await asyncio.sleep(1)
    await asyncio.to_thread(door.faults, "")
    until_s = time.monotonic() + 2 * PATIENCE_S
    while not stand.heard.missings:
        assert time.monotonic() < until_s, "the line broke, and nothing was said of that"
        await asyncio.sleep(0.01)
    cum = await _found(stand, order, FoundKind.OVER)
    assert cum == stand.site.truth()[stand.instrument.symbol]["orders"][-1]["cum"] > 0, answer
    told = [fact.cum for key, fact in stand.heard.facts if key == order.key and isinstance(fact, OrderFilled)]
    assert max(told, default=0) <= cum
    assert told == sorted(told)


async def a_stop_rests_until_it_is_cancelled(stand: Stand) -> None:
    low = stand.low
    order = stand.order(OrderType.STOP, Side.SELL, low, stop=low)
    assert isinstance(await stand.ask(order), OrderAccepted | None)
    await stand.rests(order.key)
    answer = await stand.ask(CancelOrder(0, order.order, order.key))
    assert isinstance(answer, OrderEnded | None), answer
    await stand.rests()


async def a_client_id_is_used_once(stand: Stand) -> None:
    order = stand.order(OrderType.GTC, Side.BUY, stand.low)
    await stand.ask(order)
    await stand.rests(order.key)
    before = stand.site.on_the_wire()
    answer = await stand.ask(order)
    assert isinstance(answer, OrderRejected), answer
    assert answer.why is RejectKind.DUPLICATE
    assert stand.site.on_the_wire() == before
    await stand.rests(order.key)
    await stand.ask(CancelOrder(0, order.order, order.key))
    await stand.rests()


async def maintenance_is_no_refusal(stand: Stand) -> None:
    """Nothing is carried out, nothing is refused for good, and all goes on when it is over."""
    door, kept = stand.site.door, stand.order(OrderType.GTC, Side.BUY, stand.low)
    await stand.ask(kept)
    await stand.rests(kept.key)
    before = stand.site.on_the_wire()
    await asyncio.to_thread(door.faults, "maintenance=100")
    for asked in (stand.order(OrderType.GTC, Side.BUY, stand.low), CancelOrder(0, kept.order, kept.key)):
        answer = await stand.ask(asked)
        assert isinstance(answer, Trouble), answer
        assert classify(answer).fate is not Fate.PERMANENT, answer
        assert not classify(answer).limited
    await asyncio.to_thread(door.faults, "")
    assert stand.site.on_the_wire() == before
    await stand.rests(kept.key)
    await stand.ask(CancelOrder(0, kept.order, kept.key))
    await rests_and_is_cancelled(stand)


async def _troubled(stand: Stand) -> tuple[int, Trouble]:
    """Send orders until one is in trouble; how many were taken before, and the trouble."""
    for taken in range(ORDERS_MAX):
        answer = await stand.ask(stand.order(OrderType.GTC, Side.BUY, stand.low - taken))
        if isinstance(answer, Trouble):
            return taken, answer
    raise AssertionError("no order met the fault")


async def _found(stand: Stand, order: PlaceOrder, wanted: FoundKind) -> int:
    """Look it up until the venue's index has it; answers what it filled."""
    until_s = time.monotonic() + 2 * PATIENCE_S
    while True:
        found = await stand.ask(FindOrder(0, order.order, order.key, 1))
        assert isinstance(found, OrderFound), found
        if found.found is wanted:
            return found.cum
        assert time.monotonic() < until_s, found
        await asyncio.sleep(0.1)


def _has(type: OrderType) -> Callable[[Capabilities], bool]:
    return lambda capabilities: type in capabilities.types and sends(capabilities.venue, type)


CARDS = (
    Card("rests and is cancelled", rests_and_is_cancelled, claimed=_has(OrderType.GTC)),
    Card("post-only rests", post_only_rests, claimed=_has(OrderType.POST_ONLY)),
    Card("post-only never takes", post_only_never_takes, claimed=_has(OrderType.POST_ONLY)),
    Card("IOC takes and is over", ioc_takes_and_is_over, claimed=_has(OrderType.IOC)),
    Card("IOC without a match", ioc_without_a_match_leaves_nothing, claimed=_has(OrderType.IOC)),
    Card("FOK takes all or nothing", fok_takes_all_or_nothing, claimed=_has(OrderType.FOK)),
    Card(
        "reduce-only opens nothing",
        reduce_only_opens_nothing,
        claimed=lambda capabilities: OrderType.IOC in capabilities.reduce_only,
    ),
    Card("below the minimum", below_the_minimum_is_refused),
    Card("unknown cancel", an_unknown_cancel_is_news_and_no_end),
    Card(
        "look-up by client id",
        a_look_up_tells_absent_live_and_over,
        claimed=lambda capabilities: capabilities.find_by_client_id,
    ),
    Card("sweep", a_sweep_leaves_what_is_kept_and_what_is_foreign),
    Card("lost answer", a_lost_answer_is_unknown_and_is_found, faults="drop_after=100"),
    Card("rate limit", too_many_calls_are_not_a_refusal, faults="rate_limit=25"),
    Card("malformed answer", what_cannot_be_read_is_unknown, faults="truncated=25"),
    Card("fill during a cancel", a_fill_during_a_cancel_is_not_lost, claimed=_has(OrderType.GTC)),
    Card("gap in a book", a_gap_in_the_book_is_mended),
    Card(
        "client id used twice",
        a_client_id_is_used_once,
        claimed=lambda capabilities: capabilities.duplicate_id_rejected,
    ),
    Card("maintenance", maintenance_is_no_refusal),
    Card("broken stream", what_was_missed_is_said_and_found, claimed=_has(OrderType.IOC)),
    Card("clock ahead", rests_and_is_cancelled, claimed=_has(OrderType.GTC), ahead_ms=SKEW_MS),
    Card("clock behind", rests_and_is_cancelled, claimed=_has(OrderType.GTC), ahead_ms=-SKEW_MS),
    Card("stop", a_stop_rests_until_it_is_cancelled, claimed=_has(OrderType.STOP)),
)


def keys_of(venue: str) -> Keys:
    """Of the account that is asked about."""
    known = rehearsed(venue, KEY)
    return Keys(known | {"library": lighter.library()} if venue == "lighter" else known)


async def asked(card: Card, venue: str, site: Site, memory: Path) -> None:
    """Open an adapter, ask the card, close it; AssertionError where it fails."""
    facts = VenueFacts()[venue]
    instrument = facts.instrument(SYMBOLS[venue])
    assert instrument is not None
    setup = Setup(
        capabilities=facts,
        instruments={instrument.symbol: instrument},
        where=site.address,
        keys=keys_of(venue),
        memory=memory,
        now=lambda: time.time_ns() + card.ahead_ms * NS_PER_MS,
        alert=lambda _alert: None,
    )
    adapter, book, heard = await opened(setup, instrument.symbol)
    try:
        await card.ask(Stand(adapter, site, instrument, book, heard, setup))
    finally:
        await adapter.close()


def passes(card: Card, venue: str, site: Site, memory: Path) -> bool:
    """Whether it does; why not is printed."""
    try:
        asyncio.run(asked(card, venue, site, memory))
    except (AssertionError, DnkitError, OSError, TimeoutError) as error:
        print(f"{venue}, {card.name}: {type(error).__name__}: {error}")
        return False
    return True


def results(venue: str) -> Mapping[str, str]:
    """Every card of a venue: passed, failed, or not claimed."""
    found: dict[str, str] = {}
    for card in CARDS:
        if not card.claimed(VenueFacts()[venue]):
            found[card.name] = "not claimed"
            continue
        with (
            tempfile.TemporaryDirectory() as root,
            local(Path(root), venue=venue, faults=card.faults, speed=SPEED) as site,
        ):
            found[card.name] = "passed" if passes(card, venue, site, Path(root) / "memory.db") else "failed"
    return found


def main() -> None:
    """Write the file."""
    every = {venue: results(venue) for venue in VENUES}
    FILE.write_text(json.dumps(every, indent=2) + "\n")


if __name__ == "__main__":
    main()
