"""The way to an explored state, move by move: what happened each time and what the engine asked for."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise

import msgspec

from dnkit.analysis.explore import Graph, first_node, likeness, note_for
from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Hop, Node, hop_of
from dnkit.analysis.move import Move
from dnkit.analysis.moves import LegMoves, crash, moves
from dnkit.analysis.proof import NONE
from dnkit.analysis.time_moves import late
from dnkit.analysis.world import LegWorld
from dnkit.engine.state import Leg
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
    further: that one of the state's hops, or of its late edges (NONE - 1 - n: the n-th).
    """
    start, indexes = _first_found(graph, index)
    hops = [_hop_found(graph, source, target) for source, target in pairwise(indexes)]
    if number is not None:
        hops.append(_hop_at(graph, index, number))
    return _unfolded(graph, start, zip(indexes, hops, strict=False))


def way_along(graph: Graph, trail: Sequence[tuple[int, int]]) -> Way:
    """The way along edges: states from a start on, each with which of its edges is gone (NONE - 1 - n: the
    n-th late one).
    """
    hops = [_hop_of_edge(graph, source, edge) for source, edge in trail]
    return _unfolded(graph, graph.parent[trail[0][0]][1], zip((one for one, _ in trail), hops, strict=True))


def _unfolded(graph: Graph, start: int, hops: Iterable[tuple[int, Hop]]) -> Way:
    steps = (_steps(graph.ground, graph.nodes[source], hop) for source, hop in hops)
    return Way(start, tuple(chain.from_iterable(steps)))


def _first_found(graph: Graph, index: int) -> tuple[int, list[int]]:
    """Number of the start, and the states from there on."""
    indexes = [index]
    while graph.parent[indexes[-1]][0] >= 0:
        indexes.append(graph.parent[indexes[-1]][0])
    return graph.parent[indexes[-1]][1], indexes[::-1]


def _hop_found(graph: Graph, source: int, target: int) -> Hop:
    """The shortest of the hops by which a state may have been found."""
    cost = graph.faults[target] - graph.faults[source]
    found = [hop for hop in _hops_to(graph, source, target) if hop.faults == cost]
    if not found:
        raise BugError(f"no hop leads from state {source} to {target}")
    return min(found, key=lambda hop: len(hop.whats))


def _hop_at(graph: Graph, index: int, number: int) -> Hop:
    if number < 0:
        return _hop_of_edge(graph, index, number)
    return next(islice(graph.hops(index, _left(graph, index)), number, None))


def _hop_of_edge(graph: Graph, source: int, edge: int) -> Hop:
    if edge < 0:
        target, cost, note = graph.late[source][NONE - 1 - edge]
    else:
        at = graph.first[source] + edge
        target, cost, note = graph.target[at], graph.cost[at], graph.note[at]
    for hop in _hops_to(graph, source, target):
        like = likeness(target, hop.faults, note_for(hop)) == likeness(target, cost, graph.notes[note])
        if like and hop.spent == graph.notes[note].spent:
            return hop
    raise BugError(f"no hop of state {source} is its edge {edge}")


def _hops_to(graph: Graph, source: int, target: int) -> Iterator[Hop]:
    """Hops from one state to another, and those that only a run goes which took long."""
    node, left = graph.nodes[source], _left(graph, source)
    late_hops = (hop for _, move in late(graph.ground, *node) for hop in graph.follow(node, move, left))
    return (hop for hop in chain(graph.hops(source, left), late_hops) if hop.node == graph.nodes[target])


def _left(graph: Graph, index: int) -> int:
    return graph.ground.setting.faults - graph.faults[index]


def is_late(one: Step) -> bool:
    """Whether a deadline falls due in the step, or exposure has lasted for too long."""
    before, due = one.before[0], one.move.state
    return (before.dues, before.naked_ns) != (due.dues, due.naked_ns)


def known_orders(leg: Leg, side: LegWorld) -> tuple[int, ...]:
    """Numbers of a leg's orders that still count, in their order."""
    known = {one.n for one in side.orders} | {n for n, _ in side.calls}
    known |= {one.n for one in (leg.order, leg.stop) if one is not None}
    return tuple(sorted(known))


def otherwise(ground: Ground, way: Way, at: int) -> Iterator[Way]:
    """Ways to the same state on which something else comes before step `at` (from 0): a later step, the
    nearest first, or a timer that the way leaves out. Legs move on their own, and often either may be first.
    """
    names = [move_name(ground, one.move) for one in way.steps]
    before, goal = way.steps[at].before, (way.steps[-1].after, way.steps[-1].bug)
    free = moves(ground, LegMoves(), *before, 0)
    timers = [move_name(ground, one) for one in free if isinstance(one.event, ev.Woken)]
    others = [
        *((names[to], *names[at:to], *names[to + 1 :]) for to in range(at + 1, len(names))),
        *((timer, *names[at:]) for timer in timers if timer != names[at]),
    ]
    for other in others:
        rest = next(_walks(ground, LegMoves(), before, other, goal), None)
        if rest is not None:
            yield Way(way.start, (*way.steps[:at], *rest))


def ways_named(ground: Ground, start: int, names: Sequence[str]) -> Iterator[Way]:
    """All ways from a start on whose moves have these names."""
    first = first_node(ground, ground.starts[start])
    return (Way(start, steps) for steps in _walks(ground, LegMoves(), first, tuple(names), None))


def move_name(ground: Ground, move: Move) -> str:
    """What a move is called, and of which leg it is: `a: accepted`."""
    return move.what if move.leg == NONE else f"{ground.program.legs[move.leg].name}: {move.what}"


def _steps(ground: Ground, node: Node, hop: Hop) -> tuple[Step, ...]:
    """The moves of a hop one by one."""
    found = next(_walks(ground, LegMoves(), node, hop.whats, (hop.node, hop.bug)), None)
    if found is None:
        raise BugError(f"no moves {hop.whats} lead where they led")
    return found


def _walks(
    ground: Ground,
    known: LegMoves,
    node: Node,
    names: tuple[str, ...],
    goal: tuple[Node | None, str] | None,
) -> Iterator[tuple[Step, ...]]:
    """All ways to make moves of these names, with the leg or without; that end where they should."""
    if not names:
        yield ()
        return
    for step in _named(ground, known, node, names[0]):
        if len(names) == 1:
            if goal is None or (step.after, step.bug) == goal:
                yield (step,)
        elif step.after is not None:
            yield from ((step, *rest) for rest in _walks(ground, known, step.after, names[1:], goal))


def _named(ground: Ground, known: LegMoves, node: Node, name: str) -> Iterator[Step]:
    possible = (*moves(ground, known, *node, ALL), *crash(*node), *(move for _, move in late(ground, *node)))
    for move in possible:
        if name in (move.what, move_name(ground, move)):
            hop = hop_of(ground, node, move)
            if hop is not None:
                yield Step(node, move, hop.commands, hop.node, hop.bug)
