"""Two brakes on entries: the same refusal again and again, and fees that run away.

Both stop entries only. A refusal is the market's word (would have taken, met nothing) or a mistake of ours
that the next order will make again; the market may say no far more often before it means that something is
wrong.
"""

from collections import deque
from string import digits

from dnkit.model.numbers import NS_PER_S, from_pico, plain
from dnkit.model.terms import LATER, RejectKind

SAME_MAX = 5
MARKET_MAX = 50
REST_NS = 600 * NS_PER_S  # how long entries stay away after the same refusal so often
MARKET = (RejectKind.POST_ONLY_CROSS, RejectKind.NO_MATCH)
NOT_COUNTED = (RejectKind.DUPLICATE, *LATER)  # the order is known already; nothing was said of it
HOUR_NS = 3_600 * NS_PER_S
SLOT_NS = 60 * NS_PER_S
_NO_DIGITS = str.maketrans("", "", digits)


class SameRefusal:
    """Refusals in a row with the same reason and text but for its digits. `until_ns` is how long entries stay
    away, `words` why.
    """

    def __init__(self) -> None:
        self.until_ns = 0
        self.words = ""
        self._last: tuple[RejectKind, str] | None = None
        self._count = 0

    def accepted(self) -> None:
        """The venue took an order: the row is over."""
        self._last, self._count = None, 0

    def refused(self, why: RejectKind, text: str, now: int) -> bool:
        """One more refusal; whether it stops entries. The count begins anew then."""
        if why in NOT_COUNTED:
            return False
        same = (why, text.translate(_NO_DIGITS))
        self._count = self._count + 1 if self._last == same else 1
        self._last = same
        if self._count < (MARKET_MAX if why in MARKET else SAME_MAX):
            return False
        self.words = f"refused {self._count} orders in a row: {why.value}{f', {text}' if text else ''}"
        self._count, self.until_ns = 0, now + REST_NS
        return True


class Churn:
    """Net fees of the last hour in picos of money, to the minute; `most` None is no limit."""

    def __init__(self, most: int | None) -> None:
        self.most = most
        self.paid = 0
        self._slots: deque[list[int]] = deque()

    def pay(self, fee: int, now: int) -> None:
        """A fee was paid."""
        slot = now // SLOT_NS
        if not self._slots or self._slots[-1][0] != slot:
            self._slots.append([slot, 0])
        self._slots[-1][1] += fee
        self.paid += fee

    def is_over(self, now: int) -> bool:
        """Whether the hour's fees are above the limit."""
        oldest = (now - HOUR_NS) // SLOT_NS
        while self._slots and self._slots[0][0] < oldest:
            self.paid -= self._slots.popleft()[1]
        return self.most is not None and self.paid > self.most

    def words(self) -> str:
        """The fees against the limit, for a human."""
        paid, most = plain(from_pico(self.paid)), plain(from_pico(self.most or 0))
        return f"cost {paid} of fees in an hour, above {most}"
