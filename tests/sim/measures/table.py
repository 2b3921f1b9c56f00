"""The figures as they were last taken, and the table made of them."""

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from tests.sim.measures.bootstrap import Figure
from tests.sim.measures.figures import Row, cases
from tests.sim.measures.runs import TASKS

FILE = Path(__file__).parent / "figures.json"
HEAD = (
    "what is closed, in which world",
    "how",
    "runs",
    "ends flat",
    "takes filled",
    "left open",
    "cost of taking, bps",
    "checked after",
    "at most",
)


def kept() -> dict[str, Row]:
    """The rows of the file by their names."""
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, Row])


def keep(rows: dict[str, Row]) -> None:
    """Write them, in the order of the table."""
    ordered = {one.name: rows[one.name] for one in cases() if one.name in rows}
    FILE.write_bytes(msgspec.json.format(msgspec.json.encode(ordered), indent=1) + b"\n")


class Goal(msgspec.Struct, frozen=True):
    """What is asked for, and how a row shows it: of several the worse one is told."""

    asked: str
    goal: str
    of: Callable[[Row], float]
    shown: Callable[[float], str]
    worse: Callable[[Iterable[float]], float]


GOALS = (
    Goal("a naked leg ends flat", "100 %", lambda row: row.flat.value or 0, "{:.1%}".format, min),
    Goal("takes are filled whole", "> 95 %", lambda row: row.filled.value or 0, "{:.1%}".format, min),
    Goal(
        "cost of taking, mean",
        "< 10 bps",
        lambda row: row.paid_bps.value or 0,
        "{:.2f} bps".format,
        max,
    ),
    Goal("furthest past the touch", "15 bps", lambda row: row.pay_up_bps, "{:.1f} bps".format, max),
    Goal(
        "from the last fill to the verified end, mean",
        "< 2 s",
        lambda row: row.checked_s.value or 0,
        "{:.2f} s".format,
        max,
    ),
    Goal("runs left to a human", "0", lambda row: row.halted / row.runs, "{:.1%}".format, max),
    Goal("false ends, double orders and the like", "0", lambda row: row.broken, "{:.0f}".format, max),
)
SHOWN = ("calm", "rough")


def goals_markdown() -> str:
    """One row a goal: the ladder beside the single IOC, calm and rough, on one naked leg."""
    found, task = kept(), TASKS[0]
    ways = [(way, world) for way in task.ways[:2] for world in SHOWN]
    names = [f"{'ladder' if way is task.ways[0] else 'single IOC'}, {world}" for way, world in ways]
    rows = [f"| asked for | goal | {' | '.join(names)} |", "|---|---:|---:|---:|---:|---:|"]
    for goal in GOALS:
        cells = []
        for way, world in ways:
            of = [one for one in cases() if (one.task, one.way, one.world) == (task, way, world)]
            cells.append(goal.shown(goal.worse(goal.of(found[one.name]) for one in of)))
        rows.append(f"| {goal.asked} | {goal.goal} | {' | '.join(cells)} |")
    return "\n".join((*rows, ""))


def measures_markdown() -> str:
    """One row a case, and what holds for all of them."""
    rows, found = [], kept()
    before = ""
    for case in cases():
        what = f"{case.task.name}, {case.size} a leg, {case.world}"
        rows.append(
            f"| {' | '.join(('' if what == before else what, case.way.name, *_cells(found[case.name])))} |"
        )
        before = what
    table = (f"| {' | '.join(HEAD)} |", "|---|---|---:|---:|---:|---:|---:|---:|---:|", *rows)
    return "\n".join((*table, "", _of_all(list(found.values())), ""))


def _of_all(rows: list[Row]) -> str:
    runs, broken = sum(one.runs for one in rows), sum(one.broken for one in rows)
    return (
        f"No order of these {runs:,} runs went further than {max(one.pay_up_bps for one in rows):.1f} bps "
        f"past the touch; the referee found something in {broken} of them."
    )


def _cells(row: Row) -> tuple[str, ...]:
    return (
        f"{row.runs}",
        _told(row.flat, 100, 1, " %"),
        _told(row.filled, 100, 1, " %"),
        _told(row.left, 100, 1, " %"),
        _told(row.paid_bps, 1, 2, ""),
        _told(row.checked_s, 1, 2, " s"),
        f"{row.checked_most_s:.1f} s",
    )


def _told(one: Figure, by: int, digits: int, unit: str) -> str:
    if one.value is None or one.low is None or one.high is None:
        return "-"
    value, low, high = (f"{part * by:.{digits}f}" for part in (one.value, one.low, one.high))
    return f"{value}{unit} ({low} to {high})"
