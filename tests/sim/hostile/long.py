"""The long run: fresh seeds of every machine the shipped policies compile to.

`python -m tests.sim.hostile.long` (`--seeds 2000`, `--jobs 2`, `--first N` to run the same again). Ends with
1 when a run violated something; says how to see it.
"""

import argparse
import time

from dnkit.cli.simulate_out import again
from dnkit.cli.simulating import Asked, outcomes, setting_of
from dnkit.sim.hostile.campaign import Outcome
from tests.sim.hostile.worlds import machine_names

SPAN = 10**9  # fresh seeds begin below this


def main() -> None:
    """Run, print a row a machine, end with 1 on a violation."""
    parser = argparse.ArgumentParser(prog="long")
    parser.add_argument("--seeds", type=int, default=2_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--faults", default="swarm")
    parser.add_argument("--first", type=int, default=time.time_ns() // 10**6 % SPAN)
    given = parser.parse_args()
    print(
        f"seeds {given.first} to {given.first + given.seeds - 1}: the same again with --first {given.first}"
    )
    bad = 0
    for policy, reason in machine_names():
        asked = Asked(
            policy=policy,
            reason=reason,
            faults=given.faults,
            seeds=given.seeds,
            first=given.first,
            jobs=given.jobs,
        )
        began = time.perf_counter()
        found = list(outcomes(asked, setting_of(asked)))
        bad += _tell(asked, found, time.perf_counter() - began)
    raise SystemExit(bad > 0)


def _tell(asked: Asked, found: list[Outcome], seconds: float) -> int:
    """Print what a machine came to; how many of its runs violated something."""
    violated = [one for one in found if one.violations]
    steps, name = sum(one.lines for one in found), f"{asked.policy} {asked.reason}".strip()
    print(
        f"{name:<32} {len(found):>6,} runs {steps:>9,} steps {seconds:>7.1f} s  {len(violated)} violated",
        flush=True,
    )
    for one in violated[:5]:
        print(
            f"  {one.violations[0].rule}: {one.violations[0].text}\n    {again(asked, one.seed)}", flush=True
        )
    return len(violated)


if __name__ == "__main__":
    main()
