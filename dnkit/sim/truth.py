"""What the venues truly hold: positions and orders, moved by the script and by nothing else.

It knows nothing of the engine's ledger, so that the two can be held against each other.
"""

import msgspec

from dnkit.machine.program import Program
from dnkit.model.commands import PlaceOrder
from dnkit.model.numbers import plain
from dnkit.model.terms import CLOSING, RESTING

Key = tuple[int, int]


class Standing(msgspec.Struct):
    """An order at its venue: what filled of it in lots, ticks x lots and picos of fee.

    A `live` one may fill on; one that never `arrived` is unknown there.
    """

    order: PlaceOrder
    live: bool
    arrived: bool
    cum: int = 0
    worth: int = 0
    fee: int = 0

    @property
    def left(self) -> int:
        """Lots that may still fill."""
        return self.order.lots - self.cum


class Breach(msgspec.Struct, frozen=True):
    """Something that may never happen: what rule, when, and how it was."""

    what: str
    at_ns: int
    text: str


class Truth:
    """Positions in signed lots and every order by (leg, number). `changes` are (ns, lots before) per leg."""

    def __init__(self, program: Program, starts: tuple[int, ...]) -> None:
        self.program = program
        self.positions = list(starts)
        self.orders: dict[Key, Standing] = {}
        self.changes: list[list[tuple[int, int]]] = [[] for _ in starts]
        self.breaches: list[Breach] = []

    def place(self, order: PlaceOrder, now: int, *, arrived: bool) -> Standing:
        """Take a new order in."""
        before = [key for key in self.live(order.leg) if not self.orders[key].order.stop]
        if before and not order.stop:
            said = f"leg {self._name(order.leg)}: order {order.order} is sent while {before[0][1]} is live"
            self.breaches.append(Breach("one live order a leg", now, said))
        standing = Standing(order, live=arrived, arrived=arrived)
        self.orders[order.leg, order.order] = standing
        return standing

    def fill(self, standing: Standing, lots: int, worth: int, fee: int | None, now: int) -> None:
        """Fill `lots` of an order for `worth`; `fee` None is what the instrument takes."""
        order = standing.order
        standing.cum += lots
        standing.worth += worth
        if fee is None:
            instrument = self.program.legs[order.leg].instrument
            fee = instrument.fee(worth, maker=order.type in RESTING)
        standing.fee += fee
        standing.live = standing.live and standing.left > 0
        self._move(order.leg, order.side * lots, now)

    def live(self, leg: int) -> list[Key]:
        """Orders of a leg that may still fill."""
        return [key for key, one in self.orders.items() if key[0] == leg and one.live]

    def sweep(self, leg: int, keep: tuple[str, ...], most: int | None = None) -> int:
        """Cancel live orders of a leg but those with a client id in `keep`; how many there were.

        `most` is how many the venue lists.
        """
        live = [self.orders[key] for key in self.live(leg)]
        strays = [one for one in live if one.order.key not in keep][:most]
        for one in strays:
            one.live = False
        return len(strays)

    def _move(self, leg: int, lots: int, now: int) -> None:
        before = self.positions[leg]
        after = before + lots
        self.changes[leg].append((now, before))
        self.positions[leg] = after
        if self.program.intent in CLOSING and before * after < 0:
            quantity = self.program.legs[leg].instrument.quantity
            said = f"leg {self._name(leg)}: from {plain(quantity(before))} to {plain(quantity(after))}"
            self.breaches.append(Breach("no position through zero", now, said))

    def _name(self, leg: int) -> str:
        return self.program.legs[leg].name
