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
    """Text, CSV ("-" is standard output), picture or JSON."""
    with open_reader() as reader:
        figures = make_report(reader, run)
        if svg is not None:
            draw(reader, run, svg)
    if csv:
        _write_csv(csv, to_csv(figures.cycles))
    if as_json:
        out.envelope("report/1", figures, ok=True)
    elif not csv and svg is None:
        out.data(text_of(figures))
    return ExitCode.OK


def _write_csv(where: str, text: str) -> None:
    if where == "-":
        out.data(text.rstrip("\n"))
        return
    try:
        Path(where).write_text(text, encoding="utf-8")
    except OSError as error:
        raise DnkitError(f"cannot write {where}: {error.strerror}") from error
    out.say(f"written: {where}")
