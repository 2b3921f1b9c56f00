"""Plain ccxt at our exchanges, held against what they truly hold, and our adapter beside it on the same
account. Runs with DNKIT_ORACLES=1 (`make test-oracles`), and needs a package index the first time.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dnkit.live.keys import rehearsed
from dnkit.model.events import OrderAccepted, OrderEnded, OrderFilled
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import from_pico
from dnkit.model.terms import OrderType, Side
from dnkit.runtime.library import VenueFacts
from tests.live.backdoor import Backdoor
from tests.oracles.ccxt import ROWS, Client, Row, client, python
from tests.oracles.environment import NoOracle
from tests.recovery.processes import exchange
from tests.venues.rehearsal import Desk, run, trading

pytestmark = pytest.mark.skipif(os.environ.get("DNKIT_ORACLES") != "1", reason="DNKIT_ORACLES is not 1")
PATIENCE_S = 8
FAR = 3_000  # ticks
BUY, SELL = "buy", "sell"
PARAMS: Mapping[str, dict[str, Any]] = {
    "GTC": {},
    "PO": {"postOnly": True},
    "IOC": {"timeInForce": "IOC"},
    "FOK": {"timeInForce": "FOK"},
}


class Stand(msgspec.Struct, frozen=True):
    """ccxt on an account of its own, and the exchange's truth about that account."""

    ccxt: Client
    row: Row
    venue: str
    address: str
    instrument: Instrument
    name: str

    @property
    def lots(self) -> int:
        """Some lots that are enough for the venue."""
        return 100 * self.instrument.lots_min

    def truth(self) -> dict[str, Any]:
        """What the account truly holds of the symbol."""
        told: dict[str, Any] = Backdoor(self.address, self.name).truth()[self.row.symbol]
        return told

    def amount(self, lots: int) -> str:
        """Lots in the unit of ccxt."""
        return str(self.instrument.lot * lots / self.ccxt.contract)

    def lots_of(self, amount: str) -> Decimal:
        """An amount of ccxt in lots."""
        return Decimal(amount) * self.ccxt.contract / self.instrument.lot

    def touch(self) -> tuple[Decimal, Decimal]:
        """Best bid and ask."""
        bids, asks = self.ccxt("fetched", depth=5)
        return Decimal(bids[0][0]), Decimal(asks[0][0])

    def price(self, share: str, of: int) -> str:
        """A share of the best bid (0) or ask (1), on the grid."""
        tick = self.instrument.tick
        return str(self.touch()[of] * Decimal(share) // tick * tick)

    def place(self, kind: str, name: str, price: str, side: str = BUY, lots: int = 0, **more: Any) -> Any:
        """Send an order; what ccxt said of it."""
        params = PARAMS[kind] | {"clientOrderId": self.row.client_id(name)}
        amount = self.amount(lots or self.lots)
        return self.ccxt.said("place", side=side, amount=amount, price=price, params=params, **more)

    def order(self, name: str) -> dict[str, Any]:
        """The order of that client id, as the exchange has it; empty where it has none."""
        wanted = self.row.client_id(name)
        return next((one for one in self.truth()["orders"] if one["id"] == wanted), {})

    def until(self, done: Callable[[], Any], what: str) -> Any:
        """The first answer that is something; AssertionError where none comes."""
        end = time.monotonic() + PATIENCE_S
        while not (found := done()):
            assert time.monotonic() < end, f"{what} did not come: {self.truth()}"
            time.sleep(0.05)
        return found

    def over(self, name: str) -> dict[str, Any]:
        """The order, once the exchange is through with it."""
        found: dict[str, Any] = self.until(
            lambda: (one := self.order(name)) and not one["live"] and one, name
        )
        return found


@pytest.fixture(scope="module", params=ROWS)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """Name of a venue, and the address of an exchange that speaks as it does."""
    try:
        python()
    except NoOracle as error:
        pytest.skip(str(error))
    venue = request.param
    root, listed = tmp_path_factory.mktemp(venue), [f"{venue}:{ROWS[venue].symbol}"]
    with exchange(root, speed="20", listed=listed, for_s=200, venue=venue) as one:
        yield venue, one.address


@pytest.fixture
def stand(site: tuple[str, str], request: pytest.FixtureRequest) -> Iterator[Stand]:
    venue, address = site
    row, name = ROWS[venue], f"a{hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:12]}"
    instrument = VenueFacts()[venue].instrument(row.symbol)
    assert instrument is not None
    with client(row, address, name) as one:
        yield Stand(one, row, venue, address, instrument, name)


def test_the_grid_is_that_of_the_facts(stand: Stand) -> None:
    price, amount = stand.ccxt.grid
    assert price == stand.instrument.tick
    assert amount * stand.ccxt.contract == stand.instrument.lot


@pytest.mark.parametrize("kind", ["GTC", "PO"])
def test_what_rests_is_seen_and_cancelled(stand: Stand, kind: str) -> None:
    price = stand.price("0.9", 0)
    assert "ok" in stand.place(kind, "rests1", price)
    [row] = stand.until(lambda: stand.ccxt("resting"), "the order")
    assert (row["clientOrderId"], row["side"]) == (stand.row.client_id("rests1"), BUY)
    assert Decimal(row["price"]) == Decimal(price)
    assert stand.lots_of(row["remaining"]) == stand.lots
    assert stand.truth()["resting"] == [stand.row.client_id("rests1")]
    stand.ccxt("cancel", number=row["id"])
    assert stand.over("rests1")["cum"] == 0
    stand.until(lambda: not stand.ccxt("resting"), "the end of it")


@pytest.mark.parametrize("kind", ["IOC", "FOK"])
def test_what_takes_is_seen_fill_by_fill(stand: Stand, kind: str) -> None:
    if kind not in stand.row.kinds:
        pytest.skip("the venue has no such order")
    limit = stand.price("1.01", 1)
    assert "ok" in stand.place(kind, "takes1", limit)
    assert stand.over("takes1")["cum"] == stand.lots
    fills = stand.until(lambda: stand.ccxt("fills"), "the fills")
    assert sum(stand.lots_of(one["amount"]) for one in fills) == stand.lots
    assert {one["takerOrMaker"] for one in fills} == {"taker"}
    assert all(Decimal(one["price"]) <= Decimal(limit) for one in fills)
    [held] = stand.until(lambda: stand.ccxt("held"), "the position")
    assert (held["side"], stand.lots_of(held["contracts"])) == ("long", stand.truth()["lots"])


def test_what_cannot_be_filled_leaves_nothing(stand: Stand) -> None:
    stand.place("IOC", "far1", stand.price("0.9", 0))
    if "FOK" in stand.row.kinds:
        stand.place("FOK", "huge1", stand.price("1", 1), lots=10**6 * stand.lots)
    stand.place("PO", "cross1", stand.price("1.01", 1))
    time.sleep(0.3)
    truth = stand.truth()
    assert all((one["cum"], one["live"]) == (0, False) for one in truth["orders"])
    assert truth["lots"] == 0
    assert stand.ccxt("resting") == stand.ccxt("fills") == []


def test_the_same_client_id_twice_is_one_order(stand: Stand) -> None:
    price = stand.price("0.9", 0)
    assert "ok" in stand.place("GTC", "twice1", price)
    again = stand.place("GTC", "twice1", price)
    assert again.get("error") or again["ok"] is None, again
    assert len(stand.truth()["resting"]) == 1


def test_the_stream_of_a_book_is_the_book(stand: Stand) -> None:
    stand.ccxt("follow")
    stand.until(lambda: stand.ccxt("agrees"), "the same book twice")


def test_a_gap_in_a_book_is_noticed_where_ccxt_can(stand: Stand) -> None:
    stand.ccxt("follow")
    try:
        Backdoor(stand.address, stand.name).faults("gap=50")
        breaks = stand.ccxt("breaks", count=1) if stand.row.gaps else ["InvalidNonce"]
    finally:
        Backdoor(stand.address, stand.name).faults("all=0")
    assert set(breaks) == {"InvalidNonce"}


def test_fills_are_told_as_they_are_listed(stand: Stand) -> None:
    stand.ccxt("follow")
    time.sleep(0.5)  # ccxt does not tell when a subscription stands
    assert "ok" in stand.place("IOC", "heard1", stand.price("1.01", 1))
    assert stand.over("heard1")["cum"] == stand.lots
    listed = stand.until(lambda: stand.ccxt("fills"), "the fills")
    told = stand.ccxt("told", count=len(listed))
    assert _by_id(told, stand.row.stream_fees) == _by_id(listed)


def test_ccxt_and_adapter_see_the_same_account(stand: Stand, tmp_path: Path) -> None:
    keys, symbol = rehearsed(stand.venue, stand.name), stand.row.symbol

    async def work() -> None:
        async with trading(stand.venue, symbol, stand.address, keys, stand.name, tmp_path) as desk:
            rests = desk.order(OrderType.POST_ONLY, Side.BUY, stand.lots, -FAR)
            assert isinstance(await desk.ask(rests), OrderAccepted | None)
            assert "ok" in stand.place("GTC", "foreign1", stand.price("0.9", 0))
            rows = stand.ccxt("resting")
            [foreign] = [one for one in rows if one["clientOrderId"] == stand.row.client_id("foreign1")]
            [ours] = [one for one in rows if one is not foreign]
            assert {one["clientOrderId"] for one in rows} == set(stand.truth()["resting"])
            assert Decimal(ours["price"]) == stand.instrument.price(rests.price)
            seen = {one.key: one.venue_id for one in await desk.venue.open_orders(symbol)}
            assert seen == {rests.key: ours["id"], "": foreign["id"]}
            takes = desk.order(OrderType.IOC, Side.BUY, stand.lots, FAR)
            await desk.ask(takes)
            await desk.until(lambda: desk.ears.filled(takes.key) == takes.lots, "the fill")
            told, fills = desk.ears.of(takes.key, OrderFilled)[-1], stand.ccxt("fills")
            assert sum(stand.lots_of(one["amount"]) for one in fills) == told.cum == stand.truth()["lots"]
            assert sum(Decimal(one["fee"]["cost"]) for one in fills) == from_pico(told.fee)
            stand.ccxt("cancel", number=ours["id"])
            await desk.until(lambda: desk.ears.of(rests.key, OrderEnded), "the end of what ccxt cancelled")
            assert stand.truth()["resting"] == [stand.row.client_id("foreign1")]
            await desk.until(lambda: _touch(desk, stand) == stand.touch(), "the same touch")

    run(work)


def _touch(desk: Desk, stand: Stand) -> tuple[Decimal, Decimal]:
    return stand.instrument.price(desk.book.bid), stand.instrument.price(desk.book.ask)


def _by_id(trades: list[dict[str, Any]], sign: int = 1) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    return {
        one["id"]: (Decimal(one["price"]), Decimal(one["amount"]), sign * Decimal(one["fee"]["cost"]))
        for one in trades
    }
