"""How much was traded lately, in bounded memory: recent seconds exactly, older time in ever wider pieces."""

from dnkit.model.numbers import NS_PER_S

PIECES_MAX = 2048
PIECES_PER_AGE = 64  # a piece is at most this part of its age: what a window can miss at its far end


class Turnover:
    """Adds up the worth of trades. Worth is whatever the caller counts in (feed ticks x lots)."""

    __slots__ = ("_begins", "_sums")

    def __init__(self) -> None:
        self._begins: list[int] = []
        self._sums: list[int] = []

    def add(self, at_ns: int, worth: int) -> None:
        """A trade of `worth` happened; times never go back."""
        begins = self._begins
        if begins and at_ns < begins[-1] + NS_PER_S:
            self._sums[-1] += worth
            return
        begins.append(at_ns)
        self._sums.append(worth)
        if len(begins) > PIECES_MAX:
            self._widen()

    def copy(self) -> "Turnover":
        """The same sums, apart from these."""
        made = Turnover()
        made._begins, made._sums = list(self._begins), list(self._sums)
        return made

    def since(self, from_ns: int) -> int:
        """Worth traded since `from_ns`, as far as it was seen: never too much."""
        total = 0
        for begin, worth in zip(reversed(self._begins), reversed(self._sums), strict=True):
            if begin < from_ns:
                break
            total += worth
        return total

    def _widen(self) -> None:
        """Join neighbours as long as a piece stays short against its age."""
        now = self._begins[-1]
        begins, sums = [self._begins[0]], [self._sums[0]]
        ends = [*self._begins[1:], now]
        for begin, end, worth in zip(self._begins[1:], ends[1:], self._sums[1:], strict=True):
            if (end - begins[-1]) * PIECES_PER_AGE <= now - end:
                sums[-1] += worth
            else:
                begins.append(begin)
                sums.append(worth)
        self._begins, self._sums = begins, sums
