"""Explored graphs: drawn by hand, with edges as a test wants them, and those of real programs."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from dnkit.analysis.deadlines import add_late
from dnkit.analysis.explore import Graph, Note, first_node
from dnkit.analysis.ground import lay_ground
from dnkit.analysis.move import Kind
from dnkit.analysis.network import Network
from dnkit.analysis.proof import NONE, Setting
from dnkit.analysis.view import View, shut_view
from dnkit.machine.program import Program
from dnkit.runtime.library import VenueFacts, read_policy
from dnkit.runtime.prepare import check
from tests.engine.programs import open_hedged, unwind_one


class Drawn(NamedTuple):
    """An edge as a test draws it."""

    source: int
    target: int
    faults: int = 0
    leg: int = NONE
    spent: int = 0
    calls: tuple[int, ...] = (0,) * 6


def drawn(
    states: int, drawings: Iterable[Drawn], late: Iterable[Drawn] = (), *, legs: int = 2, faults: int = 2
) -> Graph:
    """A graph with those edges; every run starts in state 0. `seq` of each state is its number."""
    program = open_hedged() if legs == 2 else unwind_one()
    ground = lay_ground(program, Setting(faults=faults))
    graph = Graph(ground)
    state, world = first_node(ground, ground.starts[0])
    graph.nodes = [(replace(state, seq=index), world) for index in range(states)]
    graph.starts = [0]
    by_source = [[one for one in drawings if one.source == index] for index in range(states)]
    for edges in by_source:
        graph.faults.append(0)
        graph.depth.append(0)
        graph.parent.append((NONE, 0))
        graph.first.append(len(graph.target))
        for one in edges:
            graph.target.append(one.target)
            graph.cost.append(one.faults)
            graph.note.append(graph.note_of(note(one)))
        graph.last.append(len(graph.target))
    for one in late:
        edge = (one.target, one.faults, graph.note_of(note(one)))
        graph.late.setdefault(one.source, []).append(edge)
    return graph


def note(one: Drawn) -> Note:
    return Note(Kind.SLIP if one.faults else Kind.FREE, one.leg, one.spent, NONE, (), one.calls)


def everything(network: Network, opens: Sequence[int] = (), waits: Sequence[int] = ()) -> View:
    """A view in which every edge can be gone; each gate opens with so many faults, after a wait."""
    view = shut_view(network)
    for gate, (least, wait) in enumerate(zip(opens, waits, strict=True)):
        view.waits[least:, gate] = wait
    return view


def shipped(name: str) -> Program:
    """A policy of the library, compiled."""
    found = check(read_policy(name), VenueFacts()).program
    assert found is not None, name
    return found


def walked(program: Program, **setting: Any) -> Graph:
    return network_of(program, **setting).graph


def network_of(program: Program, **setting: Any) -> Network:
    """The graph of a program, walked to its end with all late moves and laid out."""
    graph = Graph(lay_ground(program, Setting(**{"faults": 0, **setting})))
    graph.seed()
    graph.run()
    return add_late(graph)
