"""Draws a run into an SVG file: its story and its figures, as a terminal would show them."""

import io
from collections.abc import Iterator
from pathlib import Path

from dnkit.cli import out
from dnkit.cli.figures import table_text
from dnkit.journal.reader import Reader
from dnkit.journal.records import Run
from dnkit.model.errors import DnkitError
from dnkit.readers.report import report
from dnkit.readers.story import story
from dnkit.readers.tables import tables

WIDTH_LEAST, WIDTH_MOST = 80, 118
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
# The fonts are the viewer's own: a picture that fetches something tells others who looks at it.
_TEMPLATE = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
text {{
  font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; white-space: pre;
}}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def draw(reader: Reader, run_id: str, path: Path) -> None:
    """Write the picture of a run; DnkitError when the file cannot be written."""
    from rich.console import Console
    from rich.text import Text

    run = reader.run(run_id)
    lines = [*_told(reader, run), ("", ""), *_figures(reader, run)]
    width = min(max(WIDTH_LEAST, 1 + max(len(text) for text, _ in lines)), WIDTH_MOST)
    console = Console(
        record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    for text, style in lines:
        console.print(Text(text, style=style), soft_wrap=False, overflow="ellipsis", no_wrap=True)
    title = f"{run.header.mode.upper()}  dnkit trade --policy {run.header.policy}"
    picture = console.export_svg(title=title, code_format=_TEMPLATE, unique_id="dnkit")
    try:
        path.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise DnkitError(f"cannot write {path}: {error.strerror}") from error
    out.say(f"drawn: {path}")


def _told(reader: Reader, run: Run) -> list[tuple[str, str]]:
    """The story in lines with their styles; a long one without its middle."""
    told = list(story(reader, run))
    if len(told) > STORY_LINES:
        half = STORY_LINES // 2
        told = [*told[:half], f"          ... {len(told) - 2 * half} lines ...", *told[-half:]]
    return [(line, next((style for word, style in _COLOURS if word in line), "")) for line in told]


def _figures(reader: Reader, run: Run) -> Iterator[tuple[str, str]]:
    """Cost and figures; the titles of the tables stand out."""
    shown = tables(report(reader, run.header.run_id))
    for table in (shown[1], shown[-1]):
        title, *rows = table_text(table).splitlines()
        yield title, "bold"
        yield from ((row, "") for row in rows)
        yield "", ""
