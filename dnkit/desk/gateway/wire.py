"""A venue as a transport: answers go back to their requests, the rest is a stream."""

from collections.abc import Callable

from dnkit.desk.gateway.outcome import Answered, Done, Failed, Fate
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.events import (
    CancelRefused,
    OrderAccepted,
    OrderEnded,
    OrderFilled,
    OrderFound,
    OrderRejected,
    OrdersSwept,
    PositionRead,
    VenueFact,
)
from dnkit.venues.base import Request

Name = tuple[type[Request], int, int]
Carry = Callable[[Request], bool]
NOT_SENT = Failed(fate=Fate.TRANSIENT, text="not sent: there is no connection")


class Wire:
    """Lies between a gateway and whoever carries its requests. `connect` comes before anything else."""

    def __init__(self) -> None:
        self._open: dict[Name, list[Done]] = {}

    def connect(self, carry: Carry, hear: Callable[[VenueFact], None], missed: Callable[[], None]) -> None:
        """Lay it. `carry` takes a request along, False where it certainly did not leave; `hear` gets what
        nobody asked for, `missed` is told when some of that was lost.
        """
        self._carry = carry
        self._hear = hear
        self.missed = missed

    def send(self, request: Request, done: Done) -> None:
        """Have a request carried out."""
        self._open.setdefault(_name(type(request), request), []).append(done)
        if not self._carry(request):
            self.fail(request, NOT_SENT)

    def tell(self, fact: VenueFact) -> None:
        """The venue says something."""
        for kind in _ANSWERS.get(type(fact), ()):
            done = self._take(_name(kind, fact))
            if done is not None:
                done(Answered(fact))
                return
        self._hear(fact)

    def fail(self, request: Request, failed: Failed) -> None:
        """A request came to nothing, as far as anyone knows."""
        done = self._take(_name(type(request), request))
        if done is not None:
            done(failed)

    def lose(self, failed: Failed) -> None:
        """So did all that is not answered yet."""
        lost, self._open = self._open, {}
        for waiting in lost.values():
            for done in waiting:
                done(failed)

    def _take(self, name: Name) -> Done | None:
        """Whoever has waited longest."""
        waiting = self._open.get(name)
        if not waiting:
            return None
        done = waiting.pop(0)
        if not waiting:
            del self._open[name]
        return done


def _name(kind: type[Request], one: Request | VenueFact) -> Name:
    """What a request and its answer have in common: its kind, the order if it is about one, its number if it
    has one.
    """
    return kind, getattr(one, "order", 0), getattr(one, "request", 0)


# What may answer which request, the likeliest first.
_ANSWERS: dict[type, tuple[type[Request], ...]] = {
    OrderAccepted: (PlaceOrder,),
    OrderRejected: (PlaceOrder,),
    OrderFilled: (PlaceOrder,),
    OrderEnded: (PlaceOrder, CancelOrder),
    CancelRefused: (CancelOrder,),
    OrderFound: (FindOrder,),
    PositionRead: (ReadPosition,),
    OrdersSwept: (SweepOrders,),
}
