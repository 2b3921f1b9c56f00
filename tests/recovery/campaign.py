"""The campaign: trade, be killed at a line of the journal, resume, be judged by what the exchange holds.

`python -m tests.recovery.campaign --kills 200` runs it for every policy and prints the counts.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec

from dnkit.journal.reader import Reader
from dnkit.runtime.folder import StateFolder
from tests.recovery.processes import Run, Site, exchange, nursery
from tests.recovery.truth import Listed, Truth, truth_of

SPEED = "15"
AGAIN_EVERY = 5  # of so many kills one is followed by a second, in the resumed process
AGAIN_LINE = 4
WHENS = ("after", "before", "1", "20")  # numbers are ms after the line: what it asks for is on its way
UNKILLED_MAX = 20  # runs in a row that end before their line


class Case(msgspec.Struct, frozen=True):
    """A policy, what it trades (first leg first), roughly how many lines a run has, what imbalance it leaves
    alone, and the smallest position each venue lets be traded; both in coin.
    """

    policy: str
    legs: tuple[Listed, ...]
    lines: int
    tolerance: Decimal
    least: tuple[Decimal, ...]


BACKPACK, GRVT = ("backpack", "ETH_USDC_PERP"), ("grvt", "ETH_USDT_Perp")
ASTER, LIGHTER, NADO = ("aster", "ETHUSDT"), ("lighter", "ETH"), ("nado", "SOL-PERP")
CASES = (
    Case("open_post_only_hedge", (BACKPACK, GRVT), 26, Decimal("0.01"), (Decimal("0.002"), Decimal("0.01"))),
    Case("close_two_phase", (ASTER, LIGHTER), 32, Decimal("0.01"), (Decimal("0.002"), Decimal("0.005"))),
    Case("emergency_unwind", (NADO,), 18, Decimal("0.1"), (Decimal("0.1"),)),
)


class Story(msgspec.Struct, frozen=True):
    """One kill and what came of it. `faults` name what must not be."""

    account: str
    line: int
    when: str
    kills: int
    end: str
    code: int
    faults: tuple[str, ...]
    said: str
    seconds: float


def campaign(case: Case, kills: int, site: Site, first: int = 0) -> Iterator[Story]:
    """Stories of so many kills at lines spread over the whole run."""
    with nursery(site.home) as run:
        yield from _stories(case, kills, site, run, first)


def _stories(case: Case, kills: int, site: Site, run: Run, first: int) -> Iterator[Story]:
    done = tried = 0
    while done < kills:
        line = 1 + (first + tried * 7) % case.lines
        when, again = WHENS[tried % len(WHENS)], tried % AGAIN_EVERY == 1
        story = _one(case, site, run, f"{case.policy}-{first + tried}", line, when, again)
        tried += 1
        assert tried - done < UNKILLED_MAX + kills, "runs end before they are killed"
        if story is not None:
            done += 1
            yield story


def _one(case: Case, site: Site, run: Run, account: str, line: int, when: str, again: bool) -> Story | None:
    """One story; None when the run ended before it was killed."""
    began, endpoint = time.monotonic(), ("--endpoint", f"{site.address}/{account}")
    words = ("trade", "--policy", case.policy, *endpoint, "--no-report", "--json")
    done = run(("tests.recovery.dying", str(line), when, *words), site.home)
    if done.returncode != -9:
        assert done.returncode in (0, 20, 21, 22, 23), done.stderr
        return None
    run_id = _cut_off(site.home)
    if not run_id:
        return None
    kills, resume = 1, ("trade", "--resume", run_id, *endpoint, "--no-report", "--json")
    if again:
        done = run(("tests.recovery.dying", str(AGAIN_LINE), when, *resume), site.home)
        kills += done.returncode == -9
    if done.returncode == -9:
        done = run(("dnkit", *resume), site.home)
    end, wrong = _judged(case, truth_of(site.folder, account), done)
    seconds = time.monotonic() - began
    return Story(account, line, when, kills, end, done.returncode, wrong, done.stderr, seconds)


def _cut_off(home: Path) -> str:
    """The one run that has no end; "" when the kill came after it."""
    with Reader(StateFolder(home).journal) as reader:
        return next((one.header.run_id for one in reader.unfinished()), "")


def _judged(case: Case, truth: Truth, done: subprocess.CompletedProcess[str]) -> tuple[str, tuple[str, ...]]:
    """How it ended, and what must not be."""
    if not done.stdout:
        return "none", (f"no end: {done.stderr}",)
    (cycle,) = json.loads(done.stdout)["data"]["cycles"]
    end, risk = cycle["end"], cycle["risk"]
    return (f"halted {risk}" if end == "halted" else end), tuple(faults(case, truth, end, risk, done.stderr))


def faults(case: Case, truth: Truth, end: str, risk: str, said: str) -> Iterator[str]:
    """What must not be, of a run that says it ended so and an exchange that holds that."""
    held = [truth.positions.get(leg, Decimal(0)) for leg in case.legs]
    if truth.live:
        yield f"orphan order: {', '.join(truth.live)}"
    nothing = "flat" in (end, risk) or end == "idle"  # of these policies only the open idles, from nothing
    if nothing and any(abs(one) >= least for one, least in zip(held, case.least, strict=True)):
        yield f"false flat: {held}"
    if "hedged" in (end, risk) and abs(sum(held, Decimal(0))) > case.tolerance:
        yield f"false hedged: {held}"
    if over := _over(case, truth):
        yield f"double hedge: {over} too much"
    if end == "halted" and "ALERT" not in said:
        yield "halted without an alert"


def _over(case: Case, truth: Truth) -> Decimal:
    """By how much a later leg ever went beyond the first one, or a position through zero: work done twice."""
    worst = Decimal(0)
    start: dict[Listed, Decimal] = next((one for one in truth.course if set(one) >= set(case.legs)), {})
    for held in truth.course:
        now = [held.get(leg, Decimal(0)) for leg in case.legs]
        if case.policy.startswith("open"):
            worst = max(worst, abs(now[1]) - abs(now[0]) - case.tolerance)
        else:
            worst = max(
                worst, *(-one * _sign(start.get(leg, one)) for leg, one in zip(case.legs, now, strict=True))
            )
    return worst


def _sign(amount: Decimal) -> int:
    return (amount > 0) - (amount < 0)


def counts(stories: list[Story]) -> str:
    """One line of a campaign."""
    ends = Counter(one.end for one in stories)
    kinds = Counter(fault.split(":")[0] for one in stories for fault in one.faults)
    told = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    names = ("double hedge", "orphan order", "false flat", "false hedged")
    bad = ", ".join(f"{kinds.pop(name, 0)} {name}" for name in names)
    more = f"; also {dict(kinds)}" if kinds else ""
    return f"{sum(one.kills for one in stories)} kills in {len(stories)} runs: {told}; {bad}{more}"


def main() -> int:
    """Run it for every policy; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--policy", default="")
    parser.add_argument("--speed", default=SPEED)
    parser.add_argument("--first", type=int, default=0)
    wanted = parser.parse_args()
    wrong = 0
    for case in CASES:
        if wanted.policy not in ("", case.policy):
            continue
        listed = [f"{venue}:{symbol}" for venue, symbol in case.legs]
        with tempfile.TemporaryDirectory() as root:
            began, stories = time.monotonic(), []
            with exchange(Path(root), speed=wanted.speed, listed=listed, for_s=36_000) as site:
                for story in campaign(case, wanted.kills, site, wanted.first):
                    stories.append(story)
                    if story.faults:
                        print(
                            f"  {story.account} line {story.line} {story.when}: {story.end}, {story.faults}"
                        )
                        print(story.said)
            print(f"{case.policy}: {counts(stories)} ({time.monotonic() - began:.0f} s)", flush=True)
            wrong += any(one.faults for one in stories)
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
