"""What a proof says: setting, verdicts with their stories, bounds. Plain data, fit for a cache and for JSON.

Times are nanoseconds, depths and concessions mbps, money picos. -1 stands for "no bound" or "no assumption".
"""

from enum import Enum

import msgspec

NONE = -1


class TooMany(Exception):
    """The exploration went over one of its limits."""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """How far the exploration goes.

    `chunks` cut one clip into so many equal parts (besides a part too small to trade, with `dust`); `faults`
    is how often venue, network, process or operator may misbehave; `crashes` lets the process die, `stops`
    lets the operator ask for the end, each at the price of one fault. `states_max` is where the exploration
    gives up.
    """

    chunks: int = 2
    faults: int = 2
    dust: bool = True
    crashes: bool = True
    stops: bool = False
    states_max: int = 2_000_000


class Standing(str, Enum):
    """What became of one property."""

    HOLDS = "holds"
    BROKEN = "broken"
    OPEN = "open"  # not decided within the limit


class Scene(msgspec.Struct, frozen=True):
    """One step of a story: `text` in plain words, the phase's name, `line` of the policy (0: none of its)."""

    text: str
    phase: str
    line: int
    fault: bool = False


class Story(msgspec.Struct, frozen=True):
    """The fewest faults, and among those the fewest steps, that lead to what is told. `moves` are the
    explorer's own names of the steps, in order, so that the way can be walked again.
    """

    faults: int
    scenes: tuple[Scene, ...]
    moves: tuple[str, ...]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One property (`P06`), in words what was found, and for a broken one its story."""

    id: str
    standing: Standing
    text: str
    story: Story | None = None


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Worst cases over every path of the explored graph with at most `faults` faults.

    `time_ns` until any end, `goal_ns` until an end that is not a halt, `naked_ns` from the first naked moment
    until it is over, `unhedged` the most net exposure in picos of money, `unhedged_ns` the longest time above
    `max_unhedged`. `concession` per leg in mbps from the touch of its order, `pair` their sum. `orders`,
    `cancels`, `reads` are calls per leg.
    """

    faults: int
    time_ns: int
    goal_ns: int
    naked_ns: int
    unhedged: int
    unhedged_ns: int
    concession: tuple[int, ...]
    pair: int
    orders: tuple[int, ...]
    cancels: tuple[int, ...]
    reads: tuple[int, ...]


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """One cell of the guarantee frontier: with at most `faults` transient faults and the book holding the
    quantity within `depth` mbps of the touch (NONE: no assumption), is the goal certain, and within what?
    """

    faults: int
    depth: int
    certain: bool
    time_ns: int = 0
    concession: tuple[int, ...] = ()


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found about one program. `complete` is False where a limit or the user cut it short; then
    nothing is proved, but what was broken stays broken. `tolerance` is P18: the most faults with no safety
    property broken, as far as was looked.
    """

    policy: str
    digest: str
    engine: str
    setting: Setting
    complete: bool
    states: int
    moves: int
    verdicts: tuple[Verdict, ...]
    bounds: tuple[Bounds, ...]
    frontier: tuple[Promise, ...]
    tolerance: int

    @property
    def standing(self) -> Standing:
        """BROKEN when any property is, else OPEN when it was cut short, else HOLDS."""
        if any(one.standing is Standing.BROKEN for one in self.verdicts):
            return Standing.BROKEN
        return Standing.HOLDS if self.complete else Standing.OPEN
