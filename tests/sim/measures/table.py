"""The figures as they were last taken, and the table made of them."""

from pathlib import Path

import msgspec

from tests.sim.measures.bootstrap import Figure
from tests.sim.measures.figures import Row, cases

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
