"""`dnkit journal`: show, verify, export, prune."""

import time
from functools import partial
from pathlib import Path

from msgspec.structs import asdict

from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.paper import confirm
from dnkit.journal.export import to_csv, to_jsonl
from dnkit.journal.prune import overdue, prune
from dnkit.journal.reader import Reader
from dnkit.journal.records import Line
from dnkit.journal.verify import verify
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import NS_PER_S
from dnkit.readers.story import story
from dnkit.runtime.folder import state_folder

DAY_NS = 86_400 * NS_PER_S
PAUSE_S = 0.001


class NothingYet(DnkitError):
    """There is no journal."""

    exit_code = ExitCode.NO_RUN


class BadFormat(DnkitError):
    """There is no such format."""

    exit_code = ExitCode.USAGE


def open_reader() -> Reader:
    """The journal of the state folder, to read; NothingYet when nothing was ever run."""
    return Reader(_journal())


def _journal() -> Path:
    path = state_folder().journal
    if not path.exists():
        raise NothingYet(f"there is no journal at {path} yet: nothing was run")
    return path


def show(run_id: str, *, story_wanted: bool, as_json: bool) -> int:
    """The lines of a run: its story, one short line each, or JSON."""
    with open_reader() as reader:
        run = reader.run(run_id)
        if story_wanted:
            for text in story(reader, run):
                out.data(text)
            return ExitCode.OK
        lines = reader.lines(run.header.run_id)
        if as_json:
            alerts = [{"at_ns": one.at_ns, **asdict(one.alert)} for one in reader.alerts(run.header.run_id)]
            content = {
                "run": run.header,
                "end": run.end,
                "lines": [_content(line) for line in lines],
                "alerts": alerts,
            }
            out.envelope("journal/1", content, ok=True, mode=run.header.mode)
        else:
            for line in lines:
                out.data(f"{line.seq:6d}  {line.at_ns}  {line.event}  {line.commands}")
    return ExitCode.OK


def _content(line: Line) -> dict[str, object]:
    return {name: getattr(line, name) for name in ("seq", "at_ns", "event", "commands", "digest", "hash")}


def check(run_id: str, *, as_json: bool) -> int:
    """Chain and replay; 0 when nothing differs, 1 otherwise."""
    with open_reader() as reader:
        verdict = verify(reader, reader.run(run_id).header.run_id)
    if as_json:
        out.envelope("verify/1", verdict, ok=verdict.ok)
    elif verdict.difference is None:
        out.data(f"run {verdict.run_id}: {verdict.lines} lines, chain whole, replay the same")
    else:
        where = verdict.difference
        out.data(f"run {verdict.run_id}: line {where.seq} differs ({where.what}): {where.text}")
    return ExitCode.OK if verdict.ok else ExitCode.FINDINGS


def export(run_id: str, form: str) -> int:
    """Every line of a run as JSON lines or CSV on standard output."""
    if form not in ("jsonl", "csv"):
        raise BadFormat(f"--format {form}: write jsonl or csv")
    with open_reader() as reader:
        lines = reader.lines(reader.run(run_id).header.run_id)
        for text in to_jsonl(lines) if form == "jsonl" else to_csv(lines):
            out.data(text)
    return ExitCode.OK


def prune_old(days: int, keep: int, *, yes: bool, as_json: bool) -> int:
    """Take old runs out of the journal after a confirmation."""
    path = _journal()
    old = overdue(path, time.time_ns() - days * DAY_NS, keep)
    if old:
        confirm(f"remove {len(old)} runs for good from {path}?", yes)
    pruned = prune(path, old, partial(time.sleep, PAUSE_S))
    if as_json:
        out.envelope("prune/1", pruned, ok=True)
    else:
        told = f"{pruned.runs} runs with {pruned.lines:,} lines removed"
        out.say(f"{told}; {path} has {pruned.bytes:,} bytes now")
    return ExitCode.OK
