"""The house behind an endpoint: accounts and orders are the exchange's, a seat only asks and listens.

A request whose answer can no longer come (the connection broke, or there was none) is answered by what is
known: nothing. An order's answer is lost, a position is unread, a sweep failed. Once there is a connection
again, every order that may still rest is looked up, because what the streams said meanwhile was not heard.
"""

from collections.abc import Iterable
from functools import partial

from msgspec.structs import replace

from dnkit.machine.program import LegSpec
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.errors import BugError, DnkitError
from dnkit.model.events import (
    AnswerLost,
    Event,
    OrderEnded,
    OrderFact,
    OrderFound,
    OrderRejected,
    OrdersSwept,
    PositionRead,
)
from dnkit.model.ids import order_key
from dnkit.model.numbers import NS_PER_MS
from dnkit.model.terms import FoundKind
from dnkit.runtime.endpoint.world import EndpointWorld
from dnkit.runtime.house import Emit
from dnkit.runtime.library import VenueFacts
from dnkit.venues.account import Account, Holding
from dnkit.venues.judge import Verdict
from dnkit.venues.local import wire

LOOK_AGAIN_NS = 500 * NS_PER_MS
LOST = "the connection to the exchange broke"
SEED = "trade"  # who gives an empty account its start


class EndpointHouse:
    """Accounts of the exchange a world is connected to."""

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
        return self._account(spec, self._world.ask(lambda ask: wire.Balance(ask, listing)))

    def endow(self, spec: LegSpec, _account: Account, lots: int, price: int) -> Account:
        """Ask the exchange to give the account its start."""
        listing = self._number(spec)
        return self._account(spec, self._world.ask(lambda ask: wire.Endow(ask, listing, lots, price, SEED)))

    def seat(
        self, index: int, spec: LegSpec, account: Account, _book: int, run_id: str, emit: Emit
    ) -> "EndpointSeat":
        """A seat that hears of the orders of this run's leg."""
        latency_ns = self._capabilities[spec.instrument.venue].latency_ns
        beginning = order_key(run_id, spec.name, 0)[:-1]
        return EndpointSeat(
            index, self._number(spec), account, beginning, self._world, emit, latency_ns=latency_ns
        )

    def _number(self, spec: LegSpec) -> int:
        return self._numbers[spec.instrument.venue, spec.instrument.symbol]

    def _account(self, spec: LegSpec, held: wire.Held | wire.Judged) -> Account:
        if not isinstance(held, wire.Held):
            raise BugError("the exchange answered another question")
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
        account: Account,
        beginning: str,
        world: EndpointWorld,
        emit: Emit,
        *,
        latency_ns: int,
    ) -> None:
        self.opening = account.lots
        self.latency_ns = latency_ns
        self._index = index
        self._listing = listing
        self._account = account
        self._beginning = beginning
        self._world = world
        self._emit = emit
        self._unanswered: set[int] = set()  # orders
        self._reads: set[int] = set()
        self._sweeps: set[int] = set()
        self._open: dict[int, str] = {}  # orders that may rest: client ids by number
        self._looking: set[int] = set()  # those of them that are looked up after a break
        world.told.append(self._told)
        world.breaks.append((self._lost, self._back))

    def place(self, request: PlaceOrder) -> None:
        """Send an order."""
        self._open[request.order] = request.key
        self._send_order(
            request.order,
            wire.Place(
                self._listing,
                request.key,
                request.side,
                request.type,
                request.lots,
                request.price,
                request.stop,
                request.reduce_only,
            ),
        )

    def cancel(self, request: CancelOrder) -> None:
        """Withdraw an order."""
        self._send_order(request.order, wire.Cancel(self._listing, request.key))

    def find(self, request: FindOrder) -> None:
        """Look an order up."""
        self._send_order(request.order, wire.Find(self._listing, request.key))

    def read_position(self, request: ReadPosition) -> None:
        """Read the position."""
        self._reads.add(request.request)
        self._send(wire.Read(self._listing, request.request))

    def sweep(self, request: SweepOrders) -> None:
        """Cancel own open orders."""
        self._sweeps.add(request.request)
        self._send(wire.Sweep(self._listing, request.request, request.keep))

    def remember(self, asked: Iterable[PlaceOrder]) -> None:
        """The exchange remembers; which of them may still rest is for the engine to look up."""
        self._open.update((one.order, one.key) for one in asked)

    def verdict(self, ledger: int | None, keep: frozenset[str]) -> Verdict:
        """The exchange's word; one that cannot be had is a finding."""
        try:
            answer = self._world.ask(lambda ask: wire.Audit(ask, self._listing, ledger, tuple(sorted(keep))))
        except DnkitError as error:
            return self._unheard(ledger, str(error))
        if not isinstance(answer, wire.Judged):
            raise BugError("the exchange answered another question")
        return replace(answer.verdict, leg=self._index)

    def leave(self) -> None:
        """Listen no more."""
        self._world.told.remove(self._told)
        self._world.breaks.remove((self._lost, self._back))

    def _unheard(self, ledger: int | None, why: str) -> Verdict:
        return Verdict(
            leg=self._index,
            venue=self._account.venue,
            symbol=self._account.symbol,
            position=ledger or 0,
            ledger=ledger,
            resting=len(self._open),
            findings=(f"what the exchange holds could not be read: {why}",),
        )

    def _send_order(self, order: int, request: wire.Order) -> None:
        self._unanswered.add(order)
        self._send(request)

    def _send(self, request: wire.Order) -> None:
        if not self._world.post(request):
            self._world.at(self._world.now(), self._lost)

    def _told(self, told: wire.Told) -> None:
        if told.listing != self._listing:
            return
        news, now = told.news, self._world.now()
        if isinstance(news, OrderFact):
            number = told.key.removeprefix(self._beginning)
            if number != told.key and number.isdigit():
                self._learn(replace(news, at_ns=now, leg=self._index, order=int(number)))
        elif isinstance(news, PositionRead | OrdersSwept):
            self._reads.discard(news.request)
            self._sweeps.discard(news.request)
            self._emit(replace(news, at_ns=now, leg=self._index))

    def _learn(self, fact: OrderFact) -> None:
        self._unanswered.discard(fact.order)
        if isinstance(fact, OrderFound) and fact.found in (FoundKind.ABSENT, FoundKind.ERROR):
            if fact.order in self._looking:  # our own look-up, in the venue's lag: no news for the run
                self._world.at(fact.at_ns + LOOK_AGAIN_NS, partial(self._look_up, fact.order))
                return
        elif isinstance(fact, OrderFound):
            self._looking.discard(fact.order)
        if _is_last_word(fact):
            self._looking.discard(fact.order)
            self._open.pop(fact.order, None)
        self._emit(fact)

    def _lost(self) -> None:
        """No answer will come to what is unanswered."""
        now = self._world.now()
        orders, self._unanswered = self._unanswered, set()
        reads, self._reads = self._reads, set()
        sweeps, self._sweeps = self._sweeps, set()
        events: list[Event] = [AnswerLost(now, self._index, one, LOST) for one in sorted(orders)]
        events += [PositionRead(now, self._index, one, None, now, LOST) for one in sorted(reads)]
        events += [OrdersSwept(now, self._index, one, False, 0, LOST) for one in sorted(sweeps)]
        for event in events:
            self._emit(event)

    def _back(self) -> None:
        self._looking = set(self._open)
        for number in sorted(self._open):
            self._look_up(number)

    def _look_up(self, number: int) -> None:
        if number in self._looking and self._world.post(wire.Find(self._listing, self._open[number])):
            self._unanswered.add(number)


def _is_last_word(fact: OrderFact) -> bool:
    if isinstance(fact, OrderFound):
        return fact.found is FoundKind.OVER
    return isinstance(fact, OrderEnded | OrderRejected)
