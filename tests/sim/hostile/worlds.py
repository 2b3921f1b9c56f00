"""Settings and runs for the tests of the hostile world: shipped machines, shipped and harsher profiles."""

from functools import cache
from pathlib import Path

import msgspec

from dnkit.cli.simulating import Asked, setting_of
from dnkit.sim.hostile.faults import KINDS, Draw, Fault, Profile, Rate
from dnkit.sim.hostile.world import Setting, World
from tests.analysis.shipped import machines
from tests.sim.hostile.cases import OWN
from tests.tidy.source_tree import ROOT

HERE = Path(__file__).resolve().parent


@cache
def machine_names() -> tuple[tuple[str, str], ...]:
    """(policy, reason) of every machine that the shipped policies compile to."""
    return tuple((one.policy, one.reason) for one in machines())


@cache
def setting(policy: str, reason: str = "", profile: str = "swarm") -> Setting:
    """A shipped policy in the world of a profile."""
    faults = str(ROOT / OWN[profile]) if profile in OWN else profile
    return setting_of(Asked(policy=policy, reason=reason, faults=faults))


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
