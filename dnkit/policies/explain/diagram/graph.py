"""The graph that every form of a diagram draws: phases are nodes, outcomes that lead to one place an edge."""

from collections.abc import Iterable
from enum import Enum

import msgspec

from dnkit.machine.program import NO_LIMIT, Outcome, Phase, PhaseKind, Program, Target, TargetKind
from dnkit.policies.compile.guard import GuardRule, GuardTable
from dnkit.policies.explain.words import short_words, show_money, target_words
from dnkit.policies.explain.worst import possible
from dnkit.policies.unit_texts import show_time

ANYWHERE = -1
NOWHERE = -1
ALL_ENDS = "any end"
RULE = "rule"


class Lead(str, Enum):
    """What an edge leads to: a node of its part, an end of the run, the policy that runs this one, or an
    act of a guard.
    """

    PHASE = "phase"
    DONE = "done"
    HALT = "halt"
    BACK = "back"
    ACT = "act"


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A phase, or a rule of a guard. `label` is the name inside its part; `entered` are the causes, outside
    of the row of phases, that lead here.
    """

    name: str
    label: str
    kind: str
    words: str
    visits: int = 1
    entered: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """The first line of its box: `finish (take, at most 3 times)`."""
        visits = f", at most {self.visits} times" if self.visits > 1 else ""
        return self.label if self.kind == RULE else f"{self.label} ({self.kind}{visits})"


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """All `causes` (outcomes) of `source` that lead to one place: the node `to` of the same part, or NOWHERE
    and an end. `words` say where it leads. ANYWHERE as source is what may happen in every phase.
    """

    source: int
    causes: tuple[str, ...]
    lead: Lead
    words: str
    to: int = NOWHERE


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """The nodes of a policy or of one that it runs, in the order of the file; the first is the start."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def leaving(self, source: int) -> tuple[Edge, ...]:
        """Edges of a node, or of ANYWHERE."""
        return tuple(one for one in self.edges if one.source == source)


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """A policy; the first part is the policy itself, others are policies it runs."""

    name: str
    intent: str
    parts: tuple[Part, ...]


def identifier(part: int, node: int) -> str:
    """A name for a node that any format takes, whatever the phase is called."""
    return f"p{part}any" if node == ANYWHERE else f"p{part}n{node}"


def graph_of(program: Program) -> Graph:
    """The graph of a program."""
    parts = tuple(_part(program, scope) for scope in range(len(program.scopes)))
    return Graph(name=program.name, intent=program.intent.value, parts=parts)


def _part(program: Program, scope: int) -> Part:
    places = [
        index
        for index, phase in enumerate(program.phases)
        if phase.scope == scope and index != program.reduce
    ]
    name = program.scopes[scope].name
    causes = list(_interrupts(program, scope))
    nodes = tuple(_node(program, index, f"{name}/" if scope else "", causes) for index in places)
    edges = [edge for at, index in enumerate(places) for edge in _edges(program, at, index, places)]
    for target in dict.fromkeys(to for _, to in causes):
        found = tuple(cause for cause, to in causes if to == target)
        edges.append(_edge(program, scope, ANYWHERE, found, target, places))
    return Part(title=f"inside {name}" if scope else name, nodes=nodes, edges=tuple(edges))


def _node(program: Program, index: int, prefix: str, causes: list[tuple[str, Target]]) -> Node:
    phase = program.phases[index]
    return Node(
        name=phase.name,
        label=phase.name.removeprefix(prefix),
        kind=phase.kind.value,
        words=short_words(program, phase),
        visits=phase.visits,
        entered=tuple(cause for cause, to in causes if to.kind is TargetKind.PHASE and to.phase == index),
    )


