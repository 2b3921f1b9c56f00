"""One recorded run for the screens' tests: what came in is kept as text, the journal is made of it by the
real engine.

`python -m tests.tui.recording` records it anew from a real paper trade.
"""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from dnkit.engine.state import Stage, State, state_digest
from dnkit.engine.step import begin, step
from dnkit.journal.reader import LAST, Reader
from dnkit.journal.records import AlertLine, Position, RunHeader
from dnkit.journal.writer import Journal
from dnkit.machine.program import Program
from dnkit.model.alerts import BUDGET_LOW, STREAM_DOWN, UNHEDGED
from dnkit.model.commands import Command
from dnkit.model.events import Event
from dnkit.model.numbers import NS_PER_S

FILE = Path(__file__).parent / "recorded.jsonl"
RUN_ID = "0123456789ab"
GROUP = "ba9876543210"
WALL_NS = 1_767_225_600 * NS_PER_S


class Recorded(msgspec.Struct, frozen=True):
    """A run as its engine heard it."""

    header: RunHeader
    program: Program
    events: tuple[Event, ...]


def recorded() -> Recorded:
    """The run of the file."""
    header, program, *events = FILE.read_text().splitlines()
    return Recorded(
        msgspec.json.decode(header, type=RunHeader),
        msgspec.json.decode(program, type=Program),
        tuple(msgspec.json.decode(one, type=Event) for one in events),
    )


def journal_of(folder: Path, *, lines: int | None = None, alerts: bool = False) -> Path:
    """A journal that holds the first `lines` lines of the run (all of them and its end: None)."""
    path = folder / "journal.db"
    folder.mkdir(parents=True, exist_ok=True)
    with Journal(path) as journal:
        for _ in written(journal, recorded(), lines=lines):
            pass
        for one in told() if alerts else ():
            journal.note_alert(one.run_id, one.at_ns, one.alert)
    return path


def written(
    journal: Journal, run: Recorded, *, lines: int | None = None
) -> Iterator[tuple[State, tuple[Command, ...]]]:
    """Write the run line by line, as an engine does; answers each state and what was asked for."""
    run_id = run.header.run_id
    journal.start_run(run.header, run.program)
    state = begin(run.program, run_id)
    for event in run.events[:lines]:
        state, commands = step(run.program, state, event)
        journal.append(run_id, state.seq, state.now_ns, event, commands, state_digest(state), False, state)
        yield state, commands
    if state.stage is Stage.END and state.ended is not None:
        positions = tuple(Position(at, leg.position, leg.entry) for at, leg in enumerate(state.legs))
        ended = state.ended
        journal.end_run(run_id, ended.end, ended.risk, 0, ended.text, positions)


def told() -> tuple[AlertLine, ...]:
    """Alerts of every loudness, as they would have been raised during the run."""
    start = recorded().header.started_ns
    alerts = (
        STREAM_DOWN.raised("lighter: nothing for 30 s", "info"),
        BUDGET_LOW.raised("aster: 120 of 2400 calls left"),
        UNHEDGED.raised("close_two_phase: leg a is alone by 0.2 ETH"),
    )
    return tuple(AlertLine(RUN_ID, start + at * NS_PER_S // 2, alert) for at, alert in enumerate(alerts, 1))


def record() -> None:
    """Trade once and keep what came in, under a name and a time that stay."""
    from tests.cli.command import dnkit

    with tempfile.TemporaryDirectory() as home:
        done = dnkit("trade", "-p", "close_two_phase", DNKIT_HOME=home, DNKIT_PROOFS=os.devnull)
        assert done.code == 0, done.err
        with Reader(Path(home) / "journal.db") as reader:
            run = reader.run(LAST)
            old = run.header.run_id
            header = replace(run.header, run_id=RUN_ID, group=GROUP, wall_ns=WALL_NS)
            events = [line.event.replace(old, RUN_ID) for line in reader.lines(old)]
    texts = [msgspec.json.encode(one).decode() for one in (header, run.program)]
    FILE.write_text("\n".join((*texts, *events)) + "\n")


if __name__ == "__main__":
    record()
