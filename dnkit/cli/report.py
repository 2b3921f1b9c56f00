"""`dnkit report`: what the runs of a command cost."""

from pathlib import Path

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.figures import text_of
from dnkit.cli.journal import open_reader
from dnkit.cli.picture import draw
from dnkit.model.errors import DnkitError
from dnkit.readers.report import report as make_report
from dnkit.readers.report import to_csv


def report(run: str, *, csv: str, svg: Path | None, as_json: bool) -> int:
    """Text, CSV ("-" is standard output), picture or JSON; 1 when a claimed bound was exceeded."""
    with open_reader() as reader:
        figures = make_report(reader, run)
        if svg is not None:
            draw(reader, run, svg)
    exceeded = [row for row in figures.claims if row.exceeded]
    if csv or svg:
        for row in exceeded:
            out.say(f"ALERT {row.alert}")
    if csv:
        _write_csv(csv, to_csv(figures.cycles))
    if as_json:
        out.envelope("report/1", figures, ok=not exceeded)
    elif not csv and svg is None:
        out.data(text_of(figures))
    return ExitCode.FINDINGS if exceeded else ExitCode.OK


def _write_csv(where: str, text: str) -> None:
    if where == "-":
        out.data(text.rstrip("\n"))
        return
    try:
        Path(where).write_text(text, encoding="utf-8")
    except OSError as error:
        raise DnkitError(f"cannot write {where}: {error.strerror}") from error
    out.say(f"written: {where}")
