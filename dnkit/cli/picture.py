"""Draws a run into an SVG file: its story and its figures, as a terminal would show them."""

import io
from pathlib import Path

from dnkit.cli import out
from dnkit.cli.figures import table_text
from dnkit.journal.reader import Reader
from dnkit.model.errors import DnkitError
from dnkit.readers.report import report
from dnkit.readers.story import story
from dnkit.readers.tables import tables

WIDTH = 118
STORY_LINES = 40
_COLOURS = (
    ("-- ", "bold cyan"),
    ("filled", "green"),
    ("END", "bold green"),
    ("HALT", "bold red"),
    ("alert", "bold red"),
    ("rejected", "yellow"),
    ("cancel", "yellow"),
)


def draw(reader: Reader, run_id: str, path: Path) -> None:
    """Write the picture of a run; DnkitError when the file cannot be written."""
    from rich.console import Console
    from rich.text import Text

    run = reader.run(run_id)
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    for line in _lines(reader, run.header.run_id):
        console.print(Text(line, style=_style(line)), soft_wrap=False, overflow="ellipsis", no_wrap=True)
    title = f"{run.header.mode.upper()}  dnkit trade --policy {run.header.policy}"
    try:
        path.write_text(console.export_svg(title=title), encoding="utf-8")
    except OSError as error:
        raise DnkitError(f"cannot write {path}: {error.strerror}") from error
    out.say(f"drawn: {path}")


def _lines(reader: Reader, run_id: str) -> list[str]:
    run = reader.run(run_id)
    told = list(story(reader, run))
    if len(told) > STORY_LINES:
        half = STORY_LINES // 2
        told = [*told[:half], f"          ... {len(told) - 2 * half} lines ...", *told[-half:]]
    shown = tables(report(reader, run_id))
    return [*told, "", *"\n\n".join(table_text(one) for one in (shown[1], shown[-1])).splitlines()]


def _style(line: str) -> str:
    return next((style for word, style in _COLOURS if word in line), "")
