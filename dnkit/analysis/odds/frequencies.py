"""What became of requests, counted: how often each outcome was seen, at which venue, of what, at what pay-up.

Shares are floats: they are no money. Every share comes with its sample and its 95 % Wilson interval, so an
outcome that was never seen still has an upper end above zero.
"""

from collections.abc import Iterable
from enum import Enum

import msgspec

from dnkit.model.errors import DnkitError
from dnkit.model.numbers import from_mbps, plain
from dnkit.model.terms import OrderType
from dnkit.readers.stats import wilson

ANY = -1  # in place of a pay-up: whatever it is


class What(str, Enum):
    """What was asked of a venue: an order by its type, or another request."""

    POST_ONLY = "post_only"
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    MARKET = "market"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    CANCEL = "cancel"
    FIND = "find"
    READ = "read"
    SWEEP = "sweep"


LOST = "lost"
_OF_ORDERS = ("full", "part", "none", "rejected", LOST)
_OF_STOPS = ("accepted", "rejected", LOST)
OUTCOMES: dict[What, tuple[str, ...]] = {
    **{What(one.value): _OF_ORDERS for one in OrderType},
    What.STOP: _OF_STOPS,
    What.STOP_LIMIT: _OF_STOPS,
    What.CANCEL: ("cancelled", "too_late", LOST),
    What.FIND: ("live", "over", "absent", "error", LOST),
    What.READ: ("agrees", "behind", "failed", LOST),
    What.SWEEP: ("clean", "strays", "failed", LOST),
}
PAYING = (What.GTC, What.IOC, What.FOK, What.MARKET)  # what may be told apart by its pay-up


class Asked(msgspec.Struct, frozen=True, order=True):
    """A request whose outcome is a matter of chance; `pay` is how far past the far touch it may go, in mbps
    (ANY: it pays nothing, or it does not matter).
    """

    venue: str
    what: What
    pay: int = ANY

    @property
    def text(self) -> str:
        """Like `nado ioc at 5 bps`."""
        at = "" if self.pay == ANY else f" at {plain(from_mbps(self.pay))} bps"
        return f"{self.venue} {self.what.value}{at}"


class Row(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One count. The band of pay-ups goes from above `low` to `high` mbps (0 is in the one that starts there;
    ANY for both: all of them). `took` says how long it took, as (nanoseconds, how many of the count); empty
    where that was not counted.
    """

    venue: str
    what: What
    low: int = ANY
    high: int = ANY
    outcome: str
    count: int
    took: tuple[tuple[int, int], ...] = ()

    @property
    def band(self) -> tuple[str, What, int, int]:
        """What all rows of one sample share."""
        return (self.venue, self.what, self.low, self.high)

    def covers(self, asked: Asked) -> bool:
        """Whether the row tells of such a request."""
        if (self.venue, self.what) != (asked.venue, asked.what):
            return False
        return self.high == ANY or self.low < asked.pay <= self.high or self.low == asked.pay == 0


class Frequencies(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, and in words where they come from."""

    source: str
    rows: tuple[Row, ...]


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """How often one outcome came: `count` of `of`, as a share between the ends of its interval."""

    outcome: str
    count: int
    of: int
    low: float
    point: float
    high: float
    took: tuple[tuple[int, float], ...] = ()


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """The shares of everything that may become of one request. `left_out` were counted but are not among what
    may come here: the shares are of the others.
    """

    asked: Asked
    shares: tuple[Share, ...]
    left_out: tuple[tuple[str, int], ...]


class NoFrequencies(DnkitError):
    """Nothing was counted of requests that matter; the message lists them."""


def sample_of(frequencies: Frequencies, asked: Asked, outcomes: Iterable[str]) -> Sample | None:
    """The shares of those outcomes of a request; None where none of them was ever counted."""
    found = {one.outcome: one for one in frequencies.rows if one.covers(asked)}
    wanted = tuple(dict.fromkeys(outcomes))
    total = sum(found[one].count for one in wanted if one in found)
    if total == 0:
        return None
    return Sample(
        asked=asked,
        shares=tuple(_share(one, found.get(one), total) for one in wanted),
        left_out=tuple((one.outcome, one.count) for one in found.values() if one.outcome not in wanted),
    )


def _share(outcome: str, row: Row | None, total: int) -> Share:
    count = row.count if row else 0
    low, high = wilson(count, total)
    took = tuple((ns, many / count) for ns, many in row.took) if row and count else ()
    point = count / total
    return Share(
        outcome=outcome,
        count=count,
        of=total,
        low=min(float(low), point),
        point=point,
        high=max(float(high), point),
        took=took,
    )
