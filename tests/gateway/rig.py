"""A gateway on a bench: own clock, and a transport whose answers a test decides one by one."""

from collections.abc import Callable
from random import Random

from msgspec.structs import replace

from dnkit.desk.gateway.budget import Use
from dnkit.desk.gateway.gateway import Gateway
from dnkit.desk.gateway.outcome import Answered, Done, Failed, Fate, Outcome
from dnkit.desk.gateway.traffic import Traffic
from dnkit.desk.scheduler import Scheduler
from dnkit.model import events as ev
from dnkit.model.alerts import Alert
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import EndKind, FoundKind, OrderType, RejectKind, Side
from dnkit.runtime.library import VenueFacts
from dnkit.venues.base import Request

START = 1_000 * NS_PER_S
FACTS = replace(
    VenueFacts()["aster"],
    rate_calls=10,
    rate_window_ns=NS_PER_S,
    answer_within_ns=4 * NS_PER_S,
    lookup_lag_ns=10 * NS_PER_S,
)

Reply = Outcome | None | Callable[[Request], Outcome]


def order(number: int = 1, *, entry: bool = False, leg: int = 0) -> PlaceOrder:
    """An order that adds risk (`entry`) or one that closes."""
    key = f"r-{leg}-{number}"
    return PlaceOrder(leg, number, key, Side.BUY, OrderType.IOC, 5, 100, 0, not entry, entry, "take#1")


def cancel(number: int = 1) -> CancelOrder:
    return CancelOrder(0, number, f"r-0-{number}")


def find(number: int = 1) -> FindOrder:
    return FindOrder(0, number, f"r-0-{number}")


def read(number: int = 1) -> ReadPosition:
    return ReadPosition(0, number)


def sweep(number: int = 1) -> SweepOrders:
    return SweepOrders(0, number)


def failed(fate: Fate, text: str = "trouble") -> Failed:
    return Failed(fate=fate, text=text)


def limited(seconds: int = 0) -> Failed:
    """429, with or without a word on how long to wait."""
    wait = seconds * NS_PER_S
    return Failed(fate=Fate.TRANSIENT, text="429", why=RejectKind.RATE, limited=True, retry_after_ns=wait)


def fine(request: Request) -> Outcome:
    """The answer of a venue in good order."""
    return Answered(_fact(request))


def _fact(request: Request) -> ev.Event:
    leg = request.leg
    if isinstance(request, PlaceOrder):
        return ev.OrderAccepted(0, leg, request.order)
    if isinstance(request, CancelOrder):
        return ev.OrderEnded(0, leg, request.order, EndKind.CANCELLED, 0)
    if isinstance(request, FindOrder):
        return ev.OrderFound(0, leg, request.order, FoundKind.ABSENT)
    if isinstance(request, ReadPosition):
        return ev.PositionRead(0, leg, request.request, 0, 0)
    return ev.OrdersSwept(0, leg, request.request, ok=True, found=0)


class Bench:
    """`replies` are used up in order, then `fine`; None is silence. `sent` and `heard` hold seconds since the
    start with what was sent and what the run got to hear.
    """

    def __init__(self, *replies: Reply, most_fees: int | None = None, seed: int = 1) -> None:
        self.scheduler = Scheduler(START)
        self.replies = list(replies)
        self.sent: list[tuple[float, Request]] = []
        self.heard: list[tuple[float, ev.Event]] = []
        self.alerts: list[Alert] = []
        self.open: list[Done] = []
        self.traffic = Traffic(
            FACTS,
            now=self.now,
            at=self.scheduler.at,
            alert=self.alerts.append,
            dice=Random(seed),
            most_fees=most_fees,
        )
        self.gateway = self.leg(0)

    def leg(self, number: int) -> Gateway:
        """One more leg on the venue."""
        return Gateway(
            number,
            FACTS,
            self.traffic,
            self.send,
            emit=lambda event: self.heard.append((self.seconds(), event)),
            now=self.now,
            at=self.scheduler.at,
        )

    def now(self) -> int:
        return self.scheduler.now_ns

    def seconds(self) -> float:
        return (self.now() - START) / NS_PER_S

    def send(self, request: Request, done: Done) -> None:
        """The transport: answers while sending."""
        self.sent.append((self.seconds(), request))
        self.open.append(done)
        reply = self.replies.pop(0) if self.replies else fine
        if reply is not None:
            done(reply(request) if callable(reply) else reply)

    def wait(self, seconds: float) -> None:
        self.scheduler.run_due(self.now() + int(seconds * NS_PER_S))

    def events(self) -> list[ev.Event]:
        return [event for _, event in self.heard]

    def use_up(self, calls: int) -> None:
        """Let the venue's room go by other calls."""
        for _ in range(calls):
            self.traffic.budget.take(Use.ACT, self.now())
