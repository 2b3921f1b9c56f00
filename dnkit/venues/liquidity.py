"""What the displayed book still holds for our own orders.

The book is someone else's: it does not shrink when we trade on paper. So what we ate at a price stays eaten
until the size displayed there changes or the touch leaves that price behind; otherwise two orders in a row
would be filled by the same resting quantity. A level that left and came back with the very same size between
two looks is taken for unchanged, which errs against us.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from dnkit.model.terms import Side


class ShownBook(Protocol):
    """The part of a leg's book that matching needs, in ticks and lots of the instrument (0 = empty side)."""

    @property
    def bid(self) -> int:
        """Best bid."""

    @property
    def ask(self) -> int:
        """Best ask."""

    def levels(self, side: Side) -> Iterable[tuple[int, int]]:
        """(price, lots) that a taker of `side` meets, best first."""

    def displayed(self, side: Side, price: int) -> int:
        """Lots resting at exactly `price` on the maker's `side`."""


def closed(book: ShownBook) -> str:
    """Why nobody can trade on a book, "" where one can."""
    return "" if book.bid and book.ask else "one side of its book is empty"


class Liquidity:
    """The shown book less what our own orders ate of it."""

    def __init__(self, book: ShownBook) -> None:
        self._book = book
        # per taker side: price -> (size shown when we ate there, lots we ate)
        self._eaten: dict[Side, dict[int, tuple[int, int]]] = {Side.BUY: {}, Side.SELL: {}}

    def reachable(self, side: Side, price: int, lots: int) -> int:
        """How many of `lots` a taker of `side` would get at `price` or better now."""
        return sum(size for _, size, _ in self._walk(side, price, lots))

    def take(self, side: Side, price: int, lots: int) -> list[tuple[int, int]]:
        """Eat up to `lots` at `price` or better: (price, lots) of each level met, best first."""
        eaten = self._eaten[side]
        if eaten:
            self._forget_passed(side)
        meets = list(self._walk(side, price, lots))
        for level, size, shown in meets:
            eaten[level] = (shown, shown - self._left(side, level, shown) + size)
        return [(level, size) for level, size, _ in meets]

    def _walk(self, side: Side, price: int, lots: int) -> Iterator[tuple[int, int, int]]:
        """(price, lots to have, lots shown) level by level until `lots` are covered or `price` is passed."""
        for level, shown in self._book.levels(side):
            if lots <= 0 or (level - price) * side > 0:
                return
            size = min(lots, self._left(side, level, shown))
            if size > 0:
                yield level, size, shown
                lots -= size

    def _left(self, side: Side, level: int, shown: int) -> int:
        seen, gone = self._eaten[side].get(level, (shown, 0))
        return shown - gone if seen == shown else shown

    def _forget_passed(self, side: Side) -> None:
        """Drop what we ate at prices the touch has left behind (nothing is shown there any more)."""
        touch = self._book.ask if side is Side.BUY else self._book.bid
        eaten = self._eaten[side]
        for level in [one for one in eaten if touch == 0 or (touch - one) * side > 0]:
            del eaten[level]
