"""Mermaid, DOT, SVG and Markdown: well-formed whatever a policy says, and telling the same graph."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings

from dnkit.machine.program import Program
from dnkit.policies.explain.diagram.dot import dot
from dnkit.policies.explain.diagram.graph import ANYWHERE, Edge, Graph, Lead, Node, Part, graph_of
from dnkit.policies.explain.diagram.mermaid import mermaid
from dnkit.policies.explain.diagram.sheet import sheet_of
from dnkit.policies.explain.diagram.svg import crossings, svg
from dnkit.policies.explain.diagram.terminal import drawn_part
from dnkit.policies.explain.lines import WIDTH
from dnkit.policies.explain.policy import explain, explain_guard, page_of
from tests.compile.helpers import POLICIES, compiled, program_of
from tests.explain.drawn import programs, shipped_program

RANDOM = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
SVG = "{http://www.w3.org/2000/svg}"
NASTY = 'a"]; b --> c <br/> & \\ | `x` #35; \u202e end'
ID = r"p\d+(?:start|any|[ne]\d+)"
LABEL = r'"(?:[\w ,.:/()\-%$\'=+?]|#\d+;|<br/>)*"'
SHAPED = "|".join(
    rf"{ID}{before}{LABEL}{behind}"
    for before, behind in (
        (r"\[", r"\]"),
        (r"\(\[", r"\]\)"),
        (r"\{\{", r"\}\}"),
        (r"\[/", r"/\]"),
        (r"\(\(", r"\)\)"),
    )
)
MERMAID = [
    re.compile(r"flowchart TD"),
    re.compile(SHAPED),
    re.compile(rf"{ID} --> {ID}"),
    re.compile(rf"{ID} (?:-->|-\.->)\|{LABEL}\| {ID}"),
    re.compile(rf"subgraph p\d+\[{LABEL}\]"),
    re.compile(r"end"),
]
DOT = re.compile(r'"(?:[^"\\\n]|\\.)*"|->|[{}\[\];=,]|[A-Za-z_][A-Za-z0-9_]*|\s+')


def nasty() -> Graph:
    """A graph whose every text tries to break out."""
    nodes = tuple(Node(name=NASTY, label=NASTY, kind="take", words=NASTY, visits=2) for _ in range(2))
    edges = (
        Edge(source=0, causes=(NASTY,), lead=Lead.PHASE, words=NASTY, to=0),
        Edge(source=1, causes=(NASTY,), lead=Lead.HALT, words=NASTY),
        Edge(source=ANYWHERE, causes=(NASTY,), lead=Lead.PHASE, words=NASTY, to=1),
    )
    return Graph(name=NASTY, intent="close", parts=(Part(title=NASTY, nodes=nodes, edges=edges),) * 2)


def check_mermaid(graph: Graph) -> None:
    text = mermaid(graph)
    for line in text.splitlines():
        assert any(one.fullmatch(line.strip()) for one in MERMAID), line
    arrows = len(re.findall(r" (?:-->|-\.->)\|", text))
    assert arrows == sum(len(part.edges) for part in graph.parts)


def tokens(text: str) -> list[str]:
    """Tokens of a DOT text; every character must belong to one."""
    found, at = [], 0
    while at < len(text):
        match = DOT.match(text, at)
        assert match, text[at : at + 40]
        at = match.end()
        if match[0].strip():
            found.append(match[0])
    return found


def check_dot(graph: Graph) -> None:
    """graph: digraph ID { (statement | subgraph ID { statement* })* }; a statement is an assignment, a node
    or an edge with attributes.
    """
    left = tokens(dot(graph))

    def take(*wanted: str) -> str:
        token = left.pop(0)
        assert not wanted or token in wanted, (token, wanted)
        return token

    def attributes() -> None:
        if left[0] == "[":
            take("[")
            while True:
                take(), take("="), take()
                if take(",", "]") == "]":
                    break

    def block(known: set[str], used: set[str]) -> int:
        count = 0
        take("{")
        while left[0] != "}":
            first = take()
            if first == "subgraph":
                take()
                count += block(known, used)
                continue
            if left[0] == "=":
                take("="), take()
            elif left[0] == "->":
                take("->")
                used |= {first, take()}
                labelled = left[0] == "["
                attributes()
                count += labelled
            else:
                known.add(first)
                attributes()
            take(";")
        take("}")
        return count

    take("digraph"), take()
    known: set[str] = set()
    used: set[str] = set()
    assert block(known, used) == sum(len(part.edges) for part in graph.parts)
    assert not left
    assert used <= known


def check_svg(graph: Graph) -> ET.Element:
    root = ET.fromstring(svg(graph))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title") is not None
    assert root.find(f"{SVG}desc") is not None
    boxes = root.findall(f".//{SVG}rect[@class='box']")
    wanted = sum(len(part.nodes) + bool(part.leaving(ANYWHERE)) for part in graph.parts)
    assert len(boxes) == wanted
    assert not [one for one in root.iter() if one.tag.endswith(("script", "image", "use"))]
    return root


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_shipped_policies_in_every_format(path) -> None:
    answer = compiled(path.read_text())
    told = explain(answer.program) if answer.program else explain_guard(answer.guard)
    check_mermaid(told.graph)
    check_dot(told.graph)
    check_svg(told.graph)
    assert f"```mermaid\n{mermaid(told.graph)}```" in page_of(told)


@given(programs())
@RANDOM
def test_any_policy_in_every_format(program: Program) -> None:
    told = explain(program)
    check_mermaid(told.graph)
    check_dot(told.graph)
    check_svg(told.graph)
    rows = [line for line in page_of(told).splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + len(told.table)
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}


def test_texts_cannot_break_out() -> None:
    graph = nasty()
    check_mermaid(graph)
    check_dot(graph)
    assert r"& \\ | `x`" in dot(graph)
    root = check_svg(graph)
    shown = "".join(root.itertext())
    assert "-->" in shown
    assert "\u202e" not in shown


def test_the_picture_tells_its_graph_in_words() -> None:
    root = check_svg(graph_of(shipped_program("close_two_phase")))
    desc = root.findtext(f"{SVG}desc")
    assert desc is not None
    assert "passive: filled to verify; first, partial, none, rejected, refused to finish." in desc
    assert root.findtext(f"{SVG}title") == "close_two_phase (close)"


def test_the_picture_stays_on_its_card() -> None:
    root = check_svg(graph_of(shipped_program("pair_unwind_ioc_ladder")))
    wide, high = (float(root.get(name) or 0) for name in ("width", "height"))
    for group in root.findall(f"{SVG}g"):
        place = re.fullmatch(r"translate\((\d+) (\d+)\)", group.get("transform") or "")
        assert place
        for text in group.findall(f"{SVG}text"):
            right = float(place[1]) + float(text.get("x") or 0) + float(text.get("textLength") or 0)
            assert right <= wide
            assert float(place[2]) + float(text.get("y") or 0) <= high


ODD = """\
policy: 1
name: odd
intent: unwind
summary: Odd words.
legs:
  a: {venue: nado}
phases:
  look:
    verify: {goal: flat}
    then: {ok: done flat, short: "halt a | b * c_d `x", conflict: halt, error: halt}
"""


def test_markdown_keeps_odd_words() -> None:
    page = page_of(explain(program_of(ODD)))
    assert "HALT a \\| b \\* c\\_d \\`x |" in page


def test_the_picture_leaves_a_gap_at_every_crossing() -> None:
    """A row that passes a lane is broken there; one that ends in a lane is not."""
    graph = graph_of(shipped_program("rebalance_small"))
    sheet = sheet_of(graph.parts[0], WIDTH)
    lines = drawn_part(graph.parts[0], ascii=False, width=WIDTH)
    passed = [
        (x, y) for y, line in enumerate(lines) for x in range(len(line)) if line[x - 1 : x + 2] == "─│─"
    ]
    assert sorted(crossings(sheet)) == sorted(passed) != []
    assert len(check_svg(graph).findall(f".//{SVG}path[@class='gap']")) == len(passed)
