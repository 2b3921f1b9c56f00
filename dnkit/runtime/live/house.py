"""The house of a live run: accounts and orders are the venues', a seat asks and listens."""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

from msgspec.structs import replace

from dnkit.desk.gateway.outcome import classify
from dnkit.desk.gateway.preflight import AccountFacts, PositionMode
from dnkit.desk.gateway.wire import Wire
from dnkit.machine.program import LegSpec
from dnkit.model.capabilities import Capabilities
from dnkit.model.commands import PlaceOrder
from dnkit.model.errors import DnkitError
from dnkit.model.events import OrderFact, OrdersSwept, PositionRead, VenueFact
from dnkit.model.ids import order_key
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.model.terms import LIVE
from dnkit.runtime.live.world import LiveWorld
from dnkit.venues.account import Account, Holding
from dnkit.venues.base import OpenOrder, Request, Trouble, TroubledError
from dnkit.venues.judge import Verdict

LOOK_AGAIN_NS = NS_PER_S
TRIES, BETWEEN_NS = 5, 200 * NS_PER_MS
T = TypeVar("T")


def insist(world: LiveWorld, read: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """A read, made again a few times where it fails: it changes nothing. TroubledError of the last one."""
    for _ in range(TRIES - 1):
        try:
            return world.run(read())
        except TroubledError as error:
            world.settle(max(BETWEEN_NS, error.trouble.retry_after_ns))
    return world.run(read())


def facts_of(world: LiveWorld, one: Instrument) -> AccountFacts:
    """What a venue tells of our account there; nothing is known where it does not answer."""
    try:
        told = insist(world, lambda: world.of(one).standing(one.symbol))
    except TroubledError:
        told = None
    return AccountFacts(
        venue=one.venue,
        symbol=one.symbol,
        mode=PositionMode(told.mode) if told and told.mode else None,
        leverage=told.leverage if told else None,
        available=told.available if told else None,
        clock_ahead_ns=told.clock_ahead_ns if told else None,
        status=told.status if told else None,
        can_withdraw=told.can_withdraw if told else None,
    )


class LiveHouse:
    """Accounts of the venues a world has open. `market` names them for the journal."""

    mode = LIVE

    def __init__(self, market: str, world: LiveWorld) -> None:
        self.market = market
        self._world = world

    def account(self, spec: LegSpec) -> Account:
        """What the venue says an account holds now; what it cost is not known."""
        one = spec.instrument
        position = insist(self._world, lambda: self._world.of(one).position(one.symbol))
        account = Account(self.market, one.venue, one.symbol, lot=one.lot, tick=one.tick)
        account.holding = Holding(lots=position.lots)
        return account

    def endow(self, spec: LegSpec, _account: Account, _lots: int, _price: int) -> Account:
        """Nobody gives a live account anything."""
        raise DnkitError(f"{spec.instrument.venue} gives no position away")

    def facts(self, spec: LegSpec, _book: int) -> AccountFacts:
        """What the venue tells; nothing is known where it does not answer."""
        return facts_of(self._world, spec.instrument)

    def seat(
        self, index: int, spec: LegSpec, account: Account, _book: int, run_id: str, wire: Wire
    ) -> "LiveSeat":
        """A seat that hears of the orders of this run's leg."""
        return LiveSeat(index, spec, account, order_key(run_id, spec.name, 0)[:-1], self._world, wire)


class LiveSeat:
    """One leg of a run. `beginning` is what its client ids begin with; the number of the order follows."""

    def __init__(
        self, index: int, spec: LegSpec, account: Account, beginning: str, world: LiveWorld, wire: Wire
    ) -> None:
        one = spec.instrument
        self.venue, self.symbol = one.venue, one.symbol
        self.opening = account.lots
        self.capabilities: Capabilities = world.of(one).capabilities
        self._venue = world.of(one)
        self._index, self._beginning = index, beginning
        self._world, self._wire = world, wire
        world.seats.append(self)

    def carry(self, request: Request) -> bool:
        """Send a request; whether it left comes with its answer."""
        self._world.start(self._carry(request))
        return True

    def remember(self, asked: Iterable[PlaceOrder]) -> None:
        """The venue remembers."""

    def verdict(self, ledger: int | None, keep: frozenset[str]) -> Verdict:
        """The venue's own word. Its reads may lag: one that disagrees is read again until none may."""
        until_ns = self._world.now() + self.capabilities.position_lag_ns
        while True:
            asked_ns = self._world.now()
            lots, orders, trouble = self._look()
            settled = lots == ledger and not trouble
            if settled or asked_ns >= until_ns:  # an answer is as old as its question, and the lag on top
                break
            self._world.settle(max(0, min(LOOK_AGAIN_NS, until_ns - self._world.now())))
        ours = [one.key for one in orders if one.key.startswith(self._beginning)]
        findings = [trouble] if trouble else []
        if not trouble and lots != ledger:
            findings.append(f"the run says {ledger} lots, the venue holds {lots}")
        findings += [f"order {key} is still open" for key in ours if key not in keep]
        findings += [f"order {key} should be open and is not" for key in sorted(keep.difference(ours))]
        return Verdict(
            leg=self._index,
            venue=self.venue,
            symbol=self.symbol,
            position=lots if lots is not None else ledger or 0,
            ledger=ledger,
            resting=len(ours),
            findings=tuple(findings),
        )

    def leave(self) -> None:
        """Listen no more."""
        self._world.seats.remove(self)

    def hear(self, key: str, fact: VenueFact) -> None:
        """The venue tells something, of an order of ours or of another run's."""
        now = self._world.now()
        if isinstance(fact, PositionRead | OrdersSwept):
            self._wire.tell(self._clean(replace(fact, at_ns=now, leg=self._index)))
            return
        number = key.removeprefix(self._beginning)
        if number != key and number.isdigit():
            self._wire.tell(self._clean(replace(fact, at_ns=now, leg=self._index, order=int(number))))

    def missed(self) -> None:
        """What the streams said meanwhile was not heard."""
        self._wire.missed()

    async def _carry(self, request: Request) -> None:
        answer = await self._venue.ask(request, self.symbol)
        if self not in self._world.seats:
            return
        if isinstance(answer, Trouble):
            self._wire.fail(request, classify(replace(answer, text=self._world.hidden(answer.text))))
        elif answer is not None:
            self._wire.tell(self._clean(self._numbered(request, answer)))

    def _numbered(self, request: Request, answer: VenueFact) -> VenueFact:
        """An answer with the numbers of whoever asked."""
        answer = replace(answer, at_ns=self._world.now(), leg=self._index)
        if isinstance(answer, OrderFact):
            answer = replace(answer, order=getattr(request, "order", 0))
        if hasattr(answer, "request"):
            answer = replace(answer, request=getattr(request, "request", 0))
        return answer

    def _clean(self, fact: VenueFact) -> VenueFact:
        text = getattr(fact, "text", "")
        return replace(fact, text=self._world.hidden(text)) if text else fact

    def _look(self) -> tuple[int | None, tuple[OpenOrder, ...], str]:
        try:
            position = insist(self._world, lambda: self._venue.position(self.symbol))
            orders = insist(self._world, lambda: self._venue.open_orders(self.symbol))
        except TroubledError as error:
            return None, (), f"the venue was not heard: {self._world.hidden(str(error))}"
        return position.lots, tuple(orders), ""
