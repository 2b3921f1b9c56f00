"""The graph of the phases a file names: which outcomes each can have, where they lead, what is reached."""

from collections.abc import Iterator

import msgspec

from dnkit.machine.program import NO_LIMIT, Outcome, Phase, PhaseKind, Program, Target, TargetKind
from dnkit.policies.compile.frame import policy_of
from dnkit.policies.explain.worst import possible
from dnkit.policies.keys import Route
from dnkit.policies.policy import Goto, Policy, Run
from dnkit.policies.rules.subject import Subject

TRADING = (PhaseKind.REST, PhaseKind.TAKE, PhaseKind.ARM, PhaseKind.RUN)
Ways = tuple[tuple[Outcome, Target], ...]
Leads = tuple[tuple[int, ...], ...]  # by index of a phase, indexes of others


class Jump(msgspec.Struct, frozen=True):
    """A way into the phases that no phase leads to. `when` says in words when it is taken, `route` where the
    file says so."""

    when: str
    route: Route
    target: Target


def jumps(program: Program) -> tuple[Jump, ...]:
    """Every jump of a program that has a target, crash first; a limit that cannot fire has none."""
    limits = program.scopes[0].limits
    alone = len(program.legs) == 1 or limits.unhedged_max == NO_LIMIT
    found = (
        ("after a crash", ("recover",), Target(TargetKind.PHASE, phase=program.recover)),
        ("when asked to stop", ("stop",), program.stop_to),
        ("at the deadline", ("limits", "deadline", "then"), limits.deadline_to),
        (
            "when unhedged for too long",
            ("limits", "max_unhedged", "then"),
            None if alone else limits.unhedged_to,
        ),
    )
    return tuple(Jump(when, route, target) for when, route, target in found if target is not None)


def ways(subject: Subject, phase: Phase) -> Ways:
    """Every outcome the phase can have with its target, EXHAUSTED among them."""
    able = outcomes(subject, phase)
    return tuple(way for way in phase.then if way[0] is Outcome.EXHAUSTED or way[0] in able)


def outcomes(subject: Subject, phase: Phase) -> tuple[Outcome, ...]:
    """What the phase can answer on entering it; of a policy that is run, only the ends its file names."""
    able = tuple(outcome for outcome, _ in phase.then if possible(phase, outcome))
    policy = policy_run(subject, phase)
    if policy is None:
        return able
    ends = [goto.end.value for goto in _gotos(policy) if goto.kind is TargetKind.DONE]
    return tuple(one for one in able if one is Outcome.HALT or one.value in ends)


def policy_run(subject: Subject, phase: Phase) -> Policy | None:
    """The policy a phase of kind RUN runs, None for other phases."""
    if phase.kind is not PhaseKind.RUN:
        return None
    body = next(one.body for one in subject.policy.phases if one.name == phase.name)
    return policy_of(subject.library(body.policy))[0] if isinstance(body, Run) else None


def _gotos(policy: Policy) -> Iterator[Goto]:
    for phase in policy.phases:
        yield from (goto for _, goto in phase.then)
    for limit in (policy.limits.deadline, policy.limits.max_unhedged):
        if limit is not None:
            yield limit.then


def leads(subject: Subject) -> Leads:
    """Where the outcomes of each phase lead, of those that lead to a phase."""
    return tuple(
        tuple(target.phase for _, target in ways(subject, phase) if target.kind is TargetKind.PHASE)
        for phase in subject.own_phases
    )


def backwards(graph: Leads) -> Leads:
    """From where each phase is led to."""
    found: list[list[int]] = [[] for _ in graph]
    for index, to in enumerate(graph):
        for one in dict.fromkeys(to):
            found[one].append(index)
    return tuple(map(tuple, found))


def circles(graph: Leads) -> tuple[int, ...]:
    """By phase a number that it shares with the phases that lead to it and to which it leads."""
    back, numbers = backwards(graph), [-1] * len(graph)
    for root in reversed(_left_last(graph)):
        waiting = [root]
        while waiting:
            index = waiting.pop()
            if numbers[index] < 0:
                numbers[index] = root
                waiting += back[index]
    return tuple(numbers)


def _left_last(graph: Leads) -> list[int]:
    """All phases in the order in which a walk over everything they lead to is done with them."""
    entered, done = set[int](), list[int]()
    walk = [(index, False) for index in range(len(graph))]
    while walk:
        index, leaving = walk.pop()
        if leaving:
            done.append(index)
        elif index not in entered:
            entered.add(index)
            walk.append((index, True))
            walk += [(one, False) for one in graph[index]]
    return done


def comma(words: list[str]) -> str:
    """`a`, `b` and `c`."""
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def quoted(outcomes: list[Outcome]) -> str:
    """Outcomes as the file spells them: `none` and `rejected`."""
    return comma([f"`{one.value}`" for one in outcomes])