def _interrupts(program: Program, scope: int) -> Iterable[tuple[str, Target]]:
    """What may happen in any phase of a scope, and where it leads."""
    here = program.scopes[scope]
    limits, outer = here.limits, program.scopes[here.parent].limits if scope else None
    if scope == 0:
        yield "after a crash", Target(TargetKind.PHASE, phase=program.recover)
        yield "asked to stop", program.stop_to
    if limits.deadline_ns != NO_LIMIT and limits.deadline_to is not None:
        yield f"past the {show_time(limits.deadline_ns)} deadline", limits.deadline_to
    told = outer is not None and limits.unhedged_to == outer.unhedged_to
    if limits.unhedged_max != NO_LIMIT and limits.unhedged_to is not None and not told:
        most, time = show_money(limits.unhedged_max), show_time(limits.unhedged_ns)
        yield f"over {most} unhedged for {time}", limits.unhedged_to


def _edges(program: Program, at: int, index: int, places: list[int]) -> Iterable[Edge]:
    phase = program.phases[index]
    grouped: dict[Target, list[Outcome]] = {}
    for outcome, target in phase.then:
        if phase.visits > 1 if outcome is Outcome.EXHAUSTED else possible(phase, outcome):
            grouped.setdefault(target, []).append(outcome)
    for target, outcomes in grouped.items():
        causes = tuple(one.value for one in outcomes)
        if phase.kind is PhaseKind.RUN and phase.skip is None:
            causes = _ends_of(phase, target, outcomes)
        yield _edge(program, phase.scope, at, causes, target, places)


def _ends_of(phase: Phase, target: Target, outcomes: list[Outcome]) -> tuple[str, ...]:
    """Ends of a policy that is run: all of them by one word where they lead to one place."""
    ends = [one for one, _ in phase.then if one is not Outcome.EXHAUSTED]
    left = [one.value for one in outcomes if one is Outcome.EXHAUSTED]
    if all(phase.target(one) == target for one in ends):
        return (ALL_ENDS, *left)
    return tuple(one.value for one in outcomes)


def _edge(
    program: Program, scope: int, source: int, causes: tuple[str, ...], target: Target, places: list[int]
) -> Edge:
    caught = program.scopes[scope].halt_to if target.kind is TargetKind.HALT else None
    if caught is not None:
        words = f"{target_words(program, caught)} ({target.text or 'halt'})"
        return Edge(source=source, causes=causes, lead=Lead.BACK, words=words)
    words = target_words(program, target)
    if target.kind is not TargetKind.PHASE:
        return Edge(source=source, causes=causes, lead=Lead(target.kind.value), words=words)
    if target.phase not in places:
        return Edge(source=source, causes=causes, lead=Lead.BACK, words=words)
    to = places.index(target.phase)
    return Edge(source=source, causes=causes, lead=Lead.PHASE, words=words, to=to)


def graph_of_guard(table: GuardTable) -> Graph:
    """The rules of a guard as a list of decisions: what matches acts, what does not asks the next."""
    nodes = tuple(_rule_node(number, rule) for number, rule in enumerate(table.rules, 1))
    edges = tuple(edge for at in range(len(nodes)) for edge in _rule_edges(table.rules, at))
    title = f"{table.name}, every {show_time(table.every_ns)}"
    return Graph(name=table.name, intent="guard", parts=(Part(title=title, nodes=nodes, edges=edges),))


def _rule_node(number: int, rule: GuardRule) -> Node:
    return Node(name=rule.name, label=f"{number} {rule.name}", kind=RULE, words=rule.when)


def _rule_edges(rules: tuple[GuardRule, ...], at: int) -> Iterable[Edge]:
    rule = rules[at]
    reason = f" ({rule.reason})" if rule.reason else ""
    act = f"{rule.act} {rule.object}".rstrip() + reason
    always = rule.when == "otherwise"
    yes = "always" if always else f"yes, {rule.for_checks} checks in a row" if rule.for_checks else "yes"
    yield Edge(source=at, causes=(yes,), lead=Lead.ACT, words=act)
    if always:
        return
    if at + 1 < len(rules):
        yield Edge(source=at, causes=("no",), lead=Lead.PHASE, words=rules[at + 1].name, to=at + 1)
    else:
        yield Edge(source=at, causes=("no",), lead=Lead.ACT, words="nothing")
