"""Settings and runs for the tests of the hostile world: shipped machines, shipped and harsher profiles."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from dnkit.cli.simulating import Asked, setting_of
from dnkit.sim.hostile.campaign import Outcome, simulate
from dnkit.sim.hostile.faults import KINDS, Draw, Fault, Profile, Rate
from dnkit.sim.hostile.world import Setting, World
from tests.analysis.shipped import machines

HERE = Path(__file__).resolve().parent
SEEDS = HERE.parent / "seeds.txt"
OWN = {"storm": str(HERE / "storm.yaml"), "taken": str(HERE / "taken.yaml")}


@cache
def machine_names() -> tuple[tuple[str, str], ...]:
    """(policy, reason) of every machine that the shipped policies compile to."""
    return tuple((one.policy, one.reason) for one in machines())


@cache
def setting(policy: str, reason: str = "", profile: str = "swarm") -> Setting:
    """A shipped policy in the world of a profile."""
    return setting_of(Asked(policy=policy, reason=reason, faults=OWN.get(profile, profile)))


def only(policy: str, *faults: Fault, percent: int = 100) -> Setting:
    """A shipped policy where some kinds of faults happen that often, and nothing else."""
    rates = {one: Rate(percent * 10_000, KINDS[one].up_to_ns) for one in faults}
    profile = Profile(name="+".join(faults), about="", draw=Draw.ALL, rates=rates)
    return msgspec.structs.replace(setting(policy), profile=profile)


def ran(of: Setting, seed: int) -> World:
    """A run that is over."""
    world = World(of, seed)
    world.run()
    return world


class Case(msgspec.Struct, frozen=True):
    """A line of seeds.txt. `rule` is what the run violated; `open` while that is not mended."""

    open: bool
    policy: str
    reason: str
    profile: str
    seed: int
    rule: str

    def outcome(self) -> Outcome:
        """What comes of it now."""
        return simulate(setting(self.policy, self.reason, self.profile), self.seed)


@cache
def cases() -> tuple[Case, ...]:
    """The lines of seeds.txt."""
    return tuple(_cases())


def _cases() -> Iterator[Case]:
    for line in SEEDS.read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text:
            state, policy, profile, seed, rule = text.split(maxsplit=4)
            name, _, reason = policy.partition("/")
            yield Case(state == "open", name, reason, profile, int(seed), rule)
