"""The house behind an endpoint: accounts and orders are the exchange's, a seat only asks and listens.

When the connection breaks, nobody knows what became of a request that is not answered; the wire is told so.
Once there is a connection again it hears that words were missed, and looks up what may rest.
"""

from collections.abc import Iterable
from functools import partial

from msgspec.structs import replace

from dnkit.desk.gateway.outcome import Failed, Fate
from dnkit.desk.gateway.preflight import AccountFacts, PositionMode
from dnkit.desk.gateway.wire import Wire
from dnkit.machine.program import LegSpec
from dnkit.model.capabilities import Capabilities
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.errors import DnkitError
from dnkit.model.events import OrdersSwept, PositionRead
from dnkit.model.ids import order_key
from dnkit.model.terms import PAPER
from dnkit.runtime.endpoint.world import EndpointWorld
from dnkit.runtime.library import VenueFacts
from dnkit.venues.account import Account, Holding
from dnkit.venues.base import Request
from dnkit.venues.judge import Verdict
from dnkit.venues.local import protocol

LOST = Failed(fate=Fate.UNKNOWN, text="the connection to the exchange broke")
SEED = "trade"  # who gives an empty account its start


class EndpointHouse:
    """Accounts of the exchange a world is connected to."""

    mode = PAPER

    def __init__(self, world: EndpointWorld, capabilities: VenueFacts) -> None:
        self.market = world.welcome.market
        self._world = world
        self._capabilities = capabilities
        self._numbers = {
            (listing.venue, listing.symbol): number
            for listing, number in zip(world.welcome.listings, world.welcome.numbers, strict=True)
        }

    def account(self, spec: LegSpec) -> Account:
        """What the exchange holds for a leg now."""
        listing = self._number(spec)
        return self._account(spec, self._world.ask(partial(protocol.Balance, listing=listing), protocol.Held))

    def endow(self, spec: LegSpec, _account: Account, lots: int, price: int) -> Account:
        """Ask the exchange to give the account its start."""
        listing = self._number(spec)
        ask = partial(protocol.Endow, listing=listing, lots=lots, price=price, by=SEED)
        return self._account(spec, self._world.ask(ask, protocol.Held))

    def facts(self, spec: LegSpec, _book: int) -> AccountFacts:
        """What the exchange tells; nothing is known where it does not answer."""
        try:
            told = self._world.ask(partial(protocol.Inspect, listing=self._number(spec)), protocol.Inspected)
        except DnkitError:
            told = None
        return AccountFacts(
            venue=spec.instrument.venue,
            symbol=spec.instrument.symbol,
            mode=PositionMode(told.terms.mode) if told else None,
            leverage=told.terms.leverage if told else None,
            available=told.terms.available if told else None,
            clock_ahead_ns=self._world.ahead_ns(told.now_ns) if told else None,
            status=told.status if told else None,
        )

    def seat(
        self, index: int, spec: LegSpec, account: Account, _book: int, run_id: str, wire: Wire
    ) -> "EndpointSeat":
        """A seat that hears of the orders of this run's leg."""
        capabilities = self._capabilities[spec.instrument.venue]
        beginning = order_key(run_id, spec.name, 0)[:-1]
        return EndpointSeat(index, self._number(spec), capabilities, account, beginning, self._world, wire)

    def _number(self, spec: LegSpec) -> int:
        return self._numbers[spec.instrument.venue, spec.instrument.symbol]

    def _account(self, spec: LegSpec, held: protocol.Held) -> Account:
        one = spec.instrument
        account = Account(self.market, one.venue, one.symbol, lot=one.lot, tick=one.tick)
        account.holding = Holding(lots=held.lots, entry=held.entry)
        return account


class EndpointSeat:
    """One leg of a run. `beginning` is what its client ids begin with; the number of the order follows."""

    def __init__(
        self,
        index: int,
        listing: int,
        capabilities: Capabilities,
        account: Account,
        beginning: str,
        world: EndpointWorld,
        wire: Wire,
    ) -> None:
        self.opening = account.lots
        self.capabilities = capabilities
        self._index = index
        self._listing = listing
        self._account = account
        self._beginning = beginning
        self._world = world
        self._wire = wire
        world.seats.append(self)

    def carry(self, request: Request) -> bool:
        """Send a request; False when there is no connection."""
        return self._world.post(_said(self._listing, request))

    def remember(self, asked: Iterable[PlaceOrder]) -> None:
        """The exchange remembers."""

    def verdict(self, ledger: int | None, keep: frozenset[str]) -> Verdict:
        """The exchange's word; one that cannot be had is a finding."""
        ask = partial(protocol.Audit, listing=self._listing, ledger=ledger, keep=tuple(sorted(keep)))
        try:
            return replace(self._world.ask(ask, protocol.Judged).verdict, leg=self._index)
        except DnkitError as error:
            return self._unheard(ledger, str(error))

    def leave(self) -> None:
        """Listen no more."""
        self._world.seats.remove(self)

    def hear(self, told: protocol.Told) -> None:
        """The exchange says something, to us or to another."""
        if told.listing != self._listing:
            return
        news, now = told.news, self._world.now()
        if isinstance(news, PositionRead | OrdersSwept):
            self._wire.tell(replace(news, at_ns=now, leg=self._index))
            return
        number = told.key.removeprefix(self._beginning)
        if number != told.key and number.isdigit():
            self._wire.tell(replace(news, at_ns=now, leg=self._index, order=int(number)))

    def lost(self) -> None:
        """No answer will come to what is unanswered."""
        self._wire.lose(LOST)

    def back(self) -> None:
        """What the streams said meanwhile was not heard."""
        self._wire.missed()

    def _unheard(self, ledger: int | None, why: str) -> Verdict:
        return Verdict(
            leg=self._index,
            venue=self._account.venue,
            symbol=self._account.symbol,
            position=ledger or 0,
            ledger=ledger,
            resting=0,
            findings=(f"what the exchange holds could not be read: {why}",),
        )


def _said(listing: int, request: Request) -> protocol.Order:
    """A request in the exchange's words."""
    match request:
        case PlaceOrder():
            return protocol.Place(
                listing,
                request.key,
                request.side,
                request.type,
                request.lots,
                request.price,
                request.stop,
                request.reduce_only,
            )
        case CancelOrder():
            return protocol.Cancel(listing, request.key)
        case FindOrder():
            return protocol.Find(listing, request.key, request.request)
        case ReadPosition():
            return protocol.Read(listing, request.request)
        case SweepOrders():
            return protocol.Sweep(listing, request.request, request.keep)
