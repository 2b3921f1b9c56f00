"""A policy in words and figures: its diagram, its phases and its table, and what the worst case costs.

`explain` and `explain_guard` find out; `text_of` and `page_of` tell it, on a terminal of 80 columns or as a
page of Markdown.
"""

from collections.abc import Iterable, Sequence

import msgspec

from dnkit.machine.program import LegSpec, Program
from dnkit.model.terms import Side
from dnkit.policies.compile.guard import GuardRule, GuardTable
from dnkit.policies.explain.bounds import bounds
from dnkit.policies.explain.break_even import BreakEven, assumed_line, break_even_lines, break_evens
from dnkit.policies.explain.diagram.graph import Graph, graph_of, graph_of_guard
from dnkit.policies.explain.diagram.mermaid import mermaid
from dnkit.policies.explain.diagram.terminal import drawn
from dnkit.policies.explain.lines import bullet, clean, table, wrapped
from dnkit.policies.explain.naked import Naked, naked_of
from dnkit.policies.explain.stories import stories
from dnkit.policies.explain.table import HEADERS, TableRow, cells_of, table_rows
from dnkit.policies.explain.words import phase_words, show_amount
from dnkit.policies.explain.worst import Worst, worst_case
from dnkit.policies.unit_texts import show_time


class Section(msgspec.Struct, frozen=True):
    """A title with its sentences: `points` of a list, or lines that stand by themselves."""

    title: str
    lines: tuple[str, ...]
    points: bool = True


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """All there is to tell. `before` stand before the table, `after` behind it; a guard has no table and no
    figures.
    """

    head: str
    legs: tuple[str, ...]
    graph: Graph
    before: tuple[Section, ...]
    after: tuple[Section, ...]
    table: tuple[TableRow, ...] = ()
    break_even: tuple[BreakEven, ...] = ()
    worst: Worst | None = None
    naked: Naked | None = None

    @property
    def text(self) -> str:
        """The text of a terminal."""
        return text_of(self)


def explain(program: Program, idle: Sequence[str] = ()) -> Explained:
    """Explain a compiled policy; `idle` are sentences on what of it does not act yet."""
    worst, graph, naked = worst_case(program), graph_of(program), naked_of(program)
    figures = break_evens(program)
    after = [
        Section("What happens when", tuple(stories(program))),
        Section("Worst case", tuple(bounds(program, worst, naked))),
        Section("Post or cross", (*break_even_lines(program), assumed_line()) if figures else ()),
        Section("Not acted on", tuple(idle)),
    ]
    return Explained(
        head=f"{program.name} ({program.intent.value})",
        legs=tuple(_leg_lines(program.legs)),
        graph=graph,
        before=(Section("Phases", tuple(_phase_lines(program)), points=False),),
        table=table_rows(program, graph, naked),
        after=tuple(one for one in after if one.lines),
        break_even=figures,
        worst=worst,
        naked=naked,
    )


def explain_guard(guard: GuardTable, idle: Sequence[str] = ()) -> Explained:
    """Explain the rule table of a guard: what it looks at, its rules in order of priority, and what does not
    act yet.
    """
    facts = tuple(f"{name} = {text}" for name, text in guard.facts)
    rules = tuple(_rule(number, rule) for number, rule in enumerate(guard.rules, 1))
    sections = (Section("Facts", facts, points=False), Section("Rules", rules, points=False))
    idle_section = Section("Not acted on", tuple(idle))
    every = show_time(guard.every_ns)
    return Explained(
        head=f"{guard.name} (guard), looks every {every}; the first rule that matches acts",
        legs=tuple(_leg_lines(guard.legs)),
        graph=graph_of_guard(guard),
        before=tuple(one for one in sections if one.lines),
        after=(idle_section,) if idle else (),
    )


def text_of(told: Explained, *, ascii: bool = False) -> str:
    """The text of a terminal; with `ascii` nothing but ASCII."""
    parts = [
        wrapped(told.head, indent="  "),
        [f"  {line}" for line in told.legs],
        drawn(told.graph, ascii=ascii),
        *(_section_lines(one, ascii) for one in told.before),
        _table_lines(told, ascii),
        *(_section_lines(one, ascii) for one in told.after),
    ]
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def _section_lines(section: Section, ascii: bool) -> list[str]:
    lines = [clean(one, ascii=ascii) for one in section.lines]
    told = (bullet(one) if section.points else wrapped(one, "  ", "      ") for one in lines)
    return [section.title, *(line for one in told for line in one)]


def _table_lines(told: Explained, ascii: bool) -> list[str]:
    rows = [[clean(cell, ascii=ascii) for cell in row] for row in cells_of(told.table)]
    return ["Table", *table(HEADERS, rows)] if rows else []


def page_of(told: Explained) -> str:
    """A page of Markdown, its diagram as Mermaid."""
    parts = [
        f"# {_escaped(told.head)}",
        "\n".join(f"- {_escaped(' '.join(line.split()))}" for line in told.legs),
        f"```mermaid\n{mermaid(told.graph)}```",
        *(_section_page(one) for one in told.before),
        _table_page(told),
        *(_section_page(one) for one in told.after),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section_page(section: Section) -> str:
    return "\n".join((f"## {section.title}", "", *(f"- {_escaped(line)}" for line in section.lines)))


def _table_page(told: Explained) -> str:
    rows = [[_escaped(cell) for cell in row] for row in cells_of(told.table)]
    lines = ("| " + " | ".join(row) + " |" for row in (HEADERS, ["---"] * len(HEADERS), *rows))
    return "## Table\n\n" + "\n".join(lines) if rows else ""


def _escaped(text: str) -> str:
    """Text in Markdown that stays what it is; names in backticks are left alone."""
    parts = clean(text, ascii=False).split("`")
    if len(parts) % 2 == 0:
        return _plain("`".join(parts))
    return "`".join(part if at % 2 else _plain(part) for at, part in enumerate(parts))


def _plain(text: str) -> str:
    return "".join(f"\\{one}" if one in "\\`*_[]<>|#&~" else one for one in text)


def _phase_lines(program: Program) -> Iterable[str]:
    for index, phase in enumerate(program.phases):
        if index != program.reduce:
            visits = f", at most {phase.visits} times" if phase.visits > 1 else ""
            yield f"{phase.name}: {phase_words(program, phase)}{visits}"


def _rule(number: int, rule: GuardRule) -> str:
    patience = f" for {rule.for_checks} checks" if rule.for_checks else ""
    reason = f", reason {rule.reason}" if rule.reason else ""
    return f"{number} {rule.name}: when {rule.when}{patience}: {rule.act} {rule.object}".rstrip() + reason


def _leg_lines(legs: tuple[LegSpec, ...]) -> Iterable[str]:
    wide = max(len(leg.name) for leg in legs)
    for leg in legs:
        side = "long" if leg.side is Side.BUY else "short"
        where = f"{leg.instrument.venue} {leg.instrument.symbol}"
        yield f"{leg.name:<{wide}}  {side:<5}  {where}, clip {show_amount(leg.clip, leg)}"
