"""Proofs by hand, and the folder that a command finds them in."""

from pathlib import Path

from msgspec.structs import replace

from dnkit.analysis.proof import Bounds, Proof, Scene, Setting, Standing, Story, Verdict
from dnkit.machine.program import Program
from dnkit.model.numbers import NS_PER_S
from dnkit.runtime.proofs import keep, key_of

STORY = Story(
    1,
    (
        Scene("a quote of 0.2 ETH rests", "quote", 49),
        Scene("the answer to its cancel is lost", "quote", 49, fault=True),
        Scene("0.2 ETH are hedged twice", "hedge", 53),
    ),
    ("place", "lose", "fill"),
)
HOLDS = Verdict(id="P06", standing=Standing.HOLDS, text="no leg goes beyond the other")
BROKEN = Verdict(id="P06", standing=Standing.BROKEN, text="the hedge goes beyond the quote", story=STORY)
OPEN = Verdict(id="P06", standing=Standing.OPEN, text="not decided")
GENEROUS = Bounds(
    faults=2,
    time_ns=600 * NS_PER_S,
    goal_ns=600 * NS_PER_S,
    naked_ns=600 * NS_PER_S,
    unhedged=10**18,
    unhedged_ns=600 * NS_PER_S,
    concession=(500_000, 500_000),
    pair=1_000_000,
    orders=(90, 90),
    cancels=(90, 90),
    reads=(90, 90),
)
NARROW = replace(GENEROUS, time_ns=1, naked_ns=1, concession=(1_000, 1_000), unhedged=1)


def a_proof(program: Program, *verdicts: Verdict, bounds: Bounds = GENEROUS) -> Proof:
    """A whole proof of that program, as `dnkit prove` leaves it, with these verdicts."""
    legs = len(program.legs)
    bounds = replace(bounds, concession=bounds.concession[:legs])
    return Proof(
        policy=program.name,
        digest=program.digest,
        engine="",
        setting=Setting(),
        complete=True,
        states=5_544,
        moves=11_088,
        verdicts=verdicts or (HOLDS,),
        bounds=(bounds,),
        frontier=(),
        tolerance=2,
    )


def cut_short(program: Program, setting: Setting) -> Proof:
    """A proof of that program that went over the setting's limit of states."""
    states = setting.states_max + 1
    return replace(a_proof(program, OPEN), setting=setting, complete=False, states=states, bounds=())


def keep_all(place: Path, *proofs: Proof) -> None:
    """Put them where a command that is told of the folder looks."""
    for one in proofs:
        assert keep(place, key_of(one.digest, replace(one.setting, states_max=0)), one)
