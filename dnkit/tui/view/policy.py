"""The screen of the policy: its diagram with the live phase, what may come next, how bad it can get from
here.
"""

from collections.abc import Iterator
from functools import lru_cache

import msgspec

from dnkit.engine.state import Job, JobStage, Stage, State
from dnkit.machine.program import Phase, Program, Target, TargetKind
from dnkit.policies.explain.diagram.graph import ANYWHERE, Graph, Part, graph_of
from dnkit.policies.explain.diagram.sheet import sheet_of
from dnkit.policies.explain.diagram.terminal import drawn_part
from dnkit.policies.explain.lines import wrapped
from dnkit.policies.explain.naked import Naked, naked_of
from dnkit.policies.explain.table import naked_words
from dnkit.policies.explain.words import target_words
from dnkit.policies.explain.worst import Worst, slow_ns, tail_ns, worst_case
from dnkit.readers.facts import place
from dnkit.tui.view import figures as fig
from dnkit.tui.view.lines import Line, Span, bar, beside, boxed, cut, line
from dnkit.tui.view.scene import Look, Scene
from dnkit.tui.view.trail import Trail

SIDE = 34
STACKED = 76  # below this width what comes next stands above the diagram
PANEL = 9


class Chart(msgspec.Struct, frozen=True):
    """A drawn diagram: its lines, and for each phase by name the first and last row of its box."""

    lines: tuple[str, ...]
    boxes: dict[str, tuple[int, int]]


