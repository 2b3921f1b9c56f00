"""Opens a pair, holds it, closes it, again and again in one process, on the paper venues and with the real
journal, which is pruned once a simulated day.

`python -m tests.soak.week` runs a simulated week of at least 10^6 journal events and ends with 1 when memory
or files grow. A real position is held for hours; here it is held for seconds, so that a week has that many.
"""

import argparse
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from dnkit.cli.exit_of import code_of
from dnkit.engine.state import State
from dnkit.journal.prune import overdue, prune
from dnkit.model.alerts import Alert
from dnkit.model.events import Event
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import EndName
from dnkit.runtime.cycles import Plan, new_run_id, run_cycles
from dnkit.runtime.floor import Claim, Stores, accounts_of, lay_floor, open_stores
from dnkit.runtime.folder import StateFolder
from dnkit.runtime.library import PolicyText, VenueFacts, read_policy
from dnkit.runtime.market import open_market, parse_market
from dnkit.runtime.prepare import check, program_of
from dnkit.runtime.run import Floor, PaperRun, RunResult

MARKET = "synthetic:calm"
DAY_NS = 86_400 * NS_PER_S
LOOK_NS = DAY_NS // 4
KEPT_RUNS = 2_000
DAY = 4  # looks
WARM = 2 * DAY  # looks before memory is held against anything
GROWTH = 1.05
FILE_GROWTH = 1.1  # of the journal, against the day before: days differ a little
VENUES = {"venue: aster": "venue: backpack", "venue: lighter": "venue: grvt"}


class Look(msgspec.Struct, frozen=True):
    """How it stands: time since the start, events and runs so far, what the process holds and what the files
    have, in KiB. `ends` are how the runs ended.
    """

    at_ns: int
    events: int
    runs: int
    memory: int
    journal: int
    accounts: int
    ends: dict[str, int]

    def __str__(self) -> str:
        memory, journal, accounts = (
            f"{one / 1024:,.1f} MiB" for one in (self.memory, self.journal, self.accounts)
        )
        return (
            f"day {self.at_ns / DAY_NS:5.2f}  {self.events:>9,} events  {self.runs:>7,} runs  "
            f"memory {memory}  journal {journal}  paper accounts {accounts}"
        )


class Quiet:
    """Nobody listens, but for counting."""

    def __init__(self) -> None:
        self.events = 0
        self.ends: Counter[str] = Counter()

    def note(self, text: str) -> None: ...

    def began(self, run: PaperRun) -> None: ...

    def stepped(self, event: Event, state: State) -> None:
        self.events += 1

    def ended(self, result: RunResult) -> None:
        self.ends[result.ended.end.value] += 1


def plans() -> tuple[Plan, Plan]:
    """The shipped open, and the shipped close on the same venues."""
    opening, closing = read_policy("open_post_only_hedge"), read_policy("close_two_phase")
    text = closing.text
    for theirs, ours in VENUES.items():
        text = text.replace(theirs, ours)
    return _plan(opening), _plan(PolicyText("close.yaml", text))


def _plan(source: PolicyText) -> Plan:
    program = program_of(check(source, VenueFacts()))
    return Plan(program=program, turned=program, books=(0, 1), book_names=("a", "b"))


def week(folder: StateFolder, *, hold_ns: int, kept_runs: int, look_ns: int = LOOK_NS) -> Iterator[Look]:
    """Trade for ever; looks `look_ns` apart, the journal pruned at every fourth."""
    opening, closing = plans()
    legs = opening.program.legs
    with open_stores(folder, Claim("synthetic", accounts_of(legs), "soak")) as stores:
        floor, listener = _floor(stores, opening), Quiet()
        began_ns = due_ns = floor.world.now()
        looks = 0
        while True:
            _cycle(floor, opening, closing, hold_ns, listener)
            if floor.world.now() >= due_ns:
                due_ns, looks = floor.world.now() + look_ns, looks + 1
                if looks % DAY == 0:
                    prune(folder.journal, overdue(folder.journal, 2**63 - 1, kept_runs), _on)
                yield _look(floor.world.now() - began_ns, listener, folder)


def _floor(stores: Stores, opening: Plan) -> Floor:
    legs = {leg.name: leg.instrument for leg in opening.program.legs}
    opened = open_market(parse_market(MARKET), legs, (), seed=1, loop=False, cache=Path())
    return lay_floor(stores, opened, VenueFacts(), _unheard, speed=None, seed=1)


def _on() -> None:
    """Nobody else writes."""


def _unheard(_alert: Alert) -> None:
    """The journal has it."""


def _cycle(floor: Floor, opening: Plan, closing: Plan, hold_ns: int, listener: Quiet) -> None:
    """Open; if anything is open now, hold it and close it."""
    result = _run(floor, opening, listener)
    floor.world.settle(hold_ns)
    if result.ended.end is not EndName.IDLE and result.ended.end is not EndName.FLAT:
        _run(floor, closing, listener)


def _run(floor: Floor, plan: Plan, listener: Quiet) -> RunResult:
    plan = msgspec.structs.replace(plan, group=new_run_id(plan.program.digest, 0))
    (result,) = run_cycles(floor, plan, listener, lambda one: code_of(one, 0))
    return result


def _look(at_ns: int, listener: Quiet, folder: StateFolder) -> Look:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Look(
        at_ns=at_ns,
        events=listener.events,
        runs=sum(listener.ends.values()),
        memory=pages * os.sysconf("SC_PAGE_SIZE") // 1024,
        journal=_size(folder.journal),
        accounts=_size(folder.accounts),
        ends=dict(listener.ends),
    )


def _size(path: Path) -> int:
    """KiB of a database with its log."""
    return sum(one.stat().st_size for one in path.parent.glob(f"{path.name}*")) // 1024


def growth(looks: list[Look]) -> float:
    """Most memory after the warm-up against the least."""
    memory = [one.memory for one in looks[WARM:]]
    return max(memory) / min(memory)


def file_growth(looks: list[Look]) -> float:
    """Largest journal after the warm-up against the largest of its last day."""
    return max(one.journal for one in looks[WARM:]) / max(one.journal for one in looks[WARM - DAY : WARM])


def main() -> int:
    """Run it, a row a look; 1 when something grows."""
    parser = argparse.ArgumentParser(prog="week", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--hold", type=int, default=20, help="seconds that a pair is held")
    asked = parser.parse_args()
    began, looks = time.monotonic(), []
    with TemporaryDirectory() as root:
        for look in week(StateFolder(Path(root)), hold_ns=asked.hold * NS_PER_S, kept_runs=KEPT_RUNS):
            looks.append(look)
            print(look, flush=True)
            if look.events >= asked.events and look.at_ns >= asked.days * DAY_NS:
                break
    ends = ", ".join(f"{count:,} {end}" for end, count in sorted(looks[-1].ends.items()))
    print(f"ends: {ends}; {time.monotonic() - began:.0f} s")
    held, kept = growth(looks), file_growth(looks)
    print(f"memory {held:.3f} (at most {GROWTH}); journal {kept:.3f} (at most {FILE_GROWTH})")
    return int(held > GROWTH or kept > FILE_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
