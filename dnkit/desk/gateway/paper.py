"""The paper venue as a transport: answers go back to their requests, the rest is a stream."""

from collections.abc import Callable

from dnkit.desk.gateway.outcome import Answered, Done, Request
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.events import (
    CancelRefused,
    Event,
    OrderAccepted,
    OrderEnded,
    OrderFilled,
    OrderFound,
    OrderRejected,
    OrdersSwept,
    PositionRead,
)
from dnkit.venues.paper import PaperVenue


class PaperWire:
    """Carries requests to one paper venue and its events back. `connect` comes before anything else."""

    def __init__(self) -> None:
        self._open: dict[tuple[type[Request], int], list[Done]] = {}

    def connect(self, venue: PaperVenue, hear: Callable[[Event], None]) -> None:
        """Lay the wire; `hear` gets what nobody asked for."""
        self._hear = hear
        self._carry: dict[type[Request], Callable[..., None]] = {
            PlaceOrder: venue.place,
            CancelOrder: venue.cancel,
            FindOrder: venue.find,
            ReadPosition: venue.read_position,
            SweepOrders: venue.sweep,
        }

    def send(self, request: Request, done: Done) -> None:
        """Carry a request out."""
        number = request.request if isinstance(request, ReadPosition | SweepOrders) else request.order
        self._open.setdefault((type(request), number), []).append(done)
        self._carry[type(request)](request)

    def tell(self, event: Event) -> None:
        """The venue says something."""
        for kind in _ANSWERS.get(type(event), ()):
            number = event.request if isinstance(event, PositionRead | OrdersSwept) else event.order  # type: ignore[union-attr]
            waiting = self._open.get((kind, number))
            if waiting:
                done = waiting.pop(0)
                if not waiting:
                    del self._open[kind, number]
                done(Answered(event))
                return
        self._hear(event)


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
