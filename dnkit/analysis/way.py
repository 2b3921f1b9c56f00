"""The way to an explored state, move by move: what happened each time and what the engine asked for."""

from collections.abc import Iterator
from itertools import chain

import msgspec

from dnkit.analysis.explore import Graph
from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Hop, Node, hop_of
from dnkit.analysis.move import Move
from dnkit.analysis.moves import LegMoves, moves
from dnkit.analysis.time_moves import late
from dnkit.model import events as ev
from dnkit.model.commands import Command
from dnkit.model.errors import BugError

ALL = 10**6  # a budget of faults that every move is within


class Step(msgspec.Struct, frozen=True):
    """A move made in state `before`, what the engine `asked` for, and the state `after` it; None where the
    engine refused with `bug`.
    """

    before: Node
    move: Move
    asked: tuple[Command, ...]
    after: Node | None
    bug: str = ""


class Way(msgspec.Struct, frozen=True):
    """Steps from the start of that number (in `ground.starts`) on."""

    start: int
    steps: tuple[Step, ...]


def way_to(graph: Graph, index: int, number: int | None = None) -> Way:
    """The way to a state that the explorer found first, which has the fewest faults; with `number` one hop
    further, that one of the state's hops.
    """
    start, indexes = _trail(graph, index)
    steps = [
        step
        for source, target in zip(indexes, indexes[1:], strict=False)
        for step in _steps(graph.ground, graph.nodes[source], _hop_between(graph, source, target))
    ]
    if number is not None:
        steps += _steps(graph.ground, graph.nodes[index], _hop_at(graph, index, number))
    return Way(start, tuple(steps))


def _trail(graph: Graph, index: int) -> tuple[int, list[int]]:
    """Number of the start, and the states from there on."""
    indexes = [index]
    while graph.parent[indexes[-1]][0] >= 0:
        indexes.append(graph.parent[indexes[-1]][0])
    return graph.parent[indexes[-1]][1], indexes[::-1]


def _hop_at(graph: Graph, index: int, number: int) -> Hop:
    left = graph.ground.setting.faults - graph.faults[index]
    for at, hop in enumerate(graph.hops(index, left)):
        if at == number:
            return hop
    raise BugError(f"state {index} has no hop {number}")


def _hop_between(graph: Graph, source: int, target: int) -> Hop:
    """The shortest of the hops by which a state may have been found, those among them that only a run goes
    which took long.
    """
    node, left = graph.nodes[source], graph.ground.setting.faults - graph.faults[source]
    late_hops = (hop for _, move in late(graph.ground, *node) for hop in graph.follow(node, move, left))
    cost = graph.faults[target] - graph.faults[source]
    found = [
        hop
        for hop in chain(graph.hops(source, left), late_hops)
        if hop.faults == cost and hop.node == graph.nodes[target]
    ]
    if not found:
        raise BugError(f"no hop leads from state {source} to {target}")
    return min(found, key=lambda hop: len(hop.whats))


def otherwise(ground: Ground, way: Way, at: int) -> Iterator[Way]:
    """Ways to the same state on which something else comes before step `at` (from 0): a later step, the nearest
    first, or a timer that the way leaves out. Legs move on their own, and often either may be first.
    """
    names = [_name(one.move) for one in way.steps]
    before, goal = way.steps[at].before, (way.steps[-1].after, way.steps[-1].bug)
    timers = [_name(one) for one in moves(ground, LegMoves(), *before, 0) if isinstance(one.event, ev.Woken)]
    others = [
        *((names[to], *names[at:to], *names[to + 1 :]) for to in range(at + 1, len(names))),
        *((timer, *names[at:]) for timer in timers if timer != names[at]),
    ]
    for other in others:
        rest = next(_walks(ground, LegMoves(), before, other, goal), None)
        if rest is not None:
            yield Way(way.start, (*way.steps[:at], *rest))


Name = tuple[str, int | None]  # of a move: what it is called, and whose clock it moves (None: any)


def _name(move: Move) -> Name:
    return move.what, move.leg


def _steps(ground: Ground, node: Node, hop: Hop) -> tuple[Step, ...]:
    """The moves of a hop one by one."""
    names = tuple((what, None) for what in hop.whats)
    found = next(_walks(ground, LegMoves(), node, names, (hop.node, hop.bug)), None)
    if found is None:
        raise BugError(f"no moves {hop.whats} lead where they led")
    return found


def _walks(
    ground: Ground, known: LegMoves, node: Node, names: tuple[Name, ...], goal: tuple[Node | None, str]
) -> Iterator[tuple[Step, ...]]:
    """All ways to make moves of these names that end where they should."""
    for step in _named(ground, known, node, names[0]):
        if len(names) == 1:
            if (step.after, step.bug) == goal:
                yield (step,)
        elif step.after is not None:
            yield from ((step, *rest) for rest in _walks(ground, known, step.after, names[1:], goal))


def _named(ground: Ground, known: LegMoves, node: Node, name: Name) -> Iterator[Step]:
    what, leg = name
    possible = [*moves(ground, known, *node, ALL), *(move for _, move in late(ground, *node))]
    for move in possible:
        if move.what == what and leg in (None, move.leg):
            hop = hop_of(ground, node, move)
            if hop is not None:
                yield Step(node, move, hop.commands, hop.node, hop.bug)
