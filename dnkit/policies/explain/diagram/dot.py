"""A graph in the DOT language of Graphviz. Ids are made here; every text is a quoted string."""

from collections.abc import Iterable

from dnkit.policies.diagnostics import printable
from dnkit.policies.explain.diagram.graph import ANYWHERE, Edge, Graph, Lead, Part, identifier

BREAK = "\n"
_SHAPES = {Lead.DONE: "doubleoctagon", Lead.HALT: "octagon", Lead.BACK: "cds", Lead.ACT: "ellipse"}


def dot(graph: Graph) -> str:
    """The text of the graph; policies that are run are clusters."""
    lines = [
        f"digraph {_text(graph.name)} {{",
        '  graph [rankdir="TB"];',
        '  node [shape="box", fontname="monospace"];',
        '  edge [fontname="monospace"];',
    ]
    for number, part in enumerate(graph.parts):
        if number == 0:
            lines += [f"  {line}" for line in _part(number, part)]
        else:
            lines += [f"  subgraph cluster_{number} {{", f"    label={_text(part.title)};"]
            lines += [f"    {line}" for line in _part(number, part)]
            lines += ["  }"]
    return "\n".join([*lines, "}"]) + "\n"


def _part(number: int, part: Part) -> Iterable[str]:
    yield f'p{number}start [label="start", shape="circle"];'
    for at, node in enumerate(part.nodes):
        yield f"{identifier(number, at)} [label={_text(node.heading + BREAK + node.words)}];"
    if part.leaving(ANYWHERE):
        yield f'{identifier(number, ANYWHERE)} [label="at any time", style="dashed"];'
    yield f"p{number}start -> {identifier(number, 0)};"
    for at, edge in enumerate(part.edges):
        yield from _edge(number, at, edge)


def _edge(number: int, at: int, edge: Edge) -> Iterable[str]:
    to = identifier(number, edge.to)
    if edge.lead is not Lead.PHASE:
        to = f"p{number}e{at}"
        yield f'{to} [label={_text(edge.words)}, shape="{_SHAPES[edge.lead]}"];'
    dashed = ', style="dashed"' if edge.source == ANYWHERE else ""
    yield f"{identifier(number, edge.source)} -> {to} [label={_text(', '.join(edge.causes))}{dashed}];"


def _text(text: str) -> str:
    """A quoted string; what is no line break and cannot be shown is replaced."""
    lines = (printable(line).replace("\\", "\\\\").replace('"', '\\"') for line in text.split(BREAK))
    return '"' + "\\n".join(lines) + '"'
