"""The diagram of a terminal: it fits, it is ASCII where asked, and every line in it leads where it should."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings

from dnkit.machine.program import Program
from dnkit.policies.diagnostics import cells
from dnkit.policies.explain.diagram.graph import ANYWHERE, Lead, Part, graph_of, graph_of_guard
from dnkit.policies.explain.diagram.lanes import COLUMNS_MAX, columns, is_down
from dnkit.policies.explain.diagram.sheet import LABEL, TRUNK, Sheet, sheet_of
from dnkit.policies.explain.diagram.terminal import drawn, drawn_part
from dnkit.policies.explain.lines import WIDTH
from dnkit.policies.explain.policy import explain, explain_guard, text_of
from tests.compile.helpers import POLICIES, compiled, program_of, shipped
from tests.explain.drawn import programs, shipped_program

RANDOM = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
UP, DOWN = ("│", "┤", "╯"), ("│", "┤", "╮")


def told(path):
    answer = compiled(path.read_text())
    return explain(answer.program) if answer.program else explain_guard(answer.guard)


def check_fits(text: str) -> None:
    assert all(cells(line) <= WIDTH for line in text.splitlines()), text


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_every_shipped_policy_fits_the_terminal(path) -> None:
    found = told(path)
    check_fits(text_of(found))
    ascii = text_of(found, ascii=True)
    check_fits(ascii)
    assert ascii.isascii()


@given(programs())
@RANDOM
def test_any_policy_fits_the_terminal(program: Program) -> None:
    found = explain(program)
    check_fits(text_of(found))
    ascii = text_of(found, ascii=True)
    check_fits(ascii)
    assert ascii.isascii()


def grid(line: str, width: int) -> list[str]:
    """The cells of a line; the second one of a wide character holds nothing."""
    found: list[str] = []
    for character in line:
        found += [character, ""][: cells(character)]
    return found + [" "] * (width - len(found))


def arrow(lines: list[list[str]], x: int, y: int) -> tuple[int, str]:
    """Follow the lane from where a row meets it; the row of the box it leads into, and the box's border."""
    found = [y]
    for step, into, on in ((-1, DOWN, UP), (1, UP, DOWN)):  # `on` can be left that way, `into` be entered
        at = y
        while lines[at][x] in on and 0 <= at + step < len(lines) and lines[at + step][x] in (*into, *on):
            at += step
            found.append(at)
    entries = [row for row in found if "◀" in lines[row]]
    arrows = [row for row in entries if set(lines[row][lines[row].index("◀") + 1 : x]) <= {"─", "│"}]
    mine = [row for row in arrows if lines[row][x] in "╮╯┤" and lines[row][x - 1] == "─"]
    assert len(mine) == 1, (x, y, lines)
    return mine[0], lines[mine[0]][lines[mine[0]].index("◀") - 1]


def check_lanes(part: Part) -> None:
    """Every row that runs right ends in a corner or a tee, and its lane in the box of its target."""
    sheet = sheet_of(part, WIDTH)
    text = drawn_part(part, ascii=False, width=WIDTH)
    lines = [grid(line, sheet.width) for line in text]
    for row in (one for one in sheet.rows if one.lane >= 0):
        x = LABEL + cells(row.lines[-1]) + 1
        while lines[row.bottom][x] in "─│":
            x += 1
        assert lines[row.bottom][x] in "╮╯┤", "\n".join(text)
        y, border = arrow(lines, x, row.bottom)
        box = sheet.boxes[row.lane]
        assert (y, border) == (box.top + 1, "│"), "\n".join(text)


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_lanes_of_shipped_policies_lead_where_they_should(path) -> None:
    for part in told(path).graph.parts:
        check_lanes(part)


@given(programs())
@RANDOM
def test_any_lane_leads_where_it_should(program: Program) -> None:
    for part in graph_of(program).parts:
        check_lanes(part)
        check_apart(sheet_of(part, WIDTH))


def check_apart(sheet: Sheet) -> None:
    """Lanes of one column never touch."""
    lanes = sorted(sheet.lanes, key=lambda one: (one.x, one.top))
    for one, other in pairwise(lanes):
        assert one.x != other.x or one.bottom < other.top


