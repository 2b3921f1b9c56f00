"""One turn of the engine: the state as it changes while one event is worked off, and its commands.

A Turn lives only inside `step`; the states before and after it are frozen values. Legs are kept in a list of
their own while the turn lasts, because almost every event touches a leg and nothing else.
"""

from typing import Any

from msgspec.structs import replace

from dnkit.engine.state import Answer, Job, Leg, State
from dnkit.machine.program import Limits, Phase, Program, Scope
from dnkit.model.commands import Command


class Turn:
    """Program (never changed), state and legs (replaced as it goes), commands (in order of asking).

    `changes` counts replacements, so that "nothing moved" can be told. `went_on` says that the run went to
    another phase or stage, so that it has to be looked at again.
    """

    __slots__ = ("changes", "commands", "legs", "now", "phase", "program", "state", "went_on")

    def __init__(self, program: Program, state: State, now_ns: int) -> None:
        self.program = program
        self.state = state
        self.phase = program.phases[state.phase]
        self.legs = list(state.legs)
        self.now = now_ns
        self.commands: list[Command] = []
        self.changes = 0
        self.went_on = False

    @property
    def scope(self) -> Scope:
        """The scope of that phase."""
        return self.program.scopes[self.phase.scope]

    @property
    def limits(self) -> Limits:
        """The limits in force there."""
        return self.program.scopes[self.phase.scope].limits

    def update(self, **changes: Any) -> None:
        """Replace fields of the state (not its legs)."""
        self.state = replace(self.state, **changes)
        self.changes += 1

    def stand_in(self, index: int) -> Phase:
        """Make a phase the one the run stands in."""
        self.phase = self.program.phases[index]
        self.update(phase=index)
        return self.phase

    def set_leg(self, index: int, leg: Leg) -> None:
        """Put a leg in its place."""
        self.legs[index] = leg
        self.changes += 1

    def update_leg(self, index: int, **changes: Any) -> None:
        """Replace fields of a leg."""
        self.legs[index] = replace(self.legs[index], **changes)
        self.changes += 1

    def update_job(self, slot: int, **changes: Any) -> Job:
        """Replace fields of the phase's job in that slot and return it."""
        jobs = list(self.state.jobs)
        job: Job = replace(jobs[slot], **changes)
        jobs[slot] = job
        self.update(jobs=tuple(jobs))
        return job

    def may_have_moved(self, index: int) -> None:
        """A leg's position is open up to now: no earlier word on it is a witness."""
        self.update_leg(index, fill_ns=max(self.legs[index].fill_ns, self.now))

    def next_request(self, index: int) -> int:
        """Number of a new request about a leg."""
        number = self.legs[index].requests + 1
        self.update_leg(index, requests=number)
        return number

    def ask_leg(self, index: int) -> int:
        """Open the leg's one question outside of orders; returns its request number."""
        number = self.legs[index].requests + 1
        due = self.now + self.program.legs[index].answer_within_ns
        self.update_leg(index, requests=number, pending=number, pending_ns=due, answer=Answer.ASKED)
        return number

    def settle_leg(self, index: int, request: int, *, good: bool) -> bool:
        """Take the answer to the leg's question, well or badly; False where it answers another one."""
        leg = self.legs[index]
        if request != leg.pending or leg.answer is not Answer.ASKED:
            return False
        self.update_leg(index, answer=Answer.GOOD if good else Answer.BAD)
        return True
