"""The kills: trade live, be killed at a line of the journal, resume, be judged by what the exchanges hold.

`python -m tests.live.kills --kills 40` spreads so many over the cases and prints a line for each; 1 when
anything is wrong. Every fault of the wire happens now and then. The exchanges run `--speed` times faster than
the trader, so that less lags there; his own waits are what they are.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import msgspec

from dnkit.journal.reader import Reader
from dnkit.runtime.folder import StateFolder
from tests.live.site import to_its_end
from tests.live.stories import (
    CASES,
    ENDED,
    UNREACHED,
    Case,
    Ground,
    counts,
    end_of,
    ground,
    judged,
    trade_words,
)

SPEED = 10
FAULTS = "all=1"
WHENS = ("after", "before", "1", "20", "150")  # numbers are ms after the line: what it asks for is on its way
AGAIN_EVERY, AGAIN_LINE = 4, 3  # of so many kills one is followed by a second, in the resumed process
RESUMES_MAX = 3  # a venue that lets nobody in is asked again, as by an operator
JOBS = 4  # they mostly wait


class Story(msgspec.Struct, frozen=True):
    """One kill and what came of it. `wrong` names what must not be."""

    number: int
    line: int
    when: str
    kills: int
    end: str
    wrong: tuple[str, ...]
    said: str
    seconds: float


def kills(case: Case, numbers: Iterable[int], here: Ground, jobs: int) -> Iterator[Story]:
    """A story a number, killed at lines spread over the whole run; `jobs` at once, each on an account of its
    own. A run that ends before its line is no story.
    """
    with ThreadPoolExecutor(jobs) as pool:
        yield from filter(None, pool.map(partial(_one, case, here), numbers))


def _one(case: Case, grounds: Ground, number: int) -> Story | None:
    """One story; None when the run ended before it was killed."""
    here, line, when = grounds.of(number), 1 + number * 7 % case.lines, WHENS[number % len(WHENS)]
    here.endow(case)
    began = time.monotonic()
    words = trade_words(case, here)
    done = to_its_end(("tests.recovery.dying", str(line), when, *words), here.home)
    run_id = _cut_off(here.home)
    if done.returncode != -signal.SIGKILL or not run_id:
        assert done.returncode in (*ENDED, UNREACHED, -signal.SIGKILL), done.stderr
        return None
    count, resume = 1, ("trade", "--resume", run_id, *here.flags)
    if number % AGAIN_EVERY == 1:
        done = to_its_end(("tests.recovery.dying", str(AGAIN_LINE), when, *resume), here.home)
        count += done.returncode == -signal.SIGKILL
    for _ in range(RESUMES_MAX):
        if done.returncode in (-signal.SIGKILL, UNREACHED):
            done = to_its_end(("dnkit", *resume), here.home)
    wrong = judged(case, here, done)
    return Story(number, line, when, count, end_of(done), wrong, done.stderr, time.monotonic() - began)


def _cut_off(home: Path) -> str:
    """The run without an end, "" where there is none: it was killed before its first line."""
    journal = StateFolder(home).journal
    if not journal.exists():
        return ""
    with Reader(journal) as reader:
        return next((one.header.run_id for one in reader.unfinished()), "")


def main() -> int:
    """Run it for every case; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--policy", default="")
    parser.add_argument("--faults", default=FAULTS)
    parser.add_argument("--speed", type=int, default=SPEED)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=JOBS)
    wanted = parser.parse_args()
    cases = [one for one in CASES if wanted.policy in ("", one.policy)]
    wrong = 0
    for case in cases:
        stories = []
        with (
            tempfile.TemporaryDirectory() as root,
            ground(Path(root), case, faults=wanted.faults, for_s=36_000, speed=wanted.speed) as here,
        ):
            share = range(wanted.first, wanted.first + wanted.kills // len(cases))
            for story in kills(case, share, here, wanted.jobs):
                stories.append(story)
                print(f"  {story.line} {story.when} ({story.kills}): {story.end} in {story.seconds:.0f} s")
                if story.wrong:
                    print(story.wrong, story.said, sep="\n")
                sys.stdout.flush()
        print(counts(case.name, [one.end for one in stories], [one.wrong for one in stories]), flush=True)
        wrong += any(one.wrong for one in stories)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