def screen(scene: Scene, look: Look, width: int, height: int) -> list[Line]:
    """Diagram and panel beside each other, or one above the other on a narrow terminal."""
    trail = scene.trail
    if trail is None:
        return []
    title = f"{trail.program.name} ({trail.program.intent.value})"
    told = [one for text in panel(scene, trail) for one in _carried(text, _panel_room(width))]
    where = place(trail.run, trail.state)
    if width < STACKED:
        high = min(PANEL, height // 2)
        chart = diagram(trail, look, width - 4, height - high - 2)
        return [*boxed(where, told, width, high), *boxed(title, chart, width, height - high)]
    chart = diagram(trail, look, width - SIDE - 4, height - 2)
    left = boxed(title, chart, width - SIDE, height, f"digest {trail.program.digest[:8]}")
    return beside(left, boxed(where, told, SIDE, height))


def _panel_room(width: int) -> int:
    return (width if width < STACKED else SIDE) - 4


def _carried(one: Line, room: int) -> list[Line]:
    """The line on as many lines as it takes; it has one style then."""
    text = "".join(span.text for span in one)
    if len(text) <= room:
        return [one]
    return [line(Span(part, one[-1].style)) for part in wrapped(text, indent="    ", width=room)]


def diagram(trail: Trail, look: Look, room: int, height: int) -> list[Line]:
    """The rows around the live phase, or around where the user scrolled to."""
    chart = drawn(trail.program, room)
    live = chart.boxes.get(trail.program.phases[trail.state.phase].name, (0, 0))
    on = trail.state.stage is Stage.PHASE
    visited = {
        phase.name for phase, visits in zip(trail.program.phases, trail.state.visits, strict=True) if visits
    }
    lines = [_row(chart, at, live if on else None, visited) for at in range(len(chart.lines))]
    start = max(0, min(live[0] - height // 4, len(lines) - height))
    held = look.at.get("policy", -1)
    if held >= 0:
        start = max(0, min(held, len(lines) - height))
    return lines[start : start + height]


def _row(chart: Chart, at: int, live: tuple[int, int] | None, visited: set[str]) -> Line:
    text = chart.lines[at]
    if live is not None and live[0] <= at <= live[1]:
        mark = text.replace("│ ", "│●", 1) if at == live[0] + 1 else text
        return line(Span(mark, "now"))
    been = any(top <= at <= end for name, (top, end) in chart.boxes.items() if name in visited)
    return line(Span(text, "" if been else "dim"))


@lru_cache(maxsize=16)
def drawn(program: Program, width: int) -> Chart:
    """The diagram in at most that width, drawn once."""
    lines: list[str] = []
    boxes: dict[str, tuple[int, int]] = {}
    for number, part in enumerate(_graph(program).parts):
        lines += ["", part.title] if number else []
        for box in sheet_of(part, width).boxes:
            if box.node is not None:
                boxes[box.node.name] = (len(lines) + box.top, len(lines) + box.bottom)
        lines += drawn_part(part, ascii=False, width=width)
    return Chart(tuple(lines), boxes)


@lru_cache(maxsize=8)
def _graph(program: Program) -> Graph:
    return graph_of(program)


@lru_cache(maxsize=8)
def _naked(program: Program) -> Naked:
    return naked_of(program)


@lru_cache(maxsize=8)
def _worst(program: Program) -> Worst:
    return worst_case(program)


@lru_cache(maxsize=64)
def _from_here(program: Program, phase: int) -> int:
    return tail_ns(program, Target(TargetKind.PHASE, phase=phase))


def panel(scene: Scene, trail: Trail) -> Iterator[Line]:
    """Since when, how long still, which rung, what may come next, the worst from here."""
    state, program = trail.state, trail.program
    if state.stage is Stage.END and state.ended is not None:
        yield line(Span(f"ended {state.ended.end.value}, {state.ended.risk.value}", "strong"))
        yield line(state.ended.text)
        return
    if state.stage is not Stage.PHASE:
        yield line(_around(program, state))
        yield from _worst_lines(trail, program.phases[state.phase])
        return
    phase = program.phases[state.phase]
    yield from _timer(scene, state)
    for job in state.jobs:
        yield _job(program, phase, job)
    yield line(Span("may come next", "title"))
    yield from _next(program, state)
    yield from _worst_lines(trail, phase)


def _around(program: Program, state: State) -> str:
    if state.stage is Stage.LEAVE and state.leave_to is not None:
        return f"cancel and confirm, then {target_words(program, state.leave_to)}"
    told = {
        Stage.START: "own orders swept, positions and books read",
        Stage.SWEEP: "last sweep of own orders",
        Stage.HALT: f"halting: {state.halt or 'positions are read once more'}",
    }
    return told.get(state.stage, "")


def _timer(scene: Scene, state: State) -> Iterator[Line]:
    now = scene.moment.now_ns
    yield line(Span(f"since {fig.clock(state.entered_ns)}", "dim"))
    whole = state.timer_ns - state.entered_ns
    if whole > 0:
        share = (now - state.entered_ns) / whole
        left = fig.ago(max(0, state.timer_ns - now))
        yield line("timer ", Span(bar(share, 12), "now"), f" {left} left")


def _job(program: Program, phase: Phase, job: Job) -> Line:
    spec = next((one for one in phase.jobs if one.leg == job.leg), phase.jobs[0] if phase.jobs else None)
    rungs = len(spec.rungs) if spec is not None else 0
    rung = f" rung {min(job.rung + 1, rungs)}/{rungs}" if rungs > 1 else ""
    rejects = f", {job.rejects} rejects" if job.rejects else ""
    style = "bad" if job.stage is JobStage.LOST else "strong"
    return line(f"{program.legs[job.leg].name}: ", Span(f"{job.stage.name.lower()}{rung}{rejects}", style))


def _next(program: Program, state: State) -> Iterator[Line]:
    """Outcomes of the live phase with where they lead, and what may happen at any time."""
    name = program.phases[state.phase].name
    for part in _graph(program).parts:
        places = [at for at, node in enumerate(part.nodes) if node.name == name]
        for at in places:
            yield from _edges(part, at)
            yield from _edges(part, ANYWHERE)


def _edges(part: Part, at: int) -> Iterator[Line]:
    for edge in part.leaving(at):
        style = "bad" if edge.lead.value == "halt" else "dim" if at == ANYWHERE else ""
        yield line(Span(f"  {', '.join(edge.causes)} → {edge.words}", style))


def _worst_lines(trail: Trail, phase: Phase) -> Iterator[Line]:
    """Bounds from here on: they hold whatever the venues answer, and are therefore wide."""
    program, state = trail.program, trail.state
    yield line(Span("worst from here", "title"))
    most = _from_here(program, state.phase) + slow_ns(program, phase)
    due, limits = state.dues[phase.scope], program.scopes[phase.scope].limits
    if due and limits.deadline_to is not None:
        most = min(most, max(0, due - state.now_ns) + _worst(program).after_deadline_ns)
    yield line(f"  time    {fig.ago(most)}")
    yield line(f"  alone   {naked_words(program, _naked(program).phases[state.phase])}")
    far = [one for one in _worst(program).concession if one >= 0]
    if far:
        yield line(f"  prices  {max(far) // 1000} bps past the touch")
    claims = trail.run.header.claims
    if claims is not None and claims.naked_ns >= 0:
        with_faults = f"proven with {claims.faults} fault{'' if claims.faults == 1 else 's'}"
        yield line(Span(f"  naked   {fig.ago(claims.naked_ns)} {cut(with_faults, 26)}", "dim"))