@given(programs())
@RANDOM
def test_rows_of_a_box_keep_out_of_the_way_of_each_other(program: Program) -> None:
    """Up from the inside out, then ends, then down from the outside in, and the next phase last."""
    part = graph_of(program).parts[0]
    sheet, at = sheet_of(part, WIDTH), columns(part)
    for source, box in enumerate(sheet.boxes[: len(part.nodes)]):
        below = sheet.boxes[source + 1].top if source + 1 < len(sheet.boxes) else sheet.height
        rows = [row for row in sheet.rows if box.bottom < row.top < below]
        order = [
            (3, 0)
            if row.down
            else (1, 0)
            if row.lane < 0
            else (0, at[row.lane])
            if row.lane <= source
            else (2, -at[row.lane])
            for row in rows
        ]
        assert order == sorted(order)


def test_the_very_next_phase_is_straight_below() -> None:
    part = graph_of(shipped_program("close_two_phase")).parts[0]
    lines = drawn_part(part, ascii=False, width=WIDTH)
    at = next(y for y, line in enumerate(lines) if "first, partial, none" in line)
    assert lines[at][TRUNK] == "│"
    assert lines[at + 1][TRUNK] == "▼"
    assert "finish (take, at most 3 times)" in lines[at + 2]


def test_marks_of_start_ends_and_limits() -> None:
    text = "\n".join(drawn(graph_of(shipped_program("close_two_phase"))))
    assert text.startswith("  ● start\n┌─▼")
    assert "ok ─▶ ◉ done flat" in text
    assert "conflict ─▶ ✕ HALT books disagree" in text
    assert "» after a crash, asked to stop" in text
    assert "past the 2m deadline, over $2,000 unhedged for 45s ─▶ sweep" in text


def test_a_policy_that_is_run_has_a_diagram_of_its_own() -> None:
    lines = drawn(graph_of(shipped_program("pair_unwind_ioc_ladder")))
    at = lines.index("inside unwind_b")
    assert any("unwind_a (run)" in line for line in lines[:at])
    assert any("│ maker (rest)" in line for line in lines[at:])
    assert any("short ─" in line and line.endswith("╯") for line in lines[at:])
    assert any("↑ recheck (books disagree)" in line for line in lines[at:])


def test_a_guard_is_a_list_of_decisions() -> None:
    found = shipped("funding_arb_guarded")
    assert found is not None
    lines = drawn(graph_of_guard(compiled(found[1]).guard))
    yes = [line for line in lines if "─▶" in line]
    assert len(yes) == 9
    assert "yes ─▶ run close_two_phase (LEG_LIQUIDATED)" in yes[0]
    assert "always ─▶ nothing" in yes[-1]
    assert sum(line.strip() == "│  no" for line in lines) == 8


def tangle(count: int) -> str:
    """A policy whose every phase leads far away."""
    head = "policy: 1\nname: tangle\nintent: unwind\nsummary: Far away.\nlegs:\n  a: {venue: nado}\nphases:\n"
    return head + "".join(
        f"  p{n}:\n    take: {{leg: a, qty: position, type: ioc, ladder: [1bps]}}\n    visits: 2\n"
        f"    then: {{filled: p{(n + count // 2) % count}, short: p{(n + count // 3) % count}, "
        f"refused: p{(n * 3 + 1) % count}, exhausted: halt}}\n"
        for n in range(count)
    )


def test_what_has_no_lane_is_named() -> None:
    part = graph_of(program_of(tangle(14))).parts[0]
    lanes = columns(part)
    assert max(lanes.values()) == COLUMNS_MAX - 1
    lines = drawn_part(part, ascii=False, width=WIDTH)
    check_fits("\n".join(lines))
    check_lanes(part)
    far = [one for one in part.edges if one.lead is Lead.PHASE and one.to not in lanes]
    named = [one for one in far if one.source != ANYWHERE and not is_down(one)]
    assert named
    for edge in named:
        assert any(f"{', '.join(edge.causes)} ─▶ {edge.words}" in line for line in lines)


def test_lanes_are_packed() -> None:
    """Two lanes that do not meet share a column."""
    part = graph_of(shipped_program("open_post_only_hedge")).parts[0]
    assert len(columns(part)) == 2
    assert set(columns(part).values()) == {0}
