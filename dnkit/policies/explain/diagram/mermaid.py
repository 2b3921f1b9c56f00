"""A graph as a Mermaid flowchart. Ids are made here; every text is quoted, with all but plain characters as
entity codes.
"""

from collections.abc import Iterable

from dnkit.policies.diagnostics import printable
from dnkit.policies.explain.diagram.graph import ANYWHERE, Edge, Graph, Lead, Part, identifier

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ,.:/()-_%$'=+?")
_SHAPES = {
    Lead.DONE: ('(["', '"])'),
    Lead.HALT: ('{{"', '"}}'),
    Lead.BACK: ('[/"', '"/]'),
    Lead.ACT: ('(["', '"])'),
}


def mermaid(graph: Graph) -> str:
    """The text of the flowchart, ready for a `mermaid` fence."""
    lines = ["flowchart TD"]
    for number, part in enumerate(graph.parts):
        if number == 0:
            lines += [f"  {line}" for line in _part(number, part)]
        else:
            lines += [f'  subgraph p{number}["{_text(part.title)}"]']
            lines += [f"    {line}" for line in _part(number, part)]
            lines += ["  end"]
    return "\n".join(lines) + "\n"


def _part(number: int, part: Part) -> Iterable[str]:
    yield f'p{number}start(("start"))'
    for at, node in enumerate(part.nodes):
        yield f'{identifier(number, at)}["{_text(node.heading)}<br/>{_text(node.words)}"]'
    if part.leaving(ANYWHERE):
        yield f'{identifier(number, ANYWHERE)}["at any time"]'
    yield f"p{number}start --> {identifier(number, 0)}"
    for at, edge in enumerate(part.edges):
        yield from _edge(number, at, edge)


def _edge(number: int, at: int, edge: Edge) -> Iterable[str]:
    to = identifier(number, edge.to)
    if edge.lead is not Lead.PHASE:
        to = f"p{number}e{at}"
        before, behind = _SHAPES[edge.lead]
        yield f"{to}{before}{_text(edge.words)}{behind}"
    arrow = "-.->" if edge.source == ANYWHERE else "-->"
    yield f'{identifier(number, edge.source)} {arrow}|"{_text(", ".join(edge.causes))}"| {to}'


def _text(text: str) -> str:
    return "".join(one if one in _PLAIN else f"#{ord(one)};" for one in printable(text))
