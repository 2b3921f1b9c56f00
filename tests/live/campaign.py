"""The campaign: cycles at local exchanges whose wire breaks in every way, judged by what those hold.

`python -m tests.live.campaign --cycles 50` runs every case of `tests.live.stories` so often (`--policy` names
one), prints a line a cycle and the counts; 1 when anything is wrong.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import msgspec

from tests.live.site import to_its_end
from tests.live.stories import CASES, Case, Ground, counts, end_of, ground, judged, trade_words

FAULTS = "all=2"
JOBS = 4  # they mostly wait


class Story(msgspec.Struct, frozen=True):
    """One cycle: how it ended, and what must not be."""

    end: str
    code: int
    wrong: tuple[str, ...]
    seconds: float
    said: str


def campaign(case: Case, here: Ground, numbers: Iterable[int], jobs: int = 1) -> Iterator[Story]:
    """A cycle a number, `jobs` at once, each on an account of its own."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(partial(_cycle, case, here), numbers)


def _cycle(case: Case, grounds: Ground, number: int) -> Story:
    """Give the account what the case begins with, and trade."""
    here = grounds.of(number)
    here.endow(case)
    began = time.monotonic()
    done = to_its_end(("dnkit", *trade_words(case, here)), here.home)
    wrong, seconds = judged(case, here, done), time.monotonic() - began
    return Story(end_of(done), done.returncode, wrong, seconds, done.stderr)


def main() -> int:
    """Run it; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=50)
    parser.add_argument("--policy", default="")
    parser.add_argument("--faults", default=FAULTS)
    parser.add_argument("--speed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=JOBS)
    wanted = parser.parse_args()
    numbers = range(wanted.first, wanted.first + wanted.cycles)
    cases = [one for one in CASES if wanted.policy in ("", one.policy)]
    wrong = [_ran(case, numbers, wanted.jobs, wanted.faults, wanted.speed) for case in cases]
    return min(sum(wrong), 1)


def _ran(case: Case, numbers: Iterable[int], jobs: int, faults: str, speed: int) -> int:
    """How many cycles of a case were wrong; told as they come."""
    stories: list[Story] = []
    with (
        tempfile.TemporaryDirectory() as root,
        ground(Path(root), case, faults=faults, for_s=36_000, speed=speed) as here,
    ):
        for story in campaign(case, here, numbers, jobs):
            stories.append(story)
            print(f"{len(stories)}: {story.end} ({story.code}) in {story.seconds:.0f} s {story.wrong}")
            if story.wrong or story.code:
                print(story.said)
            sys.stdout.flush()
    print(counts(case.name, [one.end for one in stories], [one.wrong for one in stories]), flush=True)
    return sum(bool(one.wrong) for one in stories)


if __name__ == "__main__":
    sys.exit(main())
