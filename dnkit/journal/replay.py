"""Replays a run: the same program and the same events through the same `step` give the same states again."""

from collections.abc import Iterator

import msgspec

from dnkit.engine.state import State
from dnkit.engine.step import begin, step
from dnkit.journal.reader import Reader
from dnkit.journal.records import Line, Run
from dnkit.model.commands import Command
from dnkit.model.events import Event


class Step(msgspec.Struct, frozen=True):
    """One replayed step: the state before and after it, and what it asked for."""

    line: Line
    event: Event
    before: State
    after: State
    commands: tuple[Command, ...]


def replay(reader: Reader, run: Run) -> Iterator[Step]:
    """All steps of a run in order, from its first line. BugError when the engine refuses one."""
    return _steps(reader, run, 0, begin(run.program, run.header.run_id))


def state_at(reader: Reader, run: Run, seq: int | None = None) -> State:
    """State after line `seq` (None: the last), from the nearest checkpoint on."""
    known = reader.checkpoint(run.header.run_id, seq)
    start, state = known or (0, begin(run.program, run.header.run_id))
    for one in _steps(reader, run, start, state):
        if seq is not None and one.line.seq > seq:
            break
        state = one.after
    return state


def _steps(reader: Reader, run: Run, start: int, state: State) -> Iterator[Step]:
    for line in reader.lines(run.header.run_id, start):
        event = line.fact()
        after, commands = step(run.program, state, event)
        yield Step(line, event, state, after, commands)
        state = after
