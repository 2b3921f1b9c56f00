"""What lies ahead of a phase, for rules that ask what comes next."""

from collections.abc import Iterable, Iterator

from dnkit.machine.program import Outcome, Program, TargetKind
from dnkit.policies.explain.worst import is_entered, possible


def ahead(program: Program, first: Iterable[int]) -> Iterator[int]:
    """Indexes of these phases and of all that can follow them, nearest first; lazily, each once."""
    waiting = list(dict.fromkeys(first))
    seen = dict.fromkeys(waiting)
    for index in waiting:
        yield index
        fresh = dict.fromkeys(one for one in following(program, index) if one not in seen)
        waiting += fresh
        seen |= fresh


def following(program: Program, index: int, besides: tuple[Outcome, ...] = ()) -> Iterator[int]:
    """Indexes of the phases an outcome of this one leads to, without those of the outcomes `besides`."""
    phase = program.phases[index]
    if is_entered(phase):
        yield phase.start
    for outcome, target in phase.then:
        happens = outcome not in besides and (possible(phase, outcome) or outcome is Outcome.EXHAUSTED)
        if happens and target.kind is TargetKind.PHASE:
            yield target.phase
