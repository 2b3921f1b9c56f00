"""How loud the program's own alerts are, as the policy's `alerts` say."""

from collections.abc import Iterator, Mapping

from dnkit.engine.exposure import is_hedged
from dnkit.engine.state import Leg, State
from dnkit.machine.program import Program
from dnkit.policies.keys import LEVELS

LOUDEST = LEVELS[-1]
Alerts = Mapping[str, str]


def halt_level(alerts: Alerts, program: Program, state: State) -> str:
    """Level of the alert of a run that halts: the loudest of the occasions that it is."""
    usual = alerts.get("halt", LOUDEST)
    return max((alerts.get(one, usual) for one in _occasions(program, state)), key=LEVELS.index)


def _occasions(program: Program, state: State) -> Iterator[str]:
    yield "halt"
    if not is_hedged(program, state.legs):
        yield "naked"
    if any(_disagrees(leg) for leg in state.legs):
        yield "conflict"


def _disagrees(leg: Leg) -> bool:
    """Whether the venue's last read is newer than the fills and says something else than they do."""
    believed = leg.position if leg.known else leg.first_witness
    if leg.witness is None or believed is None or leg.witness_ns < leg.fill_ns:
        return False
    return leg.witness != believed
