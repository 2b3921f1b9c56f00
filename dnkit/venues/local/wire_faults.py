"""What goes wrong on the wire of a local exchange, by chance and by seed: the same seed, the same dice."""

from collections import Counter
from collections.abc import Mapping
from enum import Enum
from random import Random

from dnkit.model.errors import DnkitError

PERCENT = 100


class WireFault(str, Enum):
    """One kind of fault. What "accepted" means: the exchange has carried the request out."""

    MAINTENANCE = "maintenance"  # the venue is being mended: its own word, or a page; not accepted
    DROP_BEFORE = "drop_before"  # the connection breaks before the request is accepted
    DROP_AFTER = "drop_after"  # ... after it is accepted, before it is answered
    HTML = "html"  # a page of HTML with status 502, and nobody knows
    TRUNCATED = "truncated"  # the answer ends in the middle
    RATE_LIMIT = "rate_limit"  # 429, or the venue's own word for it; not accepted
    MALFORMED = "malformed"  # a frame that is no JSON
    SILENT = "silent"  # a stream says nothing for a while; its connection stays
    GAP = "gap"  # a change of a book is left out
    LATE_FILL = "late_fill"  # a fill is told after what came later
    TWICE = "twice"  # a fill is told a second time


class WireFaults:
    """`percent` by fault, 0 where it is not named; `met` counts what was drawn. A rehearsal may change the
    percentages while it runs.
    """

    def __init__(self, percent: Mapping[WireFault, int], seed: int) -> None:
        self.met: Counter[WireFault] = Counter()
        self.percent = percent
        self._dice = Random(seed)

    def hits(self, fault: WireFault) -> bool:
        """Draw: whether it happens this time."""
        hit = self._dice.randrange(PERCENT) < self.percent.get(fault, 0)
        self.met[fault] += hit
        return hit

    def first(self, *faults: WireFault) -> WireFault | None:
        """The first of these that happens this time; at most one."""
        return next((one for one in faults if self.hits(one)), None)


def read_faults(text: str) -> dict[WireFault, int]:
    """Percent by fault from "all=5,gap=20" (`all` sets those not named). DnkitError for anything else."""
    percent: dict[WireFault, int] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.strip().partition("=")
        if not value.isdigit() or int(value) > PERCENT or (name != "all" and name not in set(WireFault)):
            names = ", ".join(one.value for one in WireFault)
            raise DnkitError(f"--faults {part}: write NAME=PERCENT with a name of all, {names}")
        if name == "all":
            percent = {**dict.fromkeys(WireFault, int(value)), **percent}
        else:
            percent[WireFault(name)] = int(value)
    return percent
