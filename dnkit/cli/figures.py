"""The report of a command as text or as JSON content."""

from collections.abc import Iterable

from dnkit.cli import out
from dnkit.journal.reader import Reader
from dnkit.readers.report import Report, report
from dnkit.readers.tables import Table, tables


def report_content(reader: Reader, run_id: str) -> object:
    """The report as JSON content, amounts as text."""
    return out.plain(report(reader, run_id))


def report_text(reader: Reader, run_id: str) -> str:
    """The report as plain text."""
    return text_of(report(reader, run_id))


def text_of(figures: Report) -> str:
    """Tables, alerts, advice, and what the figures cannot show."""
    parts = [table_text(one) for one in tables(figures)]
    if figures.alerts:
        parts.append("\n".join(f"ALERT {one}" for one in figures.alerts))
    said = (one for one in (*figures.advice, figures.claimed, figures.honesty) if one)
    return "\n\n".join((*parts, "\n".join(said)))


def table_text(table: Table) -> str:
    """One table with its title; columns of numbers are flush right."""
    grid: list[tuple[str, ...]] = [table.headers, *table.rows]
    widths = [max(len(row[column]) for row in grid) for column in range(len(table.headers))]
    return "\n".join((table.title, *(_line(row, widths, table.numbers) for row in grid)))


def _line(row: tuple[str, ...], widths: list[int], numbers: Iterable[int]) -> str:
    right = frozenset(numbers)
    cells = (
        cell.rjust(width) if column in right else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(("", *cells)).rstrip()
