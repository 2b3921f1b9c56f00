"""One turn of the engine: the state as it changes while one event is worked off, and the commands it brings forth.

A Turn lives only inside `step`; the states before and after it are frozen values.
"""

from typing import Any

from msgspec.structs import replace

from dnkit.engine.state import Answer, Job, Leg, State
from dnkit.machine.program import Limits, Phase, Program, Scope
from dnkit.model.commands import Command


class Turn:
    """Program (never changed), state (replaced as it goes), commands (in order of asking)."""

    __slots__ = ("commands", "program", "state")

    def __init__(self, program: Program, state: State) -> None:
        self.program = program
        self.state = state
        self.commands: list[Command] = []

    @property
    def now(self) -> int:
        return self.state.now_ns

    @property
    def phase(self) -> Phase:
        return self.program.phases[self.state.phase]

    @property
    def scope(self) -> Scope:
        return self.program.scopes[self.program.phases[self.state.phase].scope]

    @property
    def limits(self) -> Limits:
        return self.scope.limits

    def update(self, **changes: Any) -> None:
        """Replace fields of the state."""
        self.state = replace(self.state, **changes)

    def set_leg(self, index: int, leg: Leg) -> None:
        """Put a leg in its place."""
        legs = list(self.state.legs)
        legs[index] = leg
        self.state = replace(self.state, legs=tuple(legs))

    def update_leg(self, index: int, **changes: Any) -> None:
        """Replace fields of a leg."""
        self.set_leg(index, replace(self.state.legs[index], **changes))

    def update_job(self, slot: int, **changes: Any) -> Job:
        """Replace fields of the phase's job in that slot and return it."""
        jobs = self.state.jobs
        job: Job = replace(jobs[slot], **changes)
        self.state = replace(self.state, jobs=(*jobs[:slot], job, *jobs[slot + 1 :]))
        return job

    def next_request(self, index: int) -> int:
        """Number of a new request about a leg."""
        number = self.state.legs[index].requests + 1
        self.update_leg(index, requests=number)
        return number

    def ask_leg(self, index: int) -> int:
        """Open the leg's one question outside of orders; returns its request number."""
        number = self.next_request(index)
        answer_ns = self.program.legs[index].answer_within_ns
        self.update_leg(index, pending=number, pending_ns=self.now + answer_ns, answer=Answer.ASKED)
        return number
