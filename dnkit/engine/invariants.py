"""What must hold after every step, in production too. A breach is a bug of ours and stops the run."""

from dnkit.engine.ledger import counted, live_order
from dnkit.engine.state import Leg, Stage, State
from dnkit.machine.program import Program
from dnkit.model.errors import BugError
from dnkit.model.terms import EndName


def check(program: Program, before: State, state: State) -> None:
    """Raise BugError when the state contradicts itself. A leg that did not change was checked before."""
    for spec, leg, old in zip(program.legs, state.legs, before.legs, strict=True):
        if leg is not old and leg.position != counted(leg):
            raise BugError(
                f"leg {spec.name}: ledger {leg.position} is not the sum of its fills {counted(leg)}"
            )
    if state.stage is Stage.END:
        _check_end(state)
    elif state.wake_ns is None:
        raise BugError("a wait without an end")
    elif state.wake_ns <= state.now_ns and state.seq > 0:
        raise BugError("a deadline that passed was not worked off")


def _check_end(state: State) -> None:
    if state.ended is None:
        raise BugError("an end without a word")
    if state.ended.end is not EndName.HALTED and any(_is_live(leg) for leg in state.legs):
        raise BugError(f"end {state.ended.end.value} with an order that may rest")


def _is_live(leg: Leg) -> bool:
    return live_order(leg) is not None
