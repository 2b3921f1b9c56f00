"""The figures of one row: a task done in one way, in one world, with one size."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from dnkit.model.numbers import MBPS_PER_BPS, NS_PER_S
from dnkit.runtime.floor import Stores
from tests.sim.measures.bootstrap import Figure, Sums, figure, share
from tests.sim.measures.runs import APART_NS, SIZES, TASKS, WORLDS, Seen, Task, Way, see, settings_of

BLOCK_NS = 30 * NS_PER_S  # longer than nearly all runs
BLOCK = BLOCK_NS // APART_NS
BPS = 10_000


class Case(msgspec.Struct, frozen=True):
    """What a row is of."""

    task: Task
    world: str
    size: str
    way: Way

    @property
    def name(self) -> str:
        """Its name in the file of figures."""
        return f"{self.task.name}, {self.size}, {self.world}: {self.way.name}"


class Row(msgspec.Struct, frozen=True):
    """What `runs` of a case came to. Shares of runs that end flat, of takes that were filled whole, of the
    positions that are left open; what taking cost in bps against the mid; seconds from the last fill to the
    end, and the most of them; how far past the touch an order went, in bps; runs that halted, and those in
    which the referee found anything. `sample` is what was seen of the first run.
    """

    runs: int
    flat: Figure
    filled: Figure
    left: Figure
    paid_bps: Figure
    checked_s: Figure
    checked_most_s: float
    pay_up_bps: float
    halted: int
    broken: int
    sample: Seen


def cases() -> Iterator[Case]:
    """All rows, those side by side that are to be compared."""
    for task in TASKS:
        for world in WORLDS:
            for size in SIZES:
                yield from (Case(task, world, size, way) for way in task.ways)


def sample(data: Path, case: Case, stores: Stores) -> Seen:
    """What is seen of the first run."""
    return see(*next(settings_of(data, case.task, case.way, case.size, case.world)), 0, stores)


def row(data: Path, case: Case, stores: Stores) -> Row:
    """Run it all. The runs of one moment have dice of their own each."""
    moments: list[list[Seen]] = []
    settings = settings_of(data, case.task, case.way, case.size, case.world)
    for number, (asked, setting) in enumerate(settings):
        places = setting.tapes.places()
        moments += [[] for _ in range(places - len(moments))]
        for place in range(places):
            moments[place].append(see(asked, setting, number * places + place, stores))
    every = [one for moment in moments for one in moment]
    checked = [one for one in every if one.checked_ns]

    def of(make: Callable[..., Figure], over: Callable[[Seen], int], under: Callable[[Seen], int]) -> Figure:
        sums = [Sums(sum(map(over, each)), sum(map(under, each))) for each in moments]
        return make(sums, BLOCK, case.name)

    return Row(
        runs=len(every),
        flat=of(share, lambda one: one.flat, lambda _: 1),
        filled=of(share, lambda one: one.filled, lambda one: one.takes),
        left=of(figure, lambda one: one.left * BPS // one.held if one.held else 0, lambda _: BPS),
        paid_bps=_scaled(of(figure, lambda one: one.paid, lambda one: one.taken), BPS),
        checked_s=_scaled(
            of(figure, lambda one: one.checked_ns, lambda one: one.checked_ns > 0), 1 / NS_PER_S
        ),
        checked_most_s=max((one.checked_ns for one in checked), default=0) / NS_PER_S,
        pay_up_bps=max(one.pay_up for one in every) / MBPS_PER_BPS,
        halted=sum(one.halted for one in every),
        broken=sum(one.broken for one in every),
        sample=every[0],
    )


def _scaled(found: Figure, by: float) -> Figure:
    low, high = found.low, found.high
    if found.value is None or low is None or high is None:
        return found
    return Figure(found.value * by, low * by, high * by)
