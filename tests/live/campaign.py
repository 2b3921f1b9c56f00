"""The campaign: unwind a pair at a local exchange whose wire breaks in every way, be judged by what it holds.

`python -m tests.live.campaign --cycles 50` prints a line a cycle and the counts; 1 when anything is wrong.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.live.site import ETH, SOL, Site, live, local

POLICY = "pair_unwind_ioc_ladder"
HOLDS = {ETH: 200, SOL: -40}
FAULTS = "all=2"
ENDED = (0, 20, 21, 22, 23)  # a halt is an end too, where it says what is open
FLAT = (0, 20)


class Story(msgspec.Struct, frozen=True):
    """One cycle: how it ended, and what must not be."""

    end: str
    code: int
    faults: tuple[str, ...]
    seconds: float
    said: str


def campaign(site: Site, cycles: int, first: int = 0) -> Iterator[Story]:
    """Cycles of an account each, so that none meets what another left."""
    for number in range(first, first + cycles):
        yield cycle(msgspec.structs.replace(site, key=f"{number + 1:064x}", home=site.home / str(number)))


def cycle(site: Site) -> Story:
    """Give the account a pair and have it unwound."""
    os.environ["DNKIT_NADO_PRIVATE_KEY"] = site.key
    for symbol, lots in HOLDS.items():
        site.endow(symbol, lots)
    began = time.monotonic()
    done = live(site, "trade", "-p", POLICY, "--no-report")
    end, seconds = "none", time.monotonic() - began
    if done.stdout:
        cycles = json.loads(done.stdout)["data"]["cycles"]
        end = cycles[0]["end"] if cycles else "not begun"
    wrong = () if end == "not begun" else tuple(_wrong(site, done.returncode, done.stderr))
    return Story(end, done.returncode, wrong, seconds, done.stderr)


def _wrong(site: Site, code: int, said: str) -> Iterator[str]:
    truth = site.truth()
    if code not in ENDED:
        yield f"no end, exit {code}: {said}"
        return
    resting = [key for one in truth.values() for key in one["resting"]]
    if resting:
        yield f"orphan order: {resting}"
    held = {symbol: one["lots"] for symbol, one in truth.items() if one["lots"]}
    if code in FLAT and held:
        yield f"false flat: {held}"
    if any(lots * HOLDS.get(symbol, 0) <= 0 for symbol, lots in held.items()):
        yield f"went through zero: {held}"
    if site.on_the_wire() > site.intended():
        yield f"sent twice: {site.on_the_wire()} orders for {site.intended()}"


def main() -> int:
    """Run it; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=50)
    parser.add_argument("--faults", default=FAULTS)
    parser.add_argument("--first", type=int, default=0)
    wanted = parser.parse_args()
    stories: list[Story] = []
    with (
        tempfile.TemporaryDirectory() as root,
        local(Path(root), faults=wanted.faults, for_s=36_000) as site,
    ):
        for story in campaign(site, wanted.cycles, wanted.first):
            stories.append(story)
            print(f"{len(stories)}: {story.end} ({story.code}) in {story.seconds:.0f} s {story.faults}")
            if story.faults or story.code:
                print(story.said)
            sys.stdout.flush()
    ends = Counter(f"{one.end} {one.code}" for one in stories)
    wrong = sum(bool(one.faults) for one in stories)
    print(f"{len(stories)} cycles at {wanted.faults}: {dict(ends)}; {wrong} with anything wrong")
    return min(wrong, 1)


if __name__ == "__main__":
    sys.exit(main())
