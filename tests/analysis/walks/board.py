"""The book of one leg at its venue, as a walk sets it. The touch stands still; what an order may take is put
there just before it arrives, and taken away after.
"""

from collections.abc import Iterable

from dnkit.analysis.ground import Lattice
from dnkit.model.terms import Side


class Board:
    """A displayed book that holds only what is offered. Nothing is ever displayed ahead of our own orders."""

    def __init__(self, lattice: Lattice) -> None:
        self._still = (lattice.bid, lattice.ask)
        self._best: dict[int, int] = {}
        self._offered: tuple[tuple[int, int], ...] = ()
        self.bid, self.ask = self._still

    def levels(self, side: Side) -> Iterable[tuple[int, int]]:
        """What is offered, best first. It is offered to one side only."""
        return self._offered

    def displayed(self, side: Side, price: int) -> int:
        """No queue stands before us."""
        return 0

    def offer(self, side: int, price: int, sizes: tuple[int, ...]) -> None:
        """Put levels of those sizes where a taker of `side` reaches them at `price`, the far touch with them.

        Each is better than all before it, so that nothing there counts as eaten by an earlier order.
        """
        if not sizes:
            return
        best = self._best.get(side, price)
        worst = (min(price, best) if side > 0 else max(price, best)) - side
        prices = [worst - side * place for place in reversed(range(len(sizes)))]
        touch = self._best[side] = prices[0]
        self._offered = tuple(zip(prices, sizes, strict=True))
        self.bid, self.ask = (touch - 2, touch) if side > 0 else (touch, touch + 2)

    def clear(self) -> None:
        """Offer nothing, at the usual touch."""
        self._offered = ()
        self.bid, self.ask = self._still
