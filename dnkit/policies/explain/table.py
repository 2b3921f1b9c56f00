"""The table of a program: where each outcome leads, how long a phase may last, what may be naked then."""

from collections.abc import Iterable

import msgspec

from dnkit.machine.program import Phase, Program
from dnkit.policies.explain.diagram.graph import Edge, Graph
from dnkit.policies.explain.naked import Naked, amount_words
from dnkit.policies.explain.words import seconds
from dnkit.policies.explain.worst import is_entered, slow_ns

HEADERS = ("phase", "outcome", "leads to", "longest here", "naked while here")
NOTHING = "-"


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """One edge. `longest_ns` is one visit with every answer late or lost, None where a policy is run;
    `naked` says which leg may be alone and how much of it.
    """

    phase: str
    outcomes: tuple[str, ...]
    leads_to: str
    longest_ns: int | None
    visits: int
    naked: str


def table_rows(program: Program, graph: Graph, naked: Naked) -> tuple[TableRow, ...]:
    """The rows of every phase, in the order of the diagram."""
    indexes = {phase.name: index for index, phase in enumerate(program.phases)}
    return tuple(
        _row(program, indexes[node.name], edge, naked)
        for part in graph.parts
        for at, node in enumerate(part.nodes)
        for edge in part.leaving(at)
    )


def _row(program: Program, index: int, edge: Edge, naked: Naked) -> TableRow:
    phase = program.phases[index]
    return TableRow(
        phase=phase.name,
        outcomes=edge.causes,
        leads_to=edge.words,
        longest_ns=_longest(program, phase),
        visits=phase.visits,
        naked=naked_words(program, naked.phases[index]),
    )


def _longest(program: Program, phase: Phase) -> int | None:
    if is_entered(phase):
        return None
    return 0 if phase.skip else slow_ns(program, phase)


def naked_words(program: Program, legs: tuple[int, ...]) -> str:
    """Which leg may be alone and how much of it: `quote: up to 0.2 ETH`."""
    if not legs:
        return NOTHING
    words = dict.fromkeys(amount_words(program, leg) for leg in legs)
    names = " or ".join(program.legs[leg].name for leg in legs)
    return f"{names}: {' or '.join(words)}"


def cells_of(rows: Iterable[TableRow]) -> Iterable[tuple[str, ...]]:
    """Rows as texts; what holds for the whole phase stands in its first row only."""
    before = ""
    for row in rows:
        again = row.phase == before
        before = row.phase
        own = ("", "", "") if again else (row.phase, _time(row), row.naked)
        yield own[0], ", ".join(row.outcomes), row.leads_to, own[1], own[2]


def _time(row: TableRow) -> str:
    if row.longest_ns is None:
        return "inside"
    once = seconds(row.longest_ns).replace(" ", "")
    return f"{row.visits}x{once}" if row.visits > 1 else once
